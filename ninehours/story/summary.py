"""What a story came to, asked of the services through their API and nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.services import SERVICES
from ninehours.story import lists
from ninehours.story.catching_up import parked
from ninehours.story.gateway import Gateway
from ninehours.story.lists import ClaimFrequency

STATES: dict[str, str] = {
    ClaimFrequency.ORIGINAL: "ISSUED",
    ClaimFrequency.REPLACEMENT: "REPLACEMENT",
    ClaimFrequency.VOID: "VOID",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`facts`: published, by the short name of their type; `claims`: ISSUED are originals.

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
    service_days = list(lists.service_days(gateway))
    claims = list(lists.claims(gateway))
    return Summary(
        clients=facts.get("ClientRegistered", 0),
        sessions=sum(1 for site_id in site_ids for _ in lists.sessions(gateway, site_id)),
        facts=facts,
        service_days=_counted(lists.outcome_name(day) for day in service_days),
        held=tuple(
            sorted(
                verdict.reason
                for day in service_days
                if lists.outcome_name(day) == "HOLD"
                for verdict in day.verdicts
                if not verdict.open
            )
        ),
        claims=_by_state(claims),
        claims_amount_minor=sum(claim.charge.minor_units for claim in claims if _stands(claim)),
        proposals=sum(1 for _ in lists.proposals(gateway)),
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
