"""Answers to why, taken from a system that has played the story: what golden files hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing

from kernel.rpc.translate import date_of
from ninehours.cli.connection import Services
from ninehours.cli.why.presenter import lines_of
from ninehours.cli.why.questions import (
    Answered,
    why_claim,
    why_day,
    why_level_of_care,
)
from ninehours.story import days
from ninehours.story.courses import StoryName
from ninehours.story.gateway import AUDITOR
from ninehours.told.why.answer import Explanation
from ninehours.told.why.facts import ids_in
from ninehours.told.why.of_billing import REVISIONS

HOLD, NOT_BILLABLE = events.OUTCOME_HOLD, events.OUTCOME_NOT_BILLABLE


@dataclass(frozen=True, kw_only=True)
class WhyAnswer:
    """`text`: the tree, piped. `named`: every id of a fact in it; `resolved`: those found."""

    name: str
    text: str
    told: Explanation
    named: frozenset[str]
    resolved: frozenset[str]


def take_answers(services: Services, client_ids: Mapping[str, str]) -> dict[str, WhyAnswer]:
    """By the name of their golden file."""
    return {answer.name: answer for answer in _answers(_Asker(services), client_ids)}


def _answers(asking: "_Asker", clients: Mapping[str, str]) -> Iterator[WhyAnswer]:
    claims = asking.claims(clients[StoryName.FULL_COURSE])
    first = min(claims, key=lambda claim: date_of(claim, "period_start"))
    yield asking.claim("full_course_first_claim", first.claim_id)
    late = clients[StoryName.LATE_NOTE]
    before = datetime.combine(days.SIGNED_AT_LAST - timedelta(days=1), datetime.min.time())
    yield asking.day("late_note_before_it_was_signed", late, days.UNSIGNED, before)
    yield asking.day("late_note_released", late, days.UNSIGNED)
    replaced = asking.claims(clients[StoryName.CORRECTED_REPLACED])
    yield asking.claim("corrected_and_replaced", _corrected(replaced, "7"))
    yield asking.claim("replacement", _of(replaced, "7"))
    voided = asking.claims(clients[StoryName.CORRECTED_VOIDED])
    yield asking.claim("voided", _corrected(voided, "8"))
    yield asking.claim("void", _of(voided, "8"))
    for name, story in (
        ("consent_revoked", StoryName.CONSENT_REVOKED),
        ("authorization_used_up", StoryName.AUTHORIZATION_USED_UP),
    ):
        yield asking.day(name, clients[story], asking.first(clients[story], HOLD))
    short, paid = clients[StoryName.SHORT_OF_NINE_HOURS], clients[StoryName.PAID_IN_FULL]
    yield asking.day("short_of_nine_hours", short, days.SHORT_DAYS[0])
    yield asking.day("paid_in_full", paid, asking.first(paid, NOT_BILLABLE))
    yield asking.level("step_up", clients[StoryName.STEP_UP])
    twice = clients[StoryName.REGISTERED_TWICE]
    yield asking.claim("merged_taken_back", _corrected(asking.claims(twice), "8"))
    yield asking.day("merged_released", twice, days.day_of(days.SPLIT_WEEKS[0]))


class _Asker:
    def __init__(self, services: Services) -> None:
        self._services = services

    def claim(self, name: str, claim_id: str) -> WhyAnswer:
        return _answer(name, why_claim(self._services, claim_id))

    def day(self, name: str, client_id: str, on: date, as_of: datetime | None = None) -> WhyAnswer:
        return _answer(name, why_day(self._services, client_id, on, as_of))

    def level(self, name: str, client_id: str) -> WhyAnswer:
        return _answer(name, why_level_of_care(self._services, client_id, subject=AUDITOR.id))

    def claims(self, client_id: str) -> list[billing.Claim]:
        request = billing.ListClaimsRequest(
            client_id=client_id, state=billing.CLAIM_STATE_ISSUED, page_size=1000
        )
        return list(self._services.ask("biller", request).claims)

    def first(self, client_id: str, outcome: Any) -> date:
        """The first date that came to that."""
        request = billing.ListServiceDaysRequest(
            client_id=client_id, outcome=outcome, page_size=1000
        )
        listed = self._services.ask("biller", request).days
        return min(date_of(day, "service_date") for day in listed)


def _answer(name: str, answered: Answered) -> WhyAnswer:
    """How often a day was derived anew depends on how facts came in batches: left out."""
    return WhyAnswer(
        name=name,
        text="\n".join(lines_of(answered.explanation.without(REVISIONS))) + "\n",
        told=answered.explanation,
        named=frozenset(ids_in(answered.answer)),
        resolved=frozenset(answered.facts.by_id),
    )


def _of(claims: list[billing.Claim], frequency: str) -> str:
    [found] = [claim.claim_id for claim in claims if claim.frequency == frequency]
    return found


def _corrected(claims: list[billing.Claim], frequency: str) -> str:
    """The claim that the one of that frequency follows."""
    following = _of(claims, frequency)
    [found] = [claim.claim_id for claim in claims if claim.followed_by_claim_id == following]
    return found
