"""How long a projection may take, of the processor and of the database: others wait for it.

Only its code is ever interrupted, in a thread of its own, which touches nothing but the facts.
"""

import ctypes
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from kernel.facts import Row
from kernel.messaging.amendments import derived
from kernel.messaging.subscriptions import Facts, Projection
from kernel.patience import MayGoOn, always
from kernel.refusal import NotYet

CPU_SECONDS = 5.0  # of the thread that derives: on a busy machine it may take longer by the clock
STATEMENT_SECONDS = 60.0  # of one statement
LEAST, MOST = 0.01, 0.1  # seconds between two looks, at what it used and whether it may go on
AGAIN = 1.0  # seconds before one that goes on in spite of it is interrupted again


class TookTooLong(Exception):
    """A projection used more of the processor than any may, or one of its statements took longer;
    where it was says the traceback."""


class _Interrupt(BaseException):
    """What the deriving thread is interrupted by. Derivations may catch exceptions; not this."""


def derive(
    projection: Projection, client: str, facts: Facts, may_go_on: MayGoOn = always
) -> Sequence[Row]:
    """The client's rows; TookTooLong after CPU_SECONDS, else whatever the projection raises.

    NotYet (TOO_MANY_AT_ONCE) where it may not go on.
    """
    # It can't have used more than the clock went on.
    look = CPU_SECONDS if may_go_on is always else MOST
    deriving = _Deriving(projection, client, facts)
    deriving.start()
    wait, stopped = look, False
    while not deriving.is_over_within(wait):
        left = CPU_SECONDS - deriving.used()
        stopped = stopped or not may_go_on()
        if stopped or left <= 0:
            deriving.interrupt()
        wait = AGAIN if stopped or left <= 0 else min(max(left, LEAST), look)
    if stopped or not may_go_on():
        raise NotYet("TOO_MANY_AT_ONCE", "too much is calculated here at once; try again")
    return deriving.outcome()


class _Deriving(threading.Thread):
    def __init__(self, projection: Projection, client: str, facts: Facts) -> None:
        super().__init__(name="derivation", daemon=True)
        self._projection = projection
        self._client = client
        self._facts = facts
        self._rows: Sequence[Row] | None = None
        self._error: BaseException | None = None
        self._clock: int | None = None
        self._began = 0.0
        self._ending = threading.Lock()
        self._ended = False

    def is_over_within(self, seconds: float) -> bool:
        self.join(seconds)
        return not self.is_alive()

    def used(self) -> float:
        """Seconds of the processor."""
        try:
            return 0.0 if self._clock is None else time.clock_gettime(self._clock) - self._began
        except OSError:
            return 0.0  # it just ended

    def interrupt(self) -> None:
        with self._ending:
            if not self._ended:
                _raise_in(self.ident or 0, ctypes.py_object(_Interrupt))

    def outcome(self) -> Sequence[Row]:
        if self._rows is not None:
            return self._rows
        if self._error is None or isinstance(self._error, _Interrupt):
            where = None if self._error is None else self._error.__traceback__
            raise TookTooLong(self._projection.name).with_traceback(where)
        raise self._error

    def run(self) -> None:
        with suppress(_Interrupt):  # one that came as it ended
            try:
                self._derive()
            finally:
                with self._ending:
                    self._ended = True
                _raise_in(threading.get_ident(), None)

    def _derive(self) -> None:
        try:
            clock = (
                time.pthread_getcpuclockid(threading.get_ident())
                if hasattr(time, "pthread_getcpuclockid")
                else time.CLOCK_PROCESS_CPUTIME_ID  # never less than the thread's own
            )
            self._began = time.clock_gettime(clock)
            self._clock = clock
            self._rows = derived(self._projection.derive, self._client, self._facts)
        except BaseException as error:
            self._error = error


def _raise_in(thread: int, exception: "ctypes.py_object[type[BaseException]] | None") -> None:
    """At its next instruction; None: what is raised there already, and not yet seen, is not."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
