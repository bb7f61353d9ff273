"""What others hear put right, they derive from as it stands, and their rows say by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended
from ninehours.common.v1.statements_pb2 import StatementAmended

from kernel.facts import HeardFact, Label, Row
from kernel.messaging.amendments import History, derived, history_of

CLIENT, TOPIC = f"client/{UUID(int=1)}", "ninehours.counting.v1"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    minutes: int


def heard(number: int, message: Message, label: Label = "HIPAA") -> HeardFact:
    return HeardFact(
        id=UUID(int=number),
        topic=TOPIC,
        subject=CLIENT,
        sequence=number,
        type=message.DESCRIPTOR.full_name,
        message=message,
        label=label,
        signed_at=NOW + timedelta(hours=number),
    )


def attended(number: int, minutes: int, label: Label = "HIPAA") -> HeardFact:
    return heard(number, SessionAttended(session_id=f"s{number}", minutes=minutes), label)


def amends(
    number: int, first: HeardFact, minutes: int | None, revision: int = 2, label: Label = "HIPAA"
) -> HeardFact:
    content = b""
    if minutes is not None:
        said = SessionAttended(session_id=f"s{first.sequence}", minutes=minutes)
        content = said.SerializeToString()
    message = StatementAmended(
        fact_id=str(first.id),
        revision=revision,
        type=first.type,
        content=content,
        voided=minutes is None,
    )
    return heard(number, message, label)


def decode(_: str, body: bytes) -> Message:
    return SessionAttended.FromString(body)


def history(*facts: HeardFact) -> History:
    return history_of({CLIENT: facts}, decode)


def attendances(facts: Mapping[str, Sequence[HeardFact]]) -> list[tuple[str, int, int]]:
    """Session, minutes and place of each that stands."""
    return [
        (fact.message.session_id, fact.message.minutes, fact.sequence)
        for fact in facts[CLIENT]
        if isinstance(fact.message, SessionAttended)
    ]


def per_session(_: str, facts: Mapping[str, Sequence[HeardFact]]) -> list[Row]:
    """A row a session, and one that sums them and names those of more than ten minutes alone."""
    found = [fact for fact in facts[CLIENT] if isinstance(fact.message, SessionAttended)]
    rows = [_row(fact.message.session_id, fact.message.minutes, fact) for fact in found]
    named = [fact for fact in found if fact.message.minutes > 10]
    return [*rows, _row("all", sum(fact.message.minutes for fact in found), *named)]


def _row(key: str, minutes: int, *facts: HeardFact) -> Row:
    rests_on = frozenset(str(fact.id) for fact in facts)
    return Row(kind="sum", key=key, content=Sum(minutes=minutes), rests_on=rests_on)


def rows(*facts: HeardFact) -> dict[str, tuple[int, set[int]]]:
    """Minutes, and the numbers of the facts that they rest on, by key."""
    return {
        row.key: (row.content.minutes, {UUID(fact).int for fact in row.rests_on})
        for row in derived(per_session, CLIENT, history(*facts))
    }


ONE, TWO = attended(1, 20), attended(2, 30)


def test_what_was_said_anew_stands_in_its_first_place() -> None:
    assert attendances(history(ONE, TWO, amends(3, ONE, 25))) == [("s1", 25, 1), ("s2", 30, 2)]


def test_what_was_taken_back_stands_nowhere() -> None:
    assert attendances(history(ONE, TWO, amends(3, ONE, None))) == [("s2", 30, 2)]


def test_the_highest_revision_holds_whatever_its_place() -> None:
    third, second = amends(3, ONE, 27, revision=3), amends(4, ONE, None, revision=2)
    assert attendances(history(ONE, third, second)) == [("s1", 27, 1)]


def test_what_amends_a_statement_that_is_not_used_here_amends_nothing() -> None:
    elsewhere = replace(ONE, id=UUID(int=99))
    assert attendances(history(ONE, amends(3, elsewhere, None))) == [("s1", 20, 1)]


def test_what_stands_has_the_stricter_label() -> None:
    [stands, _] = history(ONE, amends(3, ONE, 25, label="PART2"))[CLIENT]
    assert stands.label == "PART2"


def test_what_rests_on_a_corrected_statement_rests_on_the_correction() -> None:
    found = rows(ONE, TWO, amends(3, ONE, 25))
    assert found == {"s1": (25, {1, 3}), "s2": (30, {2}), "all": (55, {1, 2, 3})}


def test_what_another_row_lost_by_it_names_what_was_taken_back() -> None:
    found = rows(ONE, TWO, amends(3, ONE, None))
    assert found == {"s2": (30, {2}), "all": (30, {2, 3})}


def test_without_one_correction_the_others_are_still_known() -> None:
    told = history(ONE, TWO, amends(3, ONE, None), amends(4, TWO, 31))
    first, second = told.amended
    assert told.without(first).amended == [second]


def test_what_no_correction_changed_names_none() -> None:
    small, other = attended(1, 5), attended(2, 5)
    found = rows(small, other, amends(3, small, 5, revision=2))
    assert found["s2"] == (5, {2})
    assert found["all"] == (10, set())
