"""Who may say who somebody is: the services of themselves, and the network's identity provider."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, get_args

from joserfc.jwk import OKPKey

from kernel.identity_provider import IdentityProvider, Purpose, Role, values_of
from kernel.rereading import AT_ONCE, Rereading
from kernel.rpc.provider_keys import ProviderKeys, PublicKey
from kernel.rpc.tokens import (
    ALGORITHM,
    AUDIENCE,
    Actor,
    Unauthenticated,
    actor_of,
    may_assert,
    sites_in,
)
from kernel.secrets import PEOPLE, issuer_of

LEEWAY = 60  # seconds by which the clocks of one installation may differ
LONGEST_OF_SERVICES = timedelta(hours=1)
LONGEST_OF_PEOPLE = timedelta(days=30)  # on one machine, where nobody else has its keys
# Nobody's name: no spaces, and no `@`, as of an e-mail address. It stands in records and logs.
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|~+=-]{0,199}")
ROLES: Mapping[str, str] = {role: role for role in get_args(Role)}
PURPOSES: Mapping[str, str] = {purpose: purpose for purpose in get_args(Purpose)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What an issuer's tokens are held to: for whom, how signed, how long; in seconds."""

    audience: str
    algorithms: Sequence[str]
    leeway: int
    longest_life: int


class Signs(Protocol):
    """Whose signature is known, under what is held to these bounds."""

    @property
    def bounds(self) -> Bounds:
        """What its tokens are held to."""
        ...

    def key(self, kid: str, algorithm: str, /) -> PublicKey:
        """What it signs with under that id. KeyError: nothing; NotYet: it is being asked."""
        ...


class Trusted(Signs, Protocol):
    """An issuer whose tokens are believed of those whom it may speak for."""

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """Whom they speak for, or Unauthenticated."""
        ...

    def token_id(self, claims: Mapping[str, Any]) -> str | None:
        """By what the token can be denied."""
        ...


class OwnIssuer:
    """A service, or the people of one machine, under a key of this installation's own."""

    def __init__(
        self,
        name: str,
        published: Rereading[Mapping[str, OKPKey]],
        *,
        others: str | None = None,
    ) -> None:
        self._name = name
        self._published = published
        self._others = others
        self.bounds = Bounds(
            audience=AUDIENCE,
            algorithms=(ALGORITHM,),
            leeway=LEEWAY,
            longest_life=int(longest_life_of(name).total_seconds()),
        )

    def key(self, kid: str, _algorithm: str, /) -> PublicKey:
        """One of those that are published under the issuer's name, all for the one algorithm."""
        if issuer_of(kid) != self._name:
            raise KeyError(kid)
        keys = self._published.current()
        return keys[kid] if kid in keys else self._published.current(AT_ONCE)[kid]

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """A service of itself alone; a person whose subject isn't an identity provider's."""
        actor = actor_of(claims)
        if actor is None or not may_assert(self._name, actor):
            raise invalid()
        if self._others is not None and actor.id.startswith(self._others):
            raise invalid()
        return actor

    def token_id(self, claims: Mapping[str, Any]) -> str | None:
        """Its `jti`."""
        return next(values_of(claims, "jti"), None)


class ProvidersPeople:
    """People as the network's identity provider knows them; never a service, whatever it says."""

    def __init__(self, provider: IdentityProvider, keys: ProviderKeys) -> None:
        self.name = provider.issuer
        self.prefix = provider.subject_prefix
        self._provider = provider
        self._keys = keys
        self.bounds = Bounds(
            audience=provider.audience,
            algorithms=provider.signs_with,
            leeway=provider.leeway,
            longest_life=provider.longest_life,
        )

    def close(self) -> None:
        """Ask for its keys no more."""
        self._keys.close()

    def key(self, kid: str, algorithm: str, /) -> PublicKey:
        """One of those that the provider publishes."""
        return self._keys.key(kid, algorithm)

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """Roles, sites and purpose as settings say; what isn't among them gives nothing. Without
        a setting for sites they are ids."""
        provider = self._provider
        subjects = [*values_of(claims, provider.subject_claim)]
        if len(subjects) != 1 or not SUBJECT.fullmatch(subjects[0]):
            raise Unauthenticated(
                "TOKEN_SUBJECT_UNUSABLE", "the token's subject is none, or not an opaque id"
            )
        named = values_of(claims, provider.purpose_claim)
        purposes = {*_meant(named, PURPOSES if provider.purposes is None else provider.purposes)}
        if len(purposes) != 1:
            raise Unauthenticated(
                "TOKEN_PURPOSE_UNCLEAR", "the token names no purpose that is known, or several"
            )
        roles = values_of(claims, provider.roles_claim)
        sites = [*values_of(claims, provider.sites_claim)]
        return Actor(
            id=f"{provider.subject_prefix}{subjects[0]}",
            roles=frozenset(_meant(roles, ROLES if provider.roles is None else provider.roles)),
            sites=sites_in(sites if provider.sites is None else _meant(sites, provider.sites)),
            purpose=purposes.pop(),
        )

    def token_id(self, claims: Mapping[str, Any]) -> str | None:
        """What the setting names, `jti` mostly."""
        return next(values_of(claims, self._provider.token_id_claim), None)


def longest_life_of(issuer: str) -> timedelta:
    """For how long a token is good, at most, that one of this installation's own issuers signs."""
    return LONGEST_OF_PEOPLE if issuer == PEOPLE else LONGEST_OF_SERVICES


def invalid() -> Unauthenticated:
    """What is told of all that is no token of anybody believed: nothing more."""
    return Unauthenticated("TOKEN_INVALID", "the token is not one this server believes")


def _meant(values: Iterator[str] | Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    yield from (names[value] for value in values if value in names)
