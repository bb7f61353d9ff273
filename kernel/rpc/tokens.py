"""Who asks, and how it is signed: tokens that say who, in which roles, at which sites, for what."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt

from kernel.clock import seconds
from kernel.refusal import Refusal
from kernel.secrets import PEOPLE
from kernel.signing_key import SigningKey
from kernel.sites import EVERY_SITE, site_named

# RFC 9864's name for EdDSA on Ed25519; the only one accepted, whatever a token's header says.
ALGORITHM = "Ed25519"
# Whom tokens under this installation's own keys are for: those of another system are not.
AUDIENCE = "ninehours"
SERVICE_ROLE = "service:"
SERVICE_SUBJECT = "service/"
PURPOSES = frozenset({"TREATMENT", "PAYMENT", "OPERATIONS"})
LIFETIME = timedelta(minutes=10)
LONGEST_SUBJECT = 250  # characters: more than an identity provider's are with their prefix


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
        self, secrets_dir: Path, issuer: str, *, clock: Callable[[], float] = seconds
    ) -> None:
        self.clock = clock
        self._issuer = issuer
        self._key = SigningKey(secrets_dir, issuer, clock=clock)

    @property
    def kid(self) -> str:
        """Under which key tokens are signed now."""
        return str(self._key.current().kid)

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
        actor = actor_of(claims)
        if actor is None or not may_assert(self._issuer, actor):
            raise ValueError(f"{self._issuer} may not assert this subject, role or purpose")
        now = int(self.clock())
        dated = {**claims, "iss": self._issuer, "aud": AUDIENCE, "iat": now}
        dated["exp"] = now + int(lifetime.total_seconds())
        key = self._key.current()
        header = {"alg": ALGORITHM, "kid": key.kid}
        return jwt.encode(header, dated, key, algorithms=[ALGORITHM])


def service_tokens(
    secrets_dir: Path,
    service: str,
    purpose: str = "OPERATIONS",
    *,
    clock: Callable[[], float] = seconds,
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
    """The actor's token, renewed at half its life, and when the key that signs is another; safe
    to share between threads."""
    lock = threading.Lock()
    held, kid, renew_at = "", "", 0.0

    def token() -> str:
        nonlocal held, kid, renew_at
        with lock:
            if issuer.clock() >= renew_at or issuer.kid != kid:
                kid = issuer.kid
                held = issuer.token(
                    actor.id, sorted(actor.roles), sorted(actor.sites), actor.purpose, lifetime
                )
                renew_at = issuer.clock() + lifetime.total_seconds() / 2
            return held

    return token


def may_assert(issuer: str, actor: Actor) -> bool:
    """A service speaks for itself alone; people are never a service."""
    if issuer == PEOPLE:
        return not is_service(actor)
    return actor.id == f"{SERVICE_SUBJECT}{issuer}" and actor.roles == {f"{SERVICE_ROLE}{issuer}"}


def is_service(actor: Actor) -> bool:
    """Whether it is called one, or has a role of one."""
    has_role = any(role.startswith(SERVICE_ROLE) for role in actor.roles)
    return has_role or actor.id.startswith(SERVICE_SUBJECT)


def actor_of(claims: Mapping[str, Any]) -> Actor | None:
    """Who is meant by claims of our own making; None where one is missing or not what it is.
    Unauthenticated where they name what is no site.
    """
    subject, purpose = claims.get("sub"), claims.get("purpose")
    roles, sites = _texts(claims.get("roles")), _texts(claims.get("sites"))
    if not isinstance(subject, str) or not _is_name(subject):
        return None
    if not isinstance(purpose, str) or purpose not in PURPOSES:
        return None
    if roles is None or sites is None:
        return None
    return Actor(id=subject, roles=roles, sites=sites_in(sites), purpose=purpose)


def sites_in(named: Iterable[str]) -> frozenset[str]:
    """By their ids, or `*`. Unauthenticated where one is neither: questions are asked by them."""
    sites = frozenset(site_named(text) for text in named)
    if None in sites:
        raise Unauthenticated(
            "TOKEN_SITES_UNUSABLE", "the token's sites are to be ids of sites, or `*`"
        )
    return frozenset(filter(None, sites))


def _texts(given: object) -> frozenset[str] | None:
    if isinstance(given, list) and all(isinstance(entry, str) and entry for entry in given):
        return frozenset(given)
    return None


def _is_name(subject: str) -> bool:
    """Records and logs can hold it."""
    return 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
