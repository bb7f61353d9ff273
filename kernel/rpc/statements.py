"""What was said, read back and put right: the common part of each StatementsService.

A service says in a row for each kind how it is said in a request, and read of one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1 import statements_pb2 as common

from kernel.execute import Outcome
from kernel.facts import Recorded, kind_of
from kernel.mapping.writing import Writer, writer
from kernel.messaging.persons import ids_of
from kernel.putting_right import remark_document, said_of
from kernel.refusal import Malformed, NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.commands import Given, WriteSide, context_of, receipt_of
from kernel.rpc.policy import Policy, permit, policies_of
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import reading, timestamp_of, to_timestamp
from kernel.statements import (
    FIRST,
    Amendment,
    PutRight,
    Statement,
    StatementAmended,
    content_of,
    revision_of,
)
from kernel.store.store import Context, Transaction

LONGEST_REMARK = 4000
LATEST = 10_000  # revisions of one statement
REASON: Any = common.CorrectionReason
NOTHING: Mapping[str, Given] = MappingProxyType({})

Open = Callable[[str, int | None], bytes | None]
"""A document of whom it is about, in this version or the newest; None: forgotten."""


Said = Callable[["Recording", Context], Any]
"""Of the statement's row the command that says it otherwise; None: it is taken back."""
Asked = tuple[PutRight, Context]


def untold(_: Message, __: Any, ___: Open) -> None:
    """For kinds of which nothing is sealed."""


@dataclass(frozen=True, slots=True)
class Recording:
    """How a kind is said in a request, and read of one, which is told what it is `given`.

    Of that, what no revision changes is kept as it was. `tell` says what was sealed.
    """

    say: Writer[Any, Any]
    read: Callable[..., Any]
    given: Mapping[str, Given]
    tell: Callable[[Any, Any, Open], None]

    def said(self, content: Any, open_document: Open) -> Any:
        """The request that would say it again, without its `meta`."""
        said = self.say(content)
        self.tell(said, content, open_document)
        return said

    @property
    def policy(self) -> Policy:
        """Of the RPC that records it."""
        rpc = rpc_of(self.say.message())
        return policies_of(rpc.containing_service)[rpc.name]

    def may(self, actor: Actor) -> bool:
        """Whether the actor might say it, too."""
        try:
            permit(self.policy, actor)
        except NotAllowed:
            return False
        return True


def recording(
    message: type[Message],
    fact: type,
    read: Callable[..., Any],
    given: Mapping[str, Given] = NOTHING,
    tell: Callable[[Any, Any, Open], None] = untold,
    **by_hand: Any,
) -> tuple[type, Recording]:
    """A row: the fact's kind, and how it is said in its command's request and read of one."""
    say: Writer[Any, Any] = writer(message, fact, meta=None, **by_hand)
    return fact, Recording(say, read, given, tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementKinds:
    """A service's: its `Recording` message, the rows, and how a statement is found and put right.

    `first_said`: of a statement's id; refuses every other (Unknown). `beside`: what its answers say
    beside receipt and statement. `is_told`: whether the caller, who may say its kind, is of its
    sites. `things`: kinds of subjects that are no clients, and that a list may be `about`.
    `streams`: of a subject, those that may have published nothing about it.
    """

    message: type[Message]
    rows: Mapping[type, Recording]
    first_said: Callable[[Transaction, UUID], Recorded]
    put_right: Callable[[Any, PutRight, Context], Outcome]
    beside: Callable[[Any, Outcome, Context], Mapping[str, Any]]
    is_told: Callable[[Transaction, Statement, Call], bool]
    streams: Callable[[Transaction, str], Sequence[str]]
    things: tuple[str, ...] = ()

    def field_of(self, row: Recording) -> str:
        """In which field of the message its request stands."""
        [field] = [
            field.name
            for field in self.message.DESCRIPTOR.fields
            if field.message_type is row.say.message.DESCRIPTOR
        ]
        return str(field)

    def of(self, actor: Actor) -> set[type]:
        """Kinds that the actor might say."""
        return {kind for kind, row in self.rows.items() if row.may(actor)}

    def correct(self, write_side: WriteSide, request: Any, call: Call) -> Message:
        """CorrectStatement: what is said instead is read as its own command reads it."""
        field = request.recording.WhichOneof("said")
        if field is None:
            raise Malformed(recording="says nothing: to take it back is VoidStatement")

        def said(row: Recording, context: Context) -> Any:
            if field != self.field_of(row):
                raise Malformed(recording=f"is no {self.field_of(row)}, as the statement is")
            return _read(row, request.recording, field, context)

        return self._put_right(write_side, request, call, said, at=f"recording.{field}.")

    def void(self, write_side: WriteSide, request: Any, call: Call) -> Message:
        """VoidStatement."""
        return self._put_right(write_side, request, call, _taken_back)

    def list(self, write_side: WriteSide, request: Any, call: Call) -> Message:
        """ListStatements: of a client, or about a thing, with every revision, text opened."""
        of_thing = bool(self.things and request.about)
        if of_thing and request.client_id:
            raise Malformed(about="is asked beside client_id")
        with reading(request) as read:
            asked = str(read.uuid("about" if of_thing else "client_id"))
            until = read.optional(timestamp_of, "as_of")
        listed = self._about if of_thing else self._of_client
        with write_side.executor.store.transaction() as tx:
            told = [
                self.told(said, partial(opened, tx, owner))
                for owner, said in listed(tx, asked, self.of(call.actor), until)
                if self.is_told(tx, said, call)
            ]
        response: type[Message] = GetMessageClass(rpc_of(request).output_type)
        return response(statements=told)

    def _of_client(
        self, tx: Transaction, client_id: str, kinds: set[type], until: datetime | None
    ) -> Iterator[tuple[str, Statement]]:
        """Each with the owner of its sealed text; what a thing's stream says is listed of that.

        Of every client of the person.
        """
        for each in ids_of(tx.connection, client_id):
            owner = f"client/{each}"
            for said in said_of(tx, owner, kinds, until, *self.streams(tx, owner)):
                if kind_of(said.first.stream) in self.things:
                    continue
                yield owner, said

    def _about(
        self, tx: Transaction, thing_id: str, kinds: set[type], until: datetime | None
    ) -> Iterator[tuple[str, Statement]]:
        """Those that name the thing, of streams that published about it."""
        for thing in self.things:
            subject = f"{thing}/{thing_id}"
            for said in said_of(tx, subject, kinds, until, *self.streams(tx, subject)):
                fact = said.first.fact
                if any(getattr(fact, held.name) == thing_id for held in fields(fact)):
                    yield said.first.stream, said

    def asked(self, write_side: WriteSide, request: Any, call: Call, said: Said) -> Asked:
        """What is asked of a statement; refuses who might not say its kind."""
        store = write_side.executor.store
        context = context_of(request, call, store.vault)
        with reading(request) as read:
            statement = read.uuid("statement.statement_id")
            revision = read.integer("statement.revision", low=FIRST, high=LATEST)
            reason: Any = read.enum("correction.reason")
            remark = read.text("correction.remark", max_length=LONGEST_REMARK)
        with store.transaction() as tx:
            row = self.rows[type(self.first_said(tx, statement).fact)]
        permit(row.policy, call.actor)
        amendment = Amendment(statement=statement, revision=revision, reason=reason)
        return PutRight(amendment=amendment, remark=remark, said=said(row, context)), context

    def _put_right(
        self, write_side: WriteSide, request: Any, call: Call, said: Said, at: str = ""
    ) -> Message:
        """`at`: where in the request stands what is decided on, as a refusal names it."""
        asked, context = self.asked(write_side, request, call, said)
        try:
            outcome = self.put_right(write_side, asked, context)
        except Malformed as refused:
            raise Malformed(**{f"{at}{name}": it for name, it in refused.details.items()}) from None
        return answered(request, outcome, asked, **self.beside(write_side, outcome, context))

    def told(self, statement: Statement, open_document: Open) -> Mapping[str, Any]:
        """Fields of a `Statement` message."""
        remarks, forgotten = remark_document(statement.first.id), False

        def opened(document: str, version: int | None) -> bytes | None:
            nonlocal forgotten
            content = open_document(document, version)
            forgotten |= content is None
            return content

        def revision(telling: Recorded) -> Mapping[str, Any]:
            fact, content = telling.fact, content_of(telling)
            row = self.rows[type(content)]
            told: dict[str, Any] = {
                "revision": FIRST,
                "recording": self.message(**{self.field_of(row): row.said(content, opened)}),
                "said_at": to_timestamp(telling.at),
                "said_by": telling.actor,
            }
            if isinstance(fact, StatementAmended):
                version = fact.remark_version  # 0: what it follows from says why
                told |= {
                    "revision": fact.revision,
                    "voided": fact.voided,
                    "reason": REASON.Value(f"CORRECTION_REASON_{fact.reason}"),
                    "remark": (opened(remarks, version) or b"").decode() if version else "",
                }
            return told

        revisions = [revision(telling) for telling in statement.tellings]
        return {
            "statement_id": str(statement.first.id),
            "revisions": revisions,
            "text_forgotten": forgotten,
        }


def answered(request: Message, outcome: Outcome, asked: PutRight, **beside: Any) -> Message:
    """The response of an RPC that put a statement right."""
    response: type[Message] = GetMessageClass(rpc_of(request).output_type)
    return response(
        receipt=receipt_of(outcome.published),
        statement=common.StatementRevision(
            statement_id=str(asked.amendment.statement),
            revision=revision_of(outcome.facts, asked.amendment),
        ),
        **beside,
    )


def read_anew(row: Recording, message: Message, at: str, context: Context) -> Any:
    """The command of a request that says a kind; `at`: how what is wrong is named."""
    known = {name: of(context) for name, of in row.given.items()}
    with reading(message, at=at) as read:
        return read.whole(row.read, **known)


def opened(tx: Transaction, owner: str, document: str, version: int | None) -> bytes | None:
    """Of its owner's; None: forgotten."""
    found = tx.documents.open(owner, document, version)
    return None if found is None else found.content


def _taken_back(_: Recording, __: Context) -> None:
    """Says nothing instead."""


def no_more(_: Any, __: Outcome, ___: Context) -> Mapping[str, Any]:
    """For services whose answers say what stands now, and no more."""
    return {}


def of_every_site(_: Transaction, __: Statement, ___: Call) -> bool:
    """For services whose statements are all of the client, whom the call is already held to."""
    return True


def those_that_published(_: Transaction, __: str) -> Sequence[str]:
    """For services whose streams with statements all published something."""
    return ()


def statement_kinds(
    message: type[Message],
    rows: Iterable[tuple[type, Recording]],
    first_said: Callable[[Transaction, UUID], Recorded],
    put_right: Callable[[Any, PutRight, Context], Outcome],
    *,
    beside: Callable[[Any, Outcome, Context], Mapping[str, Any]] = no_more,
    is_told: Callable[[Transaction, Statement, Call], bool] = of_every_site,
    streams: Callable[[Transaction, str], Sequence[str]] = those_that_published,
    things: tuple[str, ...] = (),
) -> StatementKinds:
    """A service's kinds, of its rows."""
    return StatementKinds(
        message=message,
        rows=dict(rows),
        first_said=first_said,
        put_right=put_right,
        beside=beside,
        is_told=is_told,
        streams=streams,
        things=things,
    )


class StatementsServicer:
    """Answers a service's StatementsService."""

    def __init__(self, kinds: StatementKinds, write_side: WriteSide) -> None:
        self.CorrectStatement = partial(kinds.correct, write_side)
        self.VoidStatement = partial(kinds.void, write_side)
        self.ListStatements = partial(kinds.list, write_side)


def _read(row: Recording, given: Any, field: str, context: Context) -> Any:
    message = getattr(given, field)
    if message.HasField("meta"):
        raise Malformed(**{f"recording.{field}.meta": "is the command's, and stands there"})
    return read_anew(row, message, f"recording.{field}.", context)
