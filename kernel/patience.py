"""How long a server lets a question wait: never longer than its threads can bear."""

from collections.abc import Callable
from typing import Self

DEFAULT = 10.0  # seconds, where the caller set no deadline
LONGEST = 15.0  # seconds, whatever the caller would wait: a waiting question keeps a thread


def always() -> bool:
    """For those who wait until they are answered."""
    return True


class Patience(float):
    """Seconds that somebody waits for an answer, and whether they still do."""

    is_awaited: Callable[[], bool] = staticmethod(always)

    @classmethod
    def within(
        cls, left: float | None, margin: float, is_awaited: Callable[[], bool] = always
    ) -> Self:
        """Of a caller who has `left` seconds (None: any number), less a margin for the answer."""
        patience = cls(max(min(DEFAULT if left is None else left, LONGEST) - margin, 0.0))
        patience.is_awaited = is_awaited
        return patience


def is_awaited(deadline: float) -> bool:
    """Whether anybody still waits; of plain seconds nobody knows better."""
    return not isinstance(deadline, Patience) or deadline.is_awaited()
