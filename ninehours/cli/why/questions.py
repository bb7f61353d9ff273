"""What is asked of the services, and the facts that their answers name, each asked of its owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from shlex import quote

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.billing.v1 import explanation_service_pb2 as billing
from ninehours.plans.v1 import explanation_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services
from ninehours.cli.ending import NOT_FOUND, Failure
from ninehours.cli.fields import stamp_of
from ninehours.cli.roles import BILLER, CLINICIAN
from ninehours.told.why.answer import Explanation, NamedFacts
from ninehours.told.why.facts import gathered, ids_in
from ninehours.told.why.of_billing import explain_claim, explain_day
from ninehours.told.why.of_fact import explain_fact
from ninehours.told.why.of_level import explain_level


@dataclass(frozen=True, slots=True)
class Answered:
    """What a service answered, the facts that it names, and both in words.

    `name`: what the answer is called in JSON.
    """

    name: str
    answer: Message
    facts: NamedFacts
    explanation: Explanation


def why_claim(services: Services, claim_id: str, as_of: datetime | None = None) -> Answered:
    """Why a claim says what it says."""
    then = stamp_of(as_of)
    request = billing.ExplainClaimRequest(claim_id=claim_id, as_of=then)
    claim = services.ask(BILLER, request).claim
    facts = _facts(services, BILLER, ids_in(claim), then)
    again = asked("claim", claim_id, as_of=as_of)
    return Answered("claim", claim, facts, explain_claim(claim, facts, again))


def why_day(
    services: Services, client_id: str, on: date, as_of: datetime | None = None
) -> Answered:
    """Why a day is what it is."""
    then = stamp_of(as_of)
    request = billing.ExplainDayRequest(client_id=client_id, service_date=to_date(on), as_of=then)
    day = services.ask(BILLER, request).day
    facts = _facts(services, BILLER, ids_in(day), then)
    again = asked("day", client_id, f"{on:%Y-%m-%d}", as_of=as_of)
    return Answered("day", day, facts, explain_day(day, facts, again))


def why_level_of_care(
    services: Services,
    client_id: str,
    *,
    on: date | None = None,
    subject: str = "",
    as_of: datetime | None = None,
) -> Answered:
    """Why a client is at a level; `subject`: the clinician who asks, if anybody in particular."""
    then = stamp_of(as_of)
    services.speak_as(CLINICIAN, subject)
    request = plans.ExplainLevelOfCareRequest(
        client_id=client_id, on=to_date(on) if on else None, as_of=then
    )
    level = services.ask(CLINICIAN, request)
    facts = _facts(services, CLINICIAN, ids_in(level), then)
    again = asked("level-of-care", client_id, on=on, subject=subject, as_of=as_of)
    return Answered("level_of_care", level, facts, explain_level(level, facts, again))


def why_fact(
    services: Services, fact_id: str, role: str, as_of: datetime | None = None
) -> Answered:
    """Why there is a fact; a problem if nobody published it, or not by then."""
    found = _facts(services, role, [fact_id], stamp_of(as_of))
    fact = found.get(fact_id)
    if fact is None:
        raise Failure(NOT_FOUND, f"no service published a fact {fact_id}, or not by then")
    facts = _facts(services, role, fact.derived.facts)
    return Answered(
        "fact", fact, facts, explain_fact(fact, facts, asked("fact", fact_id, as_of=as_of))
    )


def asked(
    *words: str, on: date | None = None, subject: str = "", as_of: datetime | None = None
) -> str:
    """The command that asks it again."""
    options = [f"--on {on:%Y-%m-%d}"] if on else []
    if subject:
        options.append(f"--as {quote(subject)}")
    if as_of is not None:
        options.append(f"--as-of {as_of.date() if as_of.time() == time.min else as_of.isoformat()}")
    return " ".join(["ninehours why", *words, *options])


def _facts(
    services: Services, role: str, ids: Iterable[str], as_of: Timestamp | None = None
) -> NamedFacts:
    """By their ids alone: nobody is named."""
    return NamedFacts(gathered(partial(services.ask, role), ids, as_of))
