"""Whom a server believes: each issuer by its own keys, for what it may say, while it holds."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jws import CompactSignature, JWSRegistry
from pydantic import ValidationError

from kernel.clock import seconds
from kernel.config import Settings, WrongSetting
from kernel.rereading import Rereading, rereading_one
from kernel.rpc.denied import Denied, denied_in
from kernel.rpc.issuers import Bounds, OwnIssuer, ProvidersPeople, Signs, Trusted, invalid
from kernel.rpc.provider_keys import ProviderKeys
from kernel.rpc.tokens import Actor, Unauthenticated, is_service
from kernel.secrets import OF_TOKENS, PEOPLE, published_keys

# RFC 8725, 3.11: what a provider signs for another use (a logout, an event) names another type.
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class Verifier:
    """Believes a token that its issuer signed, for this system, within its time, and not denied.

    People come from an identity provider, and where `own_people` from this machine's key file.
    """

    def __init__(
        self,
        secrets_dir: Path,
        *,
        provider: ProvidersPeople | None = None,
        own_people: bool = True,
        denied: Rereading[Denied] | None = None,
        clock: Callable[[], float] = seconds,
    ) -> None:
        published = published_keys(secrets_dir, clock)
        # No subject is two people's: this machine's own are none with the provider's prefix.
        others = provider.prefix if provider is not None else None
        names = [name for name in OF_TOKENS.issuers if own_people or name != PEOPLE]
        self._provider = provider
        self._denied = denied
        self._clock = clock
        self._trusted: dict[str, Trusted] = {
            name: OwnIssuer(name, published, others=others) for name in names
        }
        if provider is not None:
            self._trusted[provider.name] = provider

    def close(self) -> None:
        """Ask the identity provider for its keys no more."""
        if self._provider is not None:
            self._provider.close()

    def actor(self, token: str, peer: Collection[str] | None = None) -> Actor:
        """Who the token speaks for, or Unauthenticated; NotYet where its key isn't known yet.

        `peer`: the services that the peer's certificate names, of which alone a service's token is
        believed; None: no certificate was asked for, on one machine. Judged by the real clock.
        """
        now = self._clock()
        claims = verified(token, self._trusted, now)
        issuer = claims["iss"]
        trusted = self._trusted[issuer]
        actor = trusted.actor(claims)
        if peer is not None and is_service(actor) and issuer not in peer:
            raise Unauthenticated(
                "TOKEN_OF_ANOTHER_SERVICE", "the token is not of the service that the peer is"
            )
        if self._denied is not None and self._denied.current().denies(
            actor.id, trusted.token_id(claims), datetime.fromtimestamp(now, UTC)
        ):
            raise Unauthenticated("TOKEN_DENIED", "the token is believed no more")
        return actor


def verified(token: str, issuers: Mapping[str, Signs], now: float) -> dict[str, Any]:
    """What the one of these issuers claims that signed the token, within its bounds; else
    Unauthenticated, and NotYet where its key isn't known yet."""
    try:
        signature = jws.extract_compact(token.encode())
        claims = _claims_of(signature)
        issuer = issuers[claims["iss"]]
        _verify(signature, issuer)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise invalid() from None
    _judge(claims, issuer.bounds, now)
    return claims


def verifier_of(settings: Settings) -> Verifier:
    """As the settings say; in production people come from an identity provider alone."""
    in_production = settings.environment == "production"
    if in_production and settings.oidc is None:
        raise WrongSetting("NINEHOURS_OIDC_ISSUER: required_in_production")
    provider = None
    if settings.oidc is not None:
        keys = ProviderKeys(settings.oidc)
        keys.start()
        provider = ProvidersPeople(settings.oidc, keys)
    return Verifier(
        settings.secrets_dir,
        provider=provider,
        own_people=not in_production,
        denied=None if settings.denied_tokens is None else _denied(settings.denied_tokens),
    )


def _denied(path: Path) -> Rereading[Denied]:
    try:
        return rereading_one(path, denied_in)
    except (OSError, ValidationError):
        raise WrongSetting("NINEHOURS_DENIED_TOKENS: names no file of denied tokens") from None


def _claims_of(signature: CompactSignature) -> dict[str, Any]:
    """What is claimed, by whomever: believed of nothing yet but of whose key to try."""
    claims = json.loads(signature.payload or b"")
    if not isinstance(claims, dict):
        raise TypeError("claims are an object")
    return claims


def _verify(signature: CompactSignature, issuer: Signs) -> None:
    """JoseError, or KeyError, where the issuer didn't sign it, or for another use."""
    header = signature.headers()
    algorithm, kid = header["alg"], header["kid"]
    if algorithm not in issuer.bounds.algorithms or not isinstance(kid, str):
        raise KeyError(algorithm)
    if str(header.get("typ", "JWT")).lower() not in TYPES:
        raise KeyError("typ")
    # A header that we don't know is passed over, as RFC 7515 has it; one that is critical is not.
    registry = JWSRegistry(algorithms=issuer.bounds.algorithms, strict_check_header=False)
    key = issuer.key(kid, algorithm)
    if not jws.validate_compact(signature, key, registry=registry):
        raise BadSignatureError


def _judge(claims: Mapping[str, Any], bounds: Bounds, now: float) -> None:
    """Unauthenticated for a token of another system, or of another time than now."""
    audience = claims.get("aud")
    if bounds.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthenticated("TOKEN_OF_ANOTHER_SYSTEM", "the token is for another audience")
    issued, expires = claims.get("iat"), claims.get("exp")
    begins = claims.get("nbf", issued)
    # bool is an int, and a float may be NaN, which never expires.
    if type(issued) is not int or type(expires) is not int or type(begins) is not int:
        raise invalid()
    if expires - issued > bounds.longest_life or expires <= issued:
        raise Unauthenticated("TOKEN_LIVES_TOO_LONG", "the token's life is longer than is believed")
    if max(issued, begins) > now + bounds.leeway:
        raise Unauthenticated("TOKEN_NOT_YET_VALID", "the token is not valid yet")
    if expires <= now - bounds.leeway:
        raise Unauthenticated("TOKEN_EXPIRED", "the token has expired: get a new one")
