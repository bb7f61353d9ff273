"""What a browser sent, as far as it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

MOST_SENT = 512 * 1024  # bytes of a form: notes of a group, each letter of some scripts nine bytes
MOST_FIELDS = 1000  # a payer's rules have hundreds
BY_ITSELF = "ninehours-by-itself"  # a header
FORM_TOKEN = "form_token"  # noqa: S105 - a field's name


class NotAForm(Exception):
    """What was sent is none of ours, or too much of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request. `by_itself`: a page looks again, and nobody did anything."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    cookies: Mapping[str, str]
    place: Mapping[str, str]
    by_itself: bool = False

    @property
    def address(self) -> str:
        """With its query: where a reader is, or goes back to."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def typed(self) -> dict[str, str]:
        """What of the form is to be sent again, if it is."""
        return {name: value for name, value in self.form.items() if name != FORM_TOKEN}


async def sent_by(request: Request) -> Sent:
    """All of it, its form read; NotAForm."""
    return Sent(
        request.method,
        request.url.path,
        dict(request.query_params),
        await _form_of(request) if request.method == "POST" else {},
        request.cookies,
        request.path_params,
        request.method == "GET" and BY_ITSELF in request.headers,
    )


async def _form_of(request: Request) -> Mapping[str, str]:
    """Its fields, each once."""
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
