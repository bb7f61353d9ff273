"""A verifier that believes an identity provider, whose keys are fetched when a test says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kernel.identity_provider import IdentityProvider
from kernel.refusal import NotYet
from kernel.rereading import rereading_one
from kernel.rpc.denied import denied_in
from kernel.rpc.issuers import ProvidersPeople
from kernel.rpc.provider_keys import ProviderKeys
from kernel.rpc.tokens import Actor, Unauthenticated
from kernel.rpc.verifier import Verifier


class Provider(Protocol):
    """What the contract's tests ask of an identity provider, whichever it is."""

    @property
    def settings(self) -> dict[str, Any]:
        """What a network's settings say of it."""
        ...

    def token(self) -> str:
        """Of Ada, a clinician of Lakeside, to treat; good for minutes."""
        ...

    def token_for(self, seconds: int) -> str:
        """Of Ada, good for so long."""
        ...

    def token_for_another(self) -> str:
        """Of Ada, for another system of the network's."""
        ...

    def not_for_apis(self) -> Mapping[str, str]:
        """What else the provider signs of Ada, which nobody shows an API."""
        ...

    def rotate(self) -> object:
        """Sign with a new key; those before stay published."""
        ...

    def withdraw_old_keys(self) -> None:
        """Publish what signs, and nothing else."""
        ...

    def stop(self) -> None:
        """Answer nobody."""
        ...

    def start(self) -> None:
        """Answer again, where it did before."""
        ...


@dataclass(frozen=True, slots=True)
class Believing:
    """A server's verifier, and the keys that its thread would fetch."""

    verifier: Verifier
    keys: ProviderKeys

    def actor(self, token: str) -> Actor:
        """As a client is answered that tries again while its token's key is fetched."""
        try:
            return self.verifier.actor(token)
        except NotYet:
            self.keys.refresh()
            return self.verifier.actor(token)

    def refusal(self, token: str) -> str:
        """Why the token isn't believed; empty: it is."""
        try:
            self.actor(token)
        except (Unauthenticated, NotYet) as refused:
            return refused.reason
        return ""


def believing(
    provider: Provider, secrets_dir: Path, *, denied: Path | None = None, **settings: Any
) -> Believing:
    """By the provider's settings, with some said otherwise."""
    told = IdentityProvider(**{**provider.settings, **settings})
    keys = ProviderKeys(told)
    return Believing(
        Verifier(
            secrets_dir,
            provider=ProvidersPeople(told, keys),
            own_people=False,
            denied=None if denied is None else rereading_one(denied, denied_in),
        ),
        keys,
    )
