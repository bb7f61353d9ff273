"""Taking: batches from a Faust stream, which rests while nothing comes."""

import asyncio
from typing import Any

import faust

WITHIN = 0.02  # seconds a batch may wait to fill, while records come
AT_REST = 5.0  # seconds between two looks, while none do; one that comes is taken at once


class RestingStream(faust.Stream[Any]):
    """Faust's own looks at its buffer in each window that `take_events` is given, full or not.

    This one begins such a window when something came, and otherwise waits until something does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._came = asyncio.Event()
        self.add_processor(self._note)

    async def wait_for_stopped(self, *events: Any, timeout: Any = None) -> bool:
        """As Faust's, which waits until the buffer is full; `timeout` is the window."""
        if self._came.is_set():
            self._came.clear()
            return bool(await super().wait_for_stopped(*events, timeout=timeout))
        came: Any = self._came  # anything with `wait()`, as Faust's own are
        return bool(await super().wait_for_stopped(came, timeout=AT_REST))

    async def _note(self, value: Any) -> Any:
        self._came.set()
        return value
