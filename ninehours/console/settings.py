"""What the console's processes are told, beside what they share with those of the services."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from kernel.config import Settings, WrongSetting


class ConsoleSettings(Settings):
    """Its database holds sessions alone, and so it keeps no keys."""

    service: Literal["console"] = "console"
    # Where people's tokens are signed on one machine; `way-in` in the secrets is what opens it.
    people_dir: Path | None = None
    # Seconds.
    idle_after: int = Field(default=900, ge=60, le=43_200)
    signed_in_for: int = Field(default=43_200, ge=600, le=86_400)

    @model_validator(mode="after")
    def _databases_are_told(self) -> Self:
        _ = self.database
        return self

    @model_validator(mode="after")
    def _somebody_can_sign_in(self) -> Self:
        if self.environment == "production":
            raise WrongSetting(
                "NINEHOURS_ENVIRONMENT: the console signs nobody in by an identity provider yet;"
                " it runs on one machine, as `make up` starts it"
            )
        if self.people_dir is None:
            raise WrongSetting("NINEHOURS_PEOPLE_DIR: missing; who signs people's tokens?")
        return self
