"""Draft claims: what allocated days may be claimed, cut as the payer's rules say.

Sources: design, section 3 ("Claims"); domain guide 5.9 and section 12 ("What splits a claim").
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.claims.courses import Courses, InstitutionalBill
from services.billing.domain.claims.cuts import (
    Carried,
    Cut,
    CutDay,
    Part,
    cut_of,
    is_ancillary,
    lines_of,
    parts_of,
    rules_of,
    still_claimed,
    units_of,
)
from services.billing.domain.claims.in_force import in_force, voids_unanswered
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.diagnoses import diagnosed
from services.billing.domain.history.history import BillingHistory, ClaimLine, IssuedClaim, Program
from services.billing.domain.payers.rules import (
    ClaimForm,
    LateDay,
    RenderingOnClaim,
    RuleSet,
    VoidStage,
)
from services.billing.domain.x12.t837.claim import ClaimFrequency

MOST_LINES: Mapping[ClaimForm, int] = {ClaimForm.PROFESSIONAL: 50, ClaimForm.INSTITUTIONAL: 999}
"""A claim's, by form (domain guide 5.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A claim that could be issued; `part` counts from 1 where one claim can't hold all lines.

    `staff_id`: who is named as rendering or attending; empty where the rules name nobody.
    """

    cut: Cut
    part: int
    rules: RuleSet
    lines: tuple[ClaimLine, ...]
    diagnoses: tuple[str, ...]
    programs: frozenset[Program]
    authorized_units: int
    staff_id: str
    rests_on: frozenset[str]
    # Voids that the payer wants to have processed before it is sent a claim of their dates again.
    awaits_voids: tuple[str, ...] = ()
    # Of an institutional claim: claims/courses.py.
    frequency: ClaimFrequency = ClaimFrequency.ORIGINAL
    patient_status: str = ""

    @property
    def charge_minor(self) -> int:
        return sum(line.charge_minor for line in self.lines)


def draft(days: Sequence[ServiceDay], history: BillingHistory) -> list[Draft]:
    """One claim a cut, of lines that stand on no issued claim.

    Never two originals for one date and service. The day's own lines stay off while any of its
    own lines stands on a claim, whatever its code or payer: a changed day is a correction, until
    that is settled. Ancillary lines are told apart by code.
    """
    issued = in_force(history.issued)
    carried = Carried.on(issued)
    cut_days = [(day, tuple(parts_of(day))) for day in days]
    joined = joining(cut_days, issued, history)
    by_cut: dict[Cut, list[Part]] = {}
    for day, parts in cut_days:
        for cut, part in parts:
            lines = tuple(line for line in part.lines if not carried.has(line))
            if not lines or (day.service_date, cut) in joined:
                continue
            by_cut.setdefault(cut, []).append(Part(day, lines))
    found = [one for cut, of_cut in by_cut.items() for one in _drafts_of(cut, of_cut, history)]
    return _stated(found, courses_of(cut_days, issued, history))


def joining(
    days: Sequence[CutDay], issued: Sequence[IssuedClaim], history: BillingHistory
) -> dict[tuple[date, Cut], str]:
    """Late days that go on a replacement of their period's claim, where the payer wants that.

    Date and cut → the claim in force they would have been on, the first of several that has room:
    what doesn't fit goes on a claim of its own. A date whose void is still to be answered joins
    none until it is.
    """
    carried = Carried.on(issued)
    ordered = sorted(days, key=lambda day: day[0].service_date)
    room = {
        claim.claim_id: MOST_LINES[claim.claim_form]
        - sum(len(still_claimed(claim, day)) for day, _ in ordered)
        for claim in issued
    }
    cuts = {claim.claim_id: cut_of(claim) for claim in issued}
    found: dict[tuple[date, Cut], str] = {}
    for day, parts in ordered:
        for cut, part in parts:
            late = sum(not carried.has(line) for line in part.lines)
            rules = rules_of(day)
            if (
                not late
                or rules.late_day != LateDay.REPLACE
                or voids_awaited(part.lines, rules, history)
            ):
                continue
            same = sorted(claim_id for claim_id, of_claim in cuts.items() if of_claim == cut)
            for claim_id in [name for name in same if room[name] >= late][:1]:
                room[claim_id] -= late
                found[day.service_date, cut] = claim_id
    return found


def courses_of(
    days: Sequence[CutDay], issued: Sequence[IssuedClaim], history: BillingHistory
) -> Courses:
    """The courses of the institutional bills that stand, and of those that may be claimed."""
    bills = [
        replace(
            bill_of(claim, (line.service_date for line in claim.lines)),
            first=_first_of_course(claim, history),
        )
        for claim in issued
        if claim.claim_form == ClaimForm.INSTITUTIONAL and not is_ancillary(claim)
    ]
    carried = Carried.on(issued)
    dates: dict[Cut, set[date]] = {}
    for day, parts in days:
        for cut, part in parts:
            open_ = any(not carried.has(line) for line in part.lines)
            if open_ and cut.claim_form == ClaimForm.INSTITUTIONAL and not cut.ancillary:
                dates.setdefault(cut, set()).add(day.service_date)
    bills += [bill_of(cut, of_cut) for cut, of_cut in dates.items()]
    return Courses(bills, [day for day, _ in days], history)


def bill_of(of: Cut | IssuedClaim, dates: Iterable[date]) -> InstitutionalBill:
    """A bill of these dates, cut or issued so."""
    return InstitutionalBill(
        payer_id=of.payer_id,
        provider_id=of.provider_id,
        site_id=of.site_id,
        dates=frozenset(dates),
    )


def staff_on(lines: Iterable[ClaimLine]) -> str:
    """Who rendered most of the lines; of several the first by id."""
    rendered = Counter(line.rendering_staff_id for line in lines if line.rendering_staff_id)
    return min(rendered, key=lambda staff_id: (-rendered[staff_id], staff_id), default="")


def voids_awaited(
    lines: Sequence[ClaimLine], rules: RuleSet, history: BillingHistory
) -> list[IssuedClaim]:
    """Voids of these dates that the payer wants to have answered before they are claimed anew."""
    if rules.new_claim_after != VoidStage.PROCESSED:
        return []
    dates = {(line.service_date, line.ancillary) for line in lines}
    return [
        void
        for void in voids_unanswered(history.issued, history.adjudications)
        if void.payer_id == rules.payer_id
        and dates & {(line.service_date, line.ancillary) for line in void.lines}
    ]


def _drafts_of(cut: Cut, parts: Sequence[Part], history: BillingHistory) -> list[Draft]:
    ordered = sorted(parts, key=lambda part: part.day.service_date)
    rules = max((rules_of(part.day) for part in ordered), key=lambda rule_set: rule_set.version)
    named = rules.rendering == RenderingOnClaim.FACILITATOR
    found: list[Draft] = []
    for number, chunk in enumerate(_chunks(ordered, cut), start=1):
        named_of = diagnosed(history, lines_of(chunk), cut.claim_form)
        lines = named_of.lines
        voids = voids_awaited(lines, rules, history)
        found.append(
            Draft(
                cut=cut,
                part=number,
                rules=rules,
                lines=lines,
                diagnoses=named_of.codes,
                programs=frozenset[Program]().union(*(part.programs for part in chunk)),
                authorized_units=0 if cut.ancillary else units_of(chunk),
                staff_id=staff_on(lines) if named else "",
                rests_on=named_of.rests_on.union(
                    *(part.day.rests_on for part in chunk), (void.fact for void in voids)
                ),
                awaits_voids=tuple(void.claim_id for void in voids),
            )
        )
    return found


def _stated(found: Sequence[Draft], courses: Courses) -> list[Draft]:
    """Institutional drafts in the order of their services, each with its place in the course."""
    stated: list[Draft] = []
    for draft in sorted(found, key=lambda one: (one.lines[0].service_date, one.part)):
        form = draft.rules.institutional
        if draft.cut.claim_form != ClaimForm.INSTITUTIONAL or form is None:
            stated.append(draft)
            continue
        said = courses.statement(
            bill_of(draft.cut, (line.service_date for line in draft.lines)),
            draft.cut.period_end,
            interim=form.interim_bills,
            alone=draft.cut.ancillary,
        )
        stated.append(
            replace(
                draft,
                frequency=said.frequency,
                patient_status=said.patient_status,
                rests_on=draft.rests_on | said.rests_on,
            )
        )
    return stated


def _first_of_course(claim: IssuedClaim, history: BillingHistory) -> bool:
    """Whether it, or what it corrects, left as the first bill."""
    by_id = {claim.claim_id: claim for claim in history.issued}
    while claim.corrects_claim_id in by_id:
        claim = by_id[claim.corrects_claim_id]
    return claim.frequency in (ClaimFrequency.ORIGINAL, ClaimFrequency.FIRST_INTERIM)


def _chunks(parts: Sequence[Part], cut: Cut) -> Iterator[list[Part]]:
    """As many lines as a claim of the form holds; a day's stay together, as corrections need them.

    A day on two claims would be corrected on both.
    """
    chunk: list[Part] = []
    for part in parts:
        held = sum(len(part.lines) for part in chunk)
        if chunk and held + len(part.lines) > MOST_LINES[cut.claim_form]:
            yield chunk
            chunk = []
        chunk.append(part)
    yield chunk
