"""Billing's lists: payers and what they authorized, service days, holds, claims, corrections."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from rich.table import Table

from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Payers
from ninehours.cli.lists.column import WITHDRAWN, Column, ColumnKind, withdrawable
from ninehours.cli.lists.listing import Listing
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.told.amounts import dollars, plural
from ninehours.told.fields import cents_in, iso, name_in, period

BILLABLE = (events.OUTCOME_PER_DIEM, events.OUTCOME_DISCRETE)


def claim_state(claim: billing.Claim) -> str:
    """In a word; a replacement or void with its frequency, 7 or 8, before it."""
    if claim.withdrawn:
        return WITHDRAWN.lower()
    if claim.followed_by_claim_id:
        return "followed"
    state = (name_in(claim, "adjudication") or name_in(claim, "state")).lower()
    return state if claim.frequency == "1" else f"{claim.frequency} {state}"


CLAIMS: Listing[billing.Claim] = Listing(
    name="claims",
    request=billing.ListClaimsRequest,
    columns=(
        Column("claim_id", ColumnKind.ID),
        withdrawable("state", words=claim_state),
        Column("frequency"),
        Column("client_id", ColumnKind.ID),
        Column("payer_id", ColumnKind.ID),
        Column("payer", ColumnKind.NAME, lambda claim: claim.payer_id),
        Column("provider_id", ColumnKind.ID),
        Column("site_id", ColumnKind.ID),
        Column("period_start", ColumnKind.DATE),
        Column("period_end", ColumnKind.DATE),
        Column(
            "period",
            value=lambda claim: period(claim.period_start, claim.period_end),
            on_screen_only=True,
        ),
        Column("lines", ColumnKind.COUNT, lambda claim: len(claim.lines)),
        Column("charge", ColumnKind.MONEY),
        Column("form", ColumnKind.ENUM, lambda claim: name_in(claim, "claim_form")),
        Column("authorization_id"),
        Column("batch_id", ColumnKind.ID),
        Column("adjudication", ColumnKind.ENUM),
        Column("adjudicated_on", ColumnKind.DATE),
        Column("paid", ColumnKind.MONEY, lambda claim: cents_in(claim, "paid")),
        Column("payer_control_number"),
        Column("corrects_claim_id", ColumnKind.ID),
        Column("followed_by_claim_id", ColumnKind.ID),
    ),
    on_screen={"claim": "claim_id", "period": "period", "state": "state", "charge": "charge"},
    order=lambda claim: iso(claim.period_start),
    charge=lambda claim: claim.charge.minor_units,
    total=lambda claims: (
        f"{plural(len(claims), 'claim')}, "
        f"{dollars(sum(claim.charge.minor_units for claim in claims))}"
    ),
)


def charges(proposal: events.CorrectionProposed) -> str:
    """What was issued, and what would be."""
    issued, corrected = proposal.issued_charge, proposal.corrected_charge
    return f"{dollars(issued.minor_units)} → {dollars(corrected.minor_units)}"


def awaited(proposal: events.CorrectionProposed) -> list[str]:
    """Reasons of the gates that could bring back a date, each once."""
    return [*dict.fromkeys(gate.reason for gate in proposal.waits_for)]


PROPOSALS: Listing[events.CorrectionProposed] = Listing(
    name="proposals",
    request=billing.ListProposalsRequest,
    columns=(
        Column("claim_id", ColumnKind.ID),
        Column("client_id", ColumnKind.ID),
        Column("payer_id", ColumnKind.ID),
        Column("payer", ColumnKind.NAME, lambda proposal: proposal.payer_id),
        Column("action", ColumnKind.ENUM),
        withdrawable("state"),
        Column("issued_charge", ColumnKind.MONEY),
        Column("corrected_charge", ColumnKind.MONEY),
        Column("charge", value=charges, on_screen_only=True),
        Column(
            "changed_dates", ColumnKind.TEXTS, lambda proposal: [*map(iso, proposal.changed_dates)]
        ),
        Column("revision", ColumnKind.COUNT),
        Column(
            "waits_for",
            ColumnKind.TEXTS,
            awaited,
            words=lambda proposal: " ".join(awaited(proposal)),
            optional=True,
        ),
    ),
    on_screen={
        "claim": "claim_id",
        "action": "action",
        "state": "state",
        "charge": "charge",
        "waits for": "waits_for",
    },
    order=lambda proposal: proposal.claim_id,
    charge=lambda proposal: proposal.corrected_charge.minor_units,
    total=lambda proposals: f"{plural(len(proposals), 'correction')} proposed",
)


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
    counted = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    return f"{plural(len(days), 'day')}: {counted}"


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
        has_stakes = any(hold.HasField("at_stake") for hold in self.holds)
        return _stake(self.holds) if has_stakes else None


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


def _rules(payer: work.Payer) -> list[str]:
    return [
        f"{rules.version} from {iso(rules.effective_from)}"
        f"{'' if rules.confirmed else ' (proposed)'}"
        for rules in payer.rules
    ]


def _used(balance: billing.AuthorizationBalance) -> str:
    used = f"{balance.issued}+{balance.allocated}"
    return f"{used} of {balance.units} {name_in(balance, 'unit').lower()}"


PAYERS: Sequence[Column[work.Payer]] = (
    Column("payer", ColumnKind.ID, lambda payer: payer.payer_id),
    Column("name"),
    Column("rules", ColumnKind.TEXTS, _rules),
)
AUTHORIZATIONS: Sequence[Column[billing.AuthorizationBalance]] = (
    Column("authorization", ColumnKind.ID, lambda balance: balance.authorization_id),
    Column("payer", ColumnKind.NAME, lambda balance: balance.payer_id),
    Column("dates", value=lambda held: period(held.effective_from, held.effective_to)),
    Column("issued + to come", value=_used),
)


@on_system
def list_payers(services: Services, *, as_json: bool) -> None:
    """All of them."""
    payers = Payers(services).listed
    if as_json:
        print_json({"payers": [as_dict(payer) for payer in payers]})
    else:
        screen().print(table_of(PAYERS, payers))


@on_system
def list_authorizations(services: Services, client_id: str, *, as_json: bool) -> None:
    """A client's."""
    answer = services.ask(BILLER, billing.ListAuthorizationsRequest(client_id=client_id))
    if as_json:
        print_json(as_dict(answer))
        return
    payers = Payers(services)
    if answer.authorizations:
        screen().print(table_of(AUTHORIZATIONS, answer.authorizations, payers.name))
    else:
        print("no authorizations")
