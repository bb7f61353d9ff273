"""A process that can't start says which setting is wrong, in one line, and no value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.codec import Codec
from kernel.config import Settings
from kernel.process import Service, open_store

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
        "NINEHOURS_KEYS_DATABASE_URL": "postgresql+psycopg://plans:hush@127.0.0.1:1/plans_keys",
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
        ("api", {"NINEHOURS_KEYS_DATABASE_URL": None}, "NINEHOURS_KEYS_DATABASE_URL: missing"),
        (
            "api",
            {
                "NINEHOURS_KEYS_DATABASE_URL": None,
                "NINEHOURS_ENVIRONMENT": "production",
                "NINEHOURS_NETWORK": "lakeside",
            },
            "NINEHOURS_KEYS_DATABASE_URL: required_in_production",
        ),
        (
            "api",
            {"NINEHOURS_KEYS_DATABASE_URL": "postgresql://other:hush@127.0.0.1:1/plans"},
            "NINEHOURS_KEYS_DATABASE_URL: names_the_data",
        ),
        ("relay", {}, "there is no /nowhere/plans.master"),
    ],
)
def test_a_wrong_setting_is_named(kind: str, changes: dict[str, str | None], told: str) -> None:
    done = started(kind, **changes)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert told in line
    assert "hush" not in line


def test_what_a_process_publishes_names_its_network(secrets_dir: Path) -> None:
    settings = Settings(
        service="plans",
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/none",  # type: ignore[arg-type]
        keys_database_url="postgresql+psycopg://nobody@127.0.0.1:1/keys",  # type: ignore[arg-type]
        secrets_dir=secrets_dir,
        network="lakeside",
    )
    service = Service(name="plans", codec=Codec({}), migrations=Path(), servicers=lambda *_: {})
    assert open_store(service, settings).network == "lakeside"
