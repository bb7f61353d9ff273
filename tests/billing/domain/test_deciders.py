"""Providers, payers with their rules, authorizations: what is accepted, refused, and said twice."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.billing.domain.authorizations.authorization import (
    AUTHORIZATION,
    AuthorizationRecorded,
    RecordAuthorization,
)
from services.billing.domain.authorizations.waiver import (
    WAIVER,
    AuthorizationWaived,
    BillWithoutAuthorization,
)
from services.billing.domain.claims.claim import (
    CLAIM,
    ClaimAdjudicated,
    ClaimReplaced,
    ClaimVoided,
    FollowClaim,
    RecordAdjudication,
)
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.settlement import (
    SETTLEMENT,
    RevocationSettled,
    SettleRevocation,
)
from services.billing.domain.payers.payer import (
    PAYER,
    ConfirmRuleSet,
    PayerCommand,
    PayerFact,
    PayerRegistered,
    ProposeRuleSet,
    RegisterPayer,
    RuleSetConfirmed,
    RuleSetProposed,
)
from services.billing.domain.payers.rules import ExampleLine, ExampleSession, WorkedExample
from services.billing.domain.providers.practitioner import (
    PRACTITIONER,
    PractitionerRegistered,
    RegisterPractitioner,
)
from services.billing.domain.providers.provider import (
    PROVIDER,
    EnrollProvider,
    FeeSet,
    OrganisationAddress,
    ProviderCommand,
    ProviderEnrolled,
    ProviderFact,
    ProviderRegistered,
    RegisterProvider,
    SetFee,
)
from tests.harness.billing.history import RULES, day, line
from tests.harness.deciders import assert_evolving_never_refuses, assert_repeating_adds_nothing

REGISTER = RegisterProvider(
    provider_id="provider",
    name="Lakeside Recovery",
    npi="1234567893",
    tax_id="123456789",
    taxonomy="261QR0405X",
    address=OrganisationAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234"),
    contact_name="Billing",
    contact_phone="3125550100",
)
FEE = SetFee(
    provider_id="provider", code="H0015", charge_minor=30_000, effective_from=date(2026, 1, 1)
)
ENROLL = EnrollProvider(
    provider_id="provider", payer_id="payer", site_id="site", effective_from=date(2026, 1, 1)
)
PAYER_OF_ALL = RegisterPayer(
    payer_id="payer", name="Payer", payer_number="12345", filing_indicator="CI"
)
RECORD = RecordAuthorization(
    authorization_id="authorization",
    client_id="client",
    payer_id="payer",
    level_of_care="2.1",
    units=10,
    effective_from=day(0),
    effective_to=day(30),
)


ISSUED = ClaimIssued(
    claim_id="claim",
    number="CLAIM",
    batch_id="batch",
    client_id="client",
    payer_id="payer",
    provider_id="provider",
    site_id="site",
    coverage_id="coverage",
    authorization_id="authorization",
    period_start=day(0),
    period_end=day(6),
    lines=(line(day(0)),),
    diagnoses=("F10.20",),
    claim_form="PROFESSIONAL",
    frequency="1",
    identity_version=1,
    consent_id="consent",
    under_part2=True,
)
ANSWER = RecordAdjudication(
    claim_id="claim",
    payer_control_number="PCN",
    status="PAID",
    paid_minor=100,
    adjudicated_on=day(9),
    overrides=frozenset({"ENTERED_WRONG", "PAYER_PAID_MORE"}),
)
PRACTITIONER_OF_ALL = RegisterPractitioner(
    staff_id="staff", family_name="Vexholm", given_name="Tamsin", npi="1234567893", taxonomy=""
)
WAIVE = BillWithoutAuthorization(
    client_id="client",
    payer_id="payer",
    service_date=day(0),
    waived_by="ada",
    reason="PAYER_SAYS_SUBMIT",
)
SETTLE = SettleRevocation(
    client_id="client", payer_id="payer", disclose=True, settled_by="ada", revoked_on=day(0)
)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"npi": "1234567890"}, "npi"),
        ({"taxonomy": "261QR"}, "taxonomy"),
        ({"name": "日本"}, "name"),
        ({"contact_name": "日本"}, "contact_name"),
        ({"address": replace(REGISTER.address, line="P.O. Box 7")}, "address.line"),
        ({"address": replace(REGISTER.address, state="il")}, "address.state"),
        ({"address": replace(REGISTER.address, zip="60601")}, "address.zip"),
    ],
)
def test_a_provider_no_claim_could_name_is_not_registered(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        list(PROVIDER.decide(replace(REGISTER, **changes), PROVIDER.fold([])))
    assert set(refused.value.details) == {field}


def follow(frequency: str, claim_id: str = "next") -> FollowClaim:
    following = replace(ISSUED, claim_id=claim_id, frequency=frequency, corrects_claim_id="claim")
    return FollowClaim(claim_id="claim", following=following)


def propose(version: int, by: str = "ada", **changes: Any) -> ProposeRuleSet:
    return ProposeRuleSet(rules=replace(RULES, version=version, **changes), proposed_by=by)


def confirm(version: int, by: str = "bob") -> ConfirmRuleSet:
    return ConfirmRuleSet(payer_id="payer", version=version, confirmed_by=by)


def payer_after(*commands: PayerCommand) -> list[PayerFact]:
    facts: list[PayerFact] = []
    for command in commands:
        facts += PAYER.decide(command, PAYER.fold(facts))
    return facts


def provider_after(*commands: ProviderCommand) -> list[ProviderFact]:
    facts: list[ProviderFact] = []
    for command in commands:
        facts += PROVIDER.decide(command, PROVIDER.fold(facts))
    return facts


@pytest.mark.parametrize("command", [FEE, ENROLL])
def test_a_provider_nobody_registered_has_neither_fees_nor_enrollments(
    command: ProviderCommand,
) -> None:
    with pytest.raises(Unknown):
        provider_after(command)


def test_a_provider_is_registered_once() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        provider_after(REGISTER, REGISTER)
    assert refused.value.reason == "PROVIDER_REGISTERED"


def test_a_fee_may_be_set_back_to_what_it_was() -> None:
    dearer = replace(FEE, charge_minor=31_000)
    facts = provider_after(REGISTER, FEE, FEE, dearer, FEE)
    assert [fact.charge_minor for fact in facts if isinstance(fact, FeeSet)] == [
        30_000,
        31_000,
        30_000,
    ]


def test_who_proposed_rules_does_not_confirm_them() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        payer_after(PAYER_OF_ALL, propose(1), confirm(1, "ada"))
    assert refused.value.reason == "CONFIRMED_BY_ITS_AUTHOR"
    *_, fact = payer_after(PAYER_OF_ALL, propose(1), confirm(1, "bob"))
    assert fact == RuleSetConfirmed(rules=RULES, confirmed_by="bob")


def test_who_proposed_last_is_the_author() -> None:
    changed = propose(1, "bob", filing_limit_days=30)
    with pytest.raises(AgainstTheRules):
        payer_after(PAYER_OF_ALL, propose(1, "ada"), changed, confirm(1, "bob"))
    *_, fact = payer_after(PAYER_OF_ALL, propose(1, "ada"), changed, confirm(1, "ada"))
    assert isinstance(fact, RuleSetConfirmed)
    assert fact.rules.filing_limit_days == 30


def test_confirmed_rules_are_never_changed() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        payer_after(PAYER_OF_ALL, propose(1), confirm(1), propose(1, filing_limit_days=30))
    assert refused.value.reason == "RULE_SET_CONFIRMED"


def test_versions_follow_each_other() -> None:
    with pytest.raises(Malformed) as refused:
        payer_after(PAYER_OF_ALL, propose(2))
    assert set(refused.value.details) == {"rule_set__version"}
    with pytest.raises(Malformed):
        payer_after(PAYER_OF_ALL, propose(1), propose(2))
    facts = payer_after(PAYER_OF_ALL, propose(1), confirm(1), propose(2), confirm(2))
    assert PAYER.fold(facts).confirmed == {1, 2}


def test_rules_that_do_not_come_to_their_own_examples_are_not_confirmed() -> None:
    session = ExampleSession(service_kind="GROUP", minutes=180)
    right = WorkedExample(
        name="three hours",
        sessions=(session,),
        outcome="PER_DIEM",
        lines=(ExampleLine(code="H0015", units=1),),
    )
    wrong = replace(right, name="three hours are too few", outcome="NOT_BILLABLE", lines=())
    assert payer_after(PAYER_OF_ALL, propose(1, examples=(right,)), confirm(1))
    with pytest.raises(AgainstTheRules) as refused:
        payer_after(PAYER_OF_ALL, propose(1, examples=(right, wrong)), confirm(1))
    assert refused.value.reason == "EXAMPLES_NOT_REPRODUCED"
    assert refused.value.details["examples"] == "three hours are too few"


@pytest.mark.parametrize("command", [propose(1), confirm(1)])
def test_a_payer_nobody_registered_has_no_rules(command: PayerCommand) -> None:
    with pytest.raises(Unknown):
        payer_after(command)


def test_an_authorization_ends_no_earlier_than_it_begins() -> None:
    with pytest.raises(Malformed) as refused:
        list(AUTHORIZATION.decide(replace(RECORD, effective_to=day(-1)), None))
    assert set(refused.value.details) == {"effective_to"}
    assert list(AUTHORIZATION.decide(replace(RECORD, effective_to=day(0)), None))


def test_a_recorded_authorization_is_not_recorded_otherwise() -> None:
    facts = list(AUTHORIZATION.decide(RECORD, None))
    with pytest.raises(AgainstTheRules) as refused:
        list(AUTHORIZATION.decide(replace(RECORD, units=11), AUTHORIZATION.fold(facts)))
    assert refused.value.reason == "AUTHORIZATION_RECORDED"


@pytest.mark.parametrize("command", [ANSWER, follow("7")])
def test_a_claim_nobody_issued_is_neither_answered_nor_corrected(command: Any) -> None:
    with pytest.raises(Unknown):
        list(CLAIM.decide(command, CLAIM.initial))


@pytest.mark.parametrize(
    ("status", "frequency", "fits"),
    [
        ("PAID", "1", True),
        ("DENIED", "7", True),
        ("REVERSED", "8", True),
        ("REVERSED", "1", False),
        ("REVERSED", "7", False),
        ("PAID", "8", False),
    ],
)
def test_a_void_is_reversed_and_every_other_claim_paid_or_denied(
    status: str, frequency: str, fits: bool
) -> None:
    claim = CLAIM.fold([replace(ISSUED, frequency=frequency)])
    command = replace(ANSWER, status=status, paid_minor=0)
    if fits:
        [fact] = CLAIM.decide(command, claim)
        assert CLAIM.evolve(claim, fact).payer_control_number == "PCN"
        return
    with pytest.raises(AgainstTheRules) as refused:
        list(CLAIM.decide(command, claim))
    assert refused.value.reason == "STATUS_NOT_OF_FREQUENCY"


def test_only_what_is_paid_has_an_amount() -> None:
    with pytest.raises(Malformed):
        list(CLAIM.decide(replace(ANSWER, status="DENIED"), CLAIM.fold([ISSUED])))


@pytest.mark.parametrize(("frequency", "kind"), [("7", ClaimReplaced), ("8", ClaimVoided)])
def test_a_claim_is_followed_once(frequency: str, kind: type[Any]) -> None:
    [fact] = CLAIM.decide(follow(frequency), CLAIM.fold([ISSUED]))
    assert isinstance(fact, kind)
    followed = CLAIM.fold([ISSUED, fact])
    assert (followed.stands, followed.followed_by) == (False, "next")
    with pytest.raises(AgainstTheRules) as refused:
        list(CLAIM.decide(follow("7", "another"), followed))
    assert refused.value.reason == "CLAIM_FOLLOWED"


def test_a_void_is_followed_by_nothing() -> None:
    with pytest.raises(AgainstTheRules):
        list(CLAIM.decide(follow("7"), CLAIM.fold([replace(ISSUED, frequency="8")])))


def test_an_authorization_is_not_waived_again_for_another_reason() -> None:
    waived = WAIVER.fold(WAIVER.decide(WAIVE, None))
    with pytest.raises(AgainstTheRules) as refused:
        list(WAIVER.decide(replace(WAIVE, reason="NETWORK_DECISION"), waived))
    assert refused.value.reason == "AUTHORIZATION_WAIVED"


def test_what_a_revocation_means_may_be_settled_otherwise() -> None:
    settled = SETTLEMENT.fold(SETTLEMENT.decide(SETTLE, None))
    [fact] = SETTLEMENT.decide(replace(SETTLE, disclose=False, settled_by="bob"), settled)
    assert (fact.disclose, fact.settled_by) == (False, "bob")


def test_a_settlement_is_about_one_revocation_and_a_later_one_is_settled_anew() -> None:
    settled = SETTLEMENT.fold(SETTLEMENT.decide(SETTLE, None))
    assert list(SETTLEMENT.decide(replace(SETTLE, settled_by="bob"), settled)) == []
    later = day(30)
    [fact] = SETTLEMENT.decide(replace(SETTLE, revoked_on=later), settled)
    assert fact.revoked_on == later
    with pytest.raises(AgainstTheRules) as refused:
        list(SETTLEMENT.decide(replace(SETTLE, revoked_on=None), None))
    assert refused.value.reason == "NOTHING_REVOKED"
    assert list(SETTLEMENT.decide(replace(SETTLE, meant=day(0)), None))
    with pytest.raises(AgainstTheRules) as refused:
        list(SETTLEMENT.decide(replace(SETTLE, meant=later), None))
    assert refused.value.reason == "REVOKED_SINCE"


PEOPLE = some.sampled_from(["ada", "bob", "eve"])
VERSIONS = some.integers(1, 3)
RULE_SETS = some.builds(
    replace, some.just(RULES), version=VERSIONS, filing_limit_days=some.integers(30, 31)
)
DECIDERS: list[Any] = [
    (
        PROVIDER,
        some.just(REGISTER)
        | some.builds(replace, some.just(FEE), charge_minor=some.integers(1, 2))
        | some.builds(replace, some.just(ENROLL), site_id=some.sampled_from("ab")),
    ),
    (
        PAYER,
        some.just(PAYER_OF_ALL)
        | some.builds(ProposeRuleSet, rules=RULE_SETS, proposed_by=PEOPLE)
        | some.builds(confirm, VERSIONS, PEOPLE),
    ),
    (
        AUTHORIZATION,
        some.builds(replace, some.just(RECORD), units=some.integers(1, 2)),
    ),
    (
        PRACTITIONER,
        some.builds(replace, some.just(PRACTITIONER_OF_ALL), family_name=some.sampled_from("ab")),
    ),
    (WAIVER, some.builds(replace, some.just(WAIVE), waived_by=PEOPLE)),
    (
        SETTLEMENT,
        some.builds(replace, some.just(SETTLE), disclose=some.booleans(), settled_by=PEOPLE),
    ),
]
FACTS: list[Any] = [
    (
        PROVIDER,
        some.builds(ProviderRegistered) | some.builds(FeeSet) | some.builds(ProviderEnrolled),
    ),
    (
        PAYER,
        some.builds(PayerRegistered)
        | some.builds(RuleSetProposed, rules=RULE_SETS)
        | some.builds(RuleSetConfirmed, rules=RULE_SETS),
    ),
    (AUTHORIZATION, some.builds(AuthorizationRecorded)),
    (PRACTITIONER, some.builds(PractitionerRegistered)),
    (WAIVER, some.builds(AuthorizationWaived)),
    (SETTLEMENT, some.builds(RevocationSettled)),
    (
        CLAIM,
        some.just(ISSUED)
        | some.builds(ClaimAdjudicated)
        | some.builds(ClaimReplaced)
        | some.builds(ClaimVoided),
    ),
]


@pytest.mark.parametrize(("decider", "commands"), DECIDERS)
@given(data=some.data())
def test_a_command_twice_adds_nothing_the_second_time(
    decider: Any, commands: some.SearchStrategy[Any], data: some.DataObject
) -> None:
    before = data.draw(some.lists(commands, max_size=5))
    assert_repeating_adds_nothing(decider, before, data.draw(commands))


@given(
    before=some.lists(
        some.sampled_from([ANSWER, replace(ANSWER, payer_control_number="B")]), max_size=4
    ),
    last=some.sampled_from([ANSWER, follow("7"), follow("8")]),
)
def test_a_claim_answered_or_followed_twice_is_so_once(before: list[Any], last: Any) -> None:
    claim = CLAIM.fold([ISSUED])
    for command in [*before, last]:
        for fact in CLAIM.decide(command, claim):
            claim = CLAIM.evolve(claim, fact)
    assert list(CLAIM.decide(last, claim)) == []


@pytest.mark.parametrize(("decider", "facts"), FACTS)
@given(data=some.data())
def test_every_fact_is_taken_in_every_state(
    decider: Any, facts: some.SearchStrategy[Any], data: some.DataObject
) -> None:
    history = data.draw(some.lists(facts, max_size=6))
    assert_evolving_never_refuses(decider, history, data.draw(some.integers(0, 6)))
