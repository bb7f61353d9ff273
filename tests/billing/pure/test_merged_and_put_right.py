"""Corrections and merges, mixed and in any order, end where the tidy telling would: pure.

Two clients of whom public facts are heard, put right, and merged and taken apart, before and after
issue. What is derived of both is compared whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, Row, kind_of
from kernel.messaging.amendments import History, derived
from kernel.messaging.amendments import history_of as as_it_stands
from kernel.messaging.persons import MergeSaid, Persons, standing
from kernel.messaging.subscriptions import as_the_survivors
from kernel.rpc.translate import to_date, to_timestamp
from services.billing.adapters import publication
from services.billing.adapters.history import history_of as known
from services.billing.adapters.rule_sets import message_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS, derive_rows
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.claims.issue import (
    ClaimIssued,
    DraftToIssue,
    ProposalToIssue,
    correction,
    original,
)
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.history.history import BillingHistory
from tests.billing.pure.test_put_right import (
    AUTHORIZATION,
    CLIENT,
    NOW,
    PAYER,
    PROVIDER,
    SAYINGS,
    VOIDED,
    Heard,
    contents,
    put_right,
    usd,
)
from tests.harness.billing.facts import COVERAGE, SITE, admission
from tests.harness.billing.history import RULES, day, ends_at

Content = TypeVar("Content")
OTHER = "00000000-0000-4000-8000-000000000009"
CLIENTS = (CLIENT, OTHER)
OWN = {CLIENT: "", OTHER: "9"}
"""What ends the ids of what is a client's own."""
DAYS = {CLIENT: (0, 2), OTHER: (2, 4)}
HOURS = {CLIENT: 0, OTHER: 4}
"""After the usual end their sessions end; on the day that both came they were at two sessions."""


@dataclass
class Both(Heard):
    """What was heard of both; each fact is signed a minute after the one before."""

    merges: int = 0
    left: dict[str, ClaimIssued] = field(default_factory=dict)

    def tell(self, message: Any, **where: Any) -> HeardFact:
        told = super().tell(message, **where)
        self.facts[-1] = replace(told, signed_at=NOW + timedelta(minutes=len(self.facts)))
        return self.facts[-1]

    def merge(self, survivor: str, absorbed: str, kind: type[Message] = ClientMerged) -> None:
        self.merges += 1
        for client_id in (survivor, absorbed):
            said: Any = kind()
            said.client_id = client_id
            said.survivor_client_id, said.absorbed_client_id = survivor, absorbed
            said.revision = self.merges
            self.tell(said)

    @property
    def persons(self) -> Persons:
        said = [
            MergeSaid(fact.message, fact.signed_at)
            for fact in self.facts
            if isinstance(fact.message, ClientMerged | ClientUnmerged)
        ]
        return Persons(standing(said), frozenset(f"client/{client_id}" for client_id in CLIENTS))

    def history(self, client: str) -> History:
        """Gathered as `Subscriptions.read_history` does, without a database."""
        facts: dict[str, list[HeardFact]] = {
            each: [] for each in self.persons.clients_of(client)
        } | {fact.subject: [] for fact in self.facts if kind_of(fact.subject) != "client"}
        for fact in self.facts:
            if fact.subject in facts:
                facts[fact.subject].append(fact)
        as_the_survivors(client, self.persons, facts)
        return as_it_stands(facts, SUBSCRIPTIONS.decode)

    def rows(self) -> list[Row]:
        survivors = {self.persons.survivor_of(f"client/{client_id}") for client_id in CLIENTS}
        return [
            row
            for client in sorted(survivors)
            for row in derived(derive_rows, client, self.history(client))
        ]

    def issue(self) -> None:
        """All that is drafted leaves."""
        for row in self.of_kind(DraftRow):
            draft = DraftToIssue(draft_id=row.key, row=row)
            self._leaves(original(draft, f"claim {len(self.facts)}").claim)

    def correct(self) -> None:
        """All that is proposed leaves."""
        for row in self.of_kind(ProposalRow):
            was = ProposalToIssue(
                row=row, original=self.left[row.claim_id], payer_control_number="1"
            )
            self._leaves(correction(was, f"claim {len(self.facts)}").claim)

    def of_kind(self, kind: type[Content]) -> list[Content]:
        return [row.content for row in self.rows() if isinstance(row.content, kind)]

    def _leaves(self, claim: ClaimIssued) -> None:
        self.left[claim.claim_id] = replace(claim, provider_npi="1")
        self.tell(publication.issued(self.left[claim.claim_id]), label="PART2")


@cache
def _told(*, is_issued: bool) -> Both:
    heard = Both()
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
    heard.tell(
        billing.RuleSetConfirmed(
            payer_id=PAYER, rule_set=message_of(replace(RULES, payer_id=PAYER))
        )
    )
    for client_id in CLIENTS:
        for message in admission(client_id, PAYER):
            if hasattr(message, "coverage_id"):
                message.coverage_id = COVERAGE + OWN[client_id]
            heard.tell(message)
        heard.tell(
            billing.AuthorizationRecorded(
                client_id=client_id,
                authorization_id=AUTHORIZATION + OWN[client_id],
                payer_id=PAYER,
                level_of_care="2.1",
                units=30,
                effective_from=to_date(day(0)),
                effective_to=to_date(day(60)),
            ),
            label="PART2",
        )
        for number in DAYS[client_id]:
            for message in came(client_id, number):
                heard.tell(message)
    if is_issued:
        heard.issue()
    return heard


def told(*, is_issued: bool) -> Both:
    """The same two each time, with logs of their own to go on with."""
    was = _told(is_issued=is_issued)
    return Both(list(was.facts), left=dict(was.left))


def came(client_id: str, number: int) -> Iterable[Message]:
    """Three hours, closed and signed; both were never at one time."""
    end = ends_at(day(number)) + timedelta(hours=HOURS[client_id])
    of: dict[str, Any] = {
        "client_id": client_id,
        "session_id": f"{client_id} {number}",
        "site_id": SITE,
        "service_date": to_date(day(number)),
    }
    span: dict[str, Any] = {"from": to_timestamp(end - timedelta(hours=3)), "to": to_timestamp(end)}
    yield attendance.SessionScheduled(
        **of, modality="MODALITY_IN_PERSON", starts_at=span["from"], ends_at=span["to"]
    )
    yield attendance.SessionAttended(**of, minutes=180, treatment=[attendance.Treatment(**span)])
    yield attendance.SessionNoteSigned(**of, signed_at=to_timestamp(end + timedelta(hours=1)))


APART = None
ONE = [(CLIENT, OTHER), (OTHER, CLIENT)]
"""Survivor and absorbed."""
SAID = SAYINGS | {
    plans.PlanActivated: [{}, {"in_force_from": to_date(day(1))}],
    intake.ConsentGiven: [{}, {"given_on": to_date(day(3))}],
}
OF_BOTH = sorted(
    (
        (kind, client_id)
        for kind in SAID
        for client_id in CLIENTS
        if client_id == CLIENT or "client_id" in kind.DESCRIPTOR.fields_by_name
    ),
    key=lambda one: (one[0].DESCRIPTOR.full_name, one[1]),
)
says = st.sampled_from(OF_BOTH).flatmap(
    lambda of: st.tuples(st.just(of), st.sampled_from([VOIDED, *SAID[of[0]]]))
)
last_says = st.fixed_dictionaries({of: st.sampled_from([VOIDED, *SAID[of[0]]]) for of in OF_BOTH})
merges = st.sampled_from([APART, *ONE])
Pair = tuple[str, str]


@dataclass
class Telling:
    """Says one thing after the other; merges as far as intake would let it."""

    heard: Both
    revisions: dict[UUID, int] = field(default_factory=dict)
    merged: Pair | None = APART

    def say(self, step: Any) -> None:
        if step is APART or step in ONE:
            self.be(step)
            return
        (kind, client_id), said = step
        put_right(self.heard, self.revisions, kind, said, client_id)

    def be(self, wanted: Pair | None) -> None:
        """Taken apart before they are merged the other way round."""
        if self.merged not in (APART, wanted):
            self.heard.merge(*self.merged, kind=ClientUnmerged)  # type: ignore[misc]
            self.merged = APART
        if wanted is not APART and self.merged is APART:
            self.heard.merge(*wanted)
            self.merged = wanted


@given(st.lists(says | merges, max_size=7), last_says, merges, st.randoms(), st.booleans())
def test_corrections_and_merges_in_any_order_end_where_the_tidy_telling_does(
    slips: list[Any], last: dict[Any, Any], end: Pair | None, chance: Random, is_issued: bool
) -> None:
    disturbed, tidy = Telling(told(is_issued=is_issued)), Telling(told(is_issued=is_issued))
    steps = [*last.items(), end]
    chance.shuffle(steps)
    for step in [*slips, *steps]:
        disturbed.say(step)
    for step in [end, *last.items()]:
        tidy.say(step)
    assert contents(disturbed.heard.rows()) == contents(tidy.heard.rows())


@given(last_says, merges, st.booleans())
def test_each_row_of_merged_clients_that_a_correction_changed_names_it(
    last: dict[Any, Any], end: Pair | None, is_issued: bool
) -> None:
    telling = Telling(told(is_issued=is_issued))
    telling.say(end)
    before = contents(telling.heard.rows())
    for step in last.items():
        telling.say(step)
    amendments = {
        str(fact.id) for fact in telling.heard.facts if isinstance(fact.message, StatementAmended)
    }
    for row in telling.heard.rows():
        if before.get((row.kind, row.key)) != row.content:
            assert row.rests_on & amendments


@given(st.lists(says, max_size=4), st.sampled_from(ONE), st.booleans())
def test_merged_and_taken_apart_with_nothing_issued_between_is_as_if_never_merged(
    said: list[Any], one: Pair, is_issued: bool
) -> None:
    never, taken_apart = Telling(told(is_issued=is_issued)), Telling(told(is_issued=is_issued))
    taken_apart.say(one)
    for step in said:
        never.say(step)
        taken_apart.say(step)
    taken_apart.say(APART)
    assert contents(never.heard.rows()) == contents(taken_apart.heard.rows())


@given(st.sampled_from(ONE), st.booleans(), st.booleans())
def test_what_was_issued_of_one_is_proposed_when_they_are_two_until_each_date_stands_once(
    one: Pair, is_issued: bool, is_corrected: bool
) -> None:
    """`is_corrected`: while they were one, what was proposed of them left too."""
    telling = Telling(told(is_issued=is_issued))
    telling.say(one)
    if is_corrected:
        telling.heard.correct()
    telling.heard.issue()
    telling.say(APART)
    # Where the claims of before had left, what stood twice was all there was to correct.
    assert bool(telling.heard.of_kind(ProposalRow)) == (not is_issued or is_corrected)
    for _ in range(4):
        telling.heard.correct()
        telling.heard.issue()
    assert telling.heard.of_kind(ProposalRow) == telling.heard.of_kind(DraftRow) == []
    standing_lines = {
        client_id: sorted(
            line.service_date
            for claim in in_force(history_of(telling.heard, client_id).issued)
            for line in claim.lines
        )
        for client_id in CLIENTS
    }
    assert standing_lines == {
        client_id: [day(number) for number in DAYS[client_id]] for client_id in CLIENTS
    }


def history_of(heard: Both, client_id: str) -> BillingHistory:
    return known(f"client/{client_id}", heard.history(f"client/{client_id}"))
