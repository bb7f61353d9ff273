"""A model beside billing: whatever is attended, corrected, heard in whatever order, authorized,
confirmed, issued, answered and corrected, claims are what a page of plain Python says.

The model (`Model`) is how long each client was there on each day, how many units are authorized,
and how many minutes a day must have by the rules that somebody confirmed last. The machine does
all through the servicer, on PostgreSQL, and looks after each step that

- no date of a client stands on two claims (`a_day_is_billed_once`);
- no authorization has given more units than it has, and claims that stand hold as many as they
  say (`units_are_never_overdrawn`);
- a claim that was replaced or voided is followed by one claim that says of it so (`claims_follow`);
- files are what they were (`what_has_left_is_as_it_was`);

and, once all was heard (`settle`, and at the end of each history), that days, drafts and proposals
are the model's, and that what is left to do can be done until nothing is (`finish`).

What of this is true of any service is in test_small_world.py, where there is more to break.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.intake.v1.intake_events_pb2 import ConsentGiven

from kernel.messaging.envelope import Record
from kernel.rpc.translate import date_of
from operations.verifying.verification import CHECKS, LISTENING
from services.billing.__main__ import SERVICE
from services.billing.adapters.checks import SERVICE_CHECKS
from services.billing.adapters.publication import publish
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from tests.conftest import NewStore
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import last_said, of_kind, put_right
from tests.harness.kernel.small_world import Killed
from tests.harness.kernel.verified import findings_of

CLIENTS = tuple(f"0c11e700-0000-4000-8000-00000000000{n}" for n in (1, 2))
MINIMUM = 180
Dates = set[tuple[int, int]]
"""Client and day, both by number."""


@dataclass
class Model:
    """What was said, and what follows from it."""

    minutes: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    units: list[int] = field(default_factory=lambda: [2, 2])
    minimums: list[int] = field(default_factory=lambda: [MINIMUM])

    def qualifying(self) -> Dates:
        """Long enough, by what was said last and the rules confirmed last."""
        return {date for date, told in self.minutes.items() if told[-1] >= self.minimums[-1]}

    def left(self, client: int, claimed: Dates) -> int:
        """Units that no claim holds."""
        return self.units[client] - len(of_client(client, claimed))


def of_client(client: int, dates: Dates) -> Dates:
    return {date for date in dates if date[0] == client}


@dataclass
class RememberingOffice(Office):
    """Knows what it answered to each command."""

    answered: dict[str, tuple[str, Any, dict[str, Any], Any]] = field(default_factory=dict)

    def call(self, rpc: str, request: Any, *, command: str = "", **how: Any) -> Any:
        """As an office's; with the same command the same."""
        answer = super().call(rpc, request, command=command, **how)
        if command:
            self.answered[command] = (rpc, request, how, answer)
        return answer


CLIENT = some.integers(0, len(CLIENTS) - 1)
DAY = some.integers(0, 9)
MINUTES = some.sampled_from([180, 60, 240])
PICK = some.integers(0, 40)
THROUGH = some.sampled_from([13, 6])


class Billing(RuleBasedStateMachine):
    """Two clients, ten days, one payer, and a biller who does things when they please."""

    def __init__(self, new_stores: Callable[[], AbstractContextManager[NewStore]]) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.model = Model()
        self.story = Story()
        store = self.opened.enter_context(new_stores())(SERVICE)
        self.office = RememberingOffice(store, log=self.story.log)
        self.office.set_up(SITE, [])
        self.wire: list[Record] = []
        for client in CLIENTS:
            admitted = self.story.admitted(client, self.office.payer_id)
            self.office.hear(admitted)
            self.office.authorize(client, self.model.units[0], number=f"AUTH{client[-1]}")
            self.office.identities.cover(self.office.payer_id, permitted(client, admitted))
        self.on_the_way = self.numbers = 0
        self.files: dict[str, bytes] = {}

    # What attendance says, and how it comes

    @rule(client=CLIENT, number=DAY, minutes=MINUTES)
    def attend(self, client: int, number: int, minutes: int) -> None:
        if (client, number) not in self.model.minutes:
            self.model.minutes[client, number] = [minutes]
            self.wire += self.story.attended(CLIENTS[client], [day(number)], minutes)

    @rule(pick=PICK, minutes=some.sampled_from([0, 60, 180, 240]))
    def correct_attendance(self, pick: int, minutes: int) -> None:
        for client, number in picked([*self.model.minutes], pick):
            told = self.model.minutes[client, number]
            told.append(minutes)
            self.wire += self.story.corrected(CLIENTS[client], day(number), len(told) - 1, minutes)

    @rule(number=some.integers(1, 6))
    def hear(self, number: int) -> None:
        found = self.wire[self.on_the_way :][:number]
        self.on_the_way += len(found)
        self.office.inbox.hear(found)

    @rule(picks=some.lists(PICK, min_size=1, max_size=4))
    def hear_again_or_early(self, picks: list[int]) -> None:
        self.office.inbox.hear([record for pick in picks for record in picked(self.wire, pick)])

    @rule(number=some.integers(1, 6))
    def lose(self, number: int) -> None:
        self.on_the_way = min(self.on_the_way + number, len(self.wire))

    @rule()
    def derive(self) -> None:
        self.office.pending_work.drain()

    @rule()
    def restart(self) -> None:
        self.office = replace(self.office)
        self.office.pending_work.mark_outdated()

    @rule()
    def rebuild(self) -> None:
        self.office.pending_work.mark_all()
        self.office.pending_work.drain()

    # What the biller does

    @rule(client=CLIENT, more=some.integers(1, 3))
    def authorize_more(self, client: int, more: int) -> None:
        """The payer's letter says more units, all along: the statement is put right."""
        self.model.units[client] += more
        authorization = of_kind(self.office, CLIENTS[client], "authorization")
        content = last_said(authorization)
        content.units = self.model.units[client]
        put_right(self.office, authorization, content, command=self.name("more"))

    @rule(minimum=some.sampled_from([180, 60, 240]))
    def confirm_rules(self, minimum: int) -> None:
        self.model.minimums.append(minimum)
        version = len(self.model.minimums)
        assert RULES.per_diem is not None
        self.office.propose(version, per_diem=replace(RULES.per_diem, minimum_minutes=minimum))
        self.office.confirm(version)

    @rule(through=THROUGH)
    def issue(self, through: int) -> None:
        self.office.issue(day(through), self.name("issue"))

    @rule(through=THROUGH, number=some.integers(1, 6))
    def issue_and_hear_meanwhile(self, through: int, number: int) -> None:
        """While intake is asked who the clients are, more of them is heard, and derived."""

        def meanwhile() -> None:
            self.hear(number)
            self.office.pending_work.drain()

        self.meanwhile(meanwhile, through)

    @rule(through=THROUGH)
    def be_killed_while_issuing(self, through: int) -> None:
        def meanwhile() -> None:
            raise Killed

        with suppress(Killed):
            self.meanwhile(meanwhile, through)

    @rule(pick=PICK)
    def answer_a_claim(self, pick: int) -> None:
        """The payer's word, with its own number of the claim."""
        for claim in picked(self.office.claims(), pick):
            status = "REVERSED" if claim.frequency == "8" else "PAID"
            self.office.adjudicate(claim.claim_id, status, f"PCN{claim.claim_id[:6]}")

    @rule()
    def correct(self) -> None:
        """All that is READY is issued: replaced or voided."""
        asked = pb.ListProposalsRequest(state=events.PROPOSAL_STATE_READY)
        if ready := list(self.office.call("ListProposals", asked).proposals):
            self.office.correct(self.name("correct"), ready)

    @rule(pick=PICK)
    def say_again(self, pick: int) -> None:
        for command in picked(sorted(self.office.answered), pick):
            rpc, request, how, answer = self.office.answered[command]
            assert self.office.call(rpc, request, command=command, **how) == answer

    # Left alone

    @rule()
    def settle(self) -> None:
        """Whatever was lost comes after all, in its order."""
        self.office.hear(self.wire)
        paid, held, claimed = self.dates("PER_DIEM"), self.dates("HOLD"), self.claimed()
        qualifying = self.model.qualifying()
        assert paid | held == qualifying
        assert claimed & qualifying <= paid
        for client, _ in enumerate(CLIENTS):
            wanted = of_client(client, qualifying - claimed)
            left = max(self.model.left(client, claimed), 0)
            assert len(of_client(client, paid - claimed)) == min(len(wanted), left)
        drafted = [date for row in self.office.of_kind("draft_claim") for date in dates_of(row)]
        assert sorted(drafted) == sorted(paid - claimed)
        assert {row["claim_id"]: row["action"] for row in self.office.of_kind("proposal")} == {
            claim.claim_id: "REPLACE" if listed(claim) & paid else "VOID"
            for claim in self.in_force()
            if listed(claim) - paid
        }
        checks = (*CHECKS, *LISTENING, *SERVICE_CHECKS.checks)
        assert findings_of(self.office.store, checks, SUBSCRIPTIONS, publish) == []

    @rule()
    def finish(self) -> None:
        """Answered, corrected and issued: then all that is paid stands on a claim, and no more."""
        self.settle()
        for pick, _ in enumerate(self.office.claims()):
            self.answer_a_claim(pick)
        self.correct()
        self.office.pending_work.drain()
        self.issue(13)
        self.settle()
        assert self.claimed() == self.dates("PER_DIEM")
        assert self.office.of_kind("proposal") == []

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # else it is over, and what went wrong is told
                self.finish()
        finally:
            self.opened.close()

    # What holds after each step

    @invariant()
    def a_day_is_billed_once(self) -> None:
        claimed = [date for claim in self.in_force() for date in sorted(listed(claim))]
        assert len(claimed) == len(set(claimed))

    @invariant()
    def units_are_never_overdrawn(self) -> None:
        claimed = self.claimed()
        for client, client_id in enumerate(CLIENTS):
            request = pb.ListAuthorizationsRequest(client_id=client_id)
            [balance] = self.office.call("ListAuthorizations", request).authorizations
            assert balance.units == self.model.units[client]
            assert balance.issued == len(of_client(client, claimed)) <= balance.units
            assert balance.issued + balance.allocated <= balance.units

    @invariant()
    def claims_follow(self) -> None:
        claims = {claim.claim_id: claim for claim in self.office.claims()}
        followed: dict[str, list[Any]] = defaultdict(list)
        for claim in claims.values():
            if claim.corrects_claim_id:
                followed[claim.corrects_claim_id].append(claim)
        for claim in claims.values():
            following = followed[claim.claim_id]
            assert [other.claim_id for other in following] == (
                [claim.followed_by_claim_id] if claim.followed_by_claim_id else []
            )
            for other in following:
                assert other.frequency == "8" or listed(other) < listed(claim)
                assert other.frequency == "7" or listed(other) == listed(claim)

    @invariant()
    def what_has_left_is_as_it_was(self) -> None:
        for batch in {claim.batch_id for claim in self.office.claims()}:
            file = self.office.file(batch)
            assert self.files.setdefault(batch, file) == file

    # How it is looked at, and done

    def in_force(self) -> list[Any]:
        """Claims that the payer has of us now."""
        return [
            claim
            for claim in self.office.claims()
            if claim.frequency != "8" and not claim.followed_by_claim_id
        ]

    def claimed(self) -> Dates:
        return {date for claim in self.in_force() for date in listed(claim)}

    def dates(self, outcome: str) -> Dates:
        """Days that came out so."""
        rows = self.office.of_kind("service_day")
        return {
            number_of(row["client_id"], row["service_date"])
            for row in rows
            if row["outcome"] == outcome
        }

    def name(self, command: str) -> str:
        self.numbers += 1
        return f"{command} {self.numbers}"

    def meanwhile(self, do: Callable[[], None], through: int) -> None:
        identities = self.office.identities
        identities.meanwhile = do
        try:
            self.issue(through)
        finally:
            identities.meanwhile = lambda: None


def number_of(client_id: str, on: str | date) -> tuple[int, int]:
    on = on if isinstance(on, date) else date.fromisoformat(on)
    return CLIENTS.index(client_id), (on - day(0)).days


def listed(claim: Any) -> Dates:
    """The dates of a claim, as it is listed."""
    return {number_of(claim.client_id, date_of(line, "service_date")) for line in claim.lines}


def dates_of(row: Any) -> list[tuple[int, int]]:
    """The dates of a draft."""
    return [number_of(row["client_id"], line["service_date"]) for line in row["lines"]]


def permitted(client_id: str, admitted: Sequence[Record]) -> Any:
    """Who the client is, on the consent that they gave when they were admitted."""
    by_type = {record.headers["ce_type"].decode(): record for record in admitted}
    consent = by_type[ConsentGiven.DESCRIPTOR.full_name]
    return covered(
        client_id,
        COVERAGE,
        consent_id=ConsentGiven.FromString(consent.body).consent_id,
        permit_sequence=int(consent.headers["ce_sequence"]),
    )


def picked(among: Sequence[Any], pick: int) -> Sequence[Any]:
    """One of these, if there is any."""
    return among and [among[pick % len(among)]]


@pytest.fixture
def new_billing(new_stores: Callable[[], AbstractContextManager[NewStore]]) -> Any:
    return lambda: Billing(new_stores)


def test_whatever_happens_claims_are_what_the_model_says(
    new_billing: Any, histories: Callable[[int, int], settings]
) -> None:
    run_state_machine_as_test(new_billing, settings=histories(3, 15))
