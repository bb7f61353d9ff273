"""What a story came to, asked of the services through their API and nothing else."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.exchange.v1 import published_log_service_pb2 as log

from ninehours.story import looks
from ninehours.story.looks import Asking
from ninehours.story.settling import SERVICES, heads_of, parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`facts`: published, by the short name of their type; amounts in cents."""

    clients: int
    sessions: int
    facts: dict[str, int]
    service_days: dict[str, int]
    held: tuple[str, ...]
    claims: dict[str, int]
    claims_amount_minor: int
    proposals: int
    parked: int


def summarize(live: Asking) -> Summary:
    """Everything that is listed is listed to its last page."""
    facts = count_facts(live)
    days = list(looks.service_days(live))
    claims = list(looks.claims(live))
    return Summary(
        clients=facts.get("ClientRegistered", 0),
        sessions=len(_sessions(live)),
        facts=facts,
        service_days=_counted(looks.outcome_name(day) for day in days),
        held=tuple(
            sorted(
                verdict.reason
                for day in days
                if looks.outcome_name(day) == "HOLD"
                for verdict in day.verdicts
                if not verdict.open
            )
        ),
        claims={
            "DRAFTED": sum(claim.state == billing.CLAIM_STATE_DRAFTED for claim in claims),
            "ISSUED": sum(claim.state == billing.CLAIM_STATE_ISSUED for claim in claims),
        },
        claims_amount_minor=sum(
            claim.charge.minor_units
            for claim in claims
            if claim.state == billing.CLAIM_STATE_ISSUED
        ),
        proposals=sum(1 for _ in looks.proposals(live)),
        parked=sum(len(of_one) for of_one in parked(live.ask_operator).values()),
    )


def count_facts(live: Asking) -> dict[str, int]:
    """How many facts of each type all services published."""
    facts: Counter[str] = Counter()
    for service in SERVICES:
        counted = live.ask_operator(service, log.CountFactsRequest()).facts
        facts.update({name.rpartition(".")[2]: number for name, number in counted.items()})
    return dict(sorted(facts.items()))


def _sessions(live: Asking) -> set[str]:
    """Every scheduled session: one fact for each client on its roster names it."""
    scheduled = attendance.SessionScheduled.DESCRIPTOR.full_name.encode()
    found = set()
    for _, subject, _ in heads_of(live.ask_operator, "attendance"):
        if not subject.startswith("client/"):
            continue
        after, more = 0, True
        while more:
            request = log.ReadRequest(subject=subject, after_sequence=after)
            page = live.ask_operator("attendance", request)
            for fact in page.facts:
                after = fact.sequence
                if fact.headers["ce_type"] == scheduled:
                    found.add(attendance.SessionScheduled.FromString(fact.body).session_id)
            more = page.more and bool(page.facts)
    return found


def _counted(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
