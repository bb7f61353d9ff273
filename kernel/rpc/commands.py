"""From a request that commands to the context the kernel decides in, and back to a receipt.

Most RPCs that command differ in three things alone: `command_rpc` is such an RPC as one row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter, methodcaller
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2, dates_pb2, policy_pb2

from kernel.execute import CommandExecutor, Outcome
from kernel.facts import Position
from kernel.messaging.envelope import is_subject
from kernel.patience import Patience
from kernel.refusal import Malformed
from kernel.rpc.audited import names_clients
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.translate import required_uuid
from kernel.store.store import Context
from kernel.vault import Vault

MARGIN = 0.5  # seconds kept for the command itself
LONGEST_AFTER = 1000
RECEIPT = "receipt"
ROSTER = "roster"  # of clients
YEAR, DAY = timedelta(days=365.25), timedelta(days=1)
OTHERWISE = dates_pb2.Plausible(years_back=20, years_ahead=10)

Given = Callable[[Context], Any]
ACTOR: Given = attrgetter("actor")
NOW: Given = attrgetter("now")


def new_id(kind: str) -> Given:
    """An id that the command gives what it makes: given again, it gives the same."""
    return methodcaller("new_id", kind)


class WriteSide(Protocol):
    """What a service's use cases work with: its executor, and what is known beside."""

    @property
    def executor(self) -> CommandExecutor: ...


C = TypeVar("C")
W = TypeVar("W", bound=WriteSide)
C_co = TypeVar("C_co", covariant=True)
W_co = TypeVar("W_co", bound=WriteSide, covariant=True)


class CommandRpcs(Generic[W]):
    """A part of a servicer: rows made by `command_rpc`, and methods for what is no such row."""

    def __init__(self, write_side: W) -> None:
        self.write_side = write_side


@dataclass(frozen=True)  # no slots: they keep a generic class from being called with its types
class Accepted(Generic[W_co, C_co]):
    """A command that its use case accepted, and what that recorded."""

    write_side: W_co
    command: C_co
    context: Context
    outcome: Outcome


def no_more(_: Accepted[Any, Any]) -> Mapping[str, Any]:
    """For commands that are answered by their receipt, and by what they say themselves."""
    return {}


def command_rpc(
    read: Callable[..., C],
    use_case: Callable[[W, C, Context], Outcome],
    answer: Callable[[Accepted[W, C]], Mapping[str, Any]] = no_more,
    /,
    **given: Given,
) -> Callable[[CommandRpcs[W], Any, Call], Any]:
    """The RPC that reads a request, gives the command to its use case, and answers its receipt.

    `given`: what `read` is told beside the request. A field of the response says what `answer` says
    of it, else what the command has by the same name; one that neither has is an AttributeError.
    """

    def rpc(part: CommandRpcs[W], request: Message, call: Call) -> Message:
        write_side = part.write_side
        context = context_of(request, call, write_side.executor.store.vault)
        command = read(request, **{name: of(context) for name, of in given.items()})
        outcome = use_case(write_side, command, context)
        said = {RECEIPT: receipt_of(outcome.published)}
        said |= answer(Accepted(write_side, command, context, outcome))
        response = GetMessageClass(rpc_of(request).output_type)
        for field in response.DESCRIPTOR.fields:
            if field.name not in said:
                said[field.name] = getattr(command, field.name)
        return response(**said)

    return rpc


def context_of(request: Any, call: Call, vault: Vault) -> Context:
    """The command's id, who gives it and when; its content, without `after`, as a keyed digest.

    Refuses dates that can't be true of any such command.
    """
    meta: common_pb2.CommandMeta = request.meta
    command_id: UUID = required_uuid(request, "meta.command_id")
    refuse_implausible(request, call.now)
    return Context(
        command_id=command_id,
        digest=vault.digest(_content(request)),
        actor=call.actor.id,
        now=call.now,
        correlation=call.correlation_id,
        traceparent=call.traceparent,
        sites=call.actor.sites,
        expected_version=meta.expected_version if meta.HasField("expected_version") else None,
        after=positions_of(meta.after),
        deadline=patience_of(call),
        about=_clients_named(request),
    )


def _clients_named(request: Message) -> tuple[str, ...]:
    """Its own fields that name clients; none, where it is recorded of whom it was."""
    options: Any = rpc_of(request).GetOptions()
    if options.Extensions[policy_pb2.policy].of_absorbed:
        return ()
    return tuple(
        sorted(
            {
                client_id
                for field, held in request.ListFields()
                if names_clients(field) or field.name == ROSTER
                for client_id in (held if field.is_repeated else (held,))
            }
        )
    )


def patience_of(call: Call, margin: float = MARGIN) -> Patience:
    """How long an answer may wait for what it rests on: the caller's deadline, less a margin."""
    return Patience.within(call.deadline(), margin, call.active, call.place)


def positions_of(after: Iterable[common_pb2.Position]) -> tuple[Position, ...]:
    """The positions a request waits for; at most 1000."""
    positions = tuple(Position(item.topic, item.subject, item.sequence) for item in after)
    if len(positions) > LONGEST_AFTER:
        raise Malformed(after=f"has more than {LONGEST_AFTER} positions")
    if not all(is_subject(position.subject) for position in positions):
        raise Malformed(after="names no subject")
    return positions


def receipt_of(published: Iterable[Position]) -> common_pb2.Receipt:
    """Where what the command published stands."""
    return common_pb2.Receipt(
        published=[
            common_pb2.Position(topic=p.topic, subject=p.subject, sequence=p.sequence)
            for p in published
        ]
    )


def _content(request: Message) -> bytes:
    copy: Any = type(request)()
    copy.CopyFrom(request)
    copy.ClearField("meta")
    name = request.DESCRIPTOR.full_name.encode()
    return name + b"\x00" + bytes(copy.SerializeToString(deterministic=True))


def refuse_implausible(request: Message, now: datetime) -> None:
    """Refuses, each by its path, dates and times too far from now, in either direction.

    A command's dates lie where dates of their kind can lie: nobody is admitted in 1850, or in 2099.
    One place for every service, since every command comes by it; how far is said beside the field,
    in protos/ (common/v1/dates.proto). Facts are never judged so: what was recorded stays readable.
    """
    wrong = dict(_implausible(request, now, ""))
    if wrong:
        raise Malformed(**wrong)


def _implausible(message: Message, now: datetime, at: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        several = field.is_repeated
        for number, item in enumerate(value if several else [value]):
            path = f"{at}{field.name}.{number}" if several else f"{at}{field.name}"
            moment = _moment_of(item)
            if moment is None:
                yield from _implausible(item, now, f"{path}.")
            elif what := _judged(moment, field, now):
                yield path, what


def _moment_of(message: Message) -> datetime | None:
    """Of a date its noon in UTC; None for what is neither a date nor a time, or can't be read:
    whoever reads the field says so."""
    try:
        match message:
            case Timestamp():
                return message.ToDatetime(tzinfo=UTC)
            case common_pb2.Date():
                on = date(message.year, message.month, message.day)
                return datetime.combine(on, time(12), UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _judged(moment: datetime, field: FieldDescriptor, now: datetime) -> str:
    """What is wrong with it; empty: nothing."""
    options: Any = field.GetOptions()
    declared = options.HasExtension(dates_pb2.plausible)
    may = options.Extensions[dates_pb2.plausible] if declared else OTHERWISE
    if moment < now - may.years_back * YEAR - DAY:
        return f"is more than {may.years_back} years ago"
    # A day more, and half of one: it is tomorrow already elsewhere, and a date stands at noon.
    if moment <= now + may.years_ahead * YEAR + 1.5 * DAY:
        return ""
    return f"is more than {may.years_ahead} years ahead" if may.years_ahead else "is in the future"
