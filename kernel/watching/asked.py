"""A question that may get no answer: asked in a thread of its own, waited for a moment."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from kernel import logs

WITHIN = 2.0  # seconds that somebody waits for an answer
MOST_WAITING = 4  # who comes while so many wait is told at once that there is none

T = TypeVar("T")
log = logs.get("kernel.watching")


class Asked(Generic[T]):
    """One question at a time, whoever wants it answered; what comes late is nobody's answer."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._lock = threading.Lock()
        self._asking: Future[T] | None = None

    def answer(self) -> T | None:
        """What was answered after this was called; None: nothing was in time, or it failed."""
        if not self._places.acquire(blocking=False):
            return None
        try:
            return self._under_way().result(WITHIN)
        except TimeoutError:
            return None
        except Exception:
            log.warning("question failed", exc_info=True)
            return None
        finally:
            self._places.release()

    def _under_way(self) -> "Future[T]":
        with self._lock:
            if self._asking is None or self._asking.done():
                self._asking = Future()
                # A daemon: one that gets no answer must not hold up the end of the process.
                threading.Thread(
                    target=self._ask, args=(self._asking,), name="asking", daemon=True
                ).start()
            return self._asking

    def _ask(self, asking: "Future[T]") -> None:
        try:
            asking.set_result(self._question())
        except BaseException as error:
            asking.set_exception(error)
