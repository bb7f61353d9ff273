"""Signing in and out as browsers see it: a page of roles, the way to the provider and back."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from starlette.responses import Response

from kernel.roles import Role
from ninehours.console.cookies import Cookies
from ninehours.console.headers import POLICY, security_policy
from ninehours.console.pages.routes import answers
from ninehours.console.people import NotSignedIn, ProviderAway
from ninehours.console.provider.registration import CALLBACK
from ninehours.console.sent import FORM_TOKEN, Sent
from ninehours.console.showing import Showing, page_at, redirect
from ninehours.console.signing_in import (
    Begun,
    Detour,
    Purpose,
    Returned,
    SigningIn,
    TooManySignIns,
)
from ninehours.console.texts import words
from ninehours.console.troubles import trouble
from ninehours.console.visit import Screen

SIGN_IN = "/sign-in"
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.:@-]{0,99}")
NOT_TYPED = (FORM_TOKEN, "subject", "then", "carry_to", "command_id", "act")
WhyNot = NotSignedIn | ProviderAway | TooManySignIns


class SignInPages:
    """Each function answers one address."""

    def __init__(self, signing_in: SigningIn, showing: Showing, cookies: Cookies) -> None:
        self._signing_in = signing_in
        self._showing = showing
        self._cookies = cookies

    def sign_in(self, sent: Sent) -> Response:
        """A page of roles, for whom is let in; then a session, or the way to where one signs in."""
        if sent.method == "GET":
            return self.roles(sent, Purpose())
        # Who forges this form would have to know the way in, and what their browser holds.
        held, shown = self._cookies.way_in_of(sent), sent.form.get("way_in", "")
        if not held or not hmac.compare_digest(held.encode(), shown.encode()):
            return self.roles(sent, Purpose(), why=NotSignedIn("over"))
        if self._way_in(sent) is None:
            return self._trouble("no_way_in", HTTPStatus.FORBIDDEN, sent)
        try:
            role = Role(sent.form.get("role", ""))
        except ValueError:
            return self._trouble("no_such_role", HTTPStatus.BAD_REQUEST, sent)
        purpose = Purpose(
            then=sent.form.get("then", ""),
            typed=_kept(sent.form.get("kept", "")),
            before=self._cookies.session_of(sent),
        )
        try:
            begun = self._signing_in.begin(role, purpose)
        except (ProviderAway, TooManySignIns) as why:
            return self.roles(sent, purpose, why=why)
        return self._gone(sent, begun) if isinstance(begun, Detour) else self._begun(sent, begun)

    def callback(self, sent: Sent) -> Response:
        """They were where one signs in. A page that goes on, and no redirect: to one that began
        elsewhere, browsers show no cookie that is Strict."""
        try:
            if (secret := self._cookies.sign_in_of(sent)) is None:
                raise NotSignedIn("over")
            response = self._begun(sent, self._signing_in.finish(secret, sent.query))
        except NotSignedIn as why:
            response = self.roles(sent, Purpose(), why=why)
        except Returned as returned:
            response = self.roles(sent, returned.purpose, why=returned.why)
        self._cookies.end_sign_in(response, sent)
        return response

    def sign_in_as(self, sent: Sent) -> Response:
        """On one machine: as somebody in particular, in the same role; what they had typed on the
        page where they said so is sent on from there by whom they are now."""
        secret, subject = self._cookies.secret_of(sent), sent.form.get("subject", "").strip()
        begun = None
        if secret is not None and secret.made(sent.form.get(FORM_TOKEN, "")):
            said = SUBJECT.fullmatch(subject)
            begun = self._signing_in.name(secret, subject) if said else None
        if begun is None:
            return self._trouble("not_yours", HTTPStatus.FORBIDDEN, sent)
        then, carry_to = page_at(sent.form.get("then", "")), sent.form.get("carry_to", "")
        response: Response = redirect(then)
        typed = {name: text for name, text in sent.form.items() if text.strip()}
        for name in NOT_TYPED:
            typed.pop(name, None)
        # What says only where they are is in the address, too.
        if typed.keys() - parse_qs(urlsplit(then).query) and answers("POST", carry_to):
            carried = _sent_again(carry_to, typed, "named")
            response = self._showing.page(sent, carried, begun.signed_in.person, begun.secret)
        self._cookies.keep_session(response, begun.secret)
        return response

    def sign_out(self, sent: Sent) -> Response:
        """The session ends, in every replica; then where they are signed in, too."""
        secret, leaving = self._cookies.secret_of(sent), None
        if secret is not None and secret.made(sent.form.get(FORM_TOKEN, "")):
            leaving = self._signing_in.end(secret)
        response = self._showing.nobody(sent, Screen("signed_out.html", {"leaving": leaving}))
        if leaving is not None:
            response.headers[POLICY.decode()] = security_policy(_origin(leaving.address))
        if sent.method == "POST":
            self._cookies.end_session(response)
        return response

    def roles(
        self, sent: Sent, purpose: Purpose, *, ended: bool = False, why: WhyNot | None = None
    ) -> Response:
        """The page of roles, or that there is none for who was told no way in."""
        way_in = self._way_in(sent)
        if way_in is None:
            status = HTTPStatus.UNAUTHORIZED if ended else HTTPStatus.FORBIDDEN
            return self._trouble("no_way_in", status, sent)
        status, says, roles = _why_not(why, ended=ended)
        told = {
            "where": self._signing_in.people.where,
            "way_in": way_in,
            "roles": roles,
            "then": purpose.then,
            "kept": json.dumps(dict(purpose.typed)) if purpose.typed else "",
            "ended": ended,
            "why": says,
        }
        response = self._showing.nobody(sent, Screen("sign_in.html", told, status))
        self._cookies.keep_way_in(response, way_in)
        return response

    def _gone(self, sent: Sent, detour: Detour) -> Response:
        response = self._showing.nobody(sent, Screen("going_on.html", {"address": detour.address}))
        self._cookies.keep_sign_in(response, detour.state, detour.secret)
        return response

    def _begun(self, sent: Sent, begun: Begun) -> Response:
        person, secret, purpose = begun.signed_in.person, begun.secret, begun.purpose
        if purpose.typed and answers("POST", purpose.then):
            again = Screen(
                "again.html", {"then": purpose.then, "kept": purpose.typed, "why": "again"}
            )
            response: Response = self._showing.page(sent, again, person, secret)
        elif sent.path == CALLBACK:
            on = Screen("going_on.html", {"address": page_at(purpose.then)})
            response = self._showing.page(sent, on, person, secret)
        else:
            response = redirect(page_at(purpose.then))
        self._cookies.keep_session(response, secret)
        return response

    def _way_in(self, sent: Sent) -> str | None:
        given = sent.query.get("way-in") if sent.path == SIGN_IN else None
        return self._signing_in.people.way_in(given or self._cookies.way_in_of(sent))

    def _trouble(self, name: str, status: int, sent: Sent) -> Response:
        return self._showing.nobody(sent, trouble(name, status, sent))


def _sent_again(then: str, typed: Mapping[str, str], why: str) -> Screen:
    """What was typed, to be sent there by who is signed in now."""
    return Screen("again.html", {"then": then, "kept": typed, "why": why})


def _why_not(why: WhyNot | None, *, ended: bool) -> tuple[HTTPStatus, str, Sequence[Role]]:
    """What it is answered with, in words, and the roles that there are to choose from."""
    match why:
        case None:
            return HTTPStatus.UNAUTHORIZED if ended else HTTPStatus.OK, "", [*Role]
        case NotSignedIn():
            return HTTPStatus.FORBIDDEN, words().sign_in.why[why.why], why.roles
        case ProviderAway():
            says = words().sign_in.why["away"]
        case TooManySignIns():
            says = words().sign_in.why["too_many"]
    return HTTPStatus.SERVICE_UNAVAILABLE, says, [*Role]


def _kept(text: str) -> dict[str, str]:
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(read, dict):
        return {}
    return {name: value for name, value in read.items() if isinstance(value, str)}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
