"""The console as an ASGI application: who is signed in, what they sent, and which page answers."""

import hmac
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import grpc
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from kernel import logs
from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.store.database import is_passing
from ninehours.console.assets import PATH, Asset
from ninehours.console.headers import POLICY, SafeHeaders, security_policy
from ninehours.console.live import Heard, Live, TooManyBrowsers
from ninehours.console.pages.routes import PAGES, answers, places_of
from ninehours.console.people import NotSignedIn, Person, ProviderAway, Visitor
from ninehours.console.presenter import Presenter
from ninehours.console.services import BRIEFLY, AskedServices, ServiceAway
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.sessions.sign_ins import WITHIN
from ninehours.console.signing_in import (
    Begun,
    Detour,
    Purpose,
    Returned,
    SigningIn,
    TooManySignIns,
)
from ninehours.console.texts import words
from ninehours.console.visit import Download, GoTo, NoSuchPage, NotYours, Page, Screen, Visit

log = logs.get("console.web")

MOST_SENT = 512 * 1024  # bytes of a form: notes of a group, each letter of some scripts nine bytes
MOST_FIELDS = 1000  # a payer's rules have hundreds
FOR_GOOD = "public, max-age=31536000, immutable"
SIGN_IN, SIGN_OUT, THEME = "/sign-in", "/sign-out", "/theme"
CALLBACK = f"{SIGN_IN}/callback"
SIGN_IN_AS = "/sign-in/as"
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.:@-]{0,99}")
SERVERS = HTTPStatus.INTERNAL_SERVER_ERROR  # from here on it isn't the reader's fault
TROUBLES = {
    grpc.StatusCode.PERMISSION_DENIED: ("not_yours", HTTPStatus.FORBIDDEN),
    grpc.StatusCode.NOT_FOUND: ("nothing_there", HTTPStatus.NOT_FOUND),
    grpc.StatusCode.UNAUTHENTICATED: ("not_believed", HTTPStatus.FORBIDDEN),
}
# Of a form, beside what was typed.
BY_ITSELF = "ninehours-by-itself"  # a header
LIVE = "/live"
MOST_SHOWN = 500  # ids that one browser hears of
STILL_THERE = 15.0  # seconds between two looks whether somebody is signed in
FORM_TOKEN = "form_token"  # noqa: S105 - a field's name
THEMES = ("auto", "light", "dark")
STATE_IN_NAME = 16  # letters of a sign-in's state that its cookie is called by


class NotAForm(Exception):
    """What was sent is none of ours, or too much of it."""


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
        answering = _Answering(self, Presenter(self.assets))
        routes = [
            Route(PATH + "/{digest}/{name}", answering.asset),
            Route(SIGN_IN, answering.open(answering.sign_in), methods=["GET", "POST"]),
            Route(CALLBACK, answering.open(answering.callback), methods=["GET"]),
            Route(SIGN_OUT, answering.open(answering.sign_out), methods=["GET", "POST"]),
            Route(SIGN_IN_AS, answering.open(answering.sign_in_as), methods=["POST"]),
            Route(LIVE, answering.live, methods=["GET"]),
            Route(THEME, answering.open(answering.theme), methods=["POST"]),
            *(
                Route(path, answering.open(partial(answering.page, page)), methods=[method])
                for (method, path), page in PAGES.items()
            ),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(SafeHeaders)],
            exception_handlers={HTTPException: answering.nothing_there},
        )


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request, as far as it is looked at."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    cookies: Mapping[str, str]
    place: Mapping[str, str]
    by_itself: bool = False  # a page looks again; nobody did anything

    @property
    def address(self) -> str:
        """With its query: where a reader is, or goes back to."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def typed(self) -> dict[str, str]:
        """What of the form is to be sent again, if it is."""
        return {name: value for name, value in self.form.items() if name != FORM_TOKEN}


class _Answering:
    def __init__(self, console: Console, presenter: Presenter) -> None:
        self._console = console
        self._presenter = presenter
        prefix = "__Host-" if console.secure else ""
        self._session_cookie = f"{prefix}ninehours"
        self._way_in_cookie = f"{prefix}ninehours-way-in"
        self._theme_cookie = f"{prefix}ninehours-theme"
        # Of one path, which no `__Host-` is; one each, since several tabs may be on their way.
        self._sign_in_cookie = f"{'__Secure-' if console.secure else ''}ninehours-sign-in-"

    def open(self, answer: Callable[[_Sent], Response]) -> Callable[[Request], Any]:
        """Reads what was sent; the answer is made in a thread of its own, where it may wait."""

        async def endpoint(request: Request) -> Response:
            form: Mapping[str, str] = {}
            if request.method == "POST":
                try:
                    form = await _form_of(request)
                except NotAForm:
                    return Response(status_code=HTTPStatus.BAD_REQUEST)
            sent = _Sent(
                request.method,
                request.url.path,
                dict(request.query_params),
                form,
                request.cookies,
                request.path_params,
                request.method == "GET" and BY_ITSELF in request.headers,
            )
            return await run_in_threadpool(self._safely, answer, sent)

        return endpoint

    def _safely(self, answer: Callable[[_Sent], Response], sent: _Sent) -> Response:
        try:
            return answer(sent)
        except Exception as error:
            if is_passing(error):
                return self._shown(sent, _away(words().services.console, sent))
            incident = str(uuid4())
            log.exception("page_failed", exc_info=error, incident=incident)
            screen = _trouble("failed", HTTPStatus.INTERNAL_SERVER_ERROR, sent, incident=incident)
            return self._shown(sent, screen)

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
        """A stream of events: which of the ids that a browser shows changed, and nothing more."""
        secret = SessionSecret.of_cookie(request.cookies.get(self._session_cookie, ""))
        if secret is None or not await run_in_threadpool(self._is_there, secret):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        shown = request.query_params.get("of", "").split(",")
        if len(shown) > MOST_SHOWN:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return StreamingResponse(self._events(secret, shown), media_type="text/event-stream")

    async def _events(self, secret: SessionSecret, shown: Sequence[str]) -> AsyncIterator[str]:
        try:
            with self._console.live.listening(shown) as browser:
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
            return self._console.signing_in.is_there(secret)
        except Exception as error:
            if is_passing(error):
                return True
            raise

    async def nothing_there(self, request: Request, error: Exception) -> Response:
        """An address that there isn't, or not to be asked so."""
        assert isinstance(error, HTTPException)
        sent = _Sent("GET", request.url.path, {}, {}, request.cookies, {})
        return self._shown(sent, _trouble("nothing_there", error.status_code, sent))

    def sign_in(self, sent: _Sent) -> Response:
        """A page of roles, for whom is let in; then a session, or the way to where one signs in."""
        if sent.method == "GET":
            return self._page_of_roles(sent, Purpose())
        # Who forges this form would have to know the way in, and what their browser holds.
        held = sent.cookies.get(self._way_in_cookie, "")
        shown = sent.form.get("way_in", "")
        if not held or not hmac.compare_digest(held.encode(), shown.encode()):
            return self._page_of_roles(sent, Purpose(), why=NotSignedIn("over"))
        if self._way_in(sent) is None:
            return self._shown(sent, _trouble("no_way_in", HTTPStatus.FORBIDDEN, sent))
        try:
            role = Role(sent.form.get("role", ""))
        except ValueError:
            return self._shown(sent, _trouble("no_such_role", HTTPStatus.BAD_REQUEST, sent))
        purpose = Purpose(
            then=sent.form.get("then", ""),
            typed=_kept(sent.form.get("kept", "")),
            before=sent.cookies.get(self._session_cookie, ""),
        )
        try:
            begun = self._console.signing_in.begin(role, purpose)
        except (ProviderAway, TooManySignIns) as why:
            return self._page_of_roles(sent, purpose, why=why)
        return self._gone(sent, begun) if isinstance(begun, Detour) else self._begun(sent, begun)

    def callback(self, sent: _Sent) -> Response:
        """They were where one signs in. A page that goes on, and no redirect: to one that began
        elsewhere, browsers show no cookie that is Strict."""
        name = self._sign_in_cookie + sent.query.get("state", "")[:STATE_IN_NAME]
        secret = SessionSecret.of_cookie(sent.cookies.get(name, ""))
        try:
            if secret is None:
                raise NotSignedIn("over")
            response = self._begun(sent, self._console.signing_in.finish(secret, sent.query))
        except NotSignedIn as why:
            response = self._page_of_roles(sent, Purpose(), why=why)
        except Returned as returned:
            response = self._page_of_roles(sent, returned.purpose, why=returned.why)
        if name in sent.cookies:
            response.delete_cookie(name, path=CALLBACK, secure=self._console.secure)
        return response

    def sign_in_as(self, sent: _Sent) -> Response:
        """On one machine: as somebody in particular, in the same role."""
        secret, subject = self._secret(sent), sent.form.get("subject", "").strip()
        begun = None
        if secret is not None and secret.made(sent.form.get(FORM_TOKEN, "")):
            said = SUBJECT.fullmatch(subject)
            begun = self._console.signing_in.name(secret, subject) if said else None
        if begun is None:
            return self._shown(sent, _trouble("not_yours", HTTPStatus.FORBIDDEN, sent))
        response = _redirect(_page_at(sent.form.get("then", "")))
        self._set(response, self._session_cookie, begun.secret.cookie)
        return response

    def sign_out(self, sent: _Sent) -> Response:
        """The session ends, in every replica; then where they are signed in, too."""
        secret, leaving = self._secret(sent), None
        if secret is not None and secret.made(sent.form.get(FORM_TOKEN, "")):
            leaving = self._console.signing_in.end(secret)
        response = self._shown(sent, Screen("signed_out.html", {"leaving": leaving}))
        if leaving is not None:
            response.headers[POLICY.decode()] = security_policy(_origin(leaving.address))
        if sent.method == "POST":
            response.delete_cookie(self._session_cookie, path="/", secure=self._console.secure)
        return response

    def _gone(self, sent: _Sent, detour: Detour) -> Response:
        response = self._shown(sent, Screen("going_on.html", {"address": detour.address}))
        response.set_cookie(
            self._sign_in_cookie + detour.state[:STATE_IN_NAME],
            detour.secret.cookie,
            max_age=int(WITHIN.total_seconds()),
            path=CALLBACK,
            secure=self._console.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    def _begun(self, sent: _Sent, begun: Begun) -> Response:
        person, secret, purpose = begun.signed_in.person, begun.secret, begun.purpose
        if purpose.typed and answers("POST", purpose.then):
            told = {"then": purpose.then, "kept": purpose.typed}
            response: Response = self._rendered(sent, Screen("again.html", told), person, secret)
        elif sent.path == CALLBACK:
            told = {"address": _page_at(purpose.then)}
            response = self._rendered(sent, Screen("going_on.html", told), person, secret)
        else:
            response = _redirect(_page_at(purpose.then))
        self._set(response, self._session_cookie, secret.cookie)
        return response

    def _page_of_roles(
        self,
        sent: _Sent,
        purpose: Purpose,
        *,
        ended: bool = False,
        why: NotSignedIn | ProviderAway | TooManySignIns | None = None,
    ) -> Response:
        """Or that there is none for who was told no way in."""
        way_in = self._way_in(sent)
        if way_in is None:
            status = HTTPStatus.UNAUTHORIZED if ended else HTTPStatus.FORBIDDEN
            return self._shown(sent, _trouble("no_way_in", status, sent))
        response = self._shown(
            sent,
            _roles(self._console.signing_in.people.where, way_in, purpose, ended=ended, why=why),
        )
        self._set(response, self._way_in_cookie, way_in)
        return response

    def theme(self, sent: _Sent) -> Response:
        """How pages look in this browser; nothing else knows of it."""
        chosen = sent.form.get("theme", "")
        response = _redirect(_page_at(sent.form.get("then", "")))
        if chosen in THEMES:
            self._set(response, self._theme_cookie, chosen)
        return response

    def page(self, page: Page, sent: _Sent) -> Response:
        """A page, to whom is signed in."""
        secret = self._secret(sent)
        try:
            visitor = self._visitor(secret, sent) if secret is not None else None
        except ProviderAway:
            return self._rendered(sent, _away(words().services.provider, sent), None, secret)
        if secret is None or visitor is None:
            return self._page_of_roles(
                sent, Purpose(then=sent.address, typed=sent.typed), ended=True
            )
        person = visitor.person
        if sent.method == "POST" and not secret.made(sent.form.get(FORM_TOKEN, "")):
            screen = _trouble("another_session", HTTPStatus.FORBIDDEN, sent)
            return self._rendered(sent, screen, person, secret)
        ask = partial(self._console.services.ask, token=visitor.token)
        visit = Visit(
            person=person,
            ask=ask,
            ask_briefly=partial(ask, deadline=BRIEFLY),
            query=sent.query,
            place=sent.place,
            form=sent.form,
        )
        answer = _answer(page, visit, sent)
        if isinstance(answer, GoTo):
            return _redirect(answer.path)
        if isinstance(answer, Download):
            named = {"content-disposition": f'attachment; filename="{answer.name}"'}
            return Response(answer.content, media_type=answer.media_type, headers=named)
        return self._rendered(sent, answer, person, secret)

    def _visitor(self, secret: SessionSecret, sent: _Sent) -> Visitor | None:
        return self._console.signing_in.visitor(secret, by_itself=sent.by_itself)

    def _secret(self, sent: _Sent) -> SessionSecret | None:
        return SessionSecret.of_cookie(sent.cookies.get(self._session_cookie, ""))

    def _way_in(self, sent: _Sent) -> str | None:
        given = sent.query.get("way-in") if sent.path == SIGN_IN else None
        return self._console.signing_in.people.way_in(
            given or sent.cookies.get(self._way_in_cookie, "")
        )

    def _shown(self, sent: _Sent, screen: Screen) -> HTMLResponse:
        """To nobody in particular."""
        return self._rendered(sent, screen, None, None)

    def _rendered(
        self, sent: _Sent, screen: Screen, person: Person | None, secret: SessionSecret | None
    ) -> HTMLResponse:
        theme = sent.cookies.get(self._theme_cookie, THEMES[0])
        common = {
            "person": person,
            "form_token": secret.form_token if secret is not None else None,
            "here": _page_at(sent.address),
            "places": places_of(person) if person is not None else (),
            "theme": theme if theme in THEMES else THEMES[0],
            "themes": THEMES,
        }
        html = self._presenter.html(screen.template, {**common, **screen.told})
        return HTMLResponse(html, screen.status)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, path="/", secure=self._console.secure, httponly=True, samesite="strict"
        )


def _event(heard: Heard, names: Sequence[str] = ()) -> str:
    return f"event: {heard}\ndata: {' '.join(names)}\n\n"


def _answer(page: Page, visit: Visit, sent: _Sent) -> Screen | GoTo | Download:
    try:
        return page(visit)
    except NoSuchPage:
        return _trouble("nothing_there", HTTPStatus.NOT_FOUND, sent)
    except NotYours:
        return _trouble("not_yours", HTTPStatus.FORBIDDEN, sent)
    except ServiceAway as away:
        return _away(getattr(words().services, away.service), sent)
    except RemoteRefusal as refusal:
        name, status = TROUBLES.get(refusal.code, ("refused", HTTPStatus.UNPROCESSABLE_ENTITY))
        return _trouble(name, status, sent, why=refusal.message)


def _away(what: str, sent: _Sent) -> Screen:
    return _trouble("away", HTTPStatus.SERVICE_UNAVAILABLE, sent, what=what)


def _trouble(name: str, status: int, sent: _Sent, **told: str) -> Screen:
    """Why there is no page, what to do, and what was typed, to be sent again."""
    text = getattr(words().trouble, name)
    shown = {
        "title": text.title,
        "says": text.says.format(**told),
        "what_to_do": text.what_to_do,
        "again": sent.address if sent.method == "GET" and status >= SERVERS else "",
        "then": sent.path,
        "kept": sent.typed if answers("POST", sent.path) else {},
    }
    return Screen("trouble.html", shown, status)


def _roles(
    where: str,
    way_in: str,
    purpose: Purpose,
    *,
    ended: bool,
    why: NotSignedIn | ProviderAway | TooManySignIns | None,
) -> Screen:
    status, says = HTTPStatus.UNAUTHORIZED if ended else HTTPStatus.OK, ""
    if isinstance(why, NotSignedIn):
        status, says = HTTPStatus.FORBIDDEN, words().sign_in.why[why.why]
    elif why is not None:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        says = words().sign_in.why["away" if isinstance(why, ProviderAway) else "too_many"]
    told = {
        "where": where,
        "way_in": way_in,
        "roles": why.roles if isinstance(why, NotSignedIn) else [*Role],
        "then": purpose.then,
        "kept": json.dumps(dict(purpose.typed)) if purpose.typed else "",
        "ended": ended,
        "why": says,
    }
    return Screen("sign_in.html", told, status)


def _kept(text: str) -> dict[str, str]:
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(read, dict):
        return {}
    return {name: value for name, value in read.items() if isinstance(value, str)}


def _page_at(address: str) -> str:
    """The address itself where a page of ours answers it, else the first one."""
    is_ours = not address.startswith("//") and answers("GET", urlsplit(address).path)
    return address if is_ours else "/"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


async def _form_of(request: Request) -> Mapping[str, str]:
    """Its fields, each once; NotAForm."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise NotAForm
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_SENT:
            raise NotAForm
    try:
        text = body.decode("ascii")
        fields = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise NotAForm from None
    return dict(fields)
