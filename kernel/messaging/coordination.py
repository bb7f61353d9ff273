"""Whoever stops coordinating with its group hears nothing more, for good, and seems well.

The client's routine ends by whatever it doesn't foresee: a broker that names no broker while it is
overloaded, for one. Nothing begins it again.
"""

from collections.abc import Callable
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]


def end_with_coordination(end: Callable[[BaseException], object]) -> None:
    """Have `end` told why, whenever a consumer's coordination with its group ended unforeseen."""
    coordinate = GroupCoordinator._coordination_routine

    async def coordinate_or_end(coordinator: Any) -> None:
        try:
            await coordinate(coordinator)
        except KafkaError as error:
            end(error)

    GroupCoordinator._coordination_routine = coordinate_or_end
