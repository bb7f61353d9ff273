"""What comes with a request: who asks, when, for how long, and what it is part of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import grpc

from kernel import clock
from kernel.credentials import ScoreReader
from kernel.patience import Place, always, anywhere
from kernel.refusal import Malformed
from kernel.rpc.tokens import Actor, Unauthenticated

AUTHORIZATION = "authorization"
NOW = "ninehours-now"
CORRELATION_ID = "ninehours-correlation-id"
TRACEPARENT = "traceparent"
BEARER = "Bearer "
YEARS = range(1900, 2201)

Metadata = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The circumstances of one request.

    `deadline()`: the seconds that remain, None without end; `active()`: the caller still waits;
    `place()` takes one of the server's places for waiting, if there is one, `desk()` one of those
    for calculating.
    """

    actor: Actor
    now: datetime
    deadline: Callable[[], float | None]
    correlation_id: str
    traceparent: str
    active: Callable[[], bool] = always
    place: Place = anywhere
    desk: Place = anywhere

    @property
    def reader(self) -> ScoreReader:
        """Who asks, and when."""
        actor = self.actor
        return ScoreReader(person=actor.id, roles=actor.roles, sites=actor.sites, now=self.now)


def value_of(metadata: Metadata, key: str) -> str | None:
    """The text under the key, the last one if there are several."""
    values = [value for name, value in metadata if name == key and isinstance(value, str)]
    return values[-1] if values else None


def peer_of(context: grpc.ServicerContext) -> frozenset[str] | None:
    """The names in the certificate of who called; None: in plain text, there is none."""
    shown: Any = context.auth_context()  # its stubs know no lists
    if b"ssl" not in shown.get("transport_security_type", ()):
        return None
    names = (*shown.get("x509_common_name", ()), *shown.get("x509_subject_alternative_name", ()))
    return frozenset(name.decode(errors="replace") for name in names)


def token_of(metadata: Metadata) -> str:
    """The bearer token, or Unauthenticated."""
    given = value_of(metadata, AUTHORIZATION) or ""
    if not given.startswith(BEARER):
        raise Unauthenticated("TOKEN_MISSING", "the call carries no bearer token")
    return given.removeprefix(BEARER)


def now_of(metadata: Metadata, *, from_caller: bool) -> datetime:
    """The server's now; the caller's where settings let callers tell the time."""
    given = value_of(metadata, NOW) if from_caller else None
    if given is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise Malformed(**{NOW: "is not an RFC 3339 time"}) from None
    if moment.tzinfo is None:
        raise Malformed(**{NOW: "names no time zone"})
    if moment.year not in YEARS:
        raise Malformed(**{NOW: f"is not between {YEARS[0]} and {YEARS[-1]}"})
    return moment.astimezone(UTC)


def correlation_of(metadata: Metadata) -> str:
    """The caller's correlation id if it is a UUID (it is logged: not anything goes), else new."""
    try:
        return str(UUID(value_of(metadata, CORRELATION_ID) or ""))
    except ValueError:
        return str(uuid4())
