"""What is asked of the services, and the facts that their answers name, each asked of its owner."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from shlex import quote
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.billing.v1 import explanation_service_pb2 as billing
from ninehours.exchange.v1 import fact_service_pb2 as facts_pb
from ninehours.plans.v1 import explanation_service_pb2 as plans

from kernel.rpc.translate import to_date
from kernel.services import SERVICES
from ninehours.cli.connection import Services
from ninehours.cli.ending import NOT_FOUND, Failure
from ninehours.cli.roles import BILLER, CLINICIAN

PAGE = 1000
ID_FIELDS = ("fact_id", "row_id", "facts_added", "facts_removed")

Facts = Mapping[str, facts_pb.ExplainedFact]


def claim(services: Services, claim_id: str, as_of: Timestamp | None) -> billing.ExplainedClaim:
    """Why a claim says what it says."""
    request = billing.ExplainClaimRequest(claim_id=claim_id, as_of=as_of)
    found: billing.ExplainedClaim = services.ask(BILLER, request).claim
    return found


def day(
    services: Services, client_id: str, on: date, as_of: Timestamp | None
) -> billing.ExplainedDay:
    """Why a day is what it is."""
    request = billing.ExplainDayRequest(client_id=client_id, service_date=to_date(on), as_of=as_of)
    found: billing.ExplainedDay = services.ask(BILLER, request).day
    return found


def level_of_care(
    services: Services, client_id: str, on: date | None, as_of: Timestamp | None
) -> plans.ExplainLevelOfCareResponse:
    """Why a client is at a level."""
    request = plans.ExplainLevelOfCareRequest(
        client_id=client_id, on=to_date(on) if on else None, as_of=as_of
    )
    found: plans.ExplainLevelOfCareResponse = services.ask(CLINICIAN, request)
    return found


def facts(
    services: Services, role: str, ids: Iterable[str], as_of: Timestamp | None = None
) -> Facts:
    """Each of these ids as its owner explains it; ids that nobody published are left out."""
    wanted = sorted(set(ids))
    found: dict[str, facts_pb.ExplainedFact] = {}
    for owner in SERVICES:
        for start in range(0, len(wanted), PAGE):
            asked = [fact_id for fact_id in wanted[start : start + PAGE] if fact_id not in found]
            if asked:
                request = facts_pb.ExplainFactsRequest(ids=asked, as_of=as_of)
                answer = services.ask(role, request, service=owner)
                found |= {fact.id: fact for fact in answer.facts}
                found |= {fact.derived.row_id: fact for fact in answer.facts if fact.derived.row_id}
    return found


def fact(
    services: Services, role: str, fact_id: str, as_of: Timestamp | None
) -> facts_pb.ExplainedFact:
    """One fact; a problem if nobody published it, or not by then."""
    found = facts(services, role, [fact_id], as_of)
    if fact_id not in found:
        raise Failure(NOT_FOUND, f"no service published a fact {fact_id}, or not by then")
    return found[fact_id]


def ids_in(message: Message) -> Iterator[str]:
    """Every id of a fact, and of a derived row, that an answer names."""
    for field, value in message.ListFields():
        many: Any = value if field.is_repeated else [value]
        if field.name in ID_FIELDS or field.name.endswith("_fact_id"):
            yield from (item for item in many if item)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for item in many:
                yield from ids_in(item)


def asked(
    *words: str, on: date | None = None, subject: str = "", as_of: datetime | None = None
) -> str:
    """The command that asks it again."""
    options = [f"--on {on}"] if on else []
    if subject:
        options.append(f"--as {quote(subject)}")
    if as_of is not None:
        options.append(f"--as-of {as_of.date() if as_of.time() == time.min else as_of.isoformat()}")
    return " ".join(["ninehours why", *words, *options])
