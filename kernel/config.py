"""What a process is told by its environment, `NINEHOURS_…`, checked once before anything opens."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kernel.database_address import DatabaseAddress, NoAddress, database_address, place_of
from kernel.identity_provider import IdentityProvider
from kernel.tls.identity import ISSUED, STRIMZI, FileNames, Identity, NoIdentity


def _peers(given: object) -> object:
    if not isinstance(given, str):
        return given
    peers: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        name, separator, address = part.partition("=")
        if not (name and separator and address):
            raise ValueError("peers are written name=host:port, separated by commas")
        if name in peers:
            raise ValueError("a peer is named twice")
        peers[name] = address
    return peers


class WrongSetting(Exception):
    """A setting that is right in itself, and wrong for this process; the text is safe to show."""


class Settings(BaseSettings):
    """Every setting of every process; a process uses those it needs."""

    # The input of a failed check is never shown: it may be a database URL with its password.
    model_config = SettingsConfigDict(
        env_prefix="NINEHOURS_",
        env_nested_delimiter="_",  # NINEHOURS_OIDC_ISSUER is oidc's issuer
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    service: str
    environment: Literal["local", "test", "production"] = "production"
    # Two installations' facts are never mixed: each names its own in every envelope.
    network: str = Field(default="", pattern="^[a-z0-9-]*$", max_length=40, validate_default=True)
    # Whole, or in a file; without a password, which is in a file: what of them may change is read
    # again at each connection.
    database_url: SecretStr | None = None
    database_url_file: Path | None = None
    database_password_file: Path | None = None
    # Owners' keys: never in the database that they protect, nor in its backups.
    keys_database_url: SecretStr | None = None
    keys_database_url_file: Path | None = None
    keys_database_password_file: Path | None = None
    secrets_dir: Path
    # How long clinical records are kept, by the network's own law and contracts. Unset: for ever.
    retention_years: int | None = Field(default=None, ge=1, le=100)
    retention_until_age: int | None = Field(default=None, ge=1, le=100)
    kafka: str = "127.0.0.1:9092"
    listen: str = "127.0.0.1:0"
    health_listen: str = "127.0.0.1:0"
    peers: Annotated[dict[str, str], NoDecode, BeforeValidator(_peers)] = {}
    clock: Literal["server", "caller"] = "server"
    # Seconds by which this process's clock is ahead of its host's: two of one machine tell
    # different times, as two hosts do.
    clock_ahead: float = 0.0
    # Seconds; Faust takes none longer than a request to a broker may last, 90.
    session_timeout: int = Field(default=30, ge=1, le=90)
    # Seconds: a thread that has something to do, and ended no step for so long, hangs. A lock, or
    # another service, is waited for for ten.
    hangs_after: int = Field(default=300, ge=20)
    database_pool: int = Field(default=5, ge=1)
    # A folder for each wire, with certificate, key and authorities: see kernel.tls.identity.
    rpc_tls_dir: Path | None = None
    kafka_tls_dir: Path | None = None
    database_tls_dir: Path | None = None
    # Whither, OpenTelemetry's own variables say.
    tracing: bool = False
    oidc: IdentityProvider | None = None
    denied_tokens: Path | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """This process's settings; raises with each field that is missing or wrong, no values."""
        nothing: dict[str, Any] = {}
        return cls(**nothing)

    @field_validator("network")
    @classmethod
    def _production_names_its_network(cls, network: str, info: ValidationInfo) -> str:
        if not network and info.data.get("environment") == "production":
            raise PydanticCustomError("required_in_production", "production names its network")
        return network or "local"

    @field_validator("clock")
    @classmethod
    def _production_signs_with_its_own_clock(cls, clock: str, info: ValidationInfo) -> str:
        if clock == "caller" and info.data.get("environment") == "production":
            raise PydanticCustomError(
                "refused_in_production",
                "NINEHOURS_CLOCK=caller is for demo and tests only: in production the server's own "
                "clock signs; set NINEHOURS_ENVIRONMENT=local or test, or NINEHOURS_CLOCK=server",
            )
        return clock

    @field_validator("clock_ahead")
    @classmethod
    def _production_believes_its_hosts(cls, ahead: float, info: ValidationInfo) -> float:
        if ahead and info.data.get("environment") == "production":
            raise PydanticCustomError(
                "refused_in_production",
                "NINEHOURS_CLOCK_AHEAD is for tests only: in production a process tells the time "
                "of its host; set NINEHOURS_ENVIRONMENT=test, or don't set it",
            )
        return ahead

    @model_validator(mode="after")
    def _databases_are_told(self) -> Self:
        data = self.database.current()
        keys = self._address("KEYS_DATABASE")
        if keys is None and self.environment == "production":
            raise WrongSetting("NINEHOURS_KEYS_DATABASE_URL: missing; production keeps keys apart")
        if keys is not None and place_of(keys.current()) == place_of(data):
            raise WrongSetting(
                "NINEHOURS_KEYS_DATABASE_URL: names the database of the data; keys lie apart from"
                " what they protect"
            )
        return self

    @cached_property
    def database(self) -> DatabaseAddress:
        """The service's record, and as whom this process asks it."""
        return self._required("DATABASE")

    @cached_property
    def keys_database(self) -> DatabaseAddress:
        """As `database`, of the service's key store."""
        return self._required("KEYS_DATABASE")

    def _required(self, name: str) -> DatabaseAddress:
        address = self._address(name)
        if address is None:
            raise WrongSetting(f"NINEHOURS_{name}_URL: missing")
        return address

    def _address(self, name: str) -> DatabaseAddress | None:
        told = name.lower()
        url: SecretStr | None = getattr(self, f"{told}_url")
        try:
            return database_address(
                f"NINEHOURS_{name}",
                url.get_secret_value() if url is not None else None,
                getattr(self, f"{told}_url_file"),
                getattr(self, f"{told}_password_file"),
            )
        except NoAddress as error:
            raise WrongSetting(str(error)) from None

    def peer(self, service: str) -> str:
        """The address of a service that this one asks."""
        if service not in self.peers:
            raise WrongSetting(f"NINEHOURS_PEERS: names no {service}")
        return self.peers[service]

    @cached_property
    def rpc_identity(self) -> Identity | None:
        """What is shown to services and callers; None: they are spoken to in plain text."""
        return self._identity("NINEHOURS_RPC_TLS_DIR", self.rpc_tls_dir, ISSUED)

    @cached_property
    def kafka_identity(self) -> Identity | None:
        """As `rpc_identity`, of Kafka."""
        return self._identity("NINEHOURS_KAFKA_TLS_DIR", self.kafka_tls_dir, STRIMZI)

    @cached_property
    def database_identity(self) -> Identity | None:
        """As `rpc_identity`, of PostgreSQL."""
        return self._identity("NINEHOURS_DATABASE_TLS_DIR", self.database_tls_dir, ISSUED)

    def _identity(self, setting: str, folder: Path | None, names: FileNames) -> Identity | None:
        if folder is None:
            if self.environment == "production":
                files = f"{names.certificate}, {names.key} and {names.authorities}"
                raise WrongSetting(
                    f"{setting}: production speaks TLS on every wire; name the folder with {files}"
                )
            return None
        try:
            return Identity(folder, names)
        except NoIdentity as error:
            raise WrongSetting(f"{setting}: {error}") from None
