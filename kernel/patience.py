"""How long a server lets a question wait: never longer than its threads can bear."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Self

DEFAULT = 10.0  # seconds, where the caller set no deadline
LONGEST = 15.0  # seconds, whatever the caller would wait: a waiting question keeps a thread
BRIEF = 0.1  # seconds that everybody may take; for more it takes one of the places there are
LOOK = 0.02  # seconds between two looks, at first
LATER = 0.1  # of the time waited so far: nobody is told later than by that much

Place = Callable[[], AbstractContextManager[bool]]
"""Takes a place for what takes longer than a moment, and tells whether there was one."""

MayGoOn = Callable[[], bool]


def always() -> bool:
    """For those who wait until they are answered."""
    return True


def anywhere() -> AbstractContextManager[bool]:
    """For those whose threads nobody else needs."""
    return nullcontext(True)


class Patience(float):
    """Seconds that somebody waits for an answer, whether they still do, and where."""

    is_awaited: Callable[[], bool] = staticmethod(always)
    place: Place = staticmethod(anywhere)

    @classmethod
    def within(
        cls,
        left: float | None,
        margin: float,
        is_awaited: Callable[[], bool] = always,
        place: Place = anywhere,
    ) -> Self:
        """Of a caller who has `left` seconds (None: any number), less a margin for the answer."""
        patience = cls(max(min(DEFAULT if left is None else left, LONGEST) - margin, 0.0))
        patience.is_awaited = is_awaited
        patience.place = place
        return patience


def wait_for(
    holds: Callable[[], bool], patience: float, after_a_second: Callable[[], None] | None = None
) -> bool:
    """Look until it holds, and tell whether it did: not when patience ends, nobody waits any more,
    or a wait of more than a moment would take a place and there is none.

    `after_a_second` is called once, if it takes that long.
    """
    awaited = patience if isinstance(patience, Patience) else Patience(patience)
    began = time.monotonic()
    with taking_time(awaited.is_awaited, awaited.place) as may_go_on:
        while not holds():
            waited = time.monotonic() - began
            if waited > awaited or not may_go_on():
                return False
            if after_a_second is not None and waited > 1.0:
                after_a_second()
                after_a_second = None
            time.sleep(max(LOOK, waited * LATER))
    return True


@contextmanager
def taking_time(is_awaited: Callable[[], bool], place: Place) -> Iterator[MayGoOn]:
    """Whether one may go on, each time one asks: while it is awaited, for a moment; then, if there
    is a place, in it, until the end."""
    began = time.monotonic()
    seated = False
    with ExitStack() as places:

        def may_go_on() -> bool:
            nonlocal seated
            if not is_awaited():
                return False
            if not seated and time.monotonic() - began > BRIEF:
                seated = places.enter_context(place())
                return seated
            return True

        yield may_go_on
