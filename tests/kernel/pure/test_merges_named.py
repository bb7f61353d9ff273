"""A row that rests on what was said of an absorbed client says by which merge it does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged

from kernel.facts import HeardFact, Row
from kernel.messaging.amendments import derived, history_of

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
A, B, C = (str(UUID(int=number)) for number in (1, 2, 3))
SUBJECT = f"client/{C}"


def heard(number: int, message: Message) -> HeardFact:
    """As the survivor's, C's, whoever it was said of."""
    return HeardFact(
        id=UUID(int=number),
        topic="ninehours.counting.v1",
        subject=SUBJECT,
        sequence=number,
        type=message.DESCRIPTOR.full_name,
        message=message,
        label="HIPAA",
        signed_at=NOW + timedelta(hours=number),
    )


def attended(number: int, client_id: str) -> HeardFact:
    return heard(number, SessionAttended(client_id=client_id, session_id=f"s{number}"))


def merged(number: int, survivor: str, absorbed: str, revision: int = 1) -> list[HeardFact]:
    """Told of both: the survivor's has the odd number."""
    return [
        heard(number + also, _said(ClientMerged, about, survivor, absorbed, revision))
        for also, about in enumerate((survivor, absorbed))
    ]


def unmerged(number: int, survivor: str, absorbed: str, revision: int = 2) -> HeardFact:
    return heard(number, _said(ClientUnmerged, survivor, survivor, absorbed, revision))


def _said(kind: type[Message], about: str, survivor: str, absorbed: str, revision: int) -> Message:
    return kind(
        client_id=about,
        survivor_client_id=survivor,
        absorbed_client_id=absorbed,
        revision=revision,
    )


def row_a_session(_: str, facts: Mapping[str, Sequence[HeardFact]]) -> list[Row]:
    return [
        Row(kind="sum", key=str(fact.sequence), content=1, rests_on=frozenset({str(fact.id)}))
        for fact in facts[SUBJECT]
        if isinstance(fact.message, SessionAttended)
    ]


def merges_named(*facts: HeardFact) -> list[set[int]]:
    """Of each session's row, what it rests on beside the session."""
    history = history_of({SUBJECT: facts}, lambda kind, body: SessionAttended.FromString(body))
    return [
        {UUID(fact).int for fact in row.rests_on} - {int(row.key)}
        for row in derived(row_a_session, SUBJECT, history)
    ]


def test_what_was_said_of_the_survivor_rests_on_no_merge() -> None:
    assert merges_named(attended(1, C), attended(2, A), *merged(11, C, A)) == [set(), {11}]


def test_of_a_merge_that_is_told_of_both_the_survivors_fact_is_named() -> None:
    own, others = merged(11, C, A)
    assert merges_named(attended(1, A), others, own) == [{11}]
    assert merges_named(attended(1, A), others) == [{12}]


def test_in_a_chain_every_merge_on_the_way_is_named() -> None:
    chain = [*merged(11, B, A), *merged(21, C, B)]
    assert merges_named(attended(1, A), attended(2, B), *chain) == [{11, 21}, {21}]


def test_merged_again_the_merge_that_holds_is_named() -> None:
    again = [*merged(11, C, A), unmerged(13, C, A), *merged(21, C, A, revision=3)]
    assert merges_named(attended(1, A), *again) == [{21}]


def test_taken_apart_nothing_is_named() -> None:
    assert merges_named(attended(1, C), *merged(11, C, A), unmerged(13, C, A)) == [set()]
