"""A process that can't start says which setting is wrong, in one line, and no value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.codec import Codec
from kernel.config import Settings
from kernel.process import Service, open_store
from tests.harness.identity.certificates import certify

WIRES = ("RPC", "KAFKA", "DATABASE")
ROOT = Path(__file__).resolve().parents[2]
PROCESS = """
from pathlib import Path
from kernel.codec import Codec
from kernel.process import Service, main
main(Service(name="plans", codec=Codec({}), migrations=Path(), servicers=lambda *_: {},
             hears=("attendance",)), ["%s"])
"""


def started(kind: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    told = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'build/generated'}",
        "NINEHOURS_SERVICE": "plans",
        "NINEHOURS_DATABASE_URL": "postgresql+psycopg://plans:hush@127.0.0.1:1/plans",
        "NINEHOURS_SECRETS_DIR": "/nowhere",
        "NINEHOURS_ENVIRONMENT": "test",
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-c", PROCESS % kind],
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
        ("api", {"NINEHOURS_SECRETS_DIR": None}, "NINEHOURS_SECRETS_DIR: missing"),
        (
            "api",
            {"NINEHOURS_ENVIRONMENT": "production"},
            "NINEHOURS_NETWORK: required_in_production",
        ),
        ("api", {"NINEHOURS_SERVICE": "intake"}, "NINEHOURS_SERVICE: this process is of plans"),
        ("migrate", {"NINEHOURS_DATABASE_URL": "hush"}, "NINEHOURS_DATABASE_URL: is not a"),
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
    ],
)
def test_a_wrong_setting_is_named(kind: str, changes: dict[str, str | None], told: str) -> None:
    done = started(kind, **changes)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert told in line
    assert "hush" not in line


def test_in_production_an_api_starts_with_an_identity_provider_alone(
    secrets_dir: Path, tmp_path: Path
) -> None:
    tls = certify(tmp_path / "tls")
    for file in (tls.certificate, tls.key):
        (tmp_path / "tls" / f"user{file.suffix}").write_bytes(file.read_bytes())
    in_production = {
        **{f"NINEHOURS_{wire}_TLS_DIR": str(tmp_path / "tls") for wire in WIRES},
        "NINEHOURS_ENVIRONMENT": "production",
        "NINEHOURS_NETWORK": "lakeside",
        "NINEHOURS_SECRETS_DIR": str(secrets_dir),
        "NINEHOURS_PEERS": "attendance=127.0.0.1:1",
    }
    done = started("api", **in_production)
    assert done.returncode == 2, done.stderr
    assert done.stderr == "can't start: NINEHOURS_OIDC_ISSUER: required_in_production\n"
    provider = {
        "NINEHOURS_OIDC_ISSUER": "https://127.0.0.1:1",
        "NINEHOURS_OIDC_AUDIENCE": "ninehours",
    }
    (tmp_path / "denied.json").write_text("{}")
    for path in ("/nowhere", str(tmp_path), str(tmp_path / "denied.json")):
        done = started("api", **in_production, **provider, NINEHOURS_DENIED_TOKENS=path)
        assert done.returncode == 2, done.stderr
        assert done.stderr.splitlines()[-1].startswith("can't start: NINEHOURS_DENIED_TOKENS: ")


def test_what_a_process_publishes_names_its_network(secrets_dir: Path) -> None:
    settings = Settings(
        service="plans",
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",  # type: ignore[arg-type]
        secrets_dir=secrets_dir,
        network="lakeside",
    )
    service = Service(name="plans", codec=Codec({}), migrations=Path(), servicers=lambda *_: {})
    assert open_store(service, settings).network == "lakeside"
