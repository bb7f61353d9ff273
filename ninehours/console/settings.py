"""What the console's processes are told, beside what they share with those of the services."""

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from kernel.config import Settings, WrongSetting
from kernel.identity_provider import Address, Purpose
from ninehours.console.provider.registration import RegisteredConsole, secret_in

OPENID = "openid"


class ConsoleSettings(Settings):
    """Its database holds sessions alone, and so it keeps no keys."""

    service: Literal["console"] = "console"
    # Where people's tokens are signed on one machine; `way-in` in the secrets is what opens it.
    people_dir: Path | None = None
    # Elsewhere, of the network's identity provider; `client-secret` in the secrets is shown to it.
    client_id: str = Field(default="", max_length=200)
    public_address: Address | None = None
    scopes: dict[Purpose, str] = Field(default_factory=dict)
    # Seconds.
    idle_after: int = Field(default=900, ge=60, le=43_200)
    signed_in_for: int = Field(default=43_200, ge=600, le=86_400)

    @model_validator(mode="after")
    def _databases_are_told(self) -> Self:
        _ = self.database
        return self

    @model_validator(mode="after")
    def _somebody_can_sign_in(self) -> Self:
        if self.people_dir is not None:
            if self.environment == "production":
                raise WrongSetting("NINEHOURS_PEOPLE_DIR: is for one machine, not for production")
            if self.oidc is not None:
                raise WrongSetting("NINEHOURS_PEOPLE_DIR: people come from the identity provider")
            return self
        if self.oidc is None:
            here = "" if self.environment == "production" else "NINEHOURS_PEOPLE_DIR or "
            raise WrongSetting(f"{here}NINEHOURS_OIDC_ISSUER: missing; who says who people are?")
        if not self.client_id:
            raise WrongSetting("NINEHOURS_CLIENT_ID: missing; as what is the console registered?")
        if self.public_address is None:
            raise WrongSetting("NINEHOURS_PUBLIC_ADDRESS: missing; where is the console found?")
        for purpose in get_args(Purpose):
            if OPENID not in self.scopes.get(purpose, OPENID).split():
                raise WrongSetting(f"NINEHOURS_SCOPES: {purpose} lacks {OPENID}")
        return self

    @property
    def registration(self) -> RegisteredConsole:
        """As what it is known to the identity provider; WrongSetting where its secret is none."""
        assert self.oidc is not None  # or the settings were refused
        assert self.public_address is not None
        return RegisteredConsole(
            provider=self.oidc,
            client_id=self.client_id,
            secret=secret_in(self.secrets_dir),
            address=self.public_address.rstrip("/"),
            scopes={each: self.scopes.get(each, OPENID) for each in get_args(Purpose)},
        )
