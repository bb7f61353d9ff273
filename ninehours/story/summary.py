"""What services tell of the story, through their API: lists to their last page, and sums."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.exchange.v1 import published_log_service_pb2 as log
from ninehours.intake.v1 import clients_service_pb2 as intake

from kernel.rpc.connections import pages
from kernel.rpc.translate import to_date, to_timestamp
from kernel.services import SERVICES
from ninehours.story import days
from ninehours.story.catching_up import parked
from ninehours.story.gateway import OPERATOR, Gateway
from ninehours.story.requests import ClaimFrequency, since

PAGE, SESSIONS = 1000, 500  # a page
STATES: dict[str, str] = {
    ClaimFrequency.ORIGINAL: "ISSUED",
    ClaimFrequency.REPLACEMENT: "REPLACEMENT",
    ClaimFrequency.VOID: "VOID",
}


def service_days(gateway: Gateway, client_id: str = "") -> Iterator[events.ServiceDayResolved]:
    """Every service day, of one client or of all."""
    request = billing.ListServiceDaysRequest(client_id=client_id, page_size=PAGE)
    return _rows(gateway, request, "days")


def sessions(gateway: Gateway, site_id: str) -> Iterator[attendance.ScheduledSession]:
    """Every session of a site, in all the weeks of the story."""
    request = attendance.ListSessionsRequest(
        site_id=site_id, to=to_date(days.LAST_SUNDAY), page_size=SESSIONS, **since(days.OPENING)
    )
    return _rows(gateway, request, "sessions")


def claims(gateway: Gateway, client_id: str = "") -> Iterator[billing.Claim]:
    """Every claim, drafted and issued, of one client or of all."""
    request = billing.ListClaimsRequest(client_id=client_id, page_size=PAGE)
    return _rows(gateway, request, "claims")


def clients(gateway: Gateway) -> Iterator[intake.ListedClient]:
    """Every client, each person once."""
    return _rows(gateway, intake.ListClientsRequest(page_size=PAGE), "clients")


def proposals(gateway: Gateway, client_id: str = "") -> Iterator[events.CorrectionProposed]:
    """Every correction proposal, of one client or of all."""
    request = billing.ListProposalsRequest(client_id=client_id, page_size=PAGE)
    return _rows(gateway, request, "proposals")


def ready_corrections(gateway: Gateway, payer_id: str) -> list[events.CorrectionProposed]:
    """Corrections to this payer that can be issued, by claim."""
    request = billing.ListProposalsRequest(
        payer_id=payer_id, state=events.PROPOSAL_STATE_READY, page_size=PAGE
    )
    found = _rows(gateway, request, "proposals")
    return sorted(found, key=lambda proposal: str(proposal.claim_id))


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
        found |= {claim.batch_id for claim in _rows(gateway, request, "claims")}
    return sorted(found)


def outcome_name(day: events.ServiceDayResolved) -> str:
    """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD."""
    return events.Outcome.Name(day.outcome).removeprefix("OUTCOME_")


def _rows(gateway: Gateway, request: Message, field: str) -> Iterator[Any]:
    """Of every page; `field`: where a page has them."""
    for page in pages(partial(gateway.ask, OPERATOR), request):
        yield from getattr(page, field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`clients`: each person once; `facts`: published, by the short name of their type; `claims`:
    ISSUED are originals.

    `claims_amount_minor`: of claims that stand, in cents; what was replaced or voided isn't in it.
    """

    clients: int
    sessions: int
    facts: dict[str, int]
    service_days: dict[str, int]
    held: tuple[str, ...]
    claims: dict[str, int]
    claims_amount_minor: int
    proposals: int
    parked: int


def summarize(gateway: Gateway, site_ids: Sequence[str]) -> Summary:
    """Everything that is listed is listed to its last page."""
    facts = count_facts(gateway)
    resolved = list(service_days(gateway))
    all_claims = list(claims(gateway))
    return Summary(
        clients=sum(1 for _ in clients(gateway)),
        sessions=sum(1 for site_id in site_ids for _ in sessions(gateway, site_id)),
        facts=facts,
        service_days=_counted(outcome_name(day) for day in resolved),
        held=tuple(
            sorted(
                verdict.reason
                for day in resolved
                if outcome_name(day) == "HOLD"
                for verdict in day.verdicts
                if not verdict.open
            )
        ),
        claims=_by_state(all_claims),
        claims_amount_minor=sum(claim.charge.minor_units for claim in all_claims if _stands(claim)),
        proposals=sum(1 for _ in proposals(gateway)),
        parked=sum(map(len, parked(gateway.ask_operator).values())),
    )


def count_facts(gateway: Gateway) -> dict[str, int]:
    """How many facts of each type all services published."""
    facts: Counter[str] = Counter()
    for service in SERVICES:
        counted = gateway.ask_operator(service, log.CountFactsRequest()).facts
        facts.update({name.rpartition(".")[2]: number for name, number in counted.items()})
    return dict(sorted(facts.items()))


def _by_state(claims: Iterable[billing.Claim]) -> dict[str, int]:
    counted = Counter(
        "DRAFTED" if claim.state == billing.CLAIM_STATE_DRAFTED else STATES[claim.frequency]
        for claim in claims
    )
    return {state: counted[state] for state in ("DRAFTED", *STATES.values())}


def _stands(claim: billing.Claim) -> bool:
    issued = claim.state == billing.CLAIM_STATE_ISSUED
    return issued and claim.frequency != ClaimFrequency.VOID and not claim.followed_by_claim_id


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
