"""Why there is no page, in words, and what to do."""

from http import HTTPStatus

import grpc

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.pages.routes import answers
from ninehours.console.sent import Sent
from ninehours.console.texts import words
from ninehours.console.visit import Screen

SERVERS = HTTPStatus.INTERNAL_SERVER_ERROR  # from here on it isn't the reader's fault
REFUSALS = {
    grpc.StatusCode.PERMISSION_DENIED: ("not_yours", HTTPStatus.FORBIDDEN),
    grpc.StatusCode.NOT_FOUND: ("nothing_there", HTTPStatus.NOT_FOUND),
    grpc.StatusCode.UNAUTHENTICATED: ("not_believed", HTTPStatus.FORBIDDEN),
}


def trouble(name: str, status: int, sent: Sent, **told: str) -> Screen:
    """With what was typed, to be sent again."""
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


def away(what: str, sent: Sent) -> Screen:
    """`what` doesn't answer, as people call it."""
    return trouble("away", HTTPStatus.SERVICE_UNAVAILABLE, sent, what=what)


def refused(refusal: RemoteRefusal, sent: Sent) -> Screen:
    """A service doesn't, and a page didn't say it at a field."""
    name, status = REFUSALS.get(refusal.code, ("refused", HTTPStatus.UNPROCESSABLE_ENTITY))
    return trouble(name, status, sent, why=refusal.message)
