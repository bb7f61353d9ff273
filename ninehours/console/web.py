"""The console as an ASGI application: what answers which address, and a page to whom it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import logs
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.store.database import is_passing
from ninehours.console.assets import PATH, Asset
from ninehours.console.cookies import Cookies
from ninehours.console.headers import SafeHeaders
from ninehours.console.live import Live
from ninehours.console.live_stream import LiveStream
from ninehours.console.pages.routes import PAGES
from ninehours.console.people import ProviderAway
from ninehours.console.presenter import Presenter
from ninehours.console.provider.registration import CALLBACK, SIGNED_OUT
from ninehours.console.sent import FORM_TOKEN, NotAForm, Sent, sent_by
from ninehours.console.services import BRIEFLY, AskedServices, ServiceAway
from ninehours.console.showing import THEMES, Showing, page_at, redirect
from ninehours.console.sign_in_pages import SIGN_IN, SignInPages
from ninehours.console.signing_in import Purpose, SigningIn
from ninehours.console.texts import words
from ninehours.console.troubles import away, refused, trouble
from ninehours.console.visit import Download, GoTo, NoSuchPage, NotYours, Page, Screen, Visit

log = logs.get("console.web")

FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the application is made of. `secure`: it is served under TLS."""

    signing_in: SigningIn
    services: AskedServices
    live: Live
    assets: Mapping[str, Asset]
    secure: bool

    def app(self) -> Starlette:
        """Answers every address that there is."""
        web = _Web(self)
        pages = {
            SIGN_IN: (web.sign_in.sign_in, ["GET", "POST"]),
            CALLBACK: (web.sign_in.callback, ["GET"]),
            SIGNED_OUT: (web.sign_in.sign_out, ["GET", "POST"]),
            f"{SIGN_IN}/as": (web.sign_in.sign_in_as, ["POST"]),
            "/theme": (web.theme, ["POST"]),
        }
        routes = [
            Route(PATH + "/{digest}/{name}", web.asset),
            Route("/live", web.live, methods=["GET"]),
            *(
                Route(path, web.open(answer), methods=methods)
                for path, (answer, methods) in pages.items()
            ),
            *(
                Route(path, web.open(partial(web.page, page)), methods=[method])
                for (method, path), page in PAGES.items()
            ),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(SafeHeaders)],
            exception_handlers={HTTPException: web.nothing_there},
        )


class _Web:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._cookies = Cookies(secure=console.secure)
        self._showing = Showing(Presenter(console.assets), self._cookies)
        self._live = LiveStream(console.live, console.signing_in)
        self.sign_in = SignInPages(console.signing_in, self._showing, self._cookies)

    def open(self, answer: Callable[[Sent], Response]) -> Callable[[Request], Any]:
        """Reads what was sent; the answer is made in a thread of its own, where it may wait."""

        async def endpoint(request: Request) -> Response:
            try:
                sent = await sent_by(request)
            except NotAForm:
                return Response(status_code=HTTPStatus.BAD_REQUEST)
            return await run_in_threadpool(self._safely, answer, sent)

        return endpoint

    def _safely(self, answer: Callable[[Sent], Response], sent: Sent) -> Response:
        try:
            return answer(sent)
        except Exception as error:
            if is_passing(error):
                return self._showing.nobody(sent, away(words().services.console, sent))
            incident = str(uuid4())
            log.exception("page_failed", exc_info=error, incident=incident)
            screen = trouble("failed", HTTPStatus.INTERNAL_SERVER_ERROR, sent, incident=incident)
            return self._showing.nobody(sent, screen)

    async def asset(self, request: Request) -> Response:
        """A file, under the digest that it has now."""
        asset = self._console.assets.get(request.url.path)
        if asset is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        headers = {"cache-control": FOR_GOOD, "vary": "accept-encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(asset.content, media_type=asset.media_type, headers=headers)
        headers["content-encoding"] = "gzip"
        return Response(asset.compressed, media_type=asset.media_type, headers=headers)

    async def live(self, request: Request) -> Response:
        """What a browser hears of."""
        return await self._live.answer(request, self._cookies.secret_of(await sent_by(request)))

    async def nothing_there(self, request: Request, error: Exception) -> Response:
        """An address that there isn't, or not to be asked so."""
        assert isinstance(error, HTTPException)
        sent = Sent("GET", request.url.path, {}, {}, request.cookies, {})
        return self._showing.nobody(sent, trouble("nothing_there", error.status_code, sent))

    def theme(self, sent: Sent) -> Response:
        """How pages look in this browser; nothing else knows of it."""
        chosen = sent.form.get("theme", "")
        response = redirect(page_at(sent.form.get("then", "")))
        if chosen in THEMES:
            self._cookies.keep_theme(response, chosen)
        return response

    def page(self, page: Page, sent: Sent) -> Response:
        """A page, to whom is signed in."""
        secret = self._cookies.secret_of(sent)
        visitor = None
        if secret is not None:
            try:
                visitor = self._console.signing_in.visitor(secret, by_itself=sent.by_itself)
            except ProviderAway:
                screen = away(words().services.provider, sent)
                return self._showing.page(sent, screen, None, secret)
        if secret is None or visitor is None:
            purpose = Purpose(then=sent.address, typed=sent.typed)
            return self.sign_in.roles(sent, purpose, ended=True)
        person = visitor.person
        if sent.method == "POST" and not secret.made(sent.form.get(FORM_TOKEN, "")):
            screen = trouble("another_session", HTTPStatus.FORBIDDEN, sent)
            return self._showing.page(sent, screen, person, secret)
        ask = partial(self._console.services.ask, token=visitor.token)
        visit = Visit(
            person=person,
            ask=ask,
            ask_briefly=partial(ask, deadline=BRIEFLY),
            query=sent.query,
            place=sent.place,
            form=sent.form,
            site_id=self._cookies.site_of(sent),
        )
        answer = _answer(page, visit, sent)
        if isinstance(answer, GoTo):
            return redirect(answer.path)
        if isinstance(answer, Download):
            named = {"content-disposition": f'attachment; filename="{answer.name}"'}
            return Response(answer.content, media_type=answer.media_type, headers=named)
        return self._showing.page(sent, answer, person, secret)


def _answer(page: Page, visit: Visit, sent: Sent) -> Screen | GoTo | Download:
    try:
        return page(visit)
    except NoSuchPage:
        return trouble("nothing_there", HTTPStatus.NOT_FOUND, sent)
    except NotYours:
        return trouble("not_yours", HTTPStatus.FORBIDDEN, sent)
    except ServiceAway as gone:
        return away(getattr(words().services, gone.service), sent)
    except RemoteRefusal as refusal:
        return refused(refusal, sent)
