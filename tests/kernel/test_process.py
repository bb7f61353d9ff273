"""A process that can't start says which setting is wrong, in one line, and no value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.codec import Codec
from kernel.config import Settings
from kernel.process import Service, open_store
from ninehours.local.authority import Authority, Wire
from tests.harness.certificates import authority, issued

__all__ = ["authority"]

WIRES = {"RPC": Wire.RPC, "KAFKA": Wire.KAFKA, "DATABASE": Wire.DATABASE}
PROVIDER = {
    "NINEHOURS_OIDC_ISSUER": "https://127.0.0.1:1",
    "NINEHOURS_OIDC_AUDIENCE": "ninehours",
}
ROOT = Path(__file__).resolve().parents[2]
PROCESS = """
from pathlib import Path
from kernel.codec import Codec
from kernel.process import Service, main
main(Service(name="plans", codec=Codec({}), migrations=Path(), servicers=lambda *_: {},
             hears=("attendance",)), ["%s"])
"""


def started(kind: str, first: str = "", **changes: str | None) -> subprocess.CompletedProcess[str]:
    told = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'build/generated'}",
        "NINEHOURS_SERVICE": "plans",
        "NINEHOURS_DATABASE_URL": "postgresql+psycopg://plans:hush@127.0.0.1:1/plans",
        "NINEHOURS_KEYS_DATABASE_URL": "postgresql+psycopg://plans:hush@127.0.0.1:1/plans_keys",
        "NINEHOURS_SECRETS_DIR": "/nowhere",
        "NINEHOURS_ENVIRONMENT": "test",
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-c", first + PROCESS % kind],
        cwd=ROOT,
        env={name: value for name, value in told.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        ("api", {"NINEHOURS_DATABASE_POOL": "hush"}, "NINEHOURS_DATABASE_POOL: int_parsing"),
        ("api", {"NINEHOURS_DATABASE_URL": None}, "NINEHOURS_DATABASE_URL: missing"),
        (
            "relay",
            {"NINEHOURS_DATABASE_PASSWORD_FILE": "/nowhere"},
            "NINEHOURS_DATABASE_PASSWORD_FILE: the URL has a password too",
        ),
        ("api", {"NINEHOURS_SECRETS_DIR": None}, "NINEHOURS_SECRETS_DIR: missing"),
        (
            "api",
            {"NINEHOURS_ENVIRONMENT": "production"},
            "NINEHOURS_NETWORK: required_in_production",
        ),
        ("api", {"NINEHOURS_SERVICE": "intake"}, "NINEHOURS_SERVICE: this process is of plans"),
        ("migrate", {"NINEHOURS_DATABASE_URL": "hush"}, "NINEHOURS_DATABASE_URL: is not a"),
        ("api", {"NINEHOURS_KEYS_DATABASE_URL": None}, "NINEHOURS_KEYS_DATABASE_URL: missing"),
        (
            "api",
            {
                "NINEHOURS_KEYS_DATABASE_URL": None,
                "NINEHOURS_ENVIRONMENT": "production",
                "NINEHOURS_NETWORK": "lakeside",
            },
            "NINEHOURS_KEYS_DATABASE_URL: missing; production keeps keys apart",
        ),
        (
            "api",
            {"NINEHOURS_KEYS_DATABASE_URL": "postgresql://other:hush@127.0.0.1:1/plans"},
            "NINEHOURS_KEYS_DATABASE_URL: names the database of the data",
        ),
        (
            "api",
            {"NINEHOURS_HANGS_AFTER": "0"},
            "NINEHOURS_HANGS_AFTER: greater_than_equal",
        ),
        ("relay", {}, "there is no /nowhere/plans.master"),
        (
            "api",
            {"NINEHOURS_OIDC_ISSUER": "https://hush.example.org"},
            "NINEHOURS_OIDC_AUDIENCE: missing",
        ),
        (
            "api",
            {
                "NINEHOURS_OIDC_ISSUER": "https://id.example.org",
                "NINEHOURS_OIDC_AUDIENCE": "ninehours",
                "NINEHOURS_OIDC_ROLES": '{"hush": "hush"}',
            },
            "NINEHOURS_OIDC_ROLES: literal_error",
        ),
        ("api", {"NINEHOURS_TRACING": "hush"}, "NINEHOURS_TRACING: bool_parsing"),
        (
            "stream",
            {"NINEHOURS_TRACING": "true", "OTEL_BSP_MAX_QUEUE_SIZE": "hush"},
            "NINEHOURS_TRACING: OpenTelemetry can't use one of its own variables",
        ),
    ],
)
def test_a_wrong_setting_is_named(kind: str, changes: dict[str, str | None], told: str) -> None:
    done = started(kind, **changes)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert told in line
    assert "hush" not in line


def in_production(secrets_dir: Path, authority: Authority) -> dict[str, str | None]:
    """All that a process of plans is told there, but who its people are."""
    folders = {
        f"NINEHOURS_{name}_TLS_DIR": str(issued(authority, "plans", wire))
        for name, wire in WIRES.items()
    }
    return {
        **folders,
        "NINEHOURS_ENVIRONMENT": "production",
        "NINEHOURS_NETWORK": "lakeside",
        "NINEHOURS_SECRETS_DIR": str(secrets_dir),
        "NINEHOURS_PEERS": "attendance=127.0.0.1:1",
    }


@pytest.mark.parametrize(
    ("kind", "wire", "told"),
    [
        ("migrate", "DATABASE", "name the folder with tls.crt, tls.key and ca.crt"),
        ("relay", "KAFKA", "name the folder with user.crt, user.key and ca.crt"),
        ("stream", "RPC", "name the folder with tls.crt, tls.key and ca.crt"),
        ("rebuild", "RPC", "name the folder with tls.crt, tls.key and ca.crt"),
        ("api", "RPC", "name the folder with tls.crt, tls.key and ca.crt"),
        ("api", "KAFKA", "name the folder with user.crt, user.key and ca.crt"),
    ],
)
def test_in_production_no_wire_is_plain(
    kind: str, wire: str, told: str, secrets_dir: Path, authority: Authority
) -> None:
    settings = {**in_production(secrets_dir, authority), **PROVIDER}
    done = started(kind, **{**settings, f"NINEHOURS_{wire}_TLS_DIR": None})
    assert (done.returncode, done.stderr) == (
        2,
        f"can't start: NINEHOURS_{wire}_TLS_DIR: production speaks TLS on every wire; {told}\n",
    )


def test_in_production_an_api_starts_with_an_identity_provider_alone(
    secrets_dir: Path, authority: Authority, tmp_path: Path
) -> None:
    settings = in_production(secrets_dir, authority)
    done = started("api", **settings)
    assert done.returncode == 2, done.stderr
    assert done.stderr == "can't start: NINEHOURS_OIDC_ISSUER: required_in_production\n"
    (tmp_path / "denied.json").write_text("{}")
    for path in ("/nowhere", str(tmp_path), str(tmp_path / "denied.json")):
        done = started("api", **settings, **PROVIDER, NINEHOURS_DENIED_TOKENS=path)
        assert done.returncode == 2, done.stderr
        assert done.stderr.splitlines()[-1].startswith("can't start: NINEHOURS_DENIED_TOKENS: ")


@pytest.mark.parametrize(
    ("told", "variable"),
    [
        ({}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "https://h:4317",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "h:4317",
            },
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ),
    ],
)
def test_in_production_no_trace_leaves_in_plain_text(
    told: dict[str, str | None], variable: str, secrets_dir: Path, authority: Authority
) -> None:
    settings = {**in_production(secrets_dir, authority), **PROVIDER, "NINEHOURS_TRACING": "true"}
    done = started("relay", **{**settings, **told})
    assert (done.returncode, done.stderr) == (
        2,
        f"can't start: {variable}: production speaks TLS on every wire; name https://host:port\n",
    )


def test_traces_are_an_extra_that_is_named_where_missing_and_loaded_by_nobody_else() -> None:
    without = "import sys; sys.modules['opentelemetry'] = None"
    done = started("api", without, NINEHOURS_TRACING="true")
    assert done.returncode == 2
    assert "NINEHOURS_TRACING: needs what requirements-tracing.lock lists" in done.stderr
    for kind in ("api", "relay", "stream"):
        done = started(kind, without)
        assert "there is no /nowhere" in done.stderr, done.stderr


def test_a_folder_without_a_certificate_is_named(authority: Authority) -> None:
    folder = issued(authority, "plans")
    (folder / "tls.key").unlink()
    done = started("migrate", NINEHOURS_DATABASE_TLS_DIR=str(folder))
    assert done.returncode == 2
    assert f"NINEHOURS_DATABASE_TLS_DIR: {folder / 'tls.key'}: No such file" in done.stderr


def test_what_a_process_publishes_names_its_network(
    secrets_dir: Path, authority: Authority
) -> None:
    settings = Settings(
        service="plans",
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",  # type: ignore[arg-type]
        keys_database_url="postgresql+psycopg://nobody@127.0.0.1:1/keys",  # type: ignore[arg-type]
        secrets_dir=secrets_dir,
        network="lakeside",
        database_tls_dir=issued(authority, "plans", Wire.DATABASE),
    )
    service = Service(name="plans", codec=Codec({}), migrations=Path(), servicers=lambda *_: {})
    assert open_store(service, settings).network == "lakeside"
