"""What hangs, and what only waits; by a clock that the test turns."""

import json
from typing import Any

import pytest

from kernel.messaging.fetching import Fetching
from kernel.messaging.kafka_offsets import KafkaSilent
from kernel.watching.health import Health
from kernel.watching.work import Watch, Work

P, Q = ("topic", 0), ("topic", 1)


def livez(watch: Watch) -> tuple[str, str]:
    said: list[str] = []
    health = Health(lambda: True, watch=watch)
    body = health(
        {"PATH_INFO": "/livez", "REQUEST_METHOD": "GET"},
        lambda status, _: said.append(status),  # type: ignore[arg-type, return-value]
    )
    return said[0], b"".join(body).decode()


def names(watch: Watch) -> list[str]:
    """Of what hangs."""
    return [work.name for work in watch.hanging()]


def test_work_that_ended_no_step_for_too_long_hangs_until_it_gets_on() -> None:
    watch = Watch(300)
    hearing, deriving = watch.work("hearing"), watch.work("deriving")
    for work in (hearing, deriving):
        work.gets_on()
    for _ in range(60):
        watch.look(5)
        hearing.gets_on()
    assert watch.hanging() == []
    watch.look(5)
    assert names(watch) == ["deriving"]
    assert livez(watch) == ("503 Service Unavailable", "hangs: deriving\n")
    deriving.gets_on()
    assert livez(watch) == ("200 OK", "alive\n")


def test_one_line_tells_where_a_thread_hangs(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(300)
    watch.work("deriving").gets_on()
    for _ in range(3):
        watch.look(301)
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["kind"], line["level"]) == ("hangs", "deriving", "error")
    assert line["place"].startswith("kernel/logs.py:"), "this thread, which looks"


def test_what_has_nothing_to_do_never_hangs() -> None:
    watch = Watch(300)
    never, done = watch.work("never"), watch.work("done")
    done.gets_on()
    done.rests()
    watch.look(100_000)
    assert watch.hanging() == [] and never.still == done.still == 0


def test_what_passes_while_the_database_does_not_answer_is_held_against_nobody() -> None:
    away = [False]
    watch = Watch(300, is_excused=lambda: away[0])
    watch.work("sending").gets_on()
    for _ in range(100):
        away[0] = True
        watch.look(200)
        away[0] = False
        watch.look(200)
        assert watch.hanging() == []
        away[0] = True
    watch.look(1)
    away[0] = False
    watch.look(200)
    watch.look(200)
    assert names(watch) == ["sending"]  # it answers again, and nothing is done


def test_the_database_is_asked_only_when_something_stands_still() -> None:
    asked: list[bool] = []
    watch = Watch(300, is_excused=lambda: bool(asked.append(True)))
    watch.work("sending").gets_on()
    watch.look(150)
    assert asked == []
    watch.look(1)
    assert asked == [True]


class Kafka:
    """What it holds of each partition, and what was committed; None: it says nothing."""

    def __init__(self) -> None:
        self.ends: dict[Any, int] | None = {P: 0, Q: 0}
        self.committed: dict[Any, int] = {P: 0, Q: 0}

    def untaken(self, taken: Any, of: Any) -> set[Any]:
        if self.ends is None:
            raise KafkaSilent
        return {p for p in of if self.ends[p] > max(self.committed[p], taken.get(p, 0))}


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


def looked(fetching: Fetching, work: Work) -> bool:
    """Whether the look finds it stuck."""
    fetching.look()
    work.ages(1)
    return work.still > 0


@pytest.fixture
def work() -> Work:
    return Work("fetching")


@pytest.fixture
def fetching(kafka: Kafka, work: Work) -> Fetching:
    made = Fetching(kafka.untaken, work)
    made.assigned([P, Q])
    return made


def test_a_consumer_that_took_all_there_is_is_not_stuck(
    fetching: Fetching, kafka: Kafka, work: Work
) -> None:
    kafka.ends = {P: 5, Q: 7}
    kafka.committed = {P: 5, Q: 0}  # commits come later; an unreadable tail is never committed
    fetching.skips(Q, 7)
    assert [looked(fetching, work) for _ in range(5)] == [False] * 5


def test_a_partition_of_which_nothing_is_taken_is_found_though_another_flows(
    fetching: Fetching, kafka: Kafka, work: Work
) -> None:
    kafka.ends = {P: 5, Q: 7}
    told = []
    for n in range(1, 4):
        told.append(looked(fetching, work))
        kafka.ends[Q] += 1
        fetching.begins()
        fetching.reaches({Q: n})
    assert told == [False, True, True]
    fetching.begins()
    fetching.reaches({P: 1})
    assert work.still == 0
    assert not looked(fetching, work), "it moved since the last look"


def test_neither_a_silent_broker_nor_a_batch_that_waits_nor_another_s_partition_is_held_against_it(
    fetching: Fetching, kafka: Kafka, work: Work
) -> None:
    kafka.ends = {P: 5, Q: 7}
    assert [looked(fetching, work) for _ in range(2)] == [False, True]
    held, kafka.ends = kafka.ends, None
    assert [looked(fetching, work) for _ in range(3)] == [False] * 3
    kafka.ends = held
    fetching.begins()  # for a database that is away, perhaps
    assert [looked(fetching, work) for _ in range(3)] == [False] * 3
    fetching.reaches({P: 5})
    fetching.assigned([P])
    assert [looked(fetching, work) for _ in range(3)] == [False] * 3
