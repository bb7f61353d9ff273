"""Claims, drafted and issued, and the corrections that are proposed of them."""

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.cli.fields import cents_in, iso, name_in, period
from ninehours.cli.lists.column import WITHDRAWN, Column, ColumnKind, withdrawable
from ninehours.cli.lists.listing import Listing
from ninehours.cli.output import dollars, plural


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
