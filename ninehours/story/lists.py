"""Lists that billing answers, to their last page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing

from kernel.rpc.translate import to_timestamp
from ninehours.story.stage import Person

LOOKING = "operator"
SEEING_SCORES = "clinical auditor"  # who looks where an operator isn't told
AUDITOR = Person(role="clinician", subject="person/clinical-auditor", purpose="TREATMENT")
PAGE = 1000
ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"


class Answering(Protocol):
    """Who answers questions: the live system, or a rehearsal."""

    def ask(self, who: str, request: Any) -> Any:
        """The answer to a question."""
        ...


def service_days(live: Answering, client_id: str = "") -> Iterator[events.ServiceDayResolved]:
    """Every service day, of one client or of all."""
    request = billing.ListServiceDaysRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.days


def claims(live: Answering, client_id: str = "") -> Iterator[billing.Claim]:
    """Every claim, drafted and issued, of one client or of all."""
    request = billing.ListClaimsRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.claims


def proposals(live: Answering, client_id: str = "") -> Iterator[events.CorrectionProposed]:
    """Every correction proposal, of one client or of all."""
    request = billing.ListProposalsRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.proposals


def ready(live: Answering, payer_id: str) -> list[events.CorrectionProposed]:
    """Corrections to this payer that can be issued, by claim."""
    request = billing.ListProposalsRequest(
        payer_id=payer_id, state=events.PROPOSAL_STATE_READY, page_size=PAGE
    )
    found = (each for page in pages(live, request) for each in page.proposals)
    return sorted(found, key=lambda each: each.claim_id)


def corrections_by(live: Answering, payer_id: str, moment: datetime) -> list[str]:
    """Batches of replacements and voids that went to this payer by then."""
    found: set[str] = set()
    for frequency in (REPLACEMENT, VOID):
        request = billing.ListClaimsRequest(
            payer_id=payer_id,
            state=billing.CLAIM_STATE_ISSUED,
            frequency=frequency,
            as_of=to_timestamp(moment),
            page_size=PAGE,
        )
        found |= {claim.batch_id for page in pages(live, request) for claim in page.claims}
    return sorted(found)


def pages(live: Answering, request: Any) -> Iterator[Any]:
    """Every page of a list."""
    while True:
        page = live.ask(LOOKING, request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def outcome_name(day: events.ServiceDayResolved) -> str:
    """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD."""
    return events.Outcome.Name(day.outcome).removeprefix("OUTCOME_")
