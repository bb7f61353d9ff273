"""Through all that billing derives: corrections, however many and in whatever order, end alike.

Public facts are put right at random, before and after issue; then each says what the tidy telling
says at once, in an order of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import HeardFact, Label, Row
from kernel.messaging.amendments import derived, history_of
from kernel.rpc.translate import to_date
from services.billing.adapters.rule_sets import message_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS, derive_rows
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import RULES, day

CLIENT, PAYER, PROVIDER, AUTHORIZATION = (
    f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5)
)
NOW = datetime(2026, 3, 23, 15, 0, tzinfo=UTC)
SUBJECTS = ("client", "staff", "site", "payer", "provider")


@dataclass
class Heard:
    """What was heard, subject by subject: the others' logs without a network between."""

    facts: list[HeardFact] = field(default_factory=list)

    def tell(self, message: Any, *, label: Label = "HIPAA", subject: str = "") -> HeardFact:
        named = next(of for of in SUBJECTS if hasattr(message, f"{of}_id"))
        subject = subject or f"{named}/{getattr(message, f'{named}_id')}"
        fact = HeardFact(
            id=UUID(int=len(self.facts) + 1),
            topic=message.DESCRIPTOR.full_name.rpartition(".")[0],
            subject=subject,
            sequence=len(self.facts) + 1,
            type=message.DESCRIPTOR.full_name,
            message=message,
            label=label,
            signed_at=NOW,
        )
        self.facts.append(fact)
        return fact

    def rows(self) -> list[Row]:
        """What is derived of it."""
        by_subject: dict[str, list[HeardFact]] = {}
        for fact in sorted(self.facts, key=lambda fact: (fact.topic, fact.sequence)):
            by_subject.setdefault(fact.subject, []).append(fact)
        return derived(
            derive_rows, f"client/{CLIENT}", history_of(by_subject, SUBSCRIPTIONS.decode)
        )


def usd(cents: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=cents)


def told(*, is_issued: bool) -> Heard:
    """The same client each time, with a log of their own to go on with."""
    return Heard(list(_told(is_issued=is_issued).facts))


@cache
def _told(*, is_issued: bool) -> Heard:
    """A client who came on three days, with all that it takes to bill them."""
    heard = Heard()
    story: Any = Story(heard)  # type: ignore[arg-type]  # it only tells
    january = to_date(RULES.effective_from)
    bills = {"provider_id": PROVIDER}
    heard.tell(billing.ProviderRegistered(**bills, npi="1"), subject=f"provider/{PROVIDER}")
    heard.tell(
        billing.FeeSet(**bills, code="H0015", charge=usd(30_000), effective_from=january),
        subject=f"provider/{PROVIDER}",
    )
    heard.tell(
        billing.ProviderEnrolled(**bills, payer_id=PAYER, site_id=SITE, effective_from=january),
        subject=f"site/{SITE}",
    )
    rules = message_of(replace(RULES, payer_id=PAYER))
    heard.tell(billing.RuleSetConfirmed(payer_id=PAYER, rule_set=rules))
    story.admitted(CLIENT, PAYER)
    heard.tell(
        billing.AuthorizationRecorded(
            client_id=CLIENT,
            authorization_id=AUTHORIZATION,
            payer_id=PAYER,
            level_of_care="2.1",
            units=30,
            effective_from=to_date(day(0)),
            effective_to=to_date(day(60)),
        ),
        label="PART2",
    )
    days = [day(0), day(2), day(4)]
    story.attended(CLIENT, days)
    if is_issued:
        heard.tell(
            billing.ClaimIssued(
                client_id=CLIENT,
                claim_id="claim",
                payer_id=PAYER,
                provider_id=PROVIDER,
                site_id=SITE,
                coverage_id=COVERAGE,
                authorization_id=AUTHORIZATION,
                period_start=to_date(day(0)),
                period_end=to_date(day(6)),
                lines=[
                    billing.ClaimLine(
                        service_date=to_date(on),
                        code="H0015",
                        modifiers=["HF"],
                        units=1,
                        charge=usd(30_000),
                        place_of_service="57",
                    )
                    for on in days
                ],
                frequency="1",
                diagnoses=["F10.20", "F33.1"],
                claim_form="CLAIM_FORM_PROFESSIONAL",
                authorized_units=3,
                provider_npi="1",
            ),
            label="PART2",
        )
    return heard


SAYINGS: dict[type[Message], list[dict[str, Any]]] = {
    billing.ProviderRegistered: [{"npi": "1"}, {"npi": "2"}],
    billing.FeeSet: [
        {"charge": usd(30_000)},
        {"charge": usd(20_000)},
        {"effective_to": to_date(day(2))},
        {"code": "H0020"},
    ],
    billing.ProviderEnrolled: [
        {},
        {"effective_from": to_date(day(1))},
        {"effective_to": to_date(day(3))},
        {"payer_id": CLIENT},
    ],
    billing.AuthorizationRecorded: [
        {},
        {"units": 2},
        {"renumbered": 1},
        {"effective_to": to_date(day(1))},
    ],
    intake.ClientAdmitted: [
        {},
        {"admitted_on": to_date(day(2))},
        {"site_id": "another"},
        {"level_of_care": "1"},
    ],
    intake.CoverageVerified: [{}, {"verified_from": to_date(day(2))}],
}
"""What each statement may say, in place of what it said first."""
KINDS = sorted(SAYINGS, key=lambda kind: kind.DESCRIPTOR.full_name)
VOIDED = "voided"
says = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), st.sampled_from([VOIDED, *SAYINGS[kind]]))
)
last_says = st.fixed_dictionaries(
    {kind: st.sampled_from([VOIDED, *SAYINGS[kind]]) for kind in KINDS}
)


def put_right(
    heard: Heard,
    revisions: dict[UUID, int],
    kind: type[Message],
    said: Any,
    client_id: str = CLIENT,
) -> None:
    """Of the network, or of the client; the first of the kind."""
    first = next(
        fact
        for fact in heard.facts
        if isinstance(fact.message, kind)
        and getattr(fact.message, "client_id", client_id) == client_id
    )
    content: Any = kind()
    content.CopyFrom(first.message)
    for name, value in ({} if said == VOIDED else said).items():
        if isinstance(value, Message):
            getattr(content, name).CopyFrom(value)
        else:
            setattr(content, name, value)
    revisions[first.id] = revisions.get(first.id, 1) + 1
    amended = StatementAmended(
        fact_id=str(first.id),
        revision=revisions[first.id],
        type=first.type,
        voided=said == VOIDED,
        content=b"" if said == VOIDED else content.SerializeToString(deterministic=True),
    )
    amending = replace(heard.tell(amended, subject=first.subject), topic=first.topic)
    heard.facts[-1] = replace(amending, label=first.label)


def contents(rows: Sequence[Row]) -> dict[tuple[str, str], object]:
    return {(row.kind, row.key): row.content for row in rows}


@given(
    st.lists(says, max_size=6),
    last_says,
    st.permutations(KINDS),
    st.permutations(KINDS),
    st.booleans(),
)
def test_corrections_in_any_order_and_number_end_where_the_tidy_telling_does(
    slips: list[tuple[type[Message], Any]],
    last: dict[type[Message], Any],
    order: list[type[Message]],
    tidy_order: list[type[Message]],
    is_issued: bool,
) -> None:
    disturbed, tidy = told(is_issued=is_issued), told(is_issued=is_issued)
    revisions: dict[UUID, int] = {}
    for kind, said in [*slips, *((kind, last[kind]) for kind in order)]:
        put_right(disturbed, revisions, kind, said)
    revisions = {}
    for kind in tidy_order:
        put_right(tidy, revisions, kind, last[kind])
    assert contents(disturbed.rows()) == contents(tidy.rows())


@given(last_says, st.booleans())
def test_each_row_that_a_correction_changed_names_it(
    last: dict[type[Message], Any], is_issued: bool
) -> None:
    heard = told(is_issued=is_issued)
    before = contents(heard.rows())
    revisions: dict[UUID, int] = {}
    for kind, said in last.items():
        put_right(heard, revisions, kind, said)
    amendments = {
        str(fact.id) for fact in heard.facts if isinstance(fact.message, StatementAmended)
    }
    for row in heard.rows():
        if before.get((row.kind, row.key)) != row.content:
            assert row.rests_on & amendments
