"""What stands in a golden file stands there for good: another shape of its name is another file.

`tests/golden.lock` has the digest of each; `NINEHOURS_WRITE_GOLDEN=1` adds those of new files. Who
changes a line with its file is found by `make upgrade`: the last release's files are today's.
"""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from kernel.services import SERVICES
from tests.harness.golden import goldens_of_stored_names

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "tests" / "golden.lock"


def digests() -> dict[str, str]:
    """Of today's files."""
    return {
        str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest()
        for path in goldens_of_stored_names(ROOT)
    }


def locked() -> dict[str, str]:
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def test_no_golden_file_was_written_anew_or_taken_away() -> None:
    found, kept = digests(), locked()
    if os.environ.get("NINEHOURS_WRITE_GOLDEN"):
        kept = found | kept
        lines = [f"{digest}  {path}\n" for path, digest in sorted(kept.items())]
        LOCK.write_text("".join(lines), encoding="utf-8")
    assert {path for path, digest in kept.items() if found.get(path) != digest} == set()
    assert found.keys() == kept.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_those_of_each_service_are_among_them(service: str) -> None:
    folders = [Path(path).parts[1:-1] for path in locked()]
    assert folders.count((service, "golden")) >= 19
    assert folders.count(("published", "golden", service)) >= 13
