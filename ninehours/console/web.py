"""The console as an ASGI application: who is signed in, what they sent, and which page answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import grpc
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel import logs
from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.store.database import is_passing
from ninehours.console.assets import PATH, Asset
from ninehours.console.headers import SafeHeaders
from ninehours.console.pages.routes import PAGES, answers, places_of
from ninehours.console.people import PeopleOfOneMachine, Person
from ninehours.console.presenter import Presenter
from ninehours.console.services import BRIEFLY, AskedServices, ServiceAway
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.sessions.store import Sessions
from ninehours.console.texts import words
from ninehours.console.visit import Download, GoTo, NoSuchPage, Page, Screen, Visit

log = logs.get("console.web")

MOST_SENT = 64 * 1024  # bytes of a form
MOST_FIELDS = 200
FOR_GOOD = "public, max-age=31536000, immutable"
SIGN_IN, SIGN_OUT, THEME = "/sign-in", "/sign-out", "/theme"
SERVERS = HTTPStatus.INTERNAL_SERVER_ERROR  # from here on it isn't the reader's fault
TROUBLES = {
    grpc.StatusCode.PERMISSION_DENIED: ("not_yours", HTTPStatus.FORBIDDEN),
    grpc.StatusCode.NOT_FOUND: ("nothing_there", HTTPStatus.NOT_FOUND),
    grpc.StatusCode.UNAUTHENTICATED: ("not_believed", HTTPStatus.FORBIDDEN),
}
# Of a form, beside what was typed.
FORM_TOKEN = "form_token"  # noqa: S105 - a field's name
THEMES = ("auto", "light", "dark")


class NotAForm(Exception):
    """What was sent is none of ours, or too much of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the application is made of. `secure`: it is served under TLS."""

    people: PeopleOfOneMachine
    sessions: Sessions
    services: AskedServices
    assets: Mapping[str, Asset]
    secure: bool

    def app(self) -> Starlette:
        """Answers every address that there is."""
        answering = _Answering(self, Presenter(self.assets))
        routes = [
            Route(PATH + "/{digest}/{name}", answering.asset),
            Route(SIGN_IN, answering.open(answering.sign_in), methods=["GET", "POST"]),
            Route(SIGN_OUT, answering.open(answering.sign_out), methods=["POST"]),
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

    async def nothing_there(self, request: Request, error: Exception) -> Response:
        """An address that there isn't, or not to be asked so."""
        assert isinstance(error, HTTPException)
        sent = _Sent("GET", request.url.path, {}, {}, request.cookies, {})
        return self._shown(sent, _trouble("nothing_there", error.status_code, sent))

    def sign_in(self, sent: _Sent) -> Response:
        """On one machine: a page of roles, for whom was told the way in."""
        way_in = sent.query.get("way-in") or self._way_in(sent)
        if not self._console.people.admits(way_in):
            screen = _trouble("no_way_in", HTTPStatus.FORBIDDEN, sent)
            return self._shown(sent, screen)
        if sent.method == "GET":
            response = self._shown(sent, _roles(way_in, "/", {}))
            self._set(response, self._way_in_cookie, way_in)
            return response
        return self._signed_in(sent)

    def _signed_in(self, sent: _Sent) -> Response:
        # Who forges this form would have to know the way in.
        if not self._console.people.admits(sent.form.get("way_in", "")):
            return self._shown(sent, _trouble("no_way_in", HTTPStatus.FORBIDDEN, sent))
        try:
            person = Person(Role(sent.form.get("role", "")))
        except ValueError:
            return self._shown(sent, _trouble("no_such_role", HTTPStatus.BAD_REQUEST, sent))
        if (before := self._secret(sent)) is not None:
            self._console.sessions.end(before)
        secret = self._console.sessions.begin(person.kept())
        log.info("signed_in", role=person.role)
        then, kept = sent.form.get("then", ""), _kept(sent.form.get("kept", ""))
        if kept and answers("POST", then):
            told = {"then": then, "kept": kept}
            response: Response = self._rendered(sent, Screen("again.html", told), person, secret)
        else:
            response = _redirect(_page_at(then))
        self._set(response, self._session_cookie, secret.cookie)
        return response

    def sign_out(self, sent: _Sent) -> Response:
        """The session ends, in every replica."""
        secret = self._secret(sent)
        if secret is not None and secret.made(sent.form.get(FORM_TOKEN, "")):
            self._console.sessions.end(secret)
        response = self._shown(sent, Screen("signed_out.html"))
        response.delete_cookie(self._session_cookie, path="/", secure=self._console.secure)
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
        secret, person = self._signed_in_by(sent)
        if secret is None or person is None:
            way_in = self._way_in(sent)
            if not self._console.people.admits(way_in):
                return self._shown(sent, _trouble("no_way_in", HTTPStatus.UNAUTHORIZED, sent))
            screen = _roles(way_in, sent.address, sent.typed, status=HTTPStatus.UNAUTHORIZED)
            return self._shown(sent, screen)
        if sent.method == "POST" and not secret.made(sent.form.get(FORM_TOKEN, "")):
            screen = _trouble("another_session", HTTPStatus.FORBIDDEN, sent)
            return self._rendered(sent, screen, person, secret)
        ask = partial(self._console.services.ask, token=self._console.people.token_of(person))
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

    def _signed_in_by(self, sent: _Sent) -> tuple[SessionSecret | None, Person | None]:
        secret = self._secret(sent)
        kept = self._console.sessions.use(secret) if secret is not None else None
        return secret, Person.of_kept(kept) if kept is not None else None

    def _secret(self, sent: _Sent) -> SessionSecret | None:
        return SessionSecret.of_cookie(sent.cookies.get(self._session_cookie, ""))

    def _way_in(self, sent: _Sent) -> str:
        return sent.cookies.get(self._way_in_cookie, "")

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


def _answer(page: Page, visit: Visit, sent: _Sent) -> Screen | GoTo | Download:
    try:
        return page(visit)
    except NoSuchPage:
        return _trouble("nothing_there", HTTPStatus.NOT_FOUND, sent)
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


def _roles(way_in: str, then: str, kept: Mapping[str, str], status: int = HTTPStatus.OK) -> Screen:
    told = {
        "way_in": way_in,
        "roles": [*Role],
        "then": then,
        "kept": json.dumps(kept) if kept else "",
        "ended": status == HTTPStatus.UNAUTHORIZED,
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
