"""A day of the story as if it were now: in production the server's own clock signs.

The story's dates are of another year. Here every date and moment in what is asked lies as many days
later as it takes for its first Monday to be over just now, and in what is answered as many earlier,
whichever day of the week that is. People are who the identity provider says that they are.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.connections import Connections
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.gateway import Gateway
from tests.rehearsal.provider import PREFIX, Provider, subject_of

M = TypeVar("M", bound=Message)
OVER_SINCE = timedelta(hours=36)  # whatever the site's clock says, its groups have gone home
DAY = days.day_of(1, days.MONDAY)


def later_by(now: datetime) -> timedelta:
    """So much later than in the story it is on the latest day that is over everywhere."""
    return (now - OVER_SINCE).date() - DAY


class Today(Gateway):
    """Asks as the story does, so much `later`."""

    def __init__(
        self, services: Connections[Actor], provider: Provider, later: timedelta, **options: Any
    ) -> None:
        super().__init__(services, **options)
        self.given: list[tuple[Actor, Any, Any]] = []
        self._provider, self._later = provider, later
        self._clinicians = count(1)

    def give(self, actor: Actor, step: str, request: Any, now: datetime) -> Any:
        """Whoever is credentialed is known to the provider by then, under an id of its own."""
        subject = ""
        if isinstance(request, attendance.CredentialStaffRequest):
            subject = subject_of(request.token_subject) or f"clinician-{next(self._clinicians)}"
            request.token_subject = f"{PREFIX}{subject}"
        answer = super().give(actor, step, request, now)
        if subject:
            self._provider.subjects[f"staff/{answer.staff_id}"] = subject
        self.given.append((actor, request, answer))
        return answer

    def ask(self, actor: Actor, request: Message, **how: Any) -> Any:
        asked = moved(request, self._later)
        if isinstance(asked, attendance.DefineTemplateRequest):
            for session in asked.sessions:
                session.weekday = (session.weekday - 1 + self._later.days) % 7 + 1
        if isinstance(asked, plans.SignPlanRequest):
            # Drafted now, and not to be signed before.
            asked.signed_on.CopyFrom(to_date(datetime.now(UTC).date()))
        answer = super().ask(actor, asked, **how)
        return moved(answer, -self._later) if isinstance(answer, Message) else answer


def moved(message: M, by: timedelta) -> M:
    """The same, with every date and moment in it so much later."""
    copy = type(message)()
    copy.CopyFrom(message)
    for found in _whens(copy):
        if isinstance(found, Timestamp):
            found.FromDatetime(found.ToDatetime(UTC) + by)
        else:
            found.CopyFrom(to_date(date(found.year, found.month, found.day) + by))
    return copy


def _whens(message: Message) -> Iterator[Any]:
    if isinstance(message, Timestamp | common.Date):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for part in value if field.is_repeated else [value]:
            yield from _whens(part)
