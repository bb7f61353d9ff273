"""Facts of a dry run, as they would be heard had they been published."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import DecodeError
from ninehours.common.v1 import common_pb2

from kernel.facts import HeardFact
from kernel.messaging.envelope import LABELS, is_subject
from kernel.messaging.subscriptions import Subscriptions
from kernel.refusal import Malformed

MOST = 1000
BEHIND_ALL = 2**62  # as a sequence: after whatever is told


def supposed_facts(
    given: Iterable[common_pb2.SupposedFact], subscriptions: Subscriptions, now: datetime
) -> list[HeardFact]:
    """Those that the service uses, in their order; refuses (Malformed) what can't be one."""
    found: list[HeardFact] = []
    for number, fact in enumerate(given):
        if number == MOST:
            raise Malformed(facts=f"are more than {MOST}")
        if fact.type in subscriptions.by_type:
            found.append(_heard(fact, subscriptions, now, number))
    return found


def _heard(fact: Any, subscriptions: Subscriptions, now: datetime, number: int) -> HeardFact:
    at = f"facts.{number}"
    label = common_pb2.Label.Name(fact.label).removeprefix("LABEL_")
    if label not in LABELS:
        raise Malformed(**{f"{at}.label": "is required"})
    if not is_subject(fact.subject):
        raise Malformed(**{f"{at}.subject": "is no subject"})
    try:
        fact_id = UUID(fact.fact_id)
    except ValueError:
        raise Malformed(**{f"{at}.fact_id": "is not a UUID"}) from None
    try:
        message = subscriptions.decode(fact.type, fact.body)
        subscriptions.references(fact.type, message)
    except (DecodeError, ValueError):
        raise Malformed(**{f"{at}.body": f"is no {fact.type}"}) from None
    return HeardFact(
        id=fact_id,
        topic=fact.topic,
        subject=fact.subject,
        sequence=BEHIND_ALL + number,
        type=fact.type,
        message=message,
        label=label,
        signed_at=now,
    )
