"""Asks the identity provider for tokens, as the client that the console is there."""

import threading
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote_plus

import aiohttp

from kernel import logs
from kernel.identity_provider import IdentityProvider
from kernel.rpc.provider_answers import Conversation, WrongAnswer, address_in, conversing
from ninehours.console.people import NotSignedIn, ProviderAway
from ninehours.console.provider.registration import RegisteredConsole

WITHIN = 8.0  # seconds, for which a person waits
KNOWN_FOR = 300.0  # seconds: what the provider says of itself
REFUSED = "invalid_grant"  # RFC 6749, 5.2: of the person; all else is of the console
SAID = frozenset(
    {REFUSED, "invalid_request", "invalid_client", "unauthorized_client", "invalid_scope"}
    | {"unsupported_grant_type"}
)
T = TypeVar("T")
log = logs.get("console.provider.client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What the provider says of itself. `ends_sessions` None: it takes no word of a sign-out.
    `names_itself`: it says who it is when it sends somebody back (RFC 9207)."""

    authorization: str
    token: str
    ends_sessions: str | None
    takes_basic: bool
    names_itself: bool


class ProviderClient:
    """Safe to share between threads."""

    def __init__(
        self, registration: RegisteredConsole, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.registration = registration
        self._clock = clock
        self._endpoints: Endpoints | None = None
        self._known_at = 0.0
        self._lock = threading.Lock()

    def endpoints(self) -> Endpoints:
        """ProviderAway where they aren't known, or not any more."""
        provider = self.registration.provider
        with self._lock:
            if self._endpoints is not None and self._clock() - self._known_at < KNOWN_FOR:
                return self._endpoints

        async def read(asked: Conversation) -> Endpoints:
            return endpoints_in(await asked.read(provider.discovery), provider)

        found = self._conversing(read)
        with self._lock:
            self._endpoints, self._known_at = found, self._clock()
        return found

    def tokens(self, **grant: str) -> Mapping[str, Any]:
        """What the token endpoint answers; NotSignedIn where the grant is refused, ProviderAway."""
        endpoints = self.endpoints()
        form, headers = self._authenticated(endpoints, grant)

        async def send(asked: Conversation) -> tuple[int, Any]:
            return await asked.send(endpoints.token, form, headers)

        status, answer = self._conversing(send)
        if status == 200 and isinstance(answer, dict):
            return answer
        said = answer.get("error") if isinstance(answer, dict) else None
        if said == REFUSED:
            raise NotSignedIn("refused")
        log.error(
            "provider_refuses_console", status=status, said=said if said in SAID else "another"
        )
        raise ProviderAway

    def _authenticated(
        self, endpoints: Endpoints, grant: Mapping[str, str]
    ) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The form and its headers, by which the provider knows the console."""
        client, secret = self.registration.client_id, self.registration.secret.current()
        if not endpoints.takes_basic:
            return {**grant, "client_id": client, "client_secret": secret}, {}
        shown = f"{quote_plus(client)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
        return grant, {"authorization": f"Basic {b64encode(shown.encode()).decode()}"}

    def _conversing(self, talk: Callable[[Conversation], Awaitable[T]]) -> T:
        try:
            return conversing(self.registration.provider, talk, WITHIN)
        except (OSError, TimeoutError, aiohttp.ClientError, WrongAnswer) as error:
            reason = error.wrong if isinstance(error, WrongAnswer) else None
            log.warning("provider_away", reason=reason, exc_info=error)
            raise ProviderAway from None


def endpoints_in(about: object, provider: IdentityProvider) -> Endpoints:
    """Those of the discovery document, all of them https; WrongAnswer."""
    authorization = address_in(about, "authorization_endpoint", provider.issuer)
    token = address_in(about, "token_endpoint", provider.issuer)
    assert isinstance(about, dict)
    ends = about.get("end_session_endpoint")
    methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Endpoints(
        authorization=authorization,
        token=token,
        ends_sessions=address_in(about, "end_session_endpoint", provider.issuer) if ends else None,
        takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
        names_itself=about.get("authorization_response_iss_parameter_supported") is True,
    )
