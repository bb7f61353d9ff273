"""What a network says of its console at the identity provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.config import WrongSetting
from kernel.identity_provider import IdentityProvider
from kernel.rereading import Rereading, Unusable, rereading_one

SECRET = "client-secret"  # noqa: S105 - a file's name
CALLBACK = "/sign-in/callback"
SIGNED_OUT = "/sign-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredConsole:
    """Whose client the console is, and as what. `address`: where browsers find the console.
    `scopes`: what is asked for, by the purpose of the token. `secret` is read again as it changes.
    """

    provider: IdentityProvider
    client_id: str
    secret: Rereading[str]
    address: str
    scopes: Mapping[str, str]

    @property
    def callback(self) -> str:
        """Where the provider sends people back to."""
        return f"{self.address}{CALLBACK}"

    @property
    def signed_out(self) -> str:
        """Where it sends them when they are signed out there."""
        return f"{self.address}{SIGNED_OUT}"


def secret_in(folder: Path) -> Rereading[str]:
    """What the console shows the provider, as its file is replaced; WrongSetting."""

    def understand(path: Path, content: bytes) -> str:
        try:
            secret = content.decode("ascii").strip()
        except ValueError:
            secret = ""
        if not secret:
            raise Unusable(f"{path} holds no secret")
        return secret

    try:
        return rereading_one(folder / SECRET, understand)
    except OSError as error:
        raise WrongSetting(f"NINEHOURS_SECRETS_DIR: {SECRET}: {error.strerror}") from None
    except Unusable:
        raise WrongSetting(f"NINEHOURS_SECRETS_DIR: {SECRET} is empty, or no text") from None
