"""The console doesn't start with half of what signing in takes, and says which half."""

import json
from pathlib import Path
from typing import Any

import pytest

from kernel.config import WrongSetting
from kernel.identity_provider import IdentityProvider
from ninehours.console.provider.registration import SECRET
from ninehours.console.settings import ConsoleSettings

COMPLETE: dict[str, Any] = {
    "network": "lakeside",
    "database_url": "postgresql://nobody@127.0.0.1:1/console",
    "oidc": IdentityProvider(issuer="https://id.example.org", audience="ninehours"),
    "client_id": "console",
    "public_address": "https://console.example.org/",
    "scopes": {"TREATMENT": "openid treatment"},
}


def settings(folder: Path, **changes: Any) -> ConsoleSettings:
    return ConsoleSettings(**{**COMPLETE, "secrets_dir": folder, **changes})


def test_what_production_is_told(tmp_path: Path) -> None:
    (tmp_path / SECRET).write_text("hush\n")
    registration = settings(tmp_path).registration
    assert registration.callback == "https://console.example.org/sign-in/callback"
    assert registration.secret.current() == "hush"
    assert registration.scopes == {
        "TREATMENT": "openid treatment",
        "PAYMENT": "openid",
        "OPERATIONS": "openid",
    }
    assert "hush" not in repr(registration)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"oidc": None}, "NINEHOURS_OIDC_ISSUER"),
        ({"client_id": ""}, "NINEHOURS_CLIENT_ID"),
        ({"public_address": None}, "NINEHOURS_PUBLIC_ADDRESS"),
        ({"scopes": {"PAYMENT": "billing"}}, "NINEHOURS_SCOPES"),
        ({"people_dir": Path("/people")}, "NINEHOURS_PEOPLE_DIR"),
        ({"people_dir": Path("/people"), "environment": "local"}, "NINEHOURS_PEOPLE_DIR"),
        ({"oidc": None, "environment": "local"}, "NINEHOURS_PEOPLE_DIR or NINEHOURS_OIDC_ISSUER"),
        ({"database_url": None}, "NINEHOURS_DATABASE_URL"),
    ],
)
def test_what_lacks_is_named_in_one_line(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(WrongSetting) as refused:
        settings(tmp_path, **changes)
    assert str(refused.value).startswith(f"{named}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_secret_that_is_none_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / SECRET).write_text(content)
    with pytest.raises(WrongSetting, match=rf"^NINEHOURS_SECRETS_DIR: {SECRET}") as refused:
        _ = settings(tmp_path).registration
    assert "\n" not in str(refused.value)


def test_the_environment_says_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "NETWORK": "lakeside",
        "DATABASE_URL": COMPLETE["database_url"],
        "SECRETS_DIR": str(tmp_path),
        "OIDC_ISSUER": "https://id.example.org",
        "OIDC_AUDIENCE": "ninehours",
        "CLIENT_ID": "console",
        "PUBLIC_ADDRESS": "https://console.example.org",
        "SCOPES": json.dumps({"PAYMENT": "openid payment"}),
    }
    for name, value in told.items():
        monkeypatch.setenv(f"NINEHOURS_{name}", value)
    read = ConsoleSettings.from_environment()
    assert (read.client_id, read.scopes) == ("console", {"PAYMENT": "openid payment"})
