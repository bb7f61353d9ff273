"""What two dataclasses, or a row and one, call by the same name is said once."""

from collections import namedtuple
from dataclasses import dataclass
from uuid import uuid4

import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.decider import Decider, filled
from kernel.rpc.rpcs import composed
from kernel.store.rows import from_row


@dataclass(frozen=True)
class Order:
    dish: str
    guests: int
    table: str


@dataclass(frozen=True)
class Room:
    table: str
    floor: int


@dataclass(frozen=True)
class Ordered:
    dish: str
    table: str
    floor: int
    note: str = ""


def test_a_fact_says_what_its_sources_say_the_first_that_has_the_name() -> None:
    order, room = Order("soup", 2, "a"), Room("b", 1)
    assert filled(Ordered, order, room, note="hot") == Ordered("soup", "a", 1, "hot")
    assert filled(Ordered, room, order, note="hot") == Ordered("soup", "b", 1, "hot")
    assert filled(Ordered, order, room, note="", table="c") == Ordered("soup", "c", 1)


def test_nothing_is_left_to_a_default_and_nothing_is_said_in_vain() -> None:
    order, room = Order("soup", 2, "a"), Room("b", 1)
    with pytest.raises(AttributeError, match="note"):
        filled(Ordered, order, room)
    with pytest.raises(TypeError, match="colour"):
        filled(Ordered, order, room, note="", colour="red")


def test_a_state_is_the_fold_of_what_was_recorded() -> None:
    Recorded = namedtuple("Recorded", ["fact"])
    decider: Decider[int, int, int] = Decider(lambda _, __: (), lambda state, n: state + n, 0)
    assert decider.after([Recorded(1), Recorded(2)]) == decider.fold([1, 2]) == 3


def test_a_row_gives_ids_as_text_arrays_as_tuples_and_null_where_nothing_is_declared() -> None:
    Row = namedtuple("Row", ["table", "floor", "dish", "note"])
    table, dishes = uuid4(), [uuid4(), uuid4()]
    row = Row(table, None, dishes, None)
    assert from_row(Ordered, row) == Ordered(
        tuple(map(str, dishes)),
        str(table),
        None,
        "",  # type: ignore[arg-type]
    )
    assert from_row(Room, row, floor=3) == Room(str(table), 3)
    with pytest.raises(AttributeError):
        from_row(Order, row)


def test_each_rpc_is_answered_by_the_one_part_that_has_it() -> None:
    service = log.DESCRIPTOR.services_by_name["PublishedLogService"]
    names = [method.name for method in service.methods]
    assert len(names) > 1

    def part(*answered: str) -> object:
        return type("Part", (), {name: lambda self, name=name: name for name in answered})()

    servicer = composed(service, part(names[0]), part(*names[1:]))
    assert [getattr(servicer, name)() for name in names] == names
    with pytest.raises(TypeError, match=f"{names[0]} is answered by 0"):
        composed(service, part(*names[1:]))
    with pytest.raises(TypeError, match=f"{names[0]} is answered by 2"):
        composed(service, part(*names), part(names[0]))
