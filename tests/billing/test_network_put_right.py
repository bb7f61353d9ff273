"""Who bills, who pays and what is charged is read back and put right; days and claims follow."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.billing.v1 import statements_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.process import Service
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.bindings import KINDS
from services.billing.adapters.ledger import payer, practitioners, providers
from services.billing.api.ledger import to_payer, to_practitioner, to_provider
from services.billing.domain.x12.npi import check_digit_for
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import NPI, Office, covered
from tests.harness.billing.statements import (
    REMARK,
    last_said,
    listed,
    of_kind,
    put_right,
    resting_on_amendments,
)

NewStore = Callable[[Service], Store]
CLIENT = "0c11e700-0000-4000-8000-000000000001"
STAFF = "5aff0000-0000-4000-8000-000000000001"
OTHER_NPI = f"198765432{check_digit_for('198765432')}"
SEEDS = range(4)


def opened(office: Office) -> Office:
    """A client who came on three days, at a site whose provider is enrolled."""
    story = Story()
    office.set_up(SITE, [CLIENT], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.hear(story.attended(CLIENT, [day(number) for number in (0, 2, 4)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    return office


@pytest.fixture
def office(new_store: NewStore) -> Office:
    return opened(Office(new_store(SERVICE)))


def said(office: Office, kind: str) -> pb.Statement:
    about = {"payer": office.payer_id, "practitioner": STAFF}.get(kind, office.provider_id)
    return of_kind(office, "", kind, about=about)


def changed(office: Office, kind: str, **changes: Any) -> Any:
    """The statement as it stands, with changes, told as its whole."""
    content = last_said(said(office, kind))
    for name, value in changes.items():
        if isinstance(value, int | str | bool):
            setattr(content, name, value)
        else:
            getattr(content, name).CopyFrom(value)
    return put_right(office, said(office, kind), content)


def usd(cents: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=cents)


def held(office: Office) -> dict[str, list[str]]:
    """Service date → reasons of closed gates, of days on HOLD."""
    return {
        content["service_date"]: [v["reason"] for v in content["verdicts"] if not v["open"]]
        for content in office.of_kind("service_day")
        if content["outcome"] == "HOLD"
    }


def charges(office: Office) -> list[int]:
    return [draft["charge_minor"] for draft in office.of_kind("draft_claim")]


def issued(office: Office) -> Any:
    """The claim of the three days."""
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    [claim] = office.claims(CLIENT)
    return claim


def test_what_was_said_is_listed_of_a_payer_a_provider_and_a_site_and_of_no_other(
    office: Office,
) -> None:
    def kinds(about: str) -> list[str | None]:
        found = listed(office, about=about)
        return [statement.revisions[0].recording.WhichOneof("said") for statement in found]

    assert kinds(office.payer_id) == ["payer"]
    assert kinds(office.provider_id) == ["provider", "fee", "enrollment"]
    assert kinds(SITE) == ["enrollment"]
    assert kinds(CLIENT) == []
    fee = said(office, "fee").revisions[0]
    assert fee.recording.fee == billing.SetFeeRequest(
        provider_id=office.provider_id,
        code="H0015",
        charge=usd(30_000),
        effective_from=fee.recording.fee.effective_from,
    )


def test_a_list_is_of_a_client_or_about_something_else(office: Office) -> None:
    with pytest.raises(Malformed, match="about"):
        listed(office, CLIENT, about=office.payer_id)
    with pytest.raises(Malformed, match="client_id"):
        listed(office)


def test_what_is_the_networks_takes_a_token_that_speaks_for_every_site(office: Office) -> None:
    with office.store.transaction() as tx:
        for kind in ("payer", "provider", "fee", "enrollment"):
            statement = said(office, kind).statement_id
            assert KINDS["statement"].sites_of(tx, statement) == frozenset()
        things = [office.payer_id, office.provider_id, STAFF, SITE]
        assert [set(KINDS["thing"].sites_of(tx, thing)) for thing in things] == [
            set(), set(), set(), {SITE}
        ]  # fmt: skip


def test_a_fee_typed_wrong_is_on_drafts_as_it_should_have_been(office: Office) -> None:
    assert charges(office) == [90_000]
    changed(office, "fee", charge=usd(25_000))
    assert charges(office) == [75_000]
    drafts = {key for key in office.current() if key[0] == "draft_claim"}
    assert drafts <= resting_on_amendments(office)
    assert [revision.remark for revision in said(office, "fee").revisions] == ["", REMARK]


def test_what_had_left_with_a_wrong_fee_is_proposed_as_a_replacement(office: Office) -> None:
    claim = issued(office)
    changed(office, "fee", charge=usd(25_000))
    [proposal] = office.of_kind("proposal")
    assert (proposal["claim_id"], proposal["action"]) == (claim.claim_id, "REPLACE")
    assert proposal["corrected_charge_minor"] == 75_000
    assert office.current().keys() <= resting_on_amendments(office)


def test_a_fee_that_ended_charges_nothing_from_the_next_day_on(office: Office) -> None:
    changed(office, "fee", effective_to=to_date(day(2)))
    assert held(office) == {str(day(4)): ["NO_FEE"]}
    office.set_fee(40_000, effective_from=to_date(day(3)))
    office.pending_work.drain()
    assert held(office) == {}
    assert charges(office) == [100_000]


def test_a_fee_that_was_never_set_charges_nothing(office: Office) -> None:
    put_right(office, said(office, "fee"), None)
    assert {reason for [reason] in held(office).values()} == {"NO_FEE"}
    with office.store.transaction() as tx:
        [told] = [to_provider(found) for found in providers(tx)]
    assert list(told.fees) == []


def test_an_enrollment_that_ended_leaves_the_days_after_it_on_hold(office: Office) -> None:
    changed(office, "enrollment", effective_to=to_date(day(2)))
    assert held(office) == {str(day(4)): ["NOT_ENROLLED"]}
    changed(office, "enrollment", effective_to=to_date(day(60)))
    assert held(office) == {}


def test_what_had_left_before_the_payer_enrolled_the_provider_is_proposed(office: Office) -> None:
    claim = issued(office)
    changed(office, "enrollment", effective_from=to_date(day(3)))
    [proposal] = office.of_kind("proposal")
    assert (proposal["claim_id"], proposal["action"]) == (claim.claim_id, "REPLACE")
    assert proposal["changed_dates"] == [str(day(0)), str(day(2))]
    proposed = {key for key in office.current() if key[0] == "proposal"}
    assert proposed <= resting_on_amendments(office)


def test_an_enrollment_stays_with_its_provider_and_site(office: Office) -> None:
    with pytest.raises(Malformed, match=r"recording\.enrollment\.site_id"):
        changed(office, "enrollment", site_id="51000000-0000-4000-8000-00000000000e")
    with pytest.raises(Malformed, match=r"recording\.enrollment\.provider_id"):
        changed(office, "enrollment", provider_id=office.payer_id)
    with pytest.raises(Unknown, match="payer"):
        changed(office, "enrollment", payer_id=STAFF)
    with pytest.raises(Malformed, match=r"recording\.enrollment\.effective_to"):
        changed(office, "enrollment", effective_to=to_date(day(-300)))


def test_who_is_enrolled_and_whose_rules_are_confirmed_is_not_taken_back(office: Office) -> None:
    with pytest.raises(AgainstTheRules, match="is enrolled") as refused:
        put_right(office, said(office, "provider"), None)
    assert refused.value.reason == "PROVIDER_IN_USE"
    with pytest.raises(AgainstTheRules, match="are confirmed") as refused:
        put_right(office, said(office, "payer"), None)
    assert refused.value.reason == "PAYER_IN_USE"


def test_who_was_registered_twice_is_taken_back_and_no_longer_told(new_store: NewStore) -> None:
    office = Office(new_store(SERVICE))
    office.register()
    put_right(office, said(office, "provider"), None)
    put_right(office, said(office, "payer"), None)
    with office.store.transaction() as tx:
        assert providers(tx) == []
        with pytest.raises(Unknown, match="payer"):
            payer(tx, office.payer_id)
    with pytest.raises(Unknown, match="provider"):
        office.set_fee()
    with pytest.raises(Unknown, match="payer"):
        office.propose()
    assert list(office.call("ListPayers", work.ListPayersRequest()).payers) == []


def test_numbers_typed_wrong_stand_on_the_next_files_as_they_are(office: Office) -> None:
    changed(office, "payer", name="Prairie Life", payer_number="PRAIRIE2")
    changed(office, "provider", npi=OTHER_NPI, name="Lakeside House")
    [batch_id] = office.issue(day(6)).batch_ids
    file = office.file(batch_id)
    for written in (b"PRAIRIE LIFE", b"PRAIRIE2", OTHER_NPI.encode(), b"LAKESIDE HOUSE"):
        assert written in file
    assert NPI.encode() not in file


def test_what_had_left_under_a_wrong_npi_is_proposed_and_leaves_under_the_one_that_stands(
    office: Office,
) -> None:
    claim = issued(office)
    changed(office, "provider", name="Lakeside House", contact_phone="3125550111")
    assert office.of_kind("proposal") == []
    changed(office, "provider", npi=OTHER_NPI)
    [proposal] = office.of_kind("proposal")
    assert (proposal["claim_id"], proposal["action"]) == (claim.claim_id, "REPLACE")
    assert proposal["issued_charge_minor"] == proposal["corrected_charge_minor"]
    proposed = {key for key in office.current() if key[0] == "proposal"}
    assert proposed <= resting_on_amendments(office)
    office.adjudicate(claim.claim_id)
    [batch_id] = office.correct().batch_ids
    office.pending_work.drain()
    assert OTHER_NPI.encode() in office.file(batch_id)
    assert office.of_kind("proposal") == []


@pytest.fixture
def named(new_store: NewStore) -> Office:
    """A claim left that names who led its sessions, once registered as that."""
    office, story = Office(new_store(SERVICE)), Story()
    office.set_up(SITE, [CLIENT], filing_limit_days=3650, rendering="FACILITATOR")
    days = [day(number) for number in (0, 2, 4)]
    office.hear(
        story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, days, facilitator=STAFF)
    )
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    office.register_practitioner(STAFF)
    return office


def actions(office: Office) -> list[str]:
    return [proposal["action"] for proposal in office.of_kind("proposal")]


def test_what_had_left_under_a_clinicians_wrong_npi_is_proposed_and_leaves_under_the_right_one(
    named: Office,
) -> None:
    claim = issued(named)
    changed(named, "practitioner", family_name="Vexhelm", taxonomy="101Y00000X")
    assert actions(named) == []
    changed(named, "practitioner", npi=OTHER_NPI)
    assert actions(named) == ["REPLACE"]
    [row] = named.query(
        "SELECT provenance FROM derived WHERE kind = 'proposal' AND current AND NOT withdrawn"
    )
    [*_, numbered] = named.query(
        "SELECT id FROM heard_fact WHERE type = 'ninehours.billing.v1.PractitionerNumbered'"
        " ORDER BY sequence"
    )
    assert str(numbered.id) in row.provenance["facts"]
    named.adjudicate(claim.claim_id)
    [batch_id] = named.correct().batch_ids
    named.pending_work.drain()
    assert OTHER_NPI.encode() in named.file(batch_id)
    assert actions(named) == []


def test_a_clinicians_npi_said_otherwise_by_registering_again_is_proposed_too(
    named: Office,
) -> None:
    issued(named)
    named.register_practitioner(STAFF, command="again", npi=OTHER_NPI)
    named.pending_work.drain()
    assert actions(named) == ["REPLACE"]


def test_a_clinicians_npi_put_right_and_back_proposes_nothing(named: Office) -> None:
    issued(named)
    was = last_said(said(named, "practitioner")).npi
    changed(named, "practitioner", npi=OTHER_NPI)
    changed(named, "practitioner", npi=was)
    assert actions(named) == []


def test_a_registration_said_later_names_a_clinician_however_an_earlier_one_is_put_right(
    named: Office,
) -> None:
    issued(named)
    first = said(named, "practitioner")
    was = last_said(first).npi
    named.register_practitioner(STAFF, command="again", npi=was, family_name="Vexhelm")
    put_right(named, first, content_with_npi(first, OTHER_NPI))
    assert actions(named) == []
    [second] = [
        statement
        for statement in listed(named, about=STAFF)
        if statement.statement_id != first.statement_id
    ]
    put_right(named, second, None)  # what was said first, as it stands, names them again
    assert actions(named) == ["REPLACE"]


def content_with_npi(statement: pb.Statement, npi: str) -> Any:
    content = last_said(statement)
    content.npi = npi
    return content


def test_answers_tell_by_what_a_thing_is_put_right(office: Office) -> None:
    office.register_practitioner(STAFF)
    for kind in ("payer", "provider", "practitioner", "enrollment", "fee"):
        changed(office, kind, **({"npi": OTHER_NPI} if kind == "provider" else {}))
    with office.store.transaction() as tx:
        [provider] = [to_provider(found) for found in providers(tx)]
        [practitioner] = [to_practitioner(found) for found in practitioners(tx)]
        told: dict[str, Any] = {
            "payer": to_payer(payer(tx, office.payer_id)),
            "provider": provider,
            "practitioner": practitioner,
            "enrollment": provider.enrollments[0],
            "fee": provider.fees[0],
        }
    assert isinstance(provider, ledger.RecordedProvider)
    for kind, answer in told.items():
        stands = said(office, kind)
        assert answer.statement_id == stands.statement_id
        assert answer.revision == stands.revisions[-1].revision


def test_a_clinician_whose_name_was_typed_wrong_is_told_by_the_one_that_stands(
    office: Office,
) -> None:
    office.register_practitioner(STAFF)
    changed(office, "practitioner", family_name="Vexhelm")
    with office.store.transaction() as tx:
        assert [found.fact.family_name for found in practitioners(tx)] == ["Vexhelm"]
    put_right(office, said(office, "practitioner"), None)
    with office.store.transaction() as tx:
        assert practitioners(tx) == []


def moves() -> list[tuple[str, dict[str, Any] | None]]:
    """What may be said meanwhile; None: it is taken back."""
    return [
        ("fee", {"charge": usd(11_000)}),
        ("fee", None),
        ("fee", {"code": "H0020"}),
        ("fee", {"effective_to": to_date(day(1))}),
        ("enrollment", None),
        ("enrollment", {"effective_from": to_date(day(3))}),
        ("enrollment", {"effective_to": to_date(day(1))}),
        ("provider", {"npi": OTHER_NPI}),
    ]


TIDY: list[tuple[str, dict[str, Any]]] = [
    (
        "fee",
        {
            "code": "H0015",
            "charge": usd(26_000),
            "effective_from": to_date(day(0)),
            "effective_to": to_date(day(30)),
        },
    ),
    (
        "enrollment",
        {"effective_from": to_date(day(0)), "effective_to": to_date(day(30))},
    ),
    ("provider", {"npi": NPI}),
]


@pytest.mark.parametrize("is_issued", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_does(
    new_store: NewStore, seed: int, is_issued: bool
) -> None:
    """Before and after issue; of what had left the same is proposed."""
    chance = Random(seed)
    contents = []
    for disturbed in (True, False):
        office = opened(Office(new_store(SERVICE)))
        if is_issued:
            issued(office)
        steps = chance.sample(moves(), k=4) if disturbed else []
        for kind, changes in [*steps, *chance.sample(TIDY, k=len(TIDY))]:
            if changes is None:
                put_right(office, said(office, kind), None)
            else:
                changed(office, kind, **changes)
        contents.append(office.current())
    assert contents[0] == contents[1]
    assert is_issued == any(kind == "proposal" for kind, _ in contents[0])
