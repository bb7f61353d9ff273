"""What a network says of its identity provider: whose tokens it believes, what each claim means."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from kernel.sites import site_named

# Asymmetric ones alone: a secret that is shared lets whoever verifies sign.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
Role = Literal["front_desk", "clinician", "biller", "administrator", "operator"]
Purpose = Literal["TREATMENT", "PAYMENT", "OPERATIONS"]
# A claim's name, or where it stands: a JSON pointer such as `/realm_access/roles`.
Claim = Annotated[str, StringConstraints(min_length=1, max_length=200)]
# OAuth writes these as one text with spaces (RFC 8693), where others write lists.
SCOPES = ("scope", "scp")
# They name a person, and a subject stands in records and logs.
NAMING = frozenset({"email", "name", "preferred_username", "unique_name", "upn", "nickname"})


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise PydanticCustomError("https_url", "takes an address that begins with https://")
    if parts.username or parts.password:
        raise PydanticCustomError("https_url", "takes an address without anybody's password")
    return url


def _nobodys_name(claim: str) -> str:
    if claim.rpartition("/")[2] in NAMING:
        raise PydanticCustomError("names_a_person", "takes a claim that is nobody's name")
    return claim


def _asymmetric(listed: str) -> str:
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if not names or not ALGORITHMS.issuperset(names):
        raise PydanticCustomError("algorithms", "takes asymmetric algorithms, with commas")
    return ",".join(names)


def _no_service(prefix: str) -> str:
    if prefix == "service/":
        raise PydanticCustomError("services_prefix", "takes a prefix that is not the services'")
    return prefix


def _a_site(text: str) -> str:
    if (site := site_named(text)) is None:
        raise PydanticCustomError("site", "takes ids of sites, or *")
    return site


Address = Annotated[str, AfterValidator(_https)]


class IdentityProvider(BaseModel):
    """Settings, `NINEHOURS_OIDC_…`; seconds where they are times.

    `roles`, `sites`, `purposes`: what the provider calls them → what they are called here; without,
    they are called the same. What isn't among them gives nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: Address
    audience: str = Field(min_length=1)
    jwks_uri: Address | None = None
    ca_file: FilePath | None = None
    algorithms: Annotated[str, AfterValidator(_asymmetric)] = "RS256"

    subject_claim: Annotated[Claim, AfterValidator(_nobodys_name)] = "sub"
    # Of a provider that comes after this one it is another: no subject is ever two people's.
    subject_prefix: Annotated[
        str, StringConstraints(pattern="^[a-z0-9][a-z0-9.-]{0,40}/$"), AfterValidator(_no_service)
    ] = "oidc/"
    roles_claim: Claim = "roles"
    roles: dict[str, Role] | None = None
    sites_claim: Claim = "sites"
    sites: dict[str, Annotated[str, AfterValidator(_a_site)]] | None = None
    purpose_claim: Claim = "purpose"
    purposes: dict[str, Purpose] | None = None
    token_id_claim: Claim = "jti"  # noqa: S105 - a claim's name

    leeway: int = Field(default=30, ge=0, le=300)
    longest_life: int = Field(default=7200, ge=60, le=86_400)
    # A key that is withdrawn ceases to be believed within `refresh`, and within `keys_kept`
    # where the provider can't be asked.
    refresh: int = Field(default=300, ge=10, le=3600)
    keys_kept: int = Field(default=21_600, ge=3600, le=604_800)

    @property
    def signs_with(self) -> tuple[str, ...]:
        """The algorithms that are believed."""
        return tuple(self.algorithms.split(","))

    @property
    def discovery(self) -> str:
        """Where the issuer says where its keys are (OpenID Connect Discovery 1.0, section 4)."""
        return self.issuer.rstrip("/") + "/.well-known/openid-configuration"


def values_of(claims: Mapping[str, Any], claim: str) -> Iterator[str]:
    """The texts of a claim: those of a list, or the one; what is no text gives nothing."""
    found: object = claims
    for step in _steps(claim):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, str):
        name = claim.rpartition("/")[2]
        found = found.split() if name in SCOPES else [found]
    if isinstance(found, list):
        yield from (value for value in found if isinstance(value, str) and value)


def _steps(claim: str) -> list[str]:
    if not claim.startswith("/"):
        return [claim]
    return [part.replace("~1", "/").replace("~0", "~") for part in claim[1:].split("/")]
