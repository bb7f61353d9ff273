"""How a refusal travels: one table from refusals to gRPC statuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, NotYet, Refusal, Stale, Unknown
from kernel.rpc.remote_refusal import AWAY, RemoteRefusal
from kernel.rpc.tokens import Unauthenticated
from kernel.store.database import is_away, is_busy

DOMAIN = "ninehours"
# Trailing metadata has 8 KiB, base64 included; what doesn't fit is lost whole. In bytes of UTF-8:
MOST_DETAILS = 3000
LONGEST_DETAIL = 240
LONGEST_MESSAGE = 400

CODES: tuple[tuple[type[Refusal], grpc.StatusCode], ...] = (
    (Unknown, grpc.StatusCode.NOT_FOUND),
    (Malformed, grpc.StatusCode.INVALID_ARGUMENT),
    (AgainstTheRules, grpc.StatusCode.FAILED_PRECONDITION),
    (Stale, grpc.StatusCode.ABORTED),
    (NotAllowed, grpc.StatusCode.PERMISSION_DENIED),
    (NotYet, grpc.StatusCode.UNAVAILABLE),
    (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    # A refusal of no kind still names its reason, and was decided.
    (Refusal, grpc.StatusCode.FAILED_PRECONDITION),
)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended, before it is a status of gRPC's."""

    code: grpc.StatusCode
    reason: str
    message: str
    details: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def status(self) -> grpc.Status:
        """The status with google.rpc details."""
        info = error_details_pb2.ErrorInfo(
            reason=self.reason, domain=DOMAIN, metadata=_short(self.details)
        )
        details = [_packed(info)]
        if self.fields:
            violations = error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=name, description=what)
                    for name, what in _short(self.fields).items()
                ]
            )
            details.append(_packed(violations))
        return rpc_status.to_status(
            status_pb2.Status(
                code=self.code.value[0],
                message=_cut(self.message, LONGEST_MESSAGE),
                details=details,
            )
        )


def outcome_of(error: Exception, incident: str) -> CallOutcome:
    """What the caller is told; of an error nobody foresaw, its incident id and nothing else."""
    match error:
        case Malformed():
            fields = {name.replace("__", "."): what for name, what in error.details.items()}
            code = grpc.StatusCode.INVALID_ARGUMENT
            return CallOutcome(code, error.reason, error.message, fields=fields)
        case Refusal():
            code = next(code for kind, code in CODES if isinstance(error, kind))
            return CallOutcome(code, error.reason, error.message, error.details)
        case RemoteRefusal() if error.code in AWAY:
            return _away("PEER_AWAY", f"another service is away ({error.reason}): try again")
    if is_busy(error):
        return _away("DATABASE_BUSY", "the database is busy: try again")
    if is_away(error):
        return _away("DATABASE_AWAY", "the database is away: try again")
    return CallOutcome(
        grpc.StatusCode.INTERNAL, "INTERNAL", f"incident {incident}", {"incident": incident}
    )


def _away(reason: str, message: str) -> CallOutcome:
    return CallOutcome(grpc.StatusCode.UNAVAILABLE, reason, message)


def _short(details: Mapping[str, str]) -> dict[str, str]:
    """As many as fit, each cut where it is too long."""
    kept, left = dict[str, str](), MOST_DETAILS
    for name, what in details.items():
        told = _cut(what, LONGEST_DETAIL)
        left -= len(name.encode()) + len(told.encode())
        if left < 0:
            break
        kept[name] = told
    return kept


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _packed(message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
