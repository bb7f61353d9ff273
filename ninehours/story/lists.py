"""Lists that services answer, to their last page."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing

from kernel.rpc.connections import pages
from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.actors import OPERATOR
from ninehours.story.gateway import Gateway
from ninehours.story.requests.attendance import since

PAGE, SESSIONS = 1000, 500  # a page


class ClaimFrequency(StrEnum):
    """What a claim is to the payer, as CLM05-3 says it."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


def service_days(gateway: Gateway, client_id: str = "") -> Iterator[events.ServiceDayResolved]:
    """Every service day, of one client or of all."""
    request = billing.ListServiceDaysRequest(client_id=client_id, page_size=PAGE)
    for page in _pages(gateway, request):
        yield from page.days


def sessions(gateway: Gateway, site_id: str) -> Iterator[attendance.ScheduledSession]:
    """Every session of a site, in all the weeks of the story."""
    request = attendance.ListSessionsRequest(
        site_id=site_id, to=to_date(days.LAST_SUNDAY), page_size=SESSIONS, **since(days.OPENING)
    )
    for page in _pages(gateway, request):
        yield from page.sessions


def claims(gateway: Gateway, client_id: str = "") -> Iterator[billing.Claim]:
    """Every claim, drafted and issued, of one client or of all."""
    request = billing.ListClaimsRequest(client_id=client_id, page_size=PAGE)
    for page in _pages(gateway, request):
        yield from page.claims


def proposals(gateway: Gateway, client_id: str = "") -> Iterator[events.CorrectionProposed]:
    """Every correction proposal, of one client or of all."""
    request = billing.ListProposalsRequest(client_id=client_id, page_size=PAGE)
    for page in _pages(gateway, request):
        yield from page.proposals


def ready_corrections(gateway: Gateway, payer_id: str) -> list[events.CorrectionProposed]:
    """Corrections to this payer that can be issued, by claim."""
    request = billing.ListProposalsRequest(
        payer_id=payer_id, state=events.PROPOSAL_STATE_READY, page_size=PAGE
    )
    found = (proposal for page in _pages(gateway, request) for proposal in page.proposals)
    return sorted(found, key=lambda proposal: proposal.claim_id)


def batches_of_corrections(gateway: Gateway, payer_id: str, moment: datetime) -> list[str]:
    """Batches of replacements and voids that went to this payer by then."""
    found: set[str] = set()
    for frequency in (ClaimFrequency.REPLACEMENT, ClaimFrequency.VOID):
        request = billing.ListClaimsRequest(
            payer_id=payer_id,
            state=billing.CLAIM_STATE_ISSUED,
            frequency=frequency,
            as_of=to_timestamp(moment),
            page_size=PAGE,
        )
        found |= {claim.batch_id for page in _pages(gateway, request) for claim in page.claims}
    return sorted(found)


def outcome_name(day: events.ServiceDayResolved) -> str:
    """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD."""
    return events.Outcome.Name(day.outcome).removeprefix("OUTCOME_")


def _pages(gateway: Gateway, request: Message) -> Iterator[Any]:
    return pages(partial(gateway.ask, OPERATOR), request)
