"""The stream of events that a browser listens to: which of what it shows changed, and no more."""

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kernel.store.database import is_passing
from ninehours.console.live import Heard, Live, TooManyBrowsers
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.signing_in import SigningIn

MOST_SHOWN = 500  # ids that one browser hears of
STILL_THERE = 15.0  # seconds between two looks whether somebody is signed in


class LiveStream:
    """For as long as somebody is signed in, which listening doesn't keep them."""

    def __init__(self, live: Live, signing_in: SigningIn) -> None:
        self._live = live
        self._signing_in = signing_in

    async def answer(self, request: Request, secret: SessionSecret | None) -> Response:
        """Of the ids that the request names in `of`, with commas."""
        if secret is None or not await run_in_threadpool(self._is_there, secret):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        shown = request.query_params.get("of", "").split(",")
        if len(shown) > MOST_SHOWN:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return StreamingResponse(self._events(secret, shown), media_type="text/event-stream")

    async def _events(self, secret: SessionSecret, shown: Sequence[str]) -> AsyncIterator[str]:
        try:
            with self._live.listening(shown) as browser:
                looked = monotonic()
                while True:
                    told = await browser.next(STILL_THERE)
                    if monotonic() - looked >= STILL_THERE:
                        looked = monotonic()
                        if not await run_in_threadpool(self._is_there, secret):
                            yield _event(Heard.OVER)
                            return
                    if told is None:
                        yield ":\n\n"  # or a proxy believes that nobody is there
                    elif told[0] is Heard.OVER:
                        return
                    else:
                        yield _event(*told)
        except TooManyBrowsers:
            yield _event(Heard.LOST)

    def _is_there(self, secret: SessionSecret) -> bool:
        """Whether somebody is signed in still; a database that is away ends nothing."""
        try:
            return self._signing_in.is_there(secret)
        except Exception as error:
            if is_passing(error):
                return True
            raise


def _event(heard: Heard, names: Sequence[str] = ()) -> str:
    return f"event: {heard}\ndata: {' '.join(names)}\n\n"
