"""An identity provider of the tests, HTTPS on loopback: says and signs whatever it is told."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.harness.identity.certificates import certify

AUDIENCE = "ninehours-api"
LAKESIDE = "51000000-0000-4000-8000-000000000001"  # Ada's site
# Among what an identity provider says of a person is much that gives nothing here.
ADAS_ROLES = ["clinician", "offline_access", "service:billing"]
SigningKey = RSAKey | ECKey | OKPKey | OctKey
Answer = Callable[[BaseHTTPRequestHandler], None]


class SmallIssuer:
    """Published keys, and the one that signs; `answers` puts something else under a path."""

    JWKS, DISCOVERY = "/keys", "/.well-known/openid-configuration"

    def __init__(self, folder: Path) -> None:
        self._numbers = count(1)
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.published: list[dict[str, Any]] = []
        self.signs: SigningKey = self.rotate()
        self.certificates = certify(folder)
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.start()

    @property
    def issuer(self) -> str:
        """Its address, the same each time it is started."""
        return f"https://localhost:{self._port}"

    @property
    def settings(self) -> dict[str, Any]:
        """What a network says of it: everything else is as by default."""
        ca = self.certificates.ca
        return {
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "ca_file": ca,
            "algorithms": "ES256",
        }

    def start(self) -> None:
        """Answer, where it did before."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                with suppress(OSError):  # Whoever asked may have had enough.
                    issuer.answers.get(self.path, issuer.usual)(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Tests look at `asked`."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Who doesn't trust its certificate hangs up: no line for each."""

        server = Server(("127.0.0.1", self._port), Handler)
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trusted.load_cert_chain(self.certificates.certificate, self.certificates.key)
        server.socket = trusted.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._server = server

    def stop(self) -> None:
        """Answer nobody."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def rotate(self, kid: str | None = None) -> SigningKey:
        """Sign with a new key, published beside those before."""
        key = ECKey.generate_key(
            "P-256", {"kid": kid or f"key-{next(self._numbers)}", "use": "sig", "alg": "ES256"}
        )
        self.published.append(key.as_dict(private=False))
        self.signs = key
        return key

    def withdraw_old_keys(self) -> None:
        """Publish what signs, and nothing else."""
        self.published = [each for each in self.published if each["kid"] == self.signs.kid]

    def token(
        self,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        key: SigningKey | None = None,
    ) -> str:
        """Of Ada, a clinician; with these claims and header instead, None: without."""
        key = key or self.signs
        now = int(time.time())
        told = {
            **{"iss": self.issuer, "aud": AUDIENCE, "iat": now, "exp": now + 300},
            **{"sub": "3f1c", "jti": "token-1", "roles": ADAS_ROLES, "sites": [LAKESIDE]},
            **{"purpose": "TREATMENT", **(claims or {})},
        }
        heads = {"alg": "ES256", "kid": key.kid, "typ": "JWT", **(header or {})}
        return jwt.encode(
            {name: value for name, value in heads.items() if value is not None},
            {name: value for name, value in told.items() if value is not None},
            key,
            algorithms=[str(heads["alg"])],
            default_type=None,
        )

    def token_for_another(self) -> str:
        """Of Ada, for another system of the network's."""
        return self.token({"aud": ["payroll", "account"]})

    def token_for(self, seconds: int) -> str:
        """Of Ada, good for so long."""
        now = int(time.time())
        return self.token({"iat": now, "exp": now + seconds})

    def not_for_apis(self) -> dict[str, str]:
        """What else the provider signs of Ada, which nobody shows an API."""
        secret = OctKey.generate_key(256, {"kid": str(self.signs.kid)})
        return {
            "ID token": self.token({"aud": "front-end", "nonce": "n"}),
            "refresh token": self.token(header={"alg": "HS256"}, key=secret),
            "logout token": self.token(header={"typ": "logout+jwt"}),
        }

    def usual(self, request: BaseHTTPRequestHandler) -> None:
        """What an identity provider answers."""
        if request.path == self.DISCOVERY:
            says(request, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}{self.JWKS}"})
        elif request.path == self.JWKS:
            says(request, {"keys": self.published})
        else:
            request.send_error(404)


def says(request: BaseHTTPRequestHandler, content: object, status: int = 200) -> None:
    """JSON; bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
