"""Statements in a service's private log: found by their ids, listed, and put right in one place."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.execute import CommandExecutor, Outcome, record, record_beside, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.statements import (
    PutRight,
    Statement,
    StatementAmended,
    amended,
    content_of,
    standing,
    statements,
)
from kernel.store.store import Context, Transaction

SaidAnew = Callable[[Transaction, Sequence[Recorded], Any], Iterable[Any]]
"""What is said instead, among the other statements of the stream as they stand, of what is said
now."""
Follow = Callable[[Transaction, Sequence[Recorded]], Mapping[str, Sequence[Any]]]
"""What follows of a statement that was put right, of its stream as it is then: stream → facts."""
# What is about one client, in whichever stream, stands nowhere else together.
PUBLISHED_ABOUT = """
SELECT DISTINCT stream FROM fact WHERE id IN (
    SELECT CAST(headers->>'causationid' AS uuid) FROM published
    WHERE subject = :subject AND command_id IS NOT NULL)
"""


def first_said(tx: Transaction, statement: UUID, kinds: Collection[type]) -> Recorded:
    """A statement of one of these kinds, as it was said first; refuses every other (Unknown)."""
    for recorded in tx.load_where("id = :id", id=statement):
        if type(recorded.fact) in kinds:
            return recorded
    raise Unknown("statement", str(statement))


def said_of(
    tx: Transaction, subject: str, kinds: Collection[type], until: datetime | None, *streams: str
) -> list[Statement]:
    """Statements of these kinds, in the order in which they were said first, as told by then.

    Of the subject's own stream, of those that published about it, and of `streams`.
    """
    published = {row.stream for row in tx.execute(PUBLISHED_ABOUT, subject=subject)}
    found = [
        said
        for history in tx.load_many(sorted({subject, *published, *streams})).values()
        for said in statements(
            recorded for recorded in history if until is None or recorded.at <= until
        )
        if type(content_of(said.first)) in kinds
    ]
    return sorted(found, key=lambda said: (said.first.at, said.first.stream, said.first.version))


def remark_document(statement: UUID) -> str:
    """The kind of document that holds why a statement was put right, in words."""
    return f"remark/{statement}"


def nothing_needs_it(_: Sequence[Recorded], __: Any) -> None:
    """For statements that no other of their stream rests on."""


def nothing_follows(_: Transaction, __: Sequence[Recorded]) -> Mapping[str, Sequence[Any]]:
    """For statements that brought nothing about, or nothing that is taken back with them."""
    return {}


def put_right(
    executor: CommandExecutor,
    asked: PutRight,
    context: Context,
    *,
    stream: str,
    owner: str,
    locks: Sequence[str],
    said_anew: SaidAnew,
    without: Callable[[Sequence[Recorded], Any], None] = nothing_needs_it,
    follow: Follow = nothing_follows,
) -> Outcome:
    """Says a statement of the stream otherwise, or takes it back; the remark is sealed for `owner`.

    `without`: refuses to take back what the others, as they stand, rest on. What the statement
    brought about is put right with it, by `follow`, for the same reason. Refuses what `amended`
    refuses, and what `said_anew` and `follow` do.
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        if asked.said is None:
            _refuse_needed(history, asked.amendment.statement, without)

        def anew(others: Sequence[Recorded], now: Any) -> Iterable[Any]:
            return said_anew(tx, others, now)

        facts = amended(history, asked.amendment, anew if asked.said is not None else None)
        recorded = record(context, stream, len(history), [sealed(tx, fact) for fact in facts])
        then = [*history, *recorded]
        follows = {
            other: [sealed(tx, fact) for fact in more] for other, more in follow(tx, then).items()
        }
        return (*recorded, *record_beside(context, tx, then, follows))

    def sealed(tx: Transaction, fact: Any) -> Any:
        return with_remark(tx, owner, asked, fact)

    return executor.transact(context, decide, locks=locks)


def with_remark(tx: Transaction, owner: str, asked: PutRight, fact: Any) -> Any:
    """An amendment with why, sealed for `owner`; any other fact as it is."""
    if not isinstance(fact, StatementAmended):
        return fact
    remark = remark_document(fact.statement)
    return replace(fact, remark_version=tx.documents.put(owner, remark, asked.remark.encode()))


def _refuse_needed(
    history: Sequence[Recorded],
    statement: UUID,
    without: Callable[[Sequence[Recorded], Any], None],
) -> None:
    for said in statements(history):
        if said.first.id == statement:
            others = [each for each in standing(history) if each.id != statement]
            without(others, said.now.fact)
