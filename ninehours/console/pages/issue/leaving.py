"""What leaves and what stays, of the answer to a dry run or to the command; with names, and where
each figure is explained."""

from collections.abc import Iterator, Mapping, Sequence
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

LONGEST = 120.0  # seconds, as the command line waits
ISSUED = events.ClaimIssued.DESCRIPTOR.full_name
INVALID = "INVALID_"
LISTED = 200  # claims of a file that are shown
ACTS: Mapping[str, str] = {"REVOKED_AFTER_SERVICE": "revocation"}
"""What a biller may record so that a claim doesn't stay for that reason again."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """A claim that would leave, or left. `days`: each of its dates, and the page that says why it
    is charged. `why`: of the whole claim, once it left."""

    client: str
    period: str
    days: Sequence[tuple[str, str]]
    charge: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stays:
    """A claim that doesn't: why in words, the code, and the claim's page. `act`: what a biller may
    record about it, and where; empty: nothing."""

    client: str
    on: str
    says: str
    code: str
    path: str
    act: tuple[str, str] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class IssuePreview:
    """`batches`: addresses of the files, once they are there. `more`: a file has more claims than
    are listed here."""

    leaves: Sequence[Leaves]
    stays: Sequence[Stays]
    batches: Sequence[str]
    more: bool = False


def leaving_of(visit: Visit, answer: Any, *, has_left: bool) -> IssuePreview:
    """With the names of the clients whom it is about. `has_left`: it was no dry run."""
    batches = [*answer.batch_ids] if has_left else []
    listed = [_listed(visit, answer, batch_id) for batch_id in batches]
    claims: list[Any] = [*_supposed(answer), *(claim for some in listed for claim in some.claims)]
    about = [claim.client_id for claim in claims] + [left.client_id for left in answer.left_out]
    names = clients_named(visit, about)
    return IssuePreview(
        leaves=[_leaves(claim, names.name(claim.client_id), has_left) for claim in claims],
        stays=[_stays(left, names.name(left.client_id)) for left in answer.left_out],
        batches=[f"/claims/batches/{batch_id}" for batch_id in batches],
        more=any(some.next_page_token for some in listed),
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


def _listed(visit: Visit, answer: Any, batch_id: str) -> pb.ListClaimsResponse:
    """The claims of a file that was made; that they left is heard first."""
    asked = pb.ListClaimsRequest(
        batch_id=batch_id, page_size=LISTED, after=answer.receipt.published
    )
    return visit.ask(asked, deadline=LONGEST)  # type: ignore[no-any-return]


def _leaves(claim: Any, client: str, has_left: bool) -> Leaves:
    """What has not left has no id yet by which it is explained."""
    dates = dict.fromkeys(iso(line.service_date) for line in claim.lines)
    return Leaves(
        client=client,
        period=f"{iso(claim.period_start)} – {iso(claim.period_end)}",
        days=[(on, f"/why/days/{claim.client_id}/{on}") for on in dates],
        charge=dollars(claim.charge.minor_units),
        why=f"/why/claims/{claim.claim_id}" if has_left else "",
    )


def _stays(left: pb.LeftOut, client: str) -> Stays:
    told = words().issue.stays
    says = told[left.reason] if left.reason in told else left.reason.replace("_", " ").lower()
    if left.reason.startswith(INVALID):
        says = told.INVALID.format(field=left.field)
    on, act = iso(left.service_date), ACTS.get(left.reason)
    return Stays(
        client=client,
        on=on,
        says=says,
        code=left.reason,
        path=f"/claims/{left.claim_id}",
        act=(words().claim.of_day[act].title, f"/days/{left.client_id}/{on}/{act}") if act else (),
    )
