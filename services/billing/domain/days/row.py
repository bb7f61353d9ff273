"""A service day as its row has it."""

from dataclasses import dataclass
from datetime import date

from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.history import ClaimLine
from services.billing.domain.payers.terms import DayOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """What a gate says; `reason` is a code, empty where it is open."""

    gate: str
    open: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """A day with what a claim would carry of it; `rules` names a rule set, and `clinical_level`,
    `authorized_level` and `billed_level` are levels of care. Rows of before say less."""

    client_id: str
    service_date: date
    payer_id: str
    outcome: DayOutcome
    minutes: int
    verdicts: tuple[RowVerdict, ...]
    authorization_id: str
    rules: str
    site_id: str = ""
    lines: tuple[ClaimLine, ...] = ()
    authorized_units: int = 0
    clinical_level: str = ""
    authorized_level: str = ""
    billed_level: str = ""

    @property
    def key(self) -> str:
        """Which row of its kind it is."""
        return f"{self.client_id}|{self.service_date}"


def day_row(client_id: str, day: ServiceDay) -> DayRow:
    """The day's row: its lines as they would go on a claim, now or when what it waits for is
    there."""
    return DayRow(
        client_id=client_id,
        service_date=day.service_date,
        payer_id=day.payer_id,
        outcome=day.outcome,
        minutes=day.minutes,
        verdicts=tuple(
            RowVerdict(gate=verdict.name, open=verdict.open, reason=verdict.reason or "")
            for verdict in (*day.verdicts, *day.ancillary_verdicts)
        ),
        authorization_id=day.authorization_id,
        rules=day.rules.name if day.rules else "",
        site_id=day.site_id,
        lines=day.ancillary_lines if day.outcome == DayOutcome.NOT_BILLABLE else day.lines,
        authorized_units=day.authorized_units,
        clinical_level=day.level_of_care,
        authorized_level=day.authorized_level,
        billed_level=day.rules.billed_level if day.rules else "",
    )
