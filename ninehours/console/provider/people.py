"""People who sign in at the network's identity provider, and are who its tokens say."""

import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlencode, urlsplit

from kernel import logs
from kernel.refusal import NotYet
from kernel.roles import Role
from kernel.rpc.issuers import Bounds, ProvidersPeople
from kernel.rpc.provider_keys import ProviderKeys, PublicKey
from kernel.rpc.tokens import Actor, Unauthenticated
from kernel.rpc.verifier import verified
from ninehours.console.people import (
    Elsewhere,
    Leaving,
    NotSignedIn,
    Person,
    ProviderAway,
    SignedIn,
    Visitor,
)
from ninehours.console.provider.client import ProviderClient

RANDOM = 32  # bytes
AHEAD = 60.0  # seconds before it is over that a token is renewed, or half its life
ENOUGH = 10.0  # seconds that a token must last for a page's questions
LONGEST = 86_400  # seconds: an ID token is looked at once, as it comes
log = logs.get("console.provider.people")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTokens:
    """What a session keeps, sealed: `access` is shown to the services."""

    role: Role
    subject: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    identity: str = field(repr=False)
    renew_at: float
    good_until: float

    def sealed(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of(cls, kept: bytes) -> Self:
        told = json.loads(kept)
        return cls(**{**told, "role": Role(told["role"])})


@dataclass(frozen=True, slots=True)
class _Identities:
    """The provider, as it says of somebody to the console that they signed in."""

    people: ProvidersPeople
    client_id: str

    @property
    def bounds(self) -> Bounds:
        theirs = self.people.bounds
        return Bounds(
            audience=self.client_id,
            algorithms=theirs.algorithms,
            leeway=theirs.leeway,
            longest_life=LONGEST,
        )

    def key(self, kid: str, algorithm: str, /) -> PublicKey:
        return self.people.key(kid, algorithm)


class PeopleOfProvider:
    """`idle`: seconds. Who was asked for their password longer ago is asked again, so that nobody
    goes on at a desk that somebody left."""

    where: Literal["provider"] = "provider"

    def __init__(
        self,
        client: ProviderClient,
        keys: ProviderKeys,
        *,
        idle: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._keys = keys
        self._idle = idle
        self._clock = clock
        self._registration = client.registration
        self._people = ProvidersPeople(self._registration.provider, keys)
        self._identities = _Identities(self._people, self._registration.client_id)

    def way_in(self, given: str) -> str | None:
        """A secret of the browser's own: a form that lacks it was made elsewhere."""
        return given or secrets.token_urlsafe(RANDOM)

    def begin(self, role: Role) -> Elsewhere:
        state, nonce, verifier = (secrets.token_urlsafe(RANDOM) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.callback,
            "scope": self._registration.scopes[role.purpose],
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "max_age": str(self._idle),
        }
        kept = {"role": role, "state": state, "nonce": nonce, "verifier": verifier}
        authorization = self._client.endpoints().authorization
        joint = "&" if urlsplit(authorization).query else "?"
        return Elsewhere(f"{authorization}{joint}{urlencode(asked)}", state, kept)

    def finish(self, kept: Mapping[str, str], told: Mapping[str, str]) -> SignedIn:
        self._require_answer(kept, told)
        came = self._client.tokens(
            grant_type="authorization_code",
            code=told["code"],
            redirect_uri=self._registration.callback,
            code_verifier=kept["verifier"],
        )
        self._require_identity(came, kept["nonce"])
        signed_in = self._kept(came, Role(kept["role"]), identity=str(came["id_token"]))
        return SignedIn(Person(signed_in.role, signed_in.subject), signed_in.sealed())

    def named(self, _kept: bytes, _subject: str) -> None:
        """The provider said it."""

    def visitor(self, kept: bytes) -> Visitor:
        signed_in = HeldTokens.of(kept)
        return Visitor(Person(signed_in.role, signed_in.subject), lambda: signed_in.access)

    def is_due(self, kept: bytes) -> bool:
        return self._clock() >= HeldTokens.of(kept).renew_at

    def is_good(self, kept: bytes) -> bool:
        return self._clock() + ENOUGH < HeldTokens.of(kept).good_until

    def renewed(self, kept: bytes) -> bytes:
        before = HeldTokens.of(kept)
        if not before.refresh:
            if self.is_good(kept):
                return kept
            raise NotSignedIn("over")
        came = self._client.tokens(grant_type="refresh_token", refresh_token=before.refresh)
        now = self._kept(
            {"refresh_token": before.refresh, **came}, before.role, identity=before.identity
        )
        if now.subject != before.subject:
            raise NotSignedIn("untold")
        return now.sealed()

    def leaving(self, kept: bytes) -> Leaving | None:
        """By a form, since what it carries says who they are, and stands in no address."""
        try:
            address = self._client.endpoints().ends_sessions
        except ProviderAway:
            return None
        if address is None:
            return None
        fields = {
            "id_token_hint": HeldTokens.of(kept).identity,
            "client_id": self._registration.client_id,
            "post_logout_redirect_uri": self._registration.signed_out,
        }
        return Leaving(address, fields)

    def _require_answer(self, kept: Mapping[str, str], told: Mapping[str, str]) -> None:
        """It is the answer to what was asked, of whom it was asked, and it is yes."""
        if not hmac.compare_digest(told.get("state", "").encode(), kept["state"].encode()):
            raise NotSignedIn("over")
        issuer = told.get("iss")
        wanted = self._registration.provider.issuer
        if issuer is None and self._client.endpoints().names_itself:
            raise NotSignedIn("untold")
        if issuer not in (None, wanted):
            raise NotSignedIn("untold")
        if "error" in told or not told.get("code"):
            raise NotSignedIn("refused")

    def _require_identity(self, came: Mapping[str, Any], nonce: str) -> None:
        """Somebody signed in just now, here, and not elsewhere or long ago."""
        claims = self._verified(came.get("id_token"), self._identities)
        audience = claims["aud"]
        client = self._registration.client_id
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else client) != client:
            raise NotSignedIn("untold")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise NotSignedIn("untold")
        signed_in = claims.get("auth_time")
        latest = self._clock() - self._idle - self._people.bounds.leeway
        if type(signed_in) is not int or signed_in < latest:
            log.warning("provider_does_not_say_when_it_asked_for_a_password")
            raise NotSignedIn("untold")

    def _kept(self, came: Mapping[str, Any], role: Role, *, identity: str) -> HeldTokens:
        claims = self._verified(came.get("access_token"), self._people)
        actor = self._actor(claims)
        if role not in actor.roles:
            raise NotSignedIn("role", [each for each in Role if each in actor.roles])
        refresh = came.get("refresh_token")
        good_until = float(claims["exp"])
        life = good_until - float(claims["iat"])
        return HeldTokens(
            role=role,
            subject=actor.id,
            access=str(came["access_token"]),
            refresh=refresh if isinstance(refresh, str) else "",
            identity=identity,
            renew_at=good_until - min(AHEAD, life / 2),
            good_until=good_until,
        )

    def _actor(self, claims: Mapping[str, Any]) -> Actor:
        try:
            return self._people.actor(claims)
        except Unauthenticated as refusal:
            raise _untold(refusal) from None

    def _verified(self, token: object, signer: "ProvidersPeople | _Identities") -> dict[str, Any]:
        """As the services will, the token's key asked for where it is a new one."""
        issuers = {self._people.name: signer}
        try:
            try:
                return verified(str(token), issuers, self._clock())
            except NotYet:
                if not self._keys.refresh():
                    raise ProviderAway from None
                return verified(str(token), issuers, self._clock())
        except NotYet:
            raise ProviderAway from None
        except Unauthenticated as refusal:
            raise _untold(refusal) from None


def _untold(refusal: Unauthenticated) -> NotSignedIn:
    log.warning("provider_is_not_believed", reason=refusal.reason)
    return NotSignedIn("untold")
