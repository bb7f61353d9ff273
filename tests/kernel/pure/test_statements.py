"""What was said is put right by saying it whole, on the revision that was read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec import Codec, UnreadableFact
from kernel.decider import Decider
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.statements import (
    Amendment,
    AnotherStatement,
    StatementAmended,
    StatementChanged,
    amended,
    standing,
    statements,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    grams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    why: str


SUM: Decider[int, Weighed, int] = Decider(
    lambda grams, _: [Weighed(grams=grams)], lambda total, fact: total + fact.grams, 0
)
STORED = Codec({"tests.weighed.v1": Weighed, "tests.statement_amended.v1": StatementAmended})


def recorded(fact: Any, number: int) -> Recorded:
    return Recorded(
        id=UUID(int=number),
        stream="scale/1",
        version=number,
        fact=fact,
        at=NOW + timedelta(hours=number),
        actor="staff/1",
    )


def weighed(*grams: int) -> list[Recorded]:
    return [recorded(Weighed(grams=some), number) for number, some in enumerate(grams, start=1)]


def put_right(
    history: Sequence[Recorded], revision: int, grams: int | None, statement: UUID = ONE
) -> list[Recorded]:
    """The history, with what was said of the statement then; None: it was taken back."""
    amendment = Amendment(statement=statement, revision=revision, reason="MISTYPED")

    def said_anew(_: Sequence[Recorded], __: Any) -> Iterable[Weighed]:
        return [Weighed(grams=grams or 0)]

    facts = amended(history, amendment, None if grams is None else said_anew)
    return [
        *history,
        *(recorded(fact, len(history) + number) for number, fact in enumerate(facts, start=1)),
    ]


def test_decisions_see_what_stands_and_no_amendment() -> None:
    corrected = put_right(weighed(10, 20), 1, 11)
    assert SUM.after(corrected) == 31
    assert SUM.after(put_right(corrected, 2, None)) == 20
    assert [type(said.fact) for said in standing(corrected)] == [Weighed, Weighed]


def test_what_is_said_anew_stands_where_it_was_said_first() -> None:
    [one, other] = standing(put_right(weighed(10, 20), 1, 11))
    assert (one.id, one.version, one.at, one.fact.grams) == (ONE, 1, NOW + timedelta(hours=1), 11)
    assert other.fact.grams == 20


def test_what_was_taken_back_can_be_said_again() -> None:
    voided = put_right(weighed(10), 1, None)
    assert SUM.after(put_right(voided, 2, 12)) == 12


def test_only_the_revision_that_stands_is_put_right() -> None:
    corrected = put_right(weighed(10), 1, 11)
    with pytest.raises(StatementChanged) as refused:
        put_right(corrected, 1, 12)
    assert refused.value.details["current_revision"] == "2"


def test_saying_what_it_says_already_records_nothing() -> None:
    history = weighed(10)
    assert put_right(history, 1, 10) == history
    voided = put_right(history, 1, None)
    assert put_right(voided, 2, None) == voided


def test_nobody_puts_right_what_the_stream_does_not_say_or_an_amendment() -> None:
    corrected = put_right(weighed(10), 1, 11)
    for statement in (UUID(int=99), corrected[-1].id):
        with pytest.raises(Unknown, match="there is no statement"):
            put_right(corrected, 1, 12, statement)


def test_what_is_decided_sees_the_other_statements_and_what_is_said_now() -> None:
    seen: list[Any] = []

    def said_anew(others: Sequence[Recorded], now: Weighed) -> Iterable[Weighed]:
        seen.append(([other.fact.grams for other in others], now.grams))
        return [now]

    history = put_right(weighed(10, 20, 30), 1, None, OTHER)
    amendment = Amendment(statement=ONE, revision=1, reason="MISTYPED")
    assert amended(history, amendment, said_anew) == []
    assert seen == [([30], 10)]


@pytest.mark.parametrize("facts", [[], [Weighed(grams=1), Weighed(grams=2)], [Flagged(why="x")]])
def test_what_would_be_another_statement_is_refused(facts: list[Any]) -> None:
    amendment = Amendment(statement=ONE, revision=1, reason="MISTYPED")
    with pytest.raises(AnotherStatement):
        amended(weighed(10), amendment, lambda *_: facts)


def test_what_follows_of_what_is_said_anew_is_said_beside_it() -> None:
    amendment = Amendment(statement=ONE, revision=1, reason="MISTYPED")
    facts = [Weighed(grams=900), Flagged(why="heavy")]
    [now, beside] = amended(weighed(10), amendment, lambda *_: facts)
    assert (now.content, now.revision, beside) == (facts[0], 2, facts[1])


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.none() | st.integers(1, 99)), max_size=8))
def test_however_often_it_was_put_right_it_ends_where_the_last_word_would(
    said: list[tuple[int, int | None]],
) -> None:
    history, last = weighed(100, 200, 300), {1: 100, 2: 200, 3: 300} | {0: 0}
    for number, grams in said:
        standing_now = {s.first.id: s.revision for s in statements(history)}
        history = put_right(history, standing_now[UUID(int=number)], grams, UUID(int=number))
        last[number] = grams or 0
    assert SUM.after(history) == sum(last.values())


def test_an_amendment_is_stored_with_its_content_under_the_contents_own_name() -> None:
    fact = put_right(weighed(10), 1, 11)[-1].fact
    name, body = STORED.encode(fact)
    assert '"type": "tests.weighed.v1"' in body
    assert STORED.decode(name, json.loads(body)) == fact


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"type": "tests.weighed.v1"},
        {"type": "tests.other.v1", "content": {}},
        {"type": "tests.weighed.v1", "content": {"grams": "many"}},
    ],
)
def test_a_content_that_this_release_does_not_know_is_unreadable(content: dict[str, Any]) -> None:
    body = {"statement": str(ONE), "revision": 2, "voided": False, "reason": "MISTYPED"}
    with pytest.raises(UnreadableFact):
        STORED.decode("tests.statement_amended.v1", {**body, "remark_version": 1, **content})
