"""How every request is answered: who, may they, whose is it, call; refusal to status; a line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, cast
from uuid import uuid4

import grpc
from google.protobuf import any as any_message
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from kernel import logs
from kernel.codec import UnreadableFact
from kernel.patience import anywhere
from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, NotYet, Refusal, Stale, Unknown
from kernel.rpc.audited import enter_reading
from kernel.rpc.call import (
    TRACEPARENT,
    Call,
    Metadata,
    correlation_of,
    now_of,
    peer_of,
    token_of,
    value_of,
)
from kernel.rpc.counting import CountedRpc
from kernel.rpc.dry_run import answered
from kernel.rpc.places import Overdue, Places, too_many
from kernel.rpc.policy import Policy, Scope, permit
from kernel.rpc.remote_refusal import AWAY, RemoteRefusal
from kernel.rpc.tokens import Unauthenticated, is_service
from kernel.rpc.verifier import Verifier
from kernel.store import database
from kernel.store.database import is_away, is_busy, is_locked, waiting_for_locks
from kernel.store.read_audit import ANSWERED
from kernel.tracing import spans

DOMAIN = "ninehours"
COMMANDS_BY = "meta"  # the field of a request that commands
# Ends that a trace shows as a server's failure; others are an answer.
FAILED = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
# Trailing metadata has 8 KiB, base64 included; what doesn't fit is lost whole. In bytes of UTF-8:
MOST_DETAILS = 3000
LONGEST_DETAIL = 240
LONGEST_MESSAGE = 400

# How a refusal travels: one table from refusals to gRPC statuses.
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
        details = [any_message.pack(info)]
        if self.fields:
            violations = error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=name, description=what)
                    for name, what in _short(self.fields).items()
                ]
            )
            details.append(any_message.pack(violations))
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
    if away := _away(error):
        return CallOutcome(grpc.StatusCode.UNAVAILABLE, *away)
    return CallOutcome(
        grpc.StatusCode.INTERNAL, "INTERNAL", f"incident {incident}", {"incident": incident}
    )


def _away(error: Exception) -> tuple[str, str] | None:
    """Reason and words of what may be answered in a moment; None: of what may not."""
    if isinstance(error, RemoteRefusal) and error.code in AWAY:
        return "PEER_AWAY", f"another service is away ({error.reason}): try again"
    if isinstance(error, UnreadableFact):  # in a roll-out a server of the newer release reads it
        return "FACT_UNREADABLE", "this release can't read what is recorded: try again"
    if is_busy(error):
        return "DATABASE_BUSY", "the database is busy: try again"
    if is_away(error):
        return "DATABASE_AWAY", "the database is away: try again"
    return None


def _short(details: Mapping[str, str]) -> dict[str, str]:
    """As many as fit, each cut where it is too long."""
    kept, left = dict[str, str](), MOST_DETAILS
    for name, what in details.items():
        cut = _cut(what, LONGEST_DETAIL)
        left -= len(name.encode()) + len(cut.encode())
        if left < 0:
            break
        kept[name] = cut
    return kept


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


# gRPC tells "no deadline" as one far away.
FOREVER = 1e8
BODY_WITHIN = 2.0  # seconds from a call's headers to its request
MOST_OF_ONE = 5  # calls of one actor at once
# Of all actors together, so that nobody holds two of a server's threads (four ask other services).
MOST_WAITING, MOST_WAITING_OF_ONE = 3, 1  # for what was not heard yet, or for a lock
MOST_CALCULATING, MOST_CALCULATING_OF_ONE = 2, 1
MOST_STREAMS, MOST_STREAMS_OF_ONE = 3, 2  # of answers, descriptions of RPCs among them
MOST_WATCHING = 4  # streams of services themselves, which stay
MOST_UNSAID = 2  # whose request takes more than a moment to come
TOO_LATE = CallOutcome(
    grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "the deadline passed before it began"
)

log = logs.get("kernel.rpc")
Behaviour = Callable[[Any, Call], Any]
Answers = Callable[[Iterator[bytes], Call, grpc.ServicerContext, list[Message]], Iterator[bytes]]
"""Notes what is said: the request, and the response after it."""


class BodyMissing(Exception):
    """A call's headers came, and what is asked did not."""


class Answering:
    """The one way from a request's bytes to a response's, the same for every RPC of a server."""

    def __init__(
        self,
        verifier: Verifier,
        scope: Scope,
        streams: Places,
        *,
        callers_tell_time: bool,
    ) -> None:
        self._verifier = verifier
        self._scope = scope
        self._callers_tell_time = callers_tell_time
        self._bodies = Overdue(MOST_UNSAID)
        self._streams = streams
        self._watching = Places(of_one=MOST_WATCHING, in_all=MOST_WATCHING)
        self._calls = Places(of_one=MOST_OF_ONE)
        self._waiting = Places(of_one=MOST_WAITING_OF_ONE, in_all=MOST_WAITING)
        self._calculating = Places(of_one=MOST_CALCULATING_OF_ONE, in_all=MOST_CALCULATING)

    def close(self) -> None:
        """Watch over no body any more, and ask nobody for keys."""
        self._bodies.close()
        self._verifier.close()

    def handler(
        self, method: MethodDescriptor, policy: Policy, behaviour: Behaviour
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """The method bound to a behaviour. Bytes in and out: what can't be read is ours to tell."""
        respond = self._responder(method, policy, behaviour)
        # Bound as streams of requests, which is the same on the wire: gRPC would read the body of
        # any other call first, from whomever, for however long.
        if method.server_streaming:
            return grpc.stream_stream_rpc_method_handler(respond)

        def only(bodies: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            responses = list(respond(bodies, context))
            return responses[0] if responses else b""  # Of a call that is cancelled, nobody reads.

        return grpc.stream_unary_rpc_method_handler(only)

    def _responder(
        self, method: MethodDescriptor, policy: Policy, behaviour: Behaviour
    ) -> Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]:
        request_type = GetMessageClass(method.input_type)
        response_type = GetMessageClass(method.output_type)
        rpc = f"{method.containing_service.full_name}/{method.name}"
        counted = CountedRpc(method)

        def answers(
            bodies: Iterator[bytes], call: Call, context: grpc.ServicerContext, said: list[Message]
        ) -> Iterator[bytes]:
            permit(policy, call.actor)
            request = _parsed(request_type, self._body(bodies, context))
            said[:] = [request]

            def ask(call: Call) -> Any:
                self._scope.admit(policy, request, call)
                return answered(self._scope.store, behaviour, request, call)

            with self._room(method, call) as there_is_room:
                if not there_is_room:
                    raise too_many()
                said_back = _with_locks(ask, call)
                responses: Iterable[Message] = (
                    said_back if method.server_streaming else (said_back,)
                )
                for response in responses:
                    if not isinstance(response, response_type):
                        raise TypeError(f"{rpc} answers {response_type.__name__}")
                    said[1:] = [response]
                    yield response.SerializeToString()

        respond_to = self._audited(rpc, request_type, answers) if policy.audited else answers

        def respond(bodies: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            line = _Line(method, context, counted)
            refused: CallOutcome | None = None
            try:
                call = self._call(context, line)
                if call.deadline() == 0:
                    refused = TOO_LATE
                else:
                    with self._calls.taken(call.actor.id) as there_is_room:
                        if not there_is_room:
                            raise too_many()
                        yield from respond_to(bodies, call, context, [])
            except GeneratorExit:
                line.write("CANCELLED")
                raise
            except BodyMissing:
                line.write("CANCELLED", "BODY_MISSING")
                return
            except Exception as error:
                refused = line.refused(error)
            if refused is None:
                line.write(grpc.StatusCode.OK.name)
                return
            line.write(refused.code.name, refused.reason)
            context.abort_with_status(refused.status())

        return respond

    def _audited(self, rpc: str, request_type: type[Message], answers: Answers) -> Answers:
        """As `answers`, and entered before anything leaves, a refusal too."""

        def answered(
            bodies: Iterator[bytes], call: Call, context: grpc.ServicerContext, said: list[Message]
        ) -> Iterator[bytes]:
            enter = partial(enter_reading, self._scope.store, rpc, call)
            try:
                answer = list(answers(bodies, call, context, said))
            except BodyMissing:
                raise
            except Exception as error:
                if isinstance(error, NotAllowed) and not said:  # whom they asked about all the same
                    with suppress(Malformed, BodyMissing):
                        said.append(_parsed(request_type, self._body(bodies, context)))
                enter(said[:1], outcome_of(error, "").reason)
                raise
            enter(said, ANSWERED)
            yield from answer

        return answered

    def _room(self, method: MethodDescriptor, call: Call) -> AbstractContextManager[bool]:
        """A stream keeps its thread for as long as whoever asked for it reads."""
        if not method.server_streaming:
            return nullcontext(True)
        places = self._watching if is_service(call.actor) else self._streams
        return places.taken(call.actor.id)

    def _body(self, bodies: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """What is asked; BodyMissing when it did not come in time, and the call is cancelled."""
        try:
            with self._bodies.within(BODY_WITHIN, context.cancel):
                body = next(bodies, None)
        except grpc.RpcError:
            raise BodyMissing from None
        if body is not None:
            return body
        if not context.is_active():
            raise BodyMissing
        raise Malformed(request="is missing")

    def _call(self, context: grpc.ServicerContext, line: "_Line") -> Call:
        metadata = cast(Metadata, context.invocation_metadata())
        actor = self._verifier.actor(token_of(metadata), peer_of(context))
        line.actor = actor.id
        return Call(
            actor=actor,
            now=now_of(metadata, from_caller=self._callers_tell_time),
            deadline=lambda: _remaining(context),
            correlation_id=line.correlation_id,
            traceparent=line.span.traceparent,
            active=context.is_active,
            place=lambda: self._waiting.taken(actor.id),
            desk=lambda: self._calculating.taken(actor.id),
        )


class _Line:
    """The one line a call leaves, its count and its span: never what was asked or answered."""

    def __init__(
        self, method: MethodDescriptor, context: grpc.ServicerContext, counted: CountedRpc
    ) -> None:
        service = method.containing_service.full_name
        metadata = cast(Metadata, context.invocation_metadata())
        self.rpc = f"{service}/{method.name}"
        self.counted = counted
        self.actor: str | None = None
        self.correlation_id = correlation_of(metadata)
        self.span = spans.call(
            service,
            method.name,
            value_of(metadata, TRACEPARENT) or "",
            begins=COMMANDS_BY in method.input_type.fields_by_name,
        )
        self.incident: str | None = None
        self.error: Exception | None = None
        self._began = perf_counter()
        counted.began()

    def refused(self, error: Exception) -> CallOutcome:
        incident = str(uuid4())
        outcome = outcome_of(error, incident)
        if outcome.code is grpc.StatusCode.INTERNAL:
            self.incident, self.error = incident, error
        elif outcome.reason.startswith(("DATABASE_", "FACT_")):
            self.error = error
        return outcome

    def write(self, outcome: str, reason: str | None = None) -> None:
        seconds = perf_counter() - self._began
        self.counted.ended(outcome, seconds)
        self.span.end(failed=outcome in FAILED, **{"rpc.response.status_code": outcome})
        write = log.error if self.incident else log.info
        write(
            "rpc",
            rpc=self.rpc,
            actor=self.actor,
            outcome=outcome,
            reason=reason,
            milliseconds=round(seconds * 1000, 2),
            correlation_id=self.correlation_id,
            incident=self.incident,
            exc_info=self.error,
        )


def _with_locks(ask: Callable[[Call], Any], call: Call) -> Any:
    """What is answered. Locks are given in a moment, or it is asked once more, in a place.

    As its caller would: a question changes nothing, and a command that is given again is one. Its
    transactions are over before, so that whoever finds no place holds no connection either.
    """
    try:
        return ask(call)
    except Exception as error:
        if not is_locked(error):
            raise
        with call.place() as seated:
            if not seated:
                raise
            left = call.deadline()
            longest = database.LOCK_TIMEOUT
            with waiting_for_locks(longest if left is None else min(left, longest)):
                return ask(replace(call, place=anywhere))


def _parsed(request_type: type[Message], raw: bytes) -> Message:
    try:
        request = request_type.FromString(raw)
    except DecodeError:
        raise Malformed(request=f"is not a {request_type.DESCRIPTOR.name}") from None
    if b"\0" in raw and (field := _with_nul(request)):  # Most requests have none at all.
        raise Malformed(**{field: "holds a NUL character, which no text has"})
    return request


def _with_nul(message: Message) -> str:
    """The path of a text with a NUL character, which PostgreSQL keeps in none; empty without."""
    for declared, held in message.ListFields():
        values = held if declared.is_repeated else [held]
        if declared.message_type is not None and declared.message_type.GetOptions().map_entry:
            values = [*held.keys(), *held.values()]
        for value in values:
            if isinstance(value, Message):
                if inner := _with_nul(value):
                    return f"{declared.name}.{inner}"
            elif isinstance(value, str) and "\0" in value:
                return str(declared.name)
    return ""


def _remaining(context: grpc.ServicerContext) -> float | None:
    seconds = context.time_remaining()
    return None if seconds is None or seconds > FOREVER else seconds
