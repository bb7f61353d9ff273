"""What a client's days and claims would be under other rules of one payer, or after other facts.

Both sides are derived anew, so that only what is supposed can make a difference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from kernel.decider import filled
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import BILLABLE, DayRow
from services.billing.domain.history.history import (
    BillingHistory,
    ClaimLine,
    ConfirmedRules,
    IssuedClaim,
)
from services.billing.domain.payers.rules import DayOutcome, RuleSet
from services.billing.domain.projection import Content, Projected, RowContent, derive
from services.billing.domain.reasons import REASONS, Reason

# What a draft says to the payer; the rest of its row is ours.
SAID = ("lines", "diagnoses", "rendering_staff_id", "type_of_bill", "condition_code")


class ClaimConsequence(StrEnum):
    """What becomes of a draft, or of an issued claim."""

    DRAFT = "DRAFT"
    CHANGE_DRAFT = "CHANGE_DRAFT"
    DROP_DRAFT = "DROP_DRAFT"
    REPLACE = "REPLACE"
    VOID = "VOID"
    DROP_PROPOSAL = "DROP_PROPOSAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUnder:
    """A day under one of the two; `amount_minor`: what a claim would carry of it, in cents."""

    outcome: DayOutcome
    amount_minor: int
    minutes: int
    reasons: tuple[Reason, ...]
    payer_id: str
    site_id: str

    @property
    def says(self) -> tuple[str, ...]:
        """Each of the reasons in words."""
        return tuple(reason.says for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """`before`, `after` None: on that side nothing of the day is known."""

    service_date: date
    before: DayUnder | None
    after: DayUnder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChange:
    """What becomes of a claim.

    Charges in cents, with the correction that is proposed on that side.
    `draft_key` of a draft as it is, `claim_id` of an issued claim.
    """

    consequence: ClaimConsequence
    payer_id: str
    site_id: str
    period_start: date
    period_end: date
    before_minor: int
    after_minor: int
    changed_dates: tuple[date, ...]
    claim_id: str = ""
    draft_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What changes of one client, and how many days were looked at."""

    client_id: str
    looked_at: int
    days: tuple[DayChange, ...]
    claims: tuple[ClaimChange, ...]


def replay(history: BillingHistory, rules: RuleSet, first: date, last: date | None) -> Replayed:
    """The client's rows as they are against those under `rules` from `first` to `last`."""
    return difference(history, supposing(history, rules, first, last))


def difference(history: BillingHistory, supposed: BillingHistory) -> Replayed:
    """The client's rows as they are against those of what is supposed."""
    before, after = derive(history), derive(supposed)
    days, days_after = _by_key(before, DayRow), _by_key(after, DayRow)
    issued = {claim.claim_id: claim for claim in (*history.issued, *supposed.issued)}
    return Replayed(
        client_id=history.client_id,
        looked_at=len({*days, *days_after}),
        days=tuple(_days(days, days_after)),
        claims=(
            *_drafts(_by_key(before, DraftRow), _by_key(after, DraftRow)),
            *_corrections(_by_key(before, ProposalRow), _by_key(after, ProposalRow), issued),
        ),
    )


def _days(before: Mapping[str, DayRow], after: Mapping[str, DayRow]) -> Iterable[DayChange]:
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was is None or now is None or _told(was) != _told(now):
            [row, *_] = [side for side in (was, now) if side is not None]
            yield DayChange(
                service_date=row.service_date,
                before=None if was is None else _day(was),
                after=None if now is None else _day(now),
            )


def supposing(
    history: BillingHistory, rules: RuleSet, first: date, last: date | None
) -> BillingHistory:
    """The same client, had these rules been confirmed for the dates from `first` to `last`.

    After `last`, the payer's rules are again what they are.
    """
    theirs = [ruling for ruling in history.confirmed if ruling.rules.payer_id == rules.payer_id]
    top = max((ruling.rules.version for ruling in theirs), default=0) + 1
    supposed = replace(rules, version=top, effective_from=first)
    confirmed = [*history.confirmed, ConfirmedRules(fact="supposed", rules=supposed)]
    if last is not None:
        after = last + timedelta(days=1)
        confirmed += [
            replace(
                ruling,
                rules=replace(
                    ruling.rules,
                    version=top + ruling.rules.version,
                    effective_from=max(after, ruling.rules.effective_from),
                ),
            )
            for ruling in theirs
        ]
    return replace(history, confirmed=tuple(confirmed))


def _by_key(rows: Iterable[Projected[RowContent]], kind: type[Content]) -> dict[str, Content]:
    contents = (row.content for row in rows)
    return {content.key: content for content in contents if isinstance(content, kind)}


def _claimed(day: DayRow) -> list[ClaimLine]:
    """The lines that would go on a claim."""
    billable = day.outcome in BILLABLE
    return [line for line in day.lines if billable or line.ancillary]


def _told(row: DayRow) -> tuple[DayUnder, list[ClaimLine]]:
    return _day(row), _claimed(row)


def _day(row: DayRow) -> DayUnder:
    return filled(
        DayUnder,
        row,
        amount_minor=_charge(_claimed(row)),
        reasons=tuple(REASONS[gate.reason] for gate in row.verdicts if not gate.open),
    )


def _drafts(before: Mapping[str, DraftRow], after: Mapping[str, DraftRow]) -> Iterable[ClaimChange]:
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was and now and all(getattr(was, field) == getattr(now, field) for field in SAID):
            continue
        row = now or before[key]
        changed = ClaimConsequence.CHANGE_DRAFT if was else ClaimConsequence.DRAFT
        consequence = changed if now else ClaimConsequence.DROP_DRAFT
        was_lines, now_lines = (side.lines if side else () for side in (was, now))
        yield filled(
            ClaimChange,
            row,
            consequence=consequence,
            before_minor=_charge(was_lines),
            after_minor=_charge(now_lines),
            changed_dates=_changed_dates(was_lines, now_lines),
            claim_id="",
            draft_key=key if was else "",
        )


def _corrections(
    before: Mapping[str, ProposalRow],
    after: Mapping[str, ProposalRow],
    claims: Mapping[str, IssuedClaim],
) -> Iterable[ClaimChange]:
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was and now and (was.action, was.lines) == (now.action, now.lines):
            continue
        row = now or before[key]
        claim = claims[row.claim_id]
        said = row.issued_charge_minor
        changed = (side.changed_dates if side else () for side in (was, now))
        yield filled(
            ClaimChange,
            claim,
            consequence=ClaimConsequence(now.action) if now else ClaimConsequence.DROP_PROPOSAL,
            before_minor=was.corrected_charge_minor if was else said,
            after_minor=now.corrected_charge_minor if now else said,
            changed_dates=tuple(sorted(set[date]().union(*changed))),
            draft_key="",
        )


def _charge(lines: Iterable[ClaimLine]) -> int:
    return sum(line.charge_minor for line in lines)


def _changed_dates(was: Iterable[ClaimLine], now: Iterable[ClaimLine]) -> tuple[date, ...]:
    def by_date(lines: Iterable[ClaimLine]) -> dict[date, list[ClaimLine]]:
        found: dict[date, list[ClaimLine]] = {}
        for line in lines:
            found.setdefault(line.service_date, []).append(line)
        return found

    before, after = by_date(was), by_date(now)
    changed = {on for on in {*before, *after} if before.get(on) != after.get(on)}
    return tuple(sorted(changed))
