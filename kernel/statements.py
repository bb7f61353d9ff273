"""What is recorded can be put right: a statement, its revisions, and how it stands.

A statement is what one private fact said first, and has that fact's id. Who puts it right says the
whole of it anew, or takes it back. Domain code sees statements as they stand, and no amendment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, Stale, Unknown

CorrectionReason = Literal["MISTYPED", "WRONG_CLIENT", "MISUNDERSTOOD", "TWICE", "TOLD_LATER"]
FIRST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAmended:
    """From now on the statement says `content`; `voided`: it says nothing, as `content` did.

    `revision`: 2 and up. Recorded in the stream of what it amends, and stands behind it for good.
    """

    statement: UUID
    revision: int
    content: Any
    voided: bool
    reason: CorrectionReason
    remark_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Which statement is put right, on which revision that rests, and why.

    `remark_version`: of the sealed words, filled in when they are.
    """

    statement: UUID
    revision: int
    reason: CorrectionReason
    remark_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRight:
    """What is asked: `said`, the command that says it anew; None: it is taken back. `remark` is
    sealed."""

    amendment: Amendment
    remark: str
    said: Any | None


class StatementChanged(Stale):
    """Somebody else put it right first."""

    def __init__(self, statement: UUID, revision: int) -> None:
        super().__init__(
            "STATEMENT_CHANGED",
            "it was put right since you read it; read it again",
            statement_id=str(statement),
            current_revision=str(revision),
        )


class AnotherStatement(AgainstTheRules):
    """What is said instead would be recorded as something else, or as more than one thing."""

    def __init__(self, statement: UUID) -> None:
        super().__init__(
            "ANOTHER_STATEMENT",
            "said so, it would be another statement: void this one, and say the other",
            statement_id=str(statement),
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """What was recorded first, and then each amendment of it, oldest first."""

    tellings: tuple[Recorded, ...]

    @property
    def first(self) -> Recorded:
        return self.tellings[0]

    @property
    def revision(self) -> int:
        """Of the last telling."""
        last = self.tellings[-1].fact
        return last.revision if isinstance(last, StatementAmended) else FIRST

    @property
    def voided(self) -> bool:
        """Whether it says nothing any more."""
        last = self.tellings[-1].fact
        return isinstance(last, StatementAmended) and last.voided

    @property
    def now(self) -> Recorded:
        """In its first place, what it says; if it is voided, what it said last."""
        return replace(self.first, fact=content_of(self.tellings[-1]))


def content_of(telling: Recorded) -> Any:
    """What is said, first or anew."""
    fact = telling.fact
    return fact.content if isinstance(fact, StatementAmended) else fact


def standing(history: Sequence[Recorded]) -> list[Recorded]:
    """Statements of a stream as they stand, in their first order; no amendments among them."""
    if not any(isinstance(recorded.fact, StatementAmended) for recorded in history):
        return list(history)
    return [said.now for said in statements(history) if not said.voided]


def statements(history: Iterable[Recorded]) -> list[Statement]:
    """Everything that a stream says, or said, in the order in which it was said first."""
    found: dict[UUID, tuple[Recorded, ...]] = {}
    for recorded in history:
        fact = recorded.fact
        about = fact.statement if isinstance(fact, StatementAmended) else recorded.id
        found[about] = (*found.get(about, ()), recorded)
    return [Statement(tellings) for tellings in found.values()]


def amended(
    history: Sequence[Recorded],
    amendment: Amendment,
    said_anew: Callable[[Sequence[Recorded], Any], Iterable[Any]] | None,
) -> list[Any]:
    """What puts a statement right, and what follows of it: nothing where it says that already.

    `said_anew` decides what is said instead, among the other statements as they stand, and knows
    what is said now; None takes it back. What it decides of other kinds is said beside it. Refuses
    a statement that the stream doesn't have (Unknown), one that was put right since
    (StatementChanged), and AnotherStatement.
    """
    found = {said.first.id: said for said in statements(history)}
    said = found.get(amendment.statement)
    if said is None:
        raise Unknown("statement", str(amendment.statement))
    if said.revision != amendment.revision:
        raise StatementChanged(amendment.statement, said.revision)
    content, beside = said.now.fact, []
    if said_anew is not None:
        others = [other.now for other in found.values() if not other.voided and other is not said]
        facts = list(said_anew(others, content))
        kind = type(content)
        beside = [fact for fact in facts if type(fact) is not kind]
        if len(facts) - len(beside) != 1:
            raise AnotherStatement(amendment.statement)
        [content] = [fact for fact in facts if type(fact) is kind]
    now = retold(said, content if said_anew is not None else None, amendment)
    return [*now, *beside]


def retold(said: Statement, content: Any | None, amendment: Amendment) -> list[StatementAmended]:
    """What makes the statement say this, or (None) nothing; none where that is how it stands."""
    voided = content is None
    content = said.now.fact if voided else content
    if (voided, content) == (said.voided, said.now.fact):
        return []
    now = StatementAmended(
        statement=said.first.id,
        revision=said.revision + 1,
        content=content,
        voided=voided,
        reason=amendment.reason,
        remark_version=amendment.remark_version,
    )
    return [now]


def revision_of(facts: Iterable[Recorded], amendment: Amendment) -> int:
    """The statement's revision after these facts were recorded; none: as it was read."""
    for recorded in facts:
        fact = recorded.fact
        if isinstance(fact, StatementAmended) and fact.statement == amendment.statement:
            return fact.revision
    return amendment.revision
