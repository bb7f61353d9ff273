"""What every answer carries, so that a browser runs nothing but our files, and keeps no page."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = b"content-security-policy"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOT_KEPT = (b"cache-control", b"no-store")


def security_policy(*sent_to: str) -> str:
    """What a page may: our own files and addresses, and its forms to these origins besides."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",  # Bootstrap's marks in its own style sheet
            "connect-src 'self'",
            " ".join(("form-action 'self'", *sent_to)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


USUAL = security_policy().encode()


class SafeHeaders:
    """Adds them; what doesn't say that it may be kept is kept nowhere."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                given = [*message.get("headers", ())]
                names = {name.lower() for name, _ in given}
                usual = (NOT_KEPT, (POLICY, USUAL))
                given += [header for header in usual if header[0] not in names]
                message = {**message, "headers": [*given, *HEADERS]}
            await send(message)

        await self._app(scope, receive, with_headers)
