"""What the environment may say, and what an error about it never shows."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from kernel.config import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("NINEHOURS_SERVICE", "plans")
    monkeypatch.setenv("NINEHOURS_DATABASE_URL", "postgresql://plans:hush@db/plans")
    monkeypatch.setenv("NINEHOURS_KEYS_DATABASE_URL", "postgresql://plans:hush@db/plans_keys")
    monkeypatch.setenv("NINEHOURS_SECRETS_DIR", "/keys")
    monkeypatch.setenv("NINEHOURS_NETWORK", "lakeside")
    return monkeypatch


def test_settings_come_from_the_environment_and_default_to_production() -> None:
    settings = Settings.from_environment()
    assert (settings.service, settings.secrets_dir) == ("plans", Path("/keys"))
    assert settings.database_url.get_secret_value() == "postgresql://plans:hush@db/plans"
    assert (settings.environment, settings.clock) == ("production", "server")
    assert "hush" not in f"{settings} {settings!r}"


def test_peers_are_names_and_addresses(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NINEHOURS_PEERS", "intake=127.0.0.1:5001, plans=[::1]:5002,")
    peers = Settings.from_environment().peers
    assert peers == {"intake": "127.0.0.1:5001", "plans": "[::1]:5002"}


@pytest.mark.parametrize("peers", ["intake", "=x:1", "intake=", "a=x:1,a=y:2"])
def test_peers_that_are_not_so_are_refused(environment: pytest.MonkeyPatch, peers: str) -> None:
    environment.setenv("NINEHOURS_PEERS", peers)
    with pytest.raises(ValidationError, match="peers"):
        Settings.from_environment()


def test_production_refuses_the_callers_clock(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NINEHOURS_CLOCK", "caller")
    with pytest.raises(ValidationError, match="demo and tests only") as refused:
        Settings.from_environment()
    assert "hush" not in str(refused.value)
    environment.setenv("NINEHOURS_ENVIRONMENT", "test")
    assert Settings.from_environment().clock == "caller"


def test_production_names_its_network_and_elsewhere_it_is_local(
    environment: pytest.MonkeyPatch,
) -> None:
    assert Settings.from_environment().network == "lakeside"
    environment.delenv("NINEHOURS_NETWORK")
    with pytest.raises(ValidationError) as refused:
        Settings.from_environment()
    [error] = refused.value.errors()
    assert (error["loc"], error["type"]) == (("network",), "required_in_production")
    environment.setenv("NINEHOURS_ENVIRONMENT", "local")
    assert Settings.from_environment().network == "local"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://plans:hush@db/plans",
        "postgresql://another:hush@db:5432/plans",
        "postgresql+psycopg://db/plans?sslmode=verify-full",
    ],
)
def test_keys_never_lie_in_the_database_that_they_protect(
    environment: pytest.MonkeyPatch, url: str
) -> None:
    environment.setenv("NINEHOURS_KEYS_DATABASE_URL", url)
    environment.setenv("NINEHOURS_ENVIRONMENT", "test")
    with pytest.raises(ValidationError) as refused:
        Settings.from_environment()
    [error] = refused.value.errors()
    assert (error["loc"], error["type"]) == (("keys_database_url",), "names_the_data")


def test_an_error_names_every_wrong_setting_and_no_value(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("NINEHOURS_SERVICE")
    environment.setenv("NINEHOURS_SESSION_TIMEOUT", "hush-hush")
    environment.setenv("NINEHOURS_DATABASE_POOL", "0")
    with pytest.raises(ValidationError) as refused:
        Settings.from_environment()
    assert "hush" not in str(refused.value)
    assert {error["loc"][0] for error in refused.value.errors(include_input=False)} == {
        "service",
        "session_timeout",
        "database_pool",
    }
