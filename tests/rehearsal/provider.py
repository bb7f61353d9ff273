"""The identity provider that a cell names, answered for on this machine: people of the story."""

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from kernel.rpc.tokens import Actor
from tests.harness.deploy.machine.issuing import Issued, issue
from tests.harness.identity.small_issuer import says

PREFIX = "oidc/"  # before its subjects in records and logs, as by default
LIFE = 3600  # seconds
ALGORITHM = "RS256"  # as by default


class Provider:
    """A context manager: it answers inside. `subjects`: of actors whom it knew before."""

    def __init__(self, issuer: str, audience: str, address: str, folder: Path) -> None:
        self.host = str(urlsplit(issuer).hostname)
        self.authority: Issued = issue("an authority of the world", None, ["cert sign", "crl sign"])
        self.subjects: dict[str, str] = {}
        self._issuer, self._audience = issuer, audience
        self._key = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": ALGORITHM})
        own = issue(
            self.host, self.authority, ["digital signature", "server auth"], answers_as=[self.host]
        )
        folder.mkdir(parents=True)
        (folder / "own.pem").write_bytes(own.key_pem + own.pem)
        self._shown, self._address = folder / "own.pem", address

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((self._address, 443), self._handler())
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trusted.load_cert_chain(self._shown)
        self._server.socket = trusted.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def tokens_of(self, actor: Actor) -> Callable[[], str]:
        """A fresh one each time it is asked for."""

        def token() -> str:
            now = int(time.time())
            claims: dict[str, Any] = {
                "iss": self._issuer,
                "aud": self._audience,
                "iat": now,
                "exp": now + LIFE,
                "jti": str(uuid4()),
                "sub": self.subjects.get(actor.id, subject_of(actor.id)),
                "realm_access": {"roles": sorted(actor.roles)},
                "sites": sorted(actor.sites),
                "purpose": actor.purpose,
            }
            header = {"alg": ALGORITHM, "kid": "key-1", "typ": "JWT"}
            return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

        return token

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        path = urlsplit(self._issuer).path
        answers = {
            f"{path}/.well-known/openid-configuration": {
                "issuer": self._issuer,
                "jwks_uri": f"{self._issuer}/keys",
            },
            f"{path}/keys": {"keys": [self._key.as_dict(private=False)]},
        }

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                if self.path in answers:
                    says(self, answers[self.path])
                else:
                    self.send_error(404)

            def log_message(self, *_: object) -> None:
                """Nobody looks."""

        return Handler


def subject_of(person: str) -> str:
    """What it calls somebody of the story: an id without a slash."""
    return person.replace("/", ".")
