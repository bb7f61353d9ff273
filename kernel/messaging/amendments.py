"""Public facts as they stand: what was said otherwise since, or taken back, before anybody reads.

Of a statement's amendments the highest revision holds, whatever its time. Those of statements that
this service doesn't use amend nothing here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from google.protobuf.message import Message
from ninehours.common.v1.statements_pb2 import StatementAmended

from kernel.facts import HeardFact, Row
from kernel.messaging.envelope import strictest
from kernel.messaging.persons import resting_on_merges

T = TypeVar("T")
AMENDED: str = StatementAmended.DESCRIPTOR.full_name
Derive = Callable[[str, Mapping[str, Sequence[HeardFact]]], Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """A statement that holds otherwise than it was said: as it was said first, and by what."""

    first: HeardFact
    by: HeardFact

    @property
    def voids(self) -> bool:
        """Whether it was taken back."""
        said: Any = self.by.message
        return bool(said.voided)

    @property
    def says_otherwise(self) -> bool:
        """Whether others read anything else than was said first."""
        said: Any = self.by.message
        return bool(said.content != self.first.message.SerializeToString(deterministic=True))


class History(dict[str, list[HeardFact]]):
    """Facts by subject, in sequence, as they stand; `amended`: what among them was put right."""

    def __init__(self, amended: Iterable[Amended] = ()) -> None:
        super().__init__()
        self.amended = list(amended)

    def without(self, amended: Amended) -> "History":
        """As if that statement had never been put right."""
        found = History(other for other in self.amended if other is not amended)
        found.update(self)
        subject = amended.first.subject
        others = [
            fact for fact in self[subject] if fact.id not in (amended.first.id, amended.by.id)
        ]
        found[subject] = sorted(
            [*others, amended.first], key=lambda fact: (fact.topic, fact.sequence)
        )
        return found


def standing_rows(
    rows: Sequence[Any], by_type: Mapping[str, type[Message]]
) -> Iterator[tuple[Any, Any]]:
    """Rows with `id`, `type` and `body`, each with its message as it stands."""
    amendments = _last_said(
        (StatementAmended.FromString(bytes(row.body)), None) for row in rows if row.type == AMENDED
    )
    for row in rows:
        if row.type == AMENDED:
            continue
        body = bytes(row.body)
        if str(row.id) in amendments:
            amendment, _ = amendments[str(row.id)]
            if amendment.voided:
                continue
            body = amendment.content
        yield row, by_type[row.type].FromString(body)


def history_of(
    said: Mapping[str, Sequence[HeardFact]], decode: Callable[[str, bytes], Message]
) -> History:
    """Facts as they stand, of facts as they were said; amendments stay among them, for the record.

    What is said anew has the place and the time of what it amends, and the stricter label of both.
    """
    history = History()
    for subject, facts in said.items():
        amendments = _last_said(
            (fact.message, fact) for fact in facts if isinstance(fact.message, StatementAmended)
        )
        history[subject] = []
        for fact in facts:
            if str(fact.id) not in amendments:
                history[subject].append(fact)
                continue
            amendment, by = amendments[str(fact.id)]
            history.amended.append(Amended(first=fact, by=by))
            if not amendment.voided:
                message = decode(fact.type, amendment.content)
                label = strictest((fact.label, by.label))
                history[subject].append(replace(fact, message=message, label=label))
    return history


def derived(derive: Derive, client: str, facts: Mapping[str, Sequence[HeardFact]]) -> list[Row]:
    """The rows of the facts; each rests on the amendments and merges that make it what it is, too.

    Which amendments those are is found by deriving again without each: what was taken back stands
    nowhere any more, and the rows that it left are named in no other way.
    """
    rows = list(derive(client, facts))
    if not isinstance(facts, History):
        return rows
    for amended in facts.amended:
        before = {
            (row.kind, row.key): row.content for row in derive(client, facts.without(amended))
        }
        first, by = str(amended.first.id), str(amended.by.id)
        rows = [
            replace(row, rests_on=row.rests_on | {by})
            if first in row.rests_on or before.get((row.kind, row.key)) != row.content
            else row
            for row in rows
        ]
    return list(resting_on_merges(client, rows, facts.get(client, ())))


def _last_said(
    amendments: Iterable[tuple[StatementAmended, T]],
) -> dict[str, tuple[StatementAmended, T]]:
    """Id of what was said first → its amendment of the highest revision, with what goes along."""
    found: dict[str, tuple[StatementAmended, T]] = {}
    for amendment, along in amendments:
        before = found.get(amendment.fact_id)
        if before is None or before[0].revision < amendment.revision:
            found[amendment.fact_id] = (amendment, along)
    return found
