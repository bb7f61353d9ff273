"""Correction proposals: what to do about issued claims whose facts changed (design, section 3).

A proposal rests on the claim that stands now: of one that was replaced, its replacement; none of
one that was voided. A day on HOLD, for whatever reason, is no longer claimed, so its line has
fallen; but as long as something may bring it back, the proposal waits. A claim that names a
diagnosis which was in effect on none of its dates, or points to one at the line of a date on which
it wasn't, says so no longer; one that could name more of them stays as it is. One that named the
client otherwise than is true is corrected as its payer wants (claims/parties.py); one that named
who bills or what was authorized by a number that was typed wrong is sent again. A bill that says
where the client was when it ended is corrected by a discharge told later; of its frequency nothing
is, whose place a correction's own takes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.billing.domain.claims.awaited import Awaited, awaited, voids_before
from services.billing.domain.claims.courses import Courses
from services.billing.domain.claims.cuts import (
    Carried,
    Part,
    is_ancillary,
    left_to_others,
    lines_of,
    parts_of,
    place_of,
    still_claimed,
    units_of,
    without,
)
from services.billing.domain.claims.drafts import MOST_LINES, bill_of, courses_of, joining, staff_on
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.claims.named import named_otherwise
from services.billing.domain.claims.parties import PartyAmended, amended_since, asked_for
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.diagnoses import diagnosed, untrue_on
from services.billing.domain.history.history import (
    NOT_KNOWN,
    BillingHistory,
    ClaimLine,
    IssuedClaim,
    Program,
    facts_of,
)
from services.billing.domain.payers.rules import (
    AmendedParty,
    ClaimForm,
    CorrectionAction,
    RenderingOnClaim,
    RuleSet,
)


class ProposalState(StrEnum):
    """Whether it can be issued, and what it waits for if not."""

    READY = "READY"
    AWAITING_CONTROL_NUMBER = "AWAITING_CONTROL_NUMBER"
    AWAITING_RELEASE = "AWAITING_RELEASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An issued claim that no longer says what is true. `action`: REPLACE or VOID.

    `state`: AWAITING_RELEASE while something is awaited (claims/awaited.py);
    AWAITING_CONTROL_NUMBER until the payer's own number of the claim is recorded, without which
    nothing can be sent about it.
    """

    claim: IssuedClaim
    action: CorrectionAction
    state: ProposalState
    waits_for: tuple[Awaited, ...]
    # The claim's; of one that was issued without, what its dates have now.
    authorization_id: str
    lines: tuple[ClaimLine, ...]
    changed_dates: tuple[date, ...]
    diagnoses: tuple[str, ...]
    programs: frozenset[Program]
    authorized_units: int
    staff_id: str
    rules: RuleSet
    rests_on: frozenset[str]
    # Of an institutional claim of which something is left: claims/courses.py.
    patient_status: str = ""
    # Whom it named otherwise than is true, where its payer wants to be told.
    amended: tuple[PartyAmended, ...] = ()

    @property
    def issued_charge_minor(self) -> int:
        return sum(line.charge_minor for line in self.claim.lines)

    @property
    def corrected_charge_minor(self) -> int:
        """What stands of the claim once this is issued: of a void nothing, whatever follows it."""
        stands = self.lines if self.action != CorrectionAction.VOID else ()
        return sum(line.charge_minor for line in stands)


def propose(days: Sequence[ServiceDay], history: BillingHistory) -> list[Proposal]:
    """A proposal for each claim in force whose lines changed, fell, or are joined by a late day."""
    by_date = {day.service_date: day for day in days}
    issued = sorted(in_force(history.issued), key=lambda claim: claim.claim_id)
    cut = [(day, tuple(parts_of(day))) for day in days]
    joined = joining(cut, issued, history)
    late: dict[str, list[Part]] = {}
    carried = Carried.on(issued)
    for day, parts in cut:
        for joinable, part in parts:
            if claim_id := joined.get((day.service_date, joinable)):
                lines = tuple(line for line in part.lines if not carried.has(line))
                late.setdefault(claim_id, []).append(Part(day, lines))
    courses = courses_of(cut, issued, history)
    found = [
        _propose(claim, by_date, late.get(claim.claim_id, ()), issued, history, courses=courses)
        for claim in issued
    ]
    return [proposal for proposal in found if proposal is not None]


def _propose(
    claim: IssuedClaim,
    by_date: Mapping[date, ServiceDay],
    late: Sequence[Part],
    issued: Sequence[IssuedClaim],
    history: BillingHistory,
    *,
    courses: Courses,
) -> Proposal | None:
    # Of the claim's own payer: the day's may be another by now.
    rules = history.rules_of(claim.payer_id, max(line.service_date for line in claim.lines))
    if rules is None:
        return None
    authorization_id = _authorization_now(claim, by_date)
    elsewhere_claimed = left_to_others(claim, issued, by_date, history.client_id)
    all_parts = without(
        _parts_now(claim, authorization_id, by_date.values(), late), elsewhere_claimed
    )
    others = _others(claim, issued)
    parts = _fitting(claim, _of_one_person(claim, all_parts, others))
    elsewhere = _elsewhere(claim, by_date.values())
    unnamed = _unnamed_dates(claim, [*all_parts, *elsewhere], parts, issued)
    lines = lines_of(sorted(parts, key=lambda part: part.day.service_date))
    said_of = diagnosed(history, lines, claim.claim_form)
    status, ended_by = _status_now(claim, lines, rules, courses)
    changed_dates = {
        *_changed_dates(claim, lines),
        *unnamed,
        *untrue_on(claim, said_of, history),
    }
    renamed_by = named_otherwise(claim, history)
    if (
        {*claim.diagnoses} - {*said_of.codes}
        or renamed_by
        or authorization_id != claim.authorization_id
        or (claim.patient_status and status not in ("", claim.patient_status))
    ):
        changed_dates |= {line.service_date for line in lines}
    amended = tuple(amended_since(claim, history))
    wanted = asked_for(amended, rules)
    if wanted == AmendedParty.NOTHING:
        amended = ()
    else:
        changed_dates |= {line.service_date for line in claim.lines}
    changed = tuple(sorted(changed_dates))
    if not changed:
        return None
    looked_at = {line.service_date for line in (*claim.lines, *lines)} & by_date.keys()
    answers = [
        adjudication
        for adjudication in history.adjudications
        if adjudication.claim_id == claim.claim_id
    ]
    waits_for = (
        *awaited(claim, [by_date[on] for on in changed if on in by_date], history),
        *voids_before(claim, lines, rules, history),
    )
    return Proposal(
        claim=claim,
        action=_action(rules, lines, anew=bool(unnamed) or wanted == AmendedParty.VOID),
        state=state_of(waits_for, numbered=any(answer.payer_control_number for answer in answers)),
        waits_for=waits_for,
        authorization_id=authorization_id,
        lines=said_of.lines,
        changed_dates=changed,
        diagnoses=said_of.codes,
        programs=_programs(claim, [by_date[on] for on in looked_at]),
        authorized_units=0 if is_ancillary(claim) else units_of(parts),
        staff_id=staff_on(lines) if rules.rendering == RenderingOnClaim.FACILITATOR else "",
        rules=rules,
        rests_on=facts_of([claim], answers, amended)
        .union(said_of.rests_on, ended_by, renamed_by)
        .union(*(by_date[on].rests_on for on in looked_at)),
        patient_status=status,
        amended=amended,
    )


def state_of(waits_for: Sequence[Awaited], *, numbered: bool) -> ProposalState:
    """By what it waits for, and whether the payer's own number of the claim is known."""
    if waits_for:
        return ProposalState.AWAITING_RELEASE
    return ProposalState.READY if numbered else ProposalState.AWAITING_CONTROL_NUMBER


def _authorization_now(claim: IssuedClaim, by_date: Mapping[date, ServiceDay]) -> str:
    """A claim issued without authorization takes the first that came for one of its dates.

    Dates that another one pays for fall from it, and are claimed anew: a claim names one.
    """
    if claim.authorization_id or is_ancillary(claim):
        return claim.authorization_id
    dates = sorted({line.service_date for line in claim.lines} & by_date.keys())
    of_dates = (by_date[on] for on in dates)
    found = (
        day.paid_at(claim.site_id).authorization_id for day in of_dates if still_claimed(claim, day)
    )
    return next((authorization_id for authorization_id in found if authorization_id), "")


def _status_now(
    claim: IssuedClaim,
    lines: Sequence[ClaimLine],
    rules: RuleSet,
    courses: Courses,
) -> tuple[str, frozenset[str]]:
    """What a bill of these lines would say today, and what that rests on.

    Nothing where no line is left, and on another form. A date that fell is still this bill's, until
    another one has it.
    """
    if claim.claim_form != ClaimForm.INSTITUTIONAL or rules.institutional is None or not lines:
        return "", frozenset()
    bill = bill_of(claim, (line.service_date for line in (*claim.lines, *lines)))
    said = courses.statement(
        bill,
        claim.period_end,
        interim=rules.institutional.interim_bills,
        alone=is_ancillary(claim),
    )
    return said.patient_status, said.rests_on


def _programs(claim: IssuedClaim, days: Sequence[ServiceDay]) -> frozenset[Program]:
    """Whose sessions the claim is about, as it stands and as it would; none are known of no day."""
    of_days = [day.ancillary_programs if is_ancillary(claim) else day.programs for day in days]
    return frozenset[Program]().union(*of_days) or frozenset({NOT_KNOWN})


def _parts_now(
    claim: IssuedClaim, authorization_id: str, days: Iterable[ServiceDay], late: Sequence[Part]
) -> list[Part]:
    """What would be claimed today: of the claim's own dates, and of late days that join it."""
    found: list[Part] = []
    for day in days:
        if not (lines := still_claimed(claim, day)):
            continue
        asked = day.rules is not None and day.rules.authorization_required
        paid_by = day.paid_at(claim.site_id).authorization_id
        if is_ancillary(claim) or not asked or paid_by == authorization_id:
            found.append(Part(day, lines))
    asked_alike = (is_ancillary(claim), authorization_id)
    return [
        *found,
        *(
            part
            for part in late
            if asked_alike
            in ((True, ""), (False, part.day.paid_at(claim.site_id).authorization_id))
        ),
    ]


def _fitting(claim: IssuedClaim, parts: Sequence[Part]) -> list[Part]:
    """As many days as the claim holds; those that grew beyond it are claimed anew."""
    own = {line.service_date for line in claim.lines}
    found: list[Part] = []
    held = 0
    for part in sorted(
        parts, key=lambda part: (part.day.service_date not in own, part.day.service_date)
    ):
        if held + len(part.lines) <= MOST_LINES[claim.claim_form] or not found:
            held += len(part.lines)
            found.append(part)
    return found


def _elsewhere(claim: IssuedClaim, days: Iterable[ServiceDay]) -> Iterator[Part]:
    """Lines of the claim's dates, to its payer, that were given at other sites."""
    places = {place_of(line) for line in claim.lines}
    for day in days:
        if (day.payer_id, day.coverage_id) != (claim.payer_id, claim.coverage_id):
            continue
        of_kind = day.ancillary_lines if is_ancillary(claim) else day.own_lines
        lines = of_kind if is_ancillary(claim) or day.billable else ()
        away = tuple(
            line
            for line in lines
            if place_of(line) in places and (line.site_id or day.site_id) != claim.site_id
        )
        if away:
            yield Part(day, away)


def _others(claim: IssuedClaim, issued: Sequence[IssuedClaim]) -> set[tuple[date, str]]:
    """Places of lines that stand on other claims of the same site."""
    others = (other for other in issued if other is not claim and other.site_id == claim.site_id)
    return {place_of(line) for other in others for line in other.lines}


def _of_one_person(
    claim: IssuedClaim, parts: Sequence[Part], others: Collection[tuple[date, str]]
) -> list[Part]:
    """A professional claim names one who rendered: lines of others fall from it.

    It stays with whom it named, as long as a line does; then with another, of whose lines none can
    stand on another claim.
    """
    if claim.claim_form != ClaimForm.PROFESSIONAL:
        return list(parts)
    lines = [line for part in parts for line in part.lines]
    named = claim.lines[0].rendering_staff_id
    if named not in {line.rendering_staff_id for line in lines}:
        lines = [line for line in lines if place_of(line) not in others]
        named = staff_on(lines)
    kept = {line for line in lines if line.rendering_staff_id == named}
    found = [Part(part.day, tuple(line for line in part.lines if line in kept)) for part in parts]
    return [part for part in found if part.lines]


def _unnamed_dates(
    claim: IssuedClaim,
    parts: Sequence[Part],
    kept: Sequence[Part],
    issued: Sequence[IssuedClaim],
) -> set[date]:
    """Dates the claim keeps of which no claim names a site, or somebody who rendered.

    As long as it stands, such lines can't be drafted.
    """
    by_person = claim.claim_form == ClaimForm.PROFESSIONAL
    kept_places = {place_of(line) for part in kept for line in part.lines}
    named = {
        (place_of(line), other.site_id, line.rendering_staff_id if by_person else "")
        for other in issued
        if other is not claim
        for line in other.lines
    } | {
        (place_of(line), claim.site_id, line.rendering_staff_id if by_person else "")
        for part in kept
        for line in part.lines
    }
    return {
        line.service_date
        for part in parts
        for line in part.lines
        if place_of(line) in kept_places
        and (
            place_of(line),
            line.site_id or part.day.site_id,
            line.rendering_staff_id if by_person else "",
        )
        not in named
    }


def _action(rules: RuleSet, lines: Sequence[ClaimLine], *, anew: bool) -> CorrectionAction:
    """The payer's; but void and `anew` where a replacement couldn't say all of a date, or whose."""
    if anew:
        return CorrectionAction.VOID
    return CorrectionAction(rules.changed_claim if lines else rules.fallen_claim)


def _changed_dates(claim: IssuedClaim, lines: Sequence[ClaimLine]) -> tuple[date, ...]:
    was, now = _by_date(claim.lines, claim.claim_form), _by_date(lines, claim.claim_form)
    changed = {on for on in {*was, *now} if was.get(on) != now.get(on)}
    if claim.claim_form == ClaimForm.INSTITUTIONAL and staff_on(claim.lines) != staff_on(lines):
        changed |= {*now}  # another attends
    return tuple(sorted(changed))


def _by_date(
    lines: Sequence[ClaimLine], claim_form: ClaimForm
) -> dict[date, list[tuple[object, ...]]]:
    """What a payer reads of each date's lines on this form."""
    found: dict[date, list[tuple[object, ...]]] = {}
    for line in lines:
        of_form: tuple[str, ...] = (
            (line.revenue_code,)
            if claim_form == ClaimForm.INSTITUTIONAL
            else (line.place_of_service, line.rendering_staff_id)
        )
        said = (line.code, line.modifiers, line.units, line.charge_minor, *of_form)
        found.setdefault(line.service_date, []).append(said)
    return {on: sorted(said, key=repr) for on, said in found.items()}
