"""Who couldn't be helped is asked again after a pause, twice as long each time, up to a minute."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds


@dataclass(frozen=True, slots=True)
class _Pause:
    seconds: float
    until: float


class Pauses(Generic[K]):
    """Whom each pause is of; it stays, over or not, until it is ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._of: dict[K, _Pause] = {}

    def begin(self, key: K) -> None:
        """Its first, or one twice as long as the last."""
        before = self._of.get(key)
        seconds = min(before.seconds * 2, LONGEST_PAUSE) if before else FIRST_PAUSE
        self._of[key] = _Pause(seconds, self._clock() + seconds)

    def end(self, key: K) -> None:
        """It was helped: the next pause is a first one."""
        self._of.pop(key, None)

    def lasts(self, key: K) -> bool:
        """Whether it isn't to be asked again yet."""
        return key in self._of and self._of[key].until > self._clock()

    def __iter__(self) -> Iterator[K]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)
