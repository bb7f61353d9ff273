"""A stream process of its own, with Faust, for tests that want to see the whole of it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK
from tests.harness.kernel.keys import keys_url

ROOT = Path(__file__).resolve().parents[3]
TOPIC = "ninehours.attendance.v1"
NOBODY = "127.0.0.1:1"
WORKER = """
from pathlib import Path
from kernel.process import Service, main
from tests.harness.kernel.counters import COUNTED, TALLYING
main(
    Service(name="{service}", codec=COUNTED, migrations=Path(), servicers=lambda *_: {{}},
            hears=("{hears}",), subscriptions=TALLYING),
    ["stream"],
)
"""


@contextmanager
def consumer(
    store: Store,
    secrets_dir: Path,
    folder: Path,
    *,
    kafka: str = NOBODY,
    peer: str = NOBODY,
    service: str = "plans",
    hears: str = "attendance",
    health: str = f"{LOOPBACK}:0",
    ordinal: int = 0,
    beside: Mapping[str, str] | None = None,
    **settings: str,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Its log is in the folder; what isn't named of Kafka and peer is away. `beside`: variables."""
    told = {
        "NINEHOURS_PEERS": f"{hears}={peer}",
        "NINEHOURS_SESSION_TIMEOUT": "10",
        "NINEHOURS_HEALTH_LISTEN": health,
        "POD_NAME": f"{service}-stream-{ordinal}",
        **{f"NINEHOURS_{name.upper()}": value for name, value in settings.items()},
        **(beside or {}),
    }
    program = ["-c", WORKER.format(service=service, hears=hears)]
    with process_of(
        store, secrets_dir, folder, program, service=service, kafka=kafka, told=told
    ) as process:
        yield process


@contextmanager
def process_of(
    store: Store,
    secrets_dir: Path,
    folder: Path,
    program: Sequence[str],
    *,
    service: str,
    kafka: str,
    told: Mapping[str, str],
) -> Iterator["subprocess.Popen[bytes]"]:
    """Any process of a service, on this store; its log is in the folder."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'build/generated'}",
        "NINEHOURS_SERVICE": service,
        "NINEHOURS_DATABASE_URL": store.engine.url.render_as_string(hide_password=False),
        "NINEHOURS_KEYS_DATABASE_URL": keys_url(store),
        "NINEHOURS_SECRETS_DIR": str(secrets_dir),
        "NINEHOURS_KAFKA": kafka,
        "NINEHOURS_ENVIRONMENT": "test",
        **told,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
