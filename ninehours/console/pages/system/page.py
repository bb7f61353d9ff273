"""The page: each service asked at once how it does, what it parked and what it published last."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.services import SERVICES
from ninehours.console.live import PUBLISHED
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.status import age, certificates_of, problems_of

PATH = "/system"
LAST = 12  # facts that are shown
SAID = ("released", "given_up", "gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class TravellingFact:
    """What is shown of a published fact: nothing of its content."""

    at: str
    service: str
    type: str
    subject: str
    sequence: int
    id: str


def system(visit: Visit) -> Screen:
    """As services say it now; of one that doesn't answer, that."""
    statuses = _of_each(visit, lambda _: operating.GetStatusRequest())
    parked = _of_each(visit, lambda _: listener.ListParkedRequest())
    followed = _of_each(visit, lambda _: log.FollowRequest(last=LAST, page_size=LAST))
    found = [status for status in statuses.values() if status is not None]
    said = visit.query.get("said", "")
    shown = {
        "said": words().system.said[said] if said in SAID else "",
        "problems": [problem for status in found for problem in problems_of(status)],
        "statuses": statuses,
        "away": [name for name, status in statuses.items() if status is None],
        "lags": [(status.service, lag) for status in found for lag in status.lags],
        "parked": [
            (service, each)
            for service, answer in parked.items()
            if answer is not None
            for each in answer.parked
        ],
        "facts": _newest(followed),
        "signing_keys": [(status.service, key) for status in found for key in status.signing_keys],
        "master_keys": [(status.service, key) for status in found for key in status.master_keys],
        "certificates": [held for status in found for held in certificates_of(status)],
        "age": age,
        "at": f"{datetime.now(UTC):%H:%M:%S}",
        "published": [PUBLISHED],
    }
    return Screen("system.html", shown)


def in_utc(stamp: Timestamp) -> str:
    """`2026-03-02 15:05:09`."""
    return stamp.ToDatetime().strftime("%Y-%m-%d %H:%M:%S")


def _of_each(visit: Visit, request: Callable[[str], Message]) -> Mapping[str, Any]:
    """Each service's answer; None: it doesn't answer now."""

    def asked(service: str) -> Any:
        try:
            return visit.ask(request(service), service=service)
        except ServiceAway:
            return None

    with ThreadPoolExecutor(len(SERVICES)) as at_once:
        return dict(zip(SERVICES, at_once.map(asked, SERVICES), strict=True))


def _newest(followed: Mapping[str, Any]) -> Sequence[TravellingFact]:
    """The last of all services' together, newest first."""
    facts = [
        _shown(service, fact)
        for service, answer in followed.items()
        if answer is not None
        for fact in answer.facts
    ]
    return sorted(facts, key=lambda fact: fact.at, reverse=True)[:LAST]


def _shown(service: str, fact: log.PublishedFact) -> TravellingFact:
    said = {name: value.decode() for name, value in fact.headers.items()}
    return TravellingFact(
        at=said["ce_time"][:19].replace("T", " "),
        service=service,
        type=said["ce_type"].rpartition(".")[2],
        subject=fact.subject,
        sequence=fact.sequence,
        id=said["ce_id"],
    )
