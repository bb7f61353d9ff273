"""A provider where people sign in to the console, as the contracts' tests ask of it."""

from collections.abc import Mapping
from typing import Protocol

from tests.harness.identity.believing import Provider
from tests.harness.identity.certificates import Certificates


class SignInProvider(Provider, Protocol):
    """The console is a client there, and Ada, a clinician, has a password."""

    client_id: str
    client_secret: str
    scopes: Mapping[str, str]
    certificates: Certificates

    @property
    def password(self) -> str:
        """Ada's."""
        ...

    def register(self, address: str) -> None:
        """The console is found there."""
        ...

    def sign_everybody_out(self) -> None:
        """As an administrator does."""
        ...
