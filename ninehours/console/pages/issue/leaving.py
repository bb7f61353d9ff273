"""What leaves and what stays, of the answer to a dry run or to the command; with names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb

from ninehours.console.directories import clients_named
from ninehours.console.texts import words
from ninehours.console.visit import NoSuchPage, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso

ISSUED = events.ClaimIssued.DESCRIPTOR.full_name
INVALID = "INVALID_"


@dataclass(frozen=True, slots=True)
class Leaves:
    """A claim that would."""

    client: str
    period: str
    lines: int
    charge: str


@dataclass(frozen=True, slots=True)
class Stays:
    """A claim that doesn't: why in words, the code, and the claim's page."""

    client: str
    on: str
    says: str
    code: str
    path: str


@dataclass(frozen=True, slots=True)
class IssuePreview:
    """`batches`: addresses of the files, once they are there."""

    leaves: Sequence[Leaves]
    stays: Sequence[Stays]
    batches: Sequence[str]


def leaving_of(visit: Visit, answer: Any) -> IssuePreview:
    """With the names of the clients whom it is about."""
    supposed = [*_supposed(answer)]
    about = [claim.client_id for claim in supposed] + [left.client_id for left in answer.left_out]
    names = clients_named(visit, about)
    return IssuePreview(
        leaves=[
            Leaves(
                client=names.name(claim.client_id),
                period=f"{iso(claim.period_start)} – {iso(claim.period_end)}",
                lines=len(claim.lines),
                charge=dollars(claim.charge.minor_units),
            )
            for claim in supposed
        ],
        stays=[_stays(left, names.name(left.client_id)) for left in answer.left_out],
        batches=[f"/claims/batches/{batch_id}" for batch_id in answer.batch_ids],
    )


def command_of(visit: Visit) -> str:
    """The id that the form was made with; NoSuchPage."""
    try:
        return str(UUID(visit.form.get("command_id", "")))
    except ValueError:
        raise NoSuchPage from None


def _supposed(answer: Any) -> Iterator[events.ClaimIssued]:
    for fact in answer.receipt.supposed:
        if fact.type == ISSUED:
            yield events.ClaimIssued.FromString(fact.body)


def _stays(left: pb.LeftOut, client: str) -> Stays:
    told = words().issue.stays
    says = told[left.reason] if left.reason in told else left.reason.replace("_", " ").lower()
    if left.reason.startswith(INVALID):
        says = told.INVALID.format(field=left.field)
    return Stays(client, iso(left.service_date), says, left.reason, f"/claims/{left.claim_id}")
