"""Who asks: signed tokens that say who, in which roles, at which sites and for what purpose."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

from kernel.refusal import Refusal
from kernel.secrets import PEOPLE, private_key, public_keys
from kernel.sites import EVERY_SITE

# RFC 9864's name for EdDSA on Ed25519; the only one accepted, whatever a token's header says.
ALGORITHM = "Ed25519"
SERVICE_ROLE = "service:"
SERVICE_SUBJECT = "service/"
PURPOSES = frozenset({"TREATMENT", "PAYMENT", "OPERATIONS"})
SKEW_SECONDS = 60
LIFETIME = timedelta(minutes=10)


class Unauthenticated(Refusal):
    """There is no token, or none to be believed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who a verified token speaks for."""

    id: str
    roles: frozenset[str]
    sites: frozenset[str]
    purpose: str


class Issuer:
    """Signs tokens under one issuer's key; says nothing that the issuer may not assert."""

    def __init__(
        self, secrets_dir: Path, issuer: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.clock = clock
        self._issuer = issuer
        self._key = private_key(secrets_dir, issuer)

    def token(
        self,
        subject: str,
        roles: Iterable[str],
        sites: Iterable[str],
        purpose: str,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        """A token from now on; the real clock's now, whatever the business clock says."""
        claims = {
            "sub": subject,
            "roles": sorted(roles),
            "sites": sorted(sites),
            "purpose": purpose,
        }
        actor = _actor_of(claims)
        if actor is None or not _may_assert(self._issuer, actor):
            raise ValueError(f"{self._issuer} may not assert this subject, role or purpose")
        now = int(self.clock())
        dated = {**claims, "iss": self._issuer, "iat": now}
        dated["exp"] = now + int(lifetime.total_seconds())
        header = {"alg": ALGORITHM, "kid": self._issuer}
        return jwt.encode(header, dated, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Believes a token when its issuer signed it, it is not expired, and the issuer may say so."""

    def __init__(self, secrets_dir: Path) -> None:
        self._keys = public_keys(secrets_dir)

    def actor(self, token: str) -> Actor:
        """Who the token speaks for, or Unauthenticated. Judged by the real clock."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise _invalid() from None
        claims = decoded.claims
        issuer, issued, expires = claims.get("iss"), claims.get("iat"), claims.get("exp")
        actor = _actor_of(claims)
        if issuer != decoded.header["kid"] or actor is None or not _may_assert(issuer, actor):
            raise _invalid()
        # bool is an int, and a float may be NaN, which never expires.
        if type(issued) is not int or type(expires) is not int:
            raise _invalid()
        now = time.time()
        if issued > now + SKEW_SECONDS:
            raise _invalid()
        if expires <= now:
            raise Unauthenticated("TOKEN_EXPIRED", "the token has expired: get a new one")
        return actor

    def _key(self, token: GuestProtocol) -> OKPKey:
        return self._keys[token.headers()["kid"]]


def service_tokens(
    secrets_dir: Path,
    service: str,
    purpose: str = "OPERATIONS",
    *,
    clock: Callable[[], float] = time.time,
) -> Callable[[], str]:
    """What a service shows its peers, each good for ten minutes."""
    actor = Actor(
        id=f"{SERVICE_SUBJECT}{service}",
        roles=frozenset({f"{SERVICE_ROLE}{service}"}),
        sites=frozenset({EVERY_SITE}),
        purpose=purpose,
    )
    return renewed_tokens(Issuer(secrets_dir, service, clock=clock), actor, LIFETIME)


def renewed_tokens(issuer: Issuer, actor: Actor, lifetime: timedelta) -> Callable[[], str]:
    """The actor's token, renewed at half its life; safe to share between threads."""
    lock = threading.Lock()
    held, renew_at = "", 0.0

    def token() -> str:
        nonlocal held, renew_at
        with lock:
            if issuer.clock() >= renew_at:
                held = issuer.token(
                    actor.id, sorted(actor.roles), sorted(actor.sites), actor.purpose, lifetime
                )
                renew_at = issuer.clock() + lifetime.total_seconds() / 2
            return held

    return token


def _may_assert(issuer: object, actor: Actor) -> bool:
    """A service speaks for itself alone; people are never a service."""
    if issuer == PEOPLE:
        claims_service = any(role.startswith(SERVICE_ROLE) for role in actor.roles)
        return not claims_service and not actor.id.startswith(SERVICE_SUBJECT)
    return actor.id == f"{SERVICE_SUBJECT}{issuer}" and actor.roles == {f"{SERVICE_ROLE}{issuer}"}


def _actor_of(claims: dict[str, Any]) -> Actor | None:
    subject, purpose = claims.get("sub"), claims.get("purpose")
    roles, sites = _texts(claims.get("roles")), _texts(claims.get("sites"))
    if not isinstance(subject, str) or not subject:
        return None
    if not isinstance(purpose, str) or purpose not in PURPOSES:
        return None
    if roles is None or sites is None:
        return None
    return Actor(id=subject, roles=roles, sites=sites, purpose=purpose)


def _texts(given: object) -> frozenset[str] | None:
    if isinstance(given, list) and all(isinstance(entry, str) and entry for entry in given):
        return frozenset(given)
    return None


def _invalid() -> Unauthenticated:
    return Unauthenticated("TOKEN_INVALID", "the token is not one this server believes")
