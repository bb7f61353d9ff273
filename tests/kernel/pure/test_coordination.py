"""A consumer whose coordination with its group ended hears nothing more: it ends, and says why."""

import asyncio
from typing import Any

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from kernel.messaging.coordination import end_with_coordination


class Subscription:
    def abort_waiters(self, _: BaseException) -> None:
        """Nobody waits."""


def coordinating(monkeypatch: pytest.MonkeyPatch, failing: BaseException) -> list[BaseException]:
    """What was told when the client's own routine failed by this."""
    ended: list[BaseException] = []
    monkeypatch.setattr(
        GroupCoordinator, "_coordination_routine", GroupCoordinator._coordination_routine
    )
    end_with_coordination(ended.append)
    coordinator: Any = GroupCoordinator.__new__(GroupCoordinator)
    coordinator._subscription = Subscription()

    async def fail() -> None:
        raise failing

    coordinator._GroupCoordinator__coordination_routine = fail
    asyncio.run(coordinator._coordination_routine())
    return ended


def test_what_the_client_does_not_foresee_ends_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a broker that named no broker, while a worker began."""
    [error] = coordinating(monkeypatch, AssertionError("Did we not perform bootstrap?"))
    assert isinstance(error, KafkaError)
    assert isinstance(error.__cause__, AssertionError)


def test_who_is_told_to_stop_ends_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(asyncio.CancelledError):
        coordinating(monkeypatch, asyncio.CancelledError())
