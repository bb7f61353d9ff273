"""Screens as answers: a page for whom it is, in the look that their browser keeps."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, RedirectResponse

from ninehours.console.cookies import Cookies
from ninehours.console.pages.routes import answers, places_of
from ninehours.console.people import Person
from ninehours.console.presenter import Presenter
from ninehours.console.sent import Sent
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.visit import Screen

THEMES = ("auto", "light", "dark")


class Showing:
    """With what every page shows beside its own."""

    def __init__(self, presenter: Presenter, cookies: Cookies) -> None:
        self._presenter = presenter
        self._cookies = cookies

    def nobody(self, sent: Sent, screen: Screen) -> HTMLResponse:
        """The screen for nobody in particular."""
        return self.page(sent, screen, None, None)

    def page(
        self, sent: Sent, screen: Screen, person: Person | None, secret: SessionSecret | None
    ) -> HTMLResponse:
        """The screen for whom is signed in by that session."""
        theme = self._cookies.theme_of(sent)
        common = {
            "person": person,
            "form_token": secret.form_token if secret is not None else None,
            "here": page_at(sent.address),
            "places": places_of(person) if person is not None else (),
            "theme": theme if theme in THEMES else THEMES[0],
            "themes": THEMES,
        }
        html = self._presenter.html(screen.template, {**common, **screen.told})
        response = HTMLResponse(html, screen.status)
        if screen.site_id and not sent.by_itself:
            self._cookies.keep_site(response, screen.site_id)
        return response


def page_at(address: str) -> str:
    """The address itself where a page of ours answers it, else the first one."""
    is_ours = not address.startswith("//") and answers("GET", urlsplit(address).path)
    return address if is_ours else "/"


def redirect(path: str) -> RedirectResponse:
    """To a page that is read anew."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
