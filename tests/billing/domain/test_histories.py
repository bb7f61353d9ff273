"""Random histories: whatever is attended, corrected, authorized, issued and answered, in any order.

At every prefix no authorization is overdrawn, no client, payer and day has two per diems, nothing
is claimed twice, and what was issued says what it said.
"""

from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.billing.domain.authorizations.allocation import balances
from services.billing.domain.authorizations.ledger import claims_holding_units, units_on
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.claims.issue import (
    ClaimIssued,
    DraftToIssue,
    ProposalToIssue,
    correction,
    original,
)
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.history.history import (
    Adjudication,
    Authorization,
    BillingHistory,
    ClaimLine,
    CoverageEnd,
    Discharge,
    IssuedClaim,
    Waiver,
)
from services.billing.domain.payers.rules import DiscreteService, Institutional
from tests.harness.billing.history import (
    COVERAGE,
    ENROLLMENT,
    FEE,
    attended,
    authorization,
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    rows_of,
    session,
    signed,
)

PAYERS = ("payer", "other")
PER_DIEM, CODES = "H0015", ("H0015", "90853", "90834", "90791")
DATES = some.integers(0, 9)
MINUTES = some.sampled_from([0, 45, 60, 180, 200])
SLOTS = some.sampled_from(["am", "pm"])
RULES = some.fixed_dictionaries(
    {
        "claim_form": some.sampled_from(["PROFESSIONAL", "INSTITUTIONAL"]),
        "rendering": some.sampled_from(["NONE", "FACILITATOR"]),
        "late_day": some.sampled_from(["NEW_CLAIM", "REPLACE"]),
        "changed_claim": some.sampled_from(["REPLACE", "VOID"]),
        "units_return": some.sampled_from(["VOID_ISSUED", "VOID_PROCESSED"]),
        "new_claim_after": some.sampled_from(["VOID_ISSUED", "VOID_PROCESSED"]),
        "amended_identity": some.sampled_from(["CHANGED", "VOID", "NOTHING"]),
        "amended_member": some.sampled_from(["CHANGED", "VOID", "NOTHING"]),
        "authorization_unit": some.sampled_from(["DAYS", "SESSIONS", "UNITS"]),
        "discrete_fallback": some.booleans(),
        "split_by_month": some.booleans(),
    }
)
SERVICES: dict[str, Any] = {
    "institutional": Institutional(type_of_bill="13", revenue_code="0906", interim_bills=True),
    "discrete": tuple(
        DiscreteService(service_kind=kind, code=code, modifiers=(), revenue_code="0900")
        for kind, code in (("GROUP", "90853"), ("INDIVIDUAL", "90834"))
    ),
    "ancillary": (
        DiscreteService(
            service_kind="INTAKE_EVALUATION", code="90791", modifiers=(), revenue_code="0900"
        ),
    ),
    "late_signature": "ACCEPT",
}


class Histories(RuleBasedStateMachine):
    """One client, two payers, ten days, and a biller who does things when they please."""

    @initialize(
        rules=RULES,
        dates=some.sets(DATES, min_size=2),
        units=some.integers(1, 8),
        by=some.lists(some.sampled_from(["eve", "eve", "ada"]), min_size=10, max_size=10),
    )
    def begin(self, rules: dict[str, Any], dates: set[int], units: int, by: list[str]) -> None:
        self.unit, self.form = rules["authorization_unit"], rules["claim_form"]
        self.sent: dict[str, tuple[ClaimIssued, dict[str, Any]]] = {}
        self.history: BillingHistory = billable(
            sessions=(),
            authorizations=(),
            confirmed=tuple(
                confirmed(payer_id=payer_id, **rules, **SERVICES) for payer_id in PAYERS
            ),
            consents=tuple(
                replace(consent, fact=f"consent {payer}", payer_id=payer)
                for payer in PAYERS
                for consent in billable().consents
            ),
            enrollments=tuple(
                replace(ENROLLMENT, fact=f"enrolled {payer} {site}", payer_id=payer, site_id=site)
                for payer in PAYERS
                for site in ("site", "other")
            ),
            fees=tuple(replace(FEE, fact=f"fee {code}", code=code) for code in CODES),
        )
        for number in sorted(dates):
            self.attend(
                number=number,
                slot="am",
                minutes=180,
                kind="GROUP",
                by=by[number],
                signs=True,
                at="site",
            )
        for payer in PAYERS:
            self._learn(authorizations=self._authorization(units, 0, payer))

    # What others say

    @rule(
        number=DATES,
        slot=SLOTS,
        minutes=MINUTES,
        kind=some.sampled_from(["GROUP", "GROUP", "INDIVIDUAL", "INTAKE_EVALUATION"]),
        by=some.sampled_from(["eve", "ada"]),
        signs=some.booleans(),
        at=some.sampled_from(["site", "site", "other"]),
    )
    def attend(
        self, *, number: int, slot: str, minutes: int, kind: str, by: str, signs: bool, at: str
    ) -> None:
        name = f"{slot} {kind}"
        if any(
            attendance.session_id == f"{day(number)} {name}"
            for attendance in self.history.attendances
        ):
            return
        held = session(day(number), name, service_kind=kind, facilitator_id=by, site_id=at)
        came = attended(day(number), minutes, name, attended=minutes > 0, site_id=at)
        self._learn(sessions=held, attendances=came)
        if signs:
            self._learn(notes=signed(day(number), name=name))

    @rule(pick=some.integers(0, 99), minutes=MINUTES)
    def correct(self, pick: int, minutes: int) -> None:
        if not self.history.attendances:
            return
        said = self.history.attendances[pick % len(self.history.attendances)]
        name = said.session_id.removeprefix(f"{said.service_date} ")
        again = corrected(said.service_date, len(self.history.attendances), minutes, name)
        self._learn(attendances=replace(again, site_id=said.site_id))

    @rule()
    def sign(self) -> None:
        noted = {note.session_id for note in self.history.notes}
        for planned in self.history.sessions:
            if planned.session_id not in noted:
                name = planned.session_id.removeprefix(f"{planned.service_date} ")
                self._learn(notes=signed(planned.service_date, name=name))

    @rule(units=some.integers(1, 4), start=DATES, payer=some.sampled_from(PAYERS))
    def authorize(self, units: int, start: int, payer: str) -> None:
        self._learn(authorizations=self._authorization(units, start, payer))

    @rule(number=DATES)
    def waive(self, number: int) -> None:
        for payer in PAYERS:
            waived = Waiver(
                fact=f"waived {payer} {number}", payer_id=payer, service_date=day(number)
            )
            if waived not in self.history.waivers:
                self._learn(waivers=waived)

    @rule(rarely=some.integers(0, 9))
    def cover_elsewhere(self, rarely: int) -> None:
        """Every day turns out to have been the other payer's."""
        if len(self.history.coverages) == 1 and rarely == 9:
            other = replace(
                COVERAGE,
                fact="coverage 2",
                coverage_id="coverage 2",
                payer_id="other",
                verified_from=day(-300),
            )
            self._learn(coverages=other)

    @rule(last=some.integers(-1, 9), rarely=some.integers(0, 4))
    def end_coverage(self, last: int, rarely: int) -> None:
        """The first coverage turns out to have ended, from some day on, or never to have been."""
        if rarely == 4:
            said = len(self.history.coverages) + len(self.history.coverage_ends)
            end = CoverageEnd(
                fact=f"ended {said}",
                coverage_id=COVERAGE.coverage_id,
                last_day=day(last),
                sequence=said,
            )
            self._learn(coverage_ends=end)

    @rule()
    def verify_again(self) -> None:
        """The first coverage is in force after all, from its first day on."""
        said = len(self.history.coverages) + len(self.history.coverage_ends)
        again = replace(COVERAGE, fact=f"verified {said}", sequence=said)
        if self.history.coverage_ends:
            self._learn(coverages=again)

    @rule(number=some.integers(9, 15))
    def discharge(self, number: int) -> None:
        """After the last date, or on it."""
        if not self.history.discharges:
            ended = Discharge(
                fact="d", episode_id="episode", discharged_on=day(number), reason="DEATH"
            )
            self._learn(discharges=ended)

    # What the biller does

    @rule()
    def issue(self) -> None:
        for row in rows_of(self.history, DraftRow):
            draft = DraftToIssue(draft_id="draft", row=row)
            candidate = original(draft, self._next_id())
            if not candidate.awaits_voids:
                self._send(candidate.claim)

    @rule(pick=some.integers(0, 99))
    def adjudicate(self, pick: int) -> None:
        if self.history.issued:
            self._answer(self.history.issued[pick % len(self.history.issued)])

    @rule()
    def issue_corrections(self) -> None:
        for row in rows_of(self.history, ProposalRow):
            if row.state == "READY":
                was, _ = self.sent[row.claim_id]
                proposed = ProposalToIssue(row=row, original=was, payer_control_number="PCN")
                self._send(correction(proposed, self._next_id()).claim)

    @rule(elsewhere=some.booleans())
    def settle(self, elsewhere: bool) -> None:
        """Answered, corrected and issued until nothing is left to do: that comes soon.

        What is left then waits for somebody; and when notes are signed, units are authorized and
        somebody covers every date, nothing does.
        """
        self._do_all()
        assert all(row.waits_for for row in rows_of(self.history, ProposalRow))
        self.sign()
        self.cover_elsewhere(rarely=9 if elsewhere else 0)
        self.verify_again()
        for payer in PAYERS:
            self._learn(authorizations=self._authorization(99, 0, payer))
        self._do_all()
        assert rows_of(self.history, ProposalRow) == []
        self._all_that_is_billable_is_claimed()

    def _do_all(self) -> None:
        for _ in range(6):
            for claim in self.history.issued:
                self._answer(claim)
            self.issue_corrections()
            self.issue()
        assert rows_of(self.history, DraftRow) == []

    # What holds at every step

    @invariant()
    def no_authorization_is_overdrawn(self) -> None:
        if not hasattr(self, "history"):
            return
        taken = units_on(claims_holding_units(self.history))
        for granted in self.history.authorizations:
            assert taken.get(granted.authorization_id, 0) <= granted.units
        for balance in balances(self.history):
            assert balance.issued + balance.allocated <= balance.authorization.units

    @invariant()
    def nothing_is_claimed_twice(self) -> None:
        if not hasattr(self, "history"):
            return
        claims = in_force(self.history.issued)
        services = Counter(
            (line.service_date, claim.site_id, line.code, self._rendered(line))
            for claim in claims
            for line in {(line.service_date, line.code): line for line in claim.lines}.values()
        )
        assert all(count == 1 for count in services.values()), services
        per_diems = Counter(
            line.service_date for claim in claims for line in claim.lines if line.code == PER_DIEM
        )
        assert all(count == 1 for count in per_diems.values()), per_diems

    @invariant()
    def what_was_issued_says_what_it_said(self) -> None:
        for claim, said in getattr(self, "sent", {}).values():
            assert asdict(claim) == said
            if claim.frequency == "8":
                voided, _ = self.sent[claim.corrects_claim_id]
                assert (claim.lines, claim.diagnoses) == (voided.lines, voided.diagnoses)

    def _all_that_is_billable_is_claimed(self) -> None:
        claims = in_force(self.history.issued)
        said = Counter(
            (claim.payer_id, line.service_date, line.code, line.units, self._rendered(line))
            for claim in claims
            for line in claim.lines
        )
        due = Counter(
            (day.payer_id, line.service_date, line.code, line.units, self._rendered(line))
            for day in days_of(self.history)
            for line in (*(day.own_lines if day.billable else ()), *day.ancillary_lines)
        )
        assert said == due

    def _rendered(self, line: ClaimLine) -> str:
        """An institutional claim names who attends, and nobody of a line."""
        return line.rendering_staff_id if self.form == "PROFESSIONAL" else ""

    def _authorization(self, units: int, start: int, payer: str) -> Authorization:
        name = f"auth {len(self.history.authorizations)}"
        return authorization(units, start, start + 9, name, payer_id=payer, unit=self.unit)

    def _learn(self, **facts: Any) -> None:
        history: dict[str, Any] = {
            name: (*getattr(self.history, name), fact) for name, fact in facts.items()
        }
        self.history = replace(self.history, **history)

    def _next_id(self) -> str:
        return f"claim {len(self.sent):03d}"

    def _send(self, claim: ClaimIssued) -> None:
        assert claim.lines
        self.sent[claim.claim_id] = (claim, asdict(claim))
        self._learn(issued=issued_of(claim))

    def _answer(self, claim: IssuedClaim) -> None:
        fact = f"answered {claim.claim_id}"
        if fact in {adjudication.fact for adjudication in self.history.adjudications}:
            return
        answer = Adjudication(
            fact=fact,
            claim_id=claim.claim_id,
            payer_control_number="PCN",
            status="REVERSED" if claim.frequency == "8" else "PAID",
            adjudicated_on=day(30),
        )
        self._learn(adjudications=answer)


def issued_of(claim: ClaimIssued) -> IssuedClaim:
    """The claim as billing hears of it."""
    return IssuedClaim(
        fact=f"issued {claim.claim_id}",
        claim_id=claim.claim_id,
        payer_id=claim.payer_id,
        provider_id=claim.provider_id,
        site_id=claim.site_id,
        coverage_id=claim.coverage_id,
        authorization_id=claim.authorization_id,
        period_start=claim.period_start,
        period_end=claim.period_end,
        lines=claim.lines,
        claim_form=claim.claim_form,
        frequency=claim.frequency,
        corrects_claim_id=claim.corrects_claim_id,
        authorized_units=claim.authorized_units,
    )


TestHistories = Histories.TestCase
# One history is as long as many examples: sixty of the usual hundred.
TestHistories.settings = settings(
    max_examples=settings().max_examples * 3 // 5, stateful_step_count=30, deadline=None
)
