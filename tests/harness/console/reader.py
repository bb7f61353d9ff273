"""A browser without script: follows links, sends forms as they stand on the page, keeps cookies."""

import http.client
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urldefrag, urlencode, urlsplit

PATIENCE = 60.0  # seconds
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass
class Form:
    """A form of a page: where it is sent, and what it holds before anybody types."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    focused: bool = False


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.text: list[str] = []
        self._within: Form | None = None
        self._select = ""
        self._words = ""  # the field of words that is being read

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._within = Form(given.get("action", ""))
            self.found.append(self._within)
        within = self._within
        if within is None:
            return
        within.focused = within.focused or "autofocus" in given
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("checkbox", "radio"):
            within.fields[name] = given.get("value", "")
        elif tag == "button":
            within.buttons.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._words = name
            within.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in given or self._select not in within.fields):
            within.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._within = None
        elif tag == "textarea":
            self._words = ""

    def handle_data(self, data: str) -> None:
        if self._words and self._within is not None:
            self._within.fields[self._words] += data
        if data.strip():
            self.text.append(" ".join(data.split()))


@dataclass(frozen=True)
class Shown:
    """What came of a request, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: str
    at: str

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(self._parsed.text)

    @property
    def forms(self) -> list[Form]:
        return self._parsed.found

    def form(self, action: str, **having: str) -> Form:
        """The one form that is sent there and holds these fields."""
        [found] = [
            form
            for form in self.forms
            if urlsplit(form.action).path == action and having.items() <= form.fields.items()
        ]
        return found

    def forms_of(self, action: str) -> list[Form]:
        """Those that are sent there."""
        return [form for form in self.forms if form.action == action]

    def row(self, session_id: str, client_id: str) -> str:
        """What a person reads in a client's row."""
        parser = _Forms()
        parser.feed(self._row(session_id, client_id))
        return " ".join(parser.text)

    def links(self, session_id: str, client_id: str) -> list[str]:
        """Where a client's row leads."""
        return [
            unescape(to) for to in re.findall(r'href="([^"]*)"', self._row(session_id, client_id))
        ]

    def _row(self, session_id: str, client_id: str) -> str:
        begins = self.body.index(f'<tr id="{session_id}.{client_id}"')
        return self.body[begins : self.body.index("</tr>", begins)]

    @property
    def focused(self) -> Form:
        """The form that has the focus when the page is there."""
        [found] = [form for form in self.forms if form.focused]
        return found

    @property
    def goes_on(self) -> str:
        """The address at which the page goes on by itself; empty: it stays."""
        found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]*)">', self.body)
        return unescape(found[1]) if found else ""

    @property
    def _parsed(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.body)
        return parser


class Reader:
    """One browser, at a server that answers at `address`; `trusted`: by HTTPS. What sends it to
    another one is shown as it is, `at` that address."""

    def __init__(self, address: str, trusted: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.trusted = trusted
        self.cookies: dict[str, str] = {}
        self.told: dict[str, str] = {}  # of each cookie, all that was said

    def get(self, path: str) -> Shown:
        return self._ask("GET", self._here(path), None)

    def look(self, path: str) -> Shown:
        """As a page does by itself, when it heard that something changed."""
        return self._ask("GET", path, None, by_itself=True)

    def send(self, form: Form, **typed: str) -> Shown:
        """The form, with what is typed into it."""
        return self.post(form.action, {**form.fields, **typed})

    def post(self, path: str, fields: Mapping[str, str]) -> Shown:
        return self._ask("POST", self._here(path), urlencode(fields))

    def _here(self, address: str) -> str:
        """Without the server, where it is this one."""
        parts = urlsplit(address)
        return (
            parts._replace(scheme="", netloc="").geturl()
            if parts.netloc == self.address
            else address
        )

    def _connection(self) -> http.client.HTTPConnection:
        if self.trusted is None:
            return http.client.HTTPConnection(self.address, timeout=PATIENCE)
        return http.client.HTTPSConnection(self.address, timeout=PATIENCE, context=self.trusted)

    def _ask(self, method: str, path: str, body: str | None, *, by_itself: bool = False) -> Shown:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if by_itself:
            headers["ninehours-by-itself"] = "yes"
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(self._connection()) as asked:
            asked.request(method, path, body, headers)
            answer = asked.getresponse()
            content = answer.read()
        for told in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = told.partition("=")
            value = rest.partition(";")[0]
            self.told[name] = told
            if "Max-Age=0" in told:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if answer.status in REDIRECTS:
            path = self._here(urldefrag(answer.headers["Location"]).url)
            if urlsplit(path).netloc:
                return Shown(answer.status, {}, "", path)
            return self._ask("GET", path, None)
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Shown(answer.status, lower, content.decode(), path)
