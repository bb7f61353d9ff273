"""Of merged clients the presence is the union of what was told of each, every minute once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.history.attended import attendance_that_holds
from services.billing.domain.history.history import Attendance, Span
from tests.harness.billing.history import attended, billable, day, rows_of, session, signed

ONE, OTHER = "one", "other"
MIDNIGHT = datetime.combine(day(0), time(0), UTC)


def there(client_id: str, name: str, *hours: tuple[float, float]) -> Attendance:
    """At a session of Monday, in these hours."""
    spans = tuple(
        Span(starts_at=MIDNIGHT + timedelta(hours=first), ends_at=MIDNIGHT + timedelta(hours=last))
        for first, last in hours
    )
    seconds = int(sum((last - first) * 3600 for first, last in hours))
    return attended(
        day(0),
        seconds // 60,
        name,
        fact=f"{client_id} at {name}",
        seconds=seconds,
        treatment=spans,
        client_id=client_id,
    )


def minutes(*attendances: Attendance) -> dict[str, int]:
    """Session → minutes, in whatever order it was told."""
    [found] = {
        tuple((one.session_id.split()[1], one.time // 60) for one in attendance_that_holds(order))
        for order in permutations(attendances)
    }
    return dict(found)


def test_one_session_as_both_is_attended_for_the_union_of_the_times() -> None:
    assert minutes(there(ONE, "s", (9, 11)), there(OTHER, "s", (10, 12))) == {"s": 180}
    assert minutes(there(ONE, "s", (9, 10)), there(OTHER, "s", (11, 12))) == {"s": 120}


def test_a_session_missed_as_one_and_attended_as_the_other_was_attended() -> None:
    missed = replace(there(ONE, "s"), attended=False)
    assert minutes(missed, there(OTHER, "s", (9, 12))) == {"s": 180}


def test_of_two_sessions_at_one_time_the_earlier_one_has_the_minutes() -> None:
    assert minutes(there(ONE, "a", (9, 12)), there(OTHER, "b", (11, 13))) == {"a": 180, "b": 60}
    assert minutes(there(ONE, "a", (9, 12)), there(OTHER, "b", (10, 11))) == {"a": 180}


def test_every_fact_of_the_presence_is_rested_on() -> None:
    told = (there(ONE, "a", (9, 12)), there(OTHER, "a", (9, 10)), there(OTHER, "b", (10, 11)))
    [held] = attendance_that_holds(told)
    assert {held.fact, *held.also} == {one.fact for one in told}


def test_what_was_corrected_of_one_corrects_nothing_of_the_other() -> None:
    corrected = replace(there(ONE, "s", (9, 9.5)), correction=1, fact="corrected")
    assert minutes(there(ONE, "s", (9, 11)), corrected, there(OTHER, "s", (10, 11))) == {"s": 90}


def test_minutes_without_their_time_are_in_doubt_on_a_date_of_both() -> None:
    alone = replace(there(OTHER, "b", (10, 11)), treatment=())
    held = attendance_that_holds([there(ONE, "a", (9, 12)), alone])
    assert [one.overlap for one in held] == [False, True]
    elsewhere = replace(alone, service_date=day(3))
    held = attendance_that_holds([there(ONE, "a", (9, 12)), elsewhere])
    assert [one.overlap for one in held] == [False, False]


def test_what_one_client_attended_twice_at_one_time_stays_in_doubt() -> None:
    told = [there(ONE, "a", (9, 12)), replace(there(ONE, "b", (10, 11)), overlap=True)]
    assert attendance_that_holds(told) == told


HOURS = some.lists(some.sampled_from(range(96)), min_size=2, max_size=2, unique=True).map(sorted)
TOLD = some.lists(
    some.tuples(some.sampled_from([ONE, OTHER]), some.sampled_from("abc"), HOURS),
    max_size=6,
    unique_by=lambda told: told[:2],
)


@given(TOLD)
def test_no_minute_of_two_clients_is_counted_twice_and_none_is_lost(
    told: Sequence[tuple[str, str, list[int]]],
) -> None:
    # Of one client sessions overlap only in doubt: each has quarters of an hour of its own.
    of_client: dict[str, set[int]] = {ONE: set(), OTHER: set()}
    attendances = []
    for client_id, name, (first, last) in told:
        quarters = set(range(first, last))
        if of_client[client_id] & quarters:
            continue
        of_client[client_id] |= quarters
        attendances.append(there(client_id, name, (first / 4, last / 4)))
    union = of_client[ONE] | of_client[OTHER]
    held = attendance_that_holds(attendances)
    assert sum(one.time for one in held) == len(union) * 15 * 60
    assert held == attendance_that_holds(attendances[::-1])


@given(some.lists(some.booleans(), min_size=4, max_size=4))
def test_told_of_two_or_of_one_the_rows_say_the_same(of_other: list[bool]) -> None:
    """Where nothing overlaps, it makes no difference under which id a session was attended."""
    on = day(0)
    names = [f"s{number}" for number in range(4)]
    told = [there(ONE, name, (9 + n, 9 + n + 0.75)) for n, name in enumerate(names)]
    history = billable(
        day(2),
        sessions=tuple(session(on, name) for name in names),
        notes=tuple(signed(on, name=name) for name in names),
        attendances=tuple(told),
    )
    split = tuple(
        replace(one, client_id=OTHER if is_other else ONE)
        for one, is_other in zip(told, of_other, strict=True)
    )
    merged = replace(history, attendances=split)
    for kind in (DayRow, DraftRow):
        assert rows_of(merged, kind) == rows_of(history, kind)
