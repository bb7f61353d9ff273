"""What a correction waits for: nothing is taken back, or sent again, that isn't settled yet."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.claims.cuts import is_ancillary
from services.billing.domain.claims.drafts import voids_awaited
from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.release import may_open
from services.billing.domain.days.service_day import ServiceDay, expected_yet
from services.billing.domain.history.history import BillingHistory, ClaimLine, IssuedClaim
from services.billing.domain.payers.rules import DayOutcome, RuleSet
from services.billing.domain.reasons import Gate, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A closed gate of a changed date, which may still open: then what fell comes back."""

    service_date: date
    gate: str
    reason: Reason


def awaited(
    claim: IssuedClaim, days: Sequence[ServiceDay], history: BillingHistory
) -> Iterator[Awaited]:
    """What could bring back dates that fell from the claim.

    A date that became another payer's is gone for good, whatever that one asks for; and so is one
    that nobody can release. A date that became nobody's may be covered again.
    """
    for day in days:
        if day.payer_id in ("", claim.payer_id):
            for verdict in _closed(claim, day, history):
                if verdict.reason is not None and may_open(verdict, day, history):
                    yield Awaited(
                        service_date=day.service_date, gate=verdict.name, reason=verdict.reason
                    )


def voids_before(
    claim: IssuedClaim, lines: Sequence[ClaimLine], rules: RuleSet, history: BillingHistory
) -> Iterator[Awaited]:
    """Dates at which a replacement has more than its claim, while another's void is unanswered."""
    had, has = _units(claim.lines), _units(lines)
    more = [line for line in lines if has[_service(line)] > had[_service(line)]]
    for on in sorted({line.service_date for line in more}):
        if voids_awaited([line for line in more if line.service_date == on], rules, history):
            yield Awaited(service_date=on, gate=Gate.CLAIM, reason=Reason.VOID_NOT_ANSWERED)


def _closed(claim: IssuedClaim, day: ServiceDay, history: BillingHistory) -> list[Verdict]:
    """Gates of what the claim has of the day that are closed, but not for good.

    Where none is, there may be more of the day once a session of it is closed.
    """
    aside = is_ancillary(claim)
    if day.rules is not None and aside:
        said = day.ancillary_verdicts
    else:
        said = day.verdicts if day.outcome == DayOutcome.HOLD else ()
    found = [verdict for verdict in said if not verdict.open and not verdict.final]
    if found or not (aside or day.billable):
        return found
    more = expected_yet(history, day, ancillary=aside)
    return [Verdict(Gate.ATTENDANCE, Reason.SESSION_NOT_CLOSED)] if more else []


def _units(lines: Sequence[ClaimLine]) -> Counter[tuple[date, str]]:
    found: Counter[tuple[date, str]] = Counter()
    for line in lines:
        found[_service(line)] += line.units
    return found


def _service(line: ClaimLine) -> tuple[date, str]:
    return line.service_date, line.code
