"""Who is one person follows from what was said, in whatever order it is heard."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged

from kernel.messaging.persons import MergeSaid, Persons, standing

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
A, B, C, D = (f"client/{letter}" for letter in "abcd")


def said(number: int, kind: type, survivor: str, absorbed: str, revision: int = 1) -> MergeSaid:
    message = kind(
        survivor_client_id=survivor.removeprefix("client/"),
        absorbed_client_id=absorbed.removeprefix("client/"),
        revision=revision,
    )
    return MergeSaid(message, NOW + timedelta(minutes=number))


def persons(*told: MergeSaid) -> Persons:
    return Persons(standing(told))


def test_who_was_absorbed_goes_on_as_the_survivor() -> None:
    of_two = persons(said(1, ClientMerged, B, A))
    assert [of_two.survivor_of(client) for client in (A, B, C)] == [B, B, C]
    assert of_two.clients_of(A) == of_two.clients_of(B) == (B, A)
    assert of_two.clients_of(C) == (C,)


def test_a_chain_goes_on_as_its_last_survivor() -> None:
    chain = persons(said(1, ClientMerged, B, A), said(2, ClientMerged, C, B))
    assert {chain.clients_of(client) for client in (A, B, C)} == {(C, A, B)}


def test_whoever_was_ever_one_with_somebody_is_told_of_these_alone() -> None:
    chain = Persons(beside={A: {B}, B: {A, C}, C: {B}})
    assert {frozenset(chain.linked_with(client)) for client in (A, B, C)} == {frozenset((A, B, C))}
    assert chain.linked_with(D) == {D}


def test_a_chain_is_cut_where_somebody_says_so() -> None:
    chain = [said(1, ClientMerged, B, A), said(2, ClientMerged, C, B)]
    outer = persons(*chain, said(3, ClientUnmerged, C, B, 2))
    assert (outer.clients_of(A), outer.clients_of(C)) == ((B, A), (C,))
    inner = persons(*chain, said(3, ClientUnmerged, B, A, 2))
    assert (inner.clients_of(A), inner.clients_of(B)) == ((A,), (C, B))


def test_of_two_the_highest_revision_holds_whatever_its_time() -> None:
    told = [said(9, ClientMerged, B, A, 1), said(1, ClientUnmerged, B, A, 2)]
    assert persons(*told).into == persons(*told[::-1]).into == {}
    other_way = [*told, said(0, ClientMerged, A, B, 3)]
    assert persons(*other_way).clients_of(B) == (A, B)


def test_heard_by_halves_everybody_is_one_person_and_no_two() -> None:
    by_halves = persons(said(1, ClientMerged, B, A), said(2, ClientMerged, C, A))
    assert by_halves.survivor_of(A) == C  # that he was taken from B wasn't heard yet
    ring = persons(
        said(1, ClientMerged, B, A), said(2, ClientMerged, C, B), said(3, ClientMerged, A, C)
    )
    assert {ring.survivor_of(client) for client in (A, B, C)} == {A}
    assert {ring.clients_of(client) for client in (A, B, C)} == {(A, B, C)}


SAYINGS = some.lists(
    some.tuples(
        some.sampled_from([ClientMerged, ClientUnmerged]),
        some.permutations([A, B, C, D]),
        some.integers(1, 5),
    ),
    max_size=8,
    unique_by=lambda saying: (frozenset(saying[1][:2]), saying[2]),
)


@given(SAYINGS, some.randoms(use_true_random=False))
def test_the_order_in_which_it_is_heard_says_nothing(
    sayings: Sequence[tuple[type, list[str], int]], random: object
) -> None:
    told = [said(n, kind, *pair[:2], revision) for n, (kind, pair, revision) in enumerate(sayings)]
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert persons(*told).into == persons(*shuffled).into
    for client in (A, B, C, D):
        of_person = persons(*told).clients_of(client)
        assert client in of_person
        assert {persons(*shuffled).clients_of(other) for other in of_person} == {of_person}


@given(some.lists(some.tuples(some.sampled_from([A, B]), some.integers(0, 9)), max_size=12))
def test_facts_of_several_logs_keep_the_order_of_each(told: list[tuple[str, int]]) -> None:
    facts = [(client, number, at) for number, (client, at) in enumerate(told)]
    together = Persons().as_one(
        facts, lambda fact: ("topic", fact[0], NOW + timedelta(minutes=fact[2]))
    )
    assert sorted(together) == sorted(facts)
    for client in (A, B):
        numbers = [number for of, number, _ in together if of == client]
        assert numbers == sorted(numbers)
