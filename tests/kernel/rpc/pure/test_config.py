"""What the environment may say, and what an error about it never shows."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import URL

from kernel.config import Settings, WrongSetting
from kernel.database_address import DatabaseAddress
from kernel.identity_provider import IdentityProvider


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
    assert settings.database.current().password == "hush"
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


def test_production_refuses_a_clock_apart_from_its_hosts(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NINEHOURS_CLOCK_AHEAD", "-30")
    with pytest.raises(ValidationError, match="for tests only") as refused:
        Settings.from_environment()
    assert "hush" not in str(refused.value)
    environment.setenv("NINEHOURS_ENVIRONMENT", "test")
    assert Settings.from_environment().clock_ahead == -30
    environment.delenv("NINEHOURS_CLOCK_AHEAD")
    assert Settings.from_environment().clock_ahead == 0


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
    with pytest.raises(WrongSetting, match="NINEHOURS_KEYS_DATABASE_URL: names the database of"):
        Settings.from_environment()


def told_in(file: Path, content: str) -> str:
    file.write_text(content)
    return str(file)


@pytest.mark.parametrize("name", ["DATABASE", "KEYS_DATABASE"])
def test_a_url_and_a_password_may_stand_in_files_that_change(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    def url() -> URL:
        settings = Settings.from_environment()
        database = settings.database if name == "DATABASE" else settings.keys_database
        assert "hush" not in f"{settings!r}"
        addresses.append(database)
        return database.current()

    addresses: list[DatabaseAddress] = []
    uri, password = tmp_path / "uri", tmp_path / "password"
    environment.setenv(f"NINEHOURS_{name}_URL", "postgresql://plans_processes@db/of_plans")
    environment.setenv(f"NINEHOURS_{name}_PASSWORD_FILE", told_in(password, "hush: one\n"))
    assert url().render_as_string(hide_password=False) == (
        "postgresql+psycopg://plans_processes:hush%3A one@db/of_plans"
    )
    environment.delenv(f"NINEHOURS_{name}_URL")
    environment.setenv(f"NINEHOURS_{name}_URL_FILE", told_in(uri, "postgresql://plans@db/of_plans"))
    assert (url().username, url().password) == ("plans", "hush: one")
    password.write_text("hush: two")
    assert addresses[-1].current().password == "hush: two"
    password.write_text("")
    uri.unlink()
    assert addresses[-1].current().password == "hush: two", "what they last said rightly holds"
    environment.delenv(f"NINEHOURS_{name}_PASSWORD_FILE")
    told_in(uri, "postgresql://plans:hush@db:5433/of_plans\n")
    assert (url().password, url().port) == ("hush", 5433)


@pytest.mark.parametrize("name", ["DATABASE", "KEYS_DATABASE"])
@pytest.mark.parametrize(
    ("url", "url_file", "password", "why"),
    [
        ("postgresql://hush@db/of", "postgresql://hush@db/of", None, "URL_FILE: .*one of them"),
        (None, None, "hush", "URL: missing, though"),
        ("postgresql://plans:hush@db/of", None, "hush", "PASSWORD_FILE: the URL has a password"),
        (None, "postgresql://plans:hush@db/of", "hush", "PASSWORD_FILE: the URL has a password"),
        (None, "", None, "URL_FILE: the file isn't one line"),
        (None, "hush\nhush", None, "URL_FILE: the file isn't one line"),
        (None, "hush", None, "URL_FILE: is not a database's URL"),
        (None, "mysql://hush@db/of", None, "URL_FILE: names no database of PostgreSQL"),
        ("postgresql://hush@db", None, None, "URL: names no database of PostgreSQL"),
        ("postgresql://hush@db/of", None, "\n", "PASSWORD_FILE: the file isn't one line"),
        ("postgresql://hush@db/of", None, "nowhere", "PASSWORD_FILE: .*: No such file"),
    ],
)
def test_a_database_that_is_told_twice_or_by_halves_is_refused_in_a_line(
    *,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    url: str | None,
    url_file: str | None,
    password: str | None,
    why: str,
) -> None:
    environment.delenv(f"NINEHOURS_{name}_URL")
    if url is not None:
        environment.setenv(f"NINEHOURS_{name}_URL", url)
    if url_file is not None:
        environment.setenv(f"NINEHOURS_{name}_URL_FILE", told_in(tmp_path / "url", url_file))
    if password is not None:
        file = tmp_path / "password"
        told = str(file) if password == "nowhere" else told_in(file, password)
        environment.setenv(f"NINEHOURS_{name}_PASSWORD_FILE", told)
    with pytest.raises(WrongSetting, match=f"^NINEHOURS_{name}_{why}") as refused:
        Settings.from_environment()
    assert "hush" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_production_keeps_keys_apart(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("NINEHOURS_KEYS_DATABASE_URL")
    with pytest.raises(WrongSetting, match="NINEHOURS_KEYS_DATABASE_URL: missing"):
        Settings.from_environment()


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


@pytest.mark.parametrize("seconds", ["0", "91"])
def test_a_session_that_the_exchange_can_not_keep_is_refused_at_the_start(
    environment: pytest.MonkeyPatch, seconds: str
) -> None:
    environment.setenv("NINEHOURS_SESSION_TIMEOUT", seconds)
    with pytest.raises(ValidationError) as refused:
        Settings.from_environment()
    assert [error["loc"] for error in refused.value.errors()] == [("session_timeout",)]


PROVIDER = {
    "NINEHOURS_OIDC_ISSUER": "https://id.example.org/realms/lakeside",
    "NINEHOURS_OIDC_AUDIENCE": "ninehours",
}


def of_provider(environment: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in {**PROVIDER, **changes}.items():
        if value is None:
            environment.delenv(name, raising=False)
        else:
            environment.setenv(name, value)
    return Settings.from_environment()


def test_an_identity_provider_has_documented_defaults(environment: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().oidc is None
    oidc = of_provider(environment).oidc
    assert oidc is not None
    claims = (oidc.subject_claim, oidc.roles_claim, oidc.sites_claim, oidc.purpose_claim)
    assert claims == ("sub", "roles", "sites", "purpose")
    assert (oidc.token_id_claim, oidc.subject_prefix) == ("jti", "oidc/")
    assert oidc.signs_with == ("RS256",)
    assert (oidc.leeway, oidc.longest_life) == (30, 2 * 3600)
    assert (oidc.refresh, oidc.keys_kept) == (300, 6 * 3600)
    assert (oidc.roles, oidc.sites, oidc.purposes, oidc.jwks_uri) == (None,) * 4
    discovery = "https://id.example.org/realms/lakeside/.well-known/openid-configuration"
    assert oidc.discovery == discovery


def test_every_setting_of_an_identity_provider_is_in_the_operators_page() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs" / "operations.md").read_text()
    names = [f"NINEHOURS_OIDC_{name.upper()}" for name in IdentityProvider.model_fields]
    assert len(names) >= 18
    assert [name for name in names if f"`{name}`" not in page] == []
    assert "`NINEHOURS_DENIED_TOKENS`" in page


def test_what_the_provider_calls_them_is_told_as_json(environment: pytest.MonkeyPatch) -> None:
    oidc = of_provider(
        environment,
        NINEHOURS_OIDC_ROLES='{"cn=IOP, ou=staff": "clinician"}',
        NINEHOURS_OIDC_ALGORITHMS="ES256, PS256",
    ).oidc
    assert oidc is not None
    assert oidc.roles == {"cn=IOP, ou=staff": "clinician"}
    assert oidc.signs_with == ("ES256", "PS256")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", None),
        ("ISSUER", "http://hush.example.org"),
        ("ISSUER", "hush"),
        ("ISSUER", "https://id.example.org?hush"),
        ("ISSUER", "https://user:hush@id.example.org"),
        ("AUDIENCE", None),
        ("AUDIENCE", ""),
        ("JWKS_URI", "http://hush.example.org/keys"),
        ("CA_FILE", "/nowhere/hush"),
        ("ALGORITHMS", "HS256"),
        ("ALGORITHMS", "none"),
        ("ALGORITHMS", ","),
        ("SUBJECT_CLAIM", "email"),
        ("SUBJECT_CLAIM", "/user/preferred_username"),
        ("SUBJECT_PREFIX", "service/"),
        ("SUBJECT_PREFIX", ""),
        ("SUBJECT_PREFIX", "hush"),
        ("ROLES", '{"hush": "service:billing"}'),
        ("ROLES", '{"hush": "superuser"}'),
        ("ROLES", "hush=clinician"),
        ("SITES", '{"hush": ""}'),
        ("SITES", '{"hush": "hush"}'),
        ("PURPOSES", '{"hush": "CURIOSITY"}'),
        ("LONGEST_LIFE", "86401"),
        ("LEEWAY", "301"),
        ("REFRESH", "0"),
        ("KEYS_KEPT", "10"),
        ("HUSH", "hush"),
    ],
)
def test_a_wrong_setting_of_an_identity_provider_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    with pytest.raises(ValidationError) as refused:
        of_provider(environment, **{f"NINEHOURS_OIDC_{name}": value})
    named = {"_".join(map(str, error["loc"][:2])) for error in refused.value.errors()}
    assert named == {f"oidc_{name.lower()}"}
