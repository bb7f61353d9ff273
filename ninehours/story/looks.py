"""What the story promises of the live system at its turning points; else StoryFailed."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Protocol

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.rpc.translate import to_date
from ninehours.story.stage import StoryFailed

LOOKING = "operator"
PAGE = 1000


class Asking(Protocol):
    """The live system, as far as looks need it."""

    repeated: bool
    """Commands of this story were accepted here before: it may be further on than this play."""

    def ask(self, who: str, request: Any) -> Any:
        """The answer to a question."""
        ...

    def ask_operator(self, service: str, request: Any) -> Any:
        """What every service answers its operator."""
        ...


def note_earlier_play(live: Asking) -> None:
    """Whether this story begins on data that an earlier play left."""
    counted = live.ask_operator("attendance", log.CountFactsRequest())
    live.repeated = bool(counted.facts)


def service_days(live: Asking, client_id: str = "") -> Iterator[events.ServiceDayResolved]:
    """Every service day, of one client or of all."""
    request = billing.ListServiceDaysRequest(client_id=client_id, page_size=PAGE)
    for page in _pages(live, request):
        yield from page.days


def claims(live: Asking) -> Iterator[billing.Claim]:
    """Every claim, drafted and issued."""
    for page in _pages(live, billing.ListClaimsRequest(page_size=PAGE)):
        yield from page.claims


def proposals(live: Asking, client_id: str = "") -> Iterator[events.CorrectionProposed]:
    """Every correction proposal, of one client or of all."""
    request = billing.ListProposalsRequest(client_id=client_id, page_size=PAGE)
    for page in _pages(live, request):
        yield from page.proposals


def held_for_its_note(live: Asking, *, client_id: str, on: date) -> None:
    """The day is on HOLD, and its reason is the unsigned note."""
    day = _day(live, client_id, on)
    if live.repeated and day.outcome == events.OUTCOME_PER_DIEM:
        return  # An earlier play went further: the note is signed by now.
    reasons = [verdict.reason for verdict in day.verdicts if not verdict.open]
    if day.outcome != events.OUTCOME_HOLD or reasons != ["NOTE_UNSIGNED"]:
        raise _not_as_promised(f"{on} to be on HOLD for NOTE_UNSIGNED", day, reasons)


def pays_per_diem(live: Asking, *, client_id: str, on: date) -> None:
    """The day is billable: every gate is open."""
    day = _day(live, client_id, on)
    if day.outcome != events.OUTCOME_PER_DIEM:
        reasons = [verdict.reason for verdict in day.verdicts if not verdict.open]
        raise _not_as_promised(f"{on} to be PER_DIEM", day, reasons)


def has_drafts(live: Asking) -> None:
    """There are claims to issue."""
    found = {claim.state for claim in claims(live)}
    wanted = {billing.CLAIM_STATE_DRAFTED, *([billing.CLAIM_STATE_ISSUED] * live.repeated)}
    if not found & wanted:
        raise StoryFailed("expected drafted claims; there are none")


def leaves_nobody_out(_: Asking, *, issued: billing.IssueClaimsResponse) -> None:
    """The file holds every client's claims."""
    if issued.left_out:
        reasons = sorted({each.reason for each in issued.left_out})
        raise StoryFailed(
            f"expected claims of every client; {len(issued.left_out)} were left out: "
            + ", ".join(reasons)
        )
    if not issued.batch_id:
        raise StoryFailed("expected a file of claims; nothing was issued")


def awaits_its_number(live: Asking, *, client_id: str, on: date) -> None:
    """One proposal, about that day, that waits for the payer's number of the claim."""
    found = list(proposals(live, client_id))
    if len(found) != 1 or list(found[0].changed_dates) != [to_date(on)]:
        raise StoryFailed(f"expected one correction proposal about {on}; there are {len(found)}")
    state = events.ProposalState.Name(found[0].state).removeprefix("PROPOSAL_STATE_")
    if state != "AWAITING_CONTROL_NUMBER":
        raise StoryFailed(f"expected a proposal awaiting the control number; it is {state}")


def outcome_name(day: events.ServiceDayResolved) -> str:
    """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD."""
    return events.Outcome.Name(day.outcome).removeprefix("OUTCOME_")


def _day(live: Asking, client_id: str, on: date) -> events.ServiceDayResolved:
    for day in service_days(live, client_id):
        if day.service_date == to_date(on):
            return day
    raise StoryFailed(f"expected a service day on {on}; there is none")


def _pages(live: Asking, request: Any) -> Iterator[Any]:
    while True:
        page = live.ask(LOOKING, request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _not_as_promised(
    expected: str, day: events.ServiceDayResolved, reasons: list[str]
) -> StoryFailed:
    told = f" ({', '.join(reasons)})" if reasons else ""
    return StoryFailed(f"expected {expected}; it is {outcome_name(day)}{told}")
