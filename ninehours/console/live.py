"""What others record meanwhile: one stream of ids from a service to this process, whoever listens.

A browser hears of the ids that it says it shows, and of nothing else; what became of them its pages
ask for as their person.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from ninehours.exchange.v1 import news_service_pb2 as pb

from kernel import logs
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from ninehours.console.services import AskedServices

# Shown by a page that shows what services publish.
PUBLISHED = "published"
# By service, what pages show something of.
WATCHED: Mapping[str, Sequence[str]] = {
    name: (*(("session", "presence", "day") if name == "attendance" else ()), PUBLISHED)
    for name in SERVICES
}
LONGEST = 600.0  # seconds; a service ends its stream sooner
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
MOST_BROWSERS = 1000  # of one process

log = logs.get("console.live")


class Heard(StrEnum):
    """As a browser is told; `ANYTHING` may have changed once news are heard again."""

    CHANGED = "changed"
    ANYTHING = "anything"
    LOST = "lost"
    OVER = "over"


class TooManyBrowsers(Exception):
    """No more of them hear anything here."""


@dataclass(eq=False, slots=True)
class Listening:
    """A browser that shows these ids; what it wasn't told yet is kept, each name once."""

    shown: frozenset[str]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _changed: set[str] = field(default_factory=set)
    _state: Heard | None = None
    _there: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def services(self) -> Collection[str]:
        """Of which it shows something."""
        return WATCHED if PUBLISHED in self.shown else ("attendance",)

    async def next(self, within: float) -> tuple[Heard, Sequence[str]] | None:
        """What is to be told, with names of streams; None: nothing in these seconds."""
        try:
            await asyncio.wait_for(self._there.wait(), within)
        except TimeoutError:
            return None
        self._there.clear()
        state, changed = self._state, sorted(self._changed)
        self._state = None
        self._changed.clear()
        return (state, ()) if state is not None else (Heard.CHANGED, changed)

    def tell(self, heard: Heard, names: Sequence[str] = ()) -> None:
        """From any thread."""
        self.loop.call_soon_threadsafe(self._told, heard, names)

    def _told(self, heard: Heard, names: Sequence[str]) -> None:
        if heard is Heard.CHANGED:
            shown = {name for name in names if not self.shown.isdisjoint(name.split("/"))}
            if not shown:
                return
            self._changed |= shown
        elif self._state is not Heard.OVER:
            self._state = heard
        self._there.set()


class Live:
    """Hears services while anybody listens, under a `token` of the console's own."""

    def __init__(self, services: AskedServices, token: Callable[[], str]) -> None:
        self._services = services
        self._token = token
        self._lock = threading.Lock()
        self._browsers: set[Listening] = set()
        self._wanted = {service: threading.Event() for service in WATCHED}
        self._closed = threading.Event()
        self._lost = set(WATCHED)
        for service in WATCHED:
            threading.Thread(
                target=self._watch, args=[service], name=f"live {service}", daemon=True
            ).start()

    @contextmanager
    def listening(self, shown: Collection[str]) -> Iterator[Listening]:
        """A browser, until the end of the block. TooManyBrowsers."""
        browser = Listening(frozenset(shown))
        with self._lock:
            if len(self._browsers) >= MOST_BROWSERS:
                raise TooManyBrowsers
            self._browsers.add(browser)
            browser.tell(Heard.ANYTHING if self._heard_by(browser) else Heard.LOST)
            for service in browser.services:
                self._wanted[service].set()
        try:
            yield browser
        finally:
            with self._lock:
                self._browsers.discard(browser)
                for service in browser.services:
                    if not any(service in other.services for other in self._browsers):
                        self._wanted[service].clear()

    def close(self) -> None:
        """Every browser's stream ends, and it looks for another process."""
        self._closed.set()
        for wanted in self._wanted.values():
            wanted.set()
        with self._lock:
            for browser in self._browsers:
                browser.tell(Heard.OVER)

    def _watch(self, service: str) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            self._wanted[service].wait()
            try:
                for told in self._services.watch(
                    pb.WatchRequest(kinds=WATCHED[service]),
                    service=service,
                    token=self._token,
                    deadline=LONGEST,
                ):
                    pause = FIRST_PAUSE
                    self._hear(service, told)
                    if not self._wanted[service].is_set():
                        break
            except RemoteRefusal as refusal:
                log.info("unheard", of=service, reason=refusal.reason)
            except ValueError:  # asked on a closed channel
                if not self._closed.is_set():
                    raise
            self._lose(service)
            # Jitter, so that consoles of a restarted service don't return all at once.
            self._closed.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 # no secret depends on it
            pause = min(2 * pause, LONGEST_PAUSE)

    def _hear(self, service: str, told: pb.WatchResponse) -> None:
        with self._lock:
            self._lost.discard(service)
            for browser in self._showing(service):
                if told.anything and self._heard_by(browser):
                    browser.tell(Heard.ANYTHING)
                if told.changed:
                    browser.tell(Heard.CHANGED, tuple(told.changed))

    def _lose(self, service: str) -> None:
        with self._lock:
            self._lost.add(service)
            for browser in self._showing(service):
                browser.tell(Heard.LOST)

    def _showing(self, service: str) -> Iterator[Listening]:
        return (browser for browser in self._browsers if service in browser.services)

    def _heard_by(self, browser: Listening) -> bool:
        """Whether of all that it shows news come."""
        return self._lost.isdisjoint(browser.services)
