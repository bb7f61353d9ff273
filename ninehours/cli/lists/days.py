"""Service days, and those of them that are on HOLD."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from rich.table import Table

from ninehours.cli.fields import cents_in, iso, name_in
from ninehours.cli.lists.column import Column, ColumnKind, withdrawable
from ninehours.cli.lists.listing import Listing
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import dollars, plural

BILLABLE = (events.OUTCOME_PER_DIEM, events.OUTCOME_DISCRETE)


def reasons(verdicts: Iterable[events.Verdict]) -> list[str]:
    """Why closed gates are closed, each once."""
    return [*dict.fromkeys(verdict.reason for verdict in verdicts if not verdict.open)]


def claimed(day: events.ServiceDayResolved) -> int:
    """What a claim carries of the day, in cents: of a day on HOLD, only what stands beside it."""
    billable = day.outcome in BILLABLE and not day.withdrawn
    return sum(line.charge.minor_units for line in day.lines if billable or line.ancillary)


def days_by_outcome(days: Sequence[events.ServiceDayResolved]) -> str:
    """How many came to what."""
    if not days:
        return "no days"
    counts = Counter(name_in(day, "outcome") for day in days)
    told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    return f"{plural(len(days), 'day')}: {told}"


SERVICE_DAYS: Listing[events.ServiceDayResolved] = Listing(
    name="days",
    request=billing.ListServiceDaysRequest,
    columns=(
        Column("client_id", ColumnKind.ID),
        Column("service_date", ColumnKind.DATE),
        Column("payer_id", ColumnKind.ID),
        Column("payer", ColumnKind.NAME, lambda day: day.payer_id),
        Column("site_id", ColumnKind.ID),
        withdrawable("outcome"),
        Column("reasons", ColumnKind.TEXTS, lambda day: reasons(day.verdicts)),
        Column("minutes", ColumnKind.COUNT),
        Column(
            "codes",
            ColumnKind.TEXTS,
            lambda day: [f"{line.code}x{line.units}" for line in day.lines],
        ),
        Column("charge", ColumnKind.MONEY, claimed),
        Column("authorization_id"),
        Column("rules"),
        Column("revision", ColumnKind.COUNT),
    ),
    on_screen={
        "date": "service_date",
        "outcome": "outcome",
        "minutes": "minutes",
        "charge": "charge",
        "why": "reasons",
    },
    order=lambda day: iso(day.service_date),
    charge=claimed,
    total=days_by_outcome,
)


@dataclass(frozen=True, slots=True)
class HeldForReasons:
    """The days that are on HOLD for the same reasons."""

    reasons: str
    holds: list[work.Hold]

    def at_stake(self) -> int | None:
        """In cents, what is known of it."""
        told = any(hold.HasField("at_stake") for hold in self.holds)
        return _stake(self.holds) if told else None


HELD_FOR_REASONS: Sequence[Column[HeldForReasons]] = (
    Column("why", value=lambda held: held.reasons),
    Column("held", ColumnKind.COUNT, lambda held: len(held.holds)),
    Column("oldest", ColumnKind.DAYS, lambda held: max(h.age_days for h in held.holds)),
    Column("at stake", ColumnKind.MONEY, HeldForReasons.at_stake),
)


def by_reasons(holds: Sequence[work.Hold]) -> Table | None:
    """The most at stake on top; None where nothing is held."""
    groups: dict[str, list[work.Hold]] = {}
    for hold in _held(holds):
        groups.setdefault(" + ".join(reasons(hold.reasons)), []).append(hold)
    rows = sorted(
        (HeldForReasons(why, held) for why, held in groups.items()),
        key=lambda held: (-_stake(held.holds), held.reasons),
    )
    return table_of(HELD_FOR_REASONS, rows) if rows else None


def _held(holds: Iterable[work.Hold]) -> list[work.Hold]:
    return [hold for hold in holds if not hold.released]


def _stake(holds: Iterable[work.Hold]) -> int:
    return sum(hold.at_stake.minor_units for hold in holds)


HOLDS: Listing[work.Hold] = Listing(
    name="holds",
    request=work.ListHoldsRequest,
    columns=(
        Column("client_id", ColumnKind.ID),
        Column("service_date", ColumnKind.DATE),
        Column("payer_id", ColumnKind.ID),
        Column("payer", ColumnKind.NAME, lambda hold: hold.payer_id),
        Column("site_id", ColumnKind.ID),
        Column("state", ColumnKind.ENUM, lambda hold: "RELEASED" if hold.released else "HOLD"),
        Column(
            "reasons",
            ColumnKind.TEXTS,
            lambda hold: reasons(hold.reasons),
            words=lambda hold: "released" if hold.released else ", ".join(reasons(hold.reasons)),
        ),
        Column("age_days", ColumnKind.DAYS),
        Column("at_stake", ColumnKind.MONEY, lambda hold: cents_in(hold, "at_stake")),
    ),
    on_screen={"date": "service_date", "age": "age_days", "at stake": "at_stake", "why": "reasons"},
    order=lambda hold: iso(hold.service_date),
    charge=lambda hold: 0 if hold.released else hold.at_stake.minor_units,
    total=lambda holds: (
        f"{plural(len(_held(holds)), 'day')} on HOLD, {dollars(_stake(_held(holds)))} at stake"
    ),
    weight=_stake,
    summary=by_reasons,
)
