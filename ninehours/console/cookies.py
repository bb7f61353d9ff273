"""What a browser keeps of the console: five kinds of cookies, none of which scripts can read."""

from starlette.responses import Response

from ninehours.console.provider.registration import CALLBACK
from ninehours.console.sent import Sent
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.sessions.sign_ins import WITHIN

STATE_IN_NAME = 16  # letters of a sign-in's state that its cookie is called by


class Cookies:
    """`secure`: the console is served under TLS, and browsers are told to hold to that."""

    def __init__(self, *, secure: bool) -> None:
        prefix = "__Host-" if secure else ""
        self._secure = secure
        self._session = f"{prefix}ninehours"
        self._way_in = f"{prefix}ninehours-way-in"
        self._theme = f"{prefix}ninehours-theme"
        self._site = f"{prefix}ninehours-site"
        # Of one path, which no `__Host-` is; one each, since several tabs may be on their way.
        self._sign_in = f"{'__Secure-' if secure else ''}ninehours-sign-in-"

    def session_of(self, sent: Sent) -> str:
        """Empty: there is none. So of the others."""
        return sent.cookies.get(self._session, "")

    def secret_of(self, sent: Sent) -> SessionSecret | None:
        """Of the session, if it looks like one."""
        return SessionSecret.of_cookie(self.session_of(sent))

    def keep_session(self, response: Response, secret: SessionSecret) -> None:
        self._keep(response, self._session, secret.cookie)

    def end_session(self, response: Response) -> None:
        response.delete_cookie(self._session, path="/", secure=self._secure)

    def way_in_of(self, sent: Sent) -> str:
        return sent.cookies.get(self._way_in, "")

    def keep_way_in(self, response: Response, way_in: str) -> None:
        self._keep(response, self._way_in, way_in)

    def theme_of(self, sent: Sent) -> str:
        return sent.cookies.get(self._theme, "")

    def keep_theme(self, response: Response, theme: str) -> None:
        self._keep(response, self._theme, theme)

    def site_of(self, sent: Sent) -> str:
        """Which one this browser's desk was at last."""
        return sent.cookies.get(self._site, "")

    def keep_site(self, response: Response, site_id: str) -> None:
        self._keep(response, self._site, site_id)

    def sign_in_of(self, sent: Sent) -> SessionSecret | None:
        """Of who is back from where one signs in, by the state that their address tells."""
        return SessionSecret.of_cookie(sent.cookies.get(self._name_of(sent), ""))

    def keep_sign_in(self, response: Response, state: str, secret: SessionSecret) -> None:
        """For the way there and back: a cookie that is Strict isn't shown on the way back."""
        response.set_cookie(
            self._sign_in + state[:STATE_IN_NAME],
            secret.cookie,
            max_age=int(WITHIN.total_seconds()),
            path=CALLBACK,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def end_sign_in(self, response: Response, sent: Sent) -> None:
        if (name := self._name_of(sent)) in sent.cookies:
            response.delete_cookie(name, path=CALLBACK, secure=self._secure)

    def _name_of(self, sent: Sent) -> str:
        return self._sign_in + sent.query.get("state", "")[:STATE_IN_NAME]

    def _keep(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
