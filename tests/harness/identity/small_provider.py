"""The small issuer of the tests as what people sign in at: OpenID Connect, code with PKCE."""

import hashlib
import html
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from tests.harness.identity.small_issuer import SmallIssuer, says

CLIENT, SECRET, PASSWORD = "console", "a secret: & of its own", "correct horse"
PURPOSES = {"treatment": "TREATMENT", "payment": "PAYMENT", "operations": "OPERATIONS"}
COOKIE = "signed-in"
LIFE = 300  # seconds


class SmallProvider(SmallIssuer):
    """Ada signs in with her password. `old`: seconds of its 300 that
    an access token has lived when it is given. `taken`: the grants that
    were taken, in order."""

    client_id = CLIENT
    password = PASSWORD
    scopes = {purpose: f"openid {scope}" for scope, purpose in PURPOSES.items()}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.roles = ["front_desk", "clinician"]
        self.client_secret = SECRET
        self.old = 0
        self.taken: list[str] = []
        self.tells_when = True
        self._returns_to = ""
        self._codes: dict[str, dict[str, str]] = {}
        self._families: dict[str, dict[str, str]] = {}  # refresh token → what it goes on with
        self._signed_in: dict[str, int] = {}  # cookie → when
        super().__init__(folder)

    def register(self, address: str) -> None:
        """The console is found there."""
        self._returns_to = address

    def sign_everybody_out(self) -> None:
        """As an administrator does."""
        self._signed_in.clear()
        self._families.clear()

    def usual(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query))
        form: dict[str, str] = {}
        if request.command == "POST":
            length = int(request.headers["content-length"])
            form = dict(parse_qsl(request.rfile.read(length).decode()))
        match (request.command, parts.path):
            case ("GET", self.DISCOVERY):
                self._about(request)
            case ("GET", "/authorize"):
                self._authorize(request, query)
            case ("POST", "/authorize"):
                self._let_in(request, query, form)
            case ("POST", "/token"):
                self._grant(request, form)
            case ("POST", "/end"):
                self._end(request, form)
            case _:
                super().usual(request)

    def _about(self, request: BaseHTTPRequestHandler) -> None:
        at = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "end_session_endpoint": "/end",
            "jwks_uri": self.JWKS,
        }
        says(
            request,
            {
                "issuer": self.issuer,
                **{name: f"{self.issuer}{path}" for name, path in at.items()},
                "authorization_response_iss_parameter_supported": True,
            },
        )

    def _authorize(self, request: BaseHTTPRequestHandler, query: Mapping[str, str]) -> None:
        asked = (query.get("client_id"), query.get("response_type"), query.get("redirect_uri"))
        assert asked == (CLIENT, "code", f"{self._returns_to}/sign-in/callback"), asked
        assert query["code_challenge_method"] == "S256"
        assert len(query["code_challenge"]) == 43
        assert "openid" in query["scope"].split()
        signed_in = self._signed_in.get(self._cookie(request))
        if signed_in is None or signed_in + int(query["max_age"]) < time.time():
            action = html.escape(request.path)
            page = (
                "<!doctype html><title>Sign in</title><link rel=icon href=data:,>"
                f'<form method="post" action="{action}"><input name="username">'
                '<input name="password" type="password"><button>In</button></form>'
            )
            _page(request, page)
        else:
            self._back(request, query, signed_in)

    def _let_in(
        self, request: BaseHTTPRequestHandler, query: Mapping[str, str], form: Mapping[str, str]
    ) -> None:
        if form.get("password") != PASSWORD:
            _sent_to(request, self._answer(query, error="access_denied"))
            return
        cookie, now = secrets.token_urlsafe(), int(time.time())
        self._signed_in[cookie] = now
        self._back(request, query, now, cookie)

    def _back(
        self,
        request: BaseHTTPRequestHandler,
        query: Mapping[str, str],
        signed_in: int,
        cookie: str = "",
    ) -> None:
        code = secrets.token_urlsafe()
        kept = ("scope", "nonce", "code_challenge", "redirect_uri")
        self._codes[code] = {
            **{name: query[name] for name in kept},
            "signed_in": str(signed_in),
            "cookie": cookie or self._cookie(request),
        }
        _sent_to(request, self._answer(query, code=code), cookie)

    def _answer(self, query: Mapping[str, str], **told: str) -> str:
        answer = {**told, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def _grant(self, request: BaseHTTPRequestHandler, form: Mapping[str, str]) -> None:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        client, _, secret = b64decode(shown).decode().partition(":")
        if (kind, unquote_plus(client), unquote_plus(secret)) != (
            "Basic",
            CLIENT,
            self.client_secret,
        ):
            says(request, {"error": "invalid_client"}, 401)
            return
        if form["grant_type"] == "refresh_token":
            about = self._families.pop(form["refresh_token"], None)
        else:
            about = self._codes.pop(form["code"], None)
            if about is not None and not _proves(about, form):
                about = None
        if about is None:
            says(request, {"error": "invalid_grant"}, 400)
            return
        self.taken.append(form["grant_type"])
        says(request, self._tokens(about))

    def _tokens(self, about: dict[str, str]) -> dict[str, Any]:
        now, refresh = int(time.time()), secrets.token_urlsafe()
        [purpose] = [PURPOSES[each] for each in about["scope"].split() if each in PURPOSES]
        self._families[refresh] = about
        access = {"purpose": purpose, "roles": self.roles, "jti": secrets.token_urlsafe()}
        identity = {"aud": CLIENT, "nonce": about["nonce"], "auth_time": int(about["signed_in"])}
        if not self.tells_when:
            del identity["auth_time"]
        return {
            "token_type": "Bearer",
            "expires_in": LIFE - self.old,
            "access_token": self.token(
                {**access, "iat": now - self.old, "exp": now - self.old + LIFE}
            ),
            "refresh_token": refresh,
            "id_token": self.token({**identity, "name": "Ada", "roles": None, "purpose": None}),
        }

    def _end(self, request: BaseHTTPRequestHandler, form: Mapping[str, str]) -> None:
        assert form["id_token_hint"].count(".") == 2
        assert form["post_logout_redirect_uri"] == f"{self._returns_to}/sign-out"
        self.sign_everybody_out()
        _sent_to(request, form["post_logout_redirect_uri"])

    def _cookie(self, request: BaseHTTPRequestHandler) -> str:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
        return found.value if found is not None else ""


def _proves(about: Mapping[str, str], form: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    same_address = form["redirect_uri"] == about["redirect_uri"]
    return same_address and challenge == about["code_challenge"]


def _page(request: BaseHTTPRequestHandler, content: str) -> None:
    body = content.encode()
    request.send_response(200)
    request.send_header("content-type", "text/html; charset=utf-8")
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _sent_to(request: BaseHTTPRequestHandler, address: str, cookie: str = "") -> None:
    request.send_response(302)
    request.send_header("location", address)
    if cookie:
        request.send_header("set-cookie", f"{COOKIE}={cookie}; Path=/; Secure; HttpOnly")
    request.send_header("content-length", "0")
    request.end_headers()
