"""Names that hide what a module is for are not used, and modules that grow long are told."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "manager",
    "managers",
}
LONG = 400  # lines


def modules(*roots: str) -> list[Path]:
    return sorted(path for root in roots for path in (ROOT / root).rglob("*.py"))


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = modules("kernel", "operations", "services")
    assert len(found) > 130
    assert [
        path for path in found if EMPTY_NAMES & {path.stem, *path.relative_to(ROOT).parts}
    ] == []


@pytest.mark.parametrize("room", [*(f"services/{name}" for name in SERVICES), "ninehours"])
def test_no_two_classes_that_a_reader_meets_share_a_name(room: str) -> None:
    """Within a room and what it stands on; each service has words of its own for what it hears."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in modules("kernel", "operations", room):
        for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE):
            homes[name].append(str(path.relative_to(ROOT)))
    assert len(homes) > 200
    twice = {name: found for name, found in homes.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if not name.startswith("_")} == {}


def test_long_modules_are_told(record_property: Callable[[str, object], None]) -> None:
    """A hint, not a rule: files split where concepts do, not at a line count."""
    found = modules("kernel", "operations", "services", "ninehours")
    assert len(found) > 200
    for path in found:
        if (lines := len(path.read_text().splitlines())) > LONG:
            record_property(f"long module, {lines} lines", str(path.relative_to(ROOT)))


def test_every_package_says_what_it_answers_for() -> None:
    found = modules("kernel", "operations", "services")
    packages = [path for path in found if path.name == "__init__.py"]
    assert len(packages) > 20
    assert [path for path in packages if not path.read_text().startswith('"""')] == []
