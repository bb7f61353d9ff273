"""A refusal that came back over gRPC: read from its status."""

from collections.abc import Mapping
from typing import cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

AWAY = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)


class RemoteRefusal(Exception):
    """A peer's answer that is none: why, in the words of its status."""

    def __init__(
        self, code: grpc.StatusCode, reason: str, message: str, details: Mapping[str, str]
    ) -> None:
        super().__init__(f"{code.name} {reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details


def refusal_of(error: grpc.RpcError) -> RemoteRefusal:
    """The peer's refusal, as far as its status tells; without a reason, the code's name."""
    call = cast(grpc.Call, error)
    code, message = call.code(), call.details() or ""
    reason, details = code.name, dict[str, str]()
    try:
        status = rpc_status.from_call(call)
    except ValueError:
        status = None
    for packed in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if packed.Unpack(info):
            reason = info.reason or reason
            details.update(info.metadata)
        elif packed.Unpack(bad):
            details.update(
                {violation.field: violation.description for violation in bad.field_violations}
            )
    return RemoteRefusal(code, reason, message, details)
