"""Each fault is planted in a copy of the tree: tests that are named for it fail. (`make planted`)

Two copies, so that two faults are looked at side by side. Where none is planted the tests pass.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from xml.etree import ElementTree

import pytest

from tests.planted.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
COPIES = 2
# What tests run on, as it stands here. What is made elsewhere, or by a run, isn't copied.
COPIED = ("kernel", "operations", "services", "ninehours", "protos", "deploy", "tests")
COPIED_TOO = ("build/generated", "pyproject.toml")
NAMED = sorted({test for fault in FAULTS for test in fault.tests})
LONGEST = 300  # seconds for one test: whom a fault holds up for ever notices nothing


@dataclass(frozen=True, slots=True)
class Ran:
    """How tests ended, by `tests/…/test_file.py::test_function`: of several cases, at worst."""

    failed: Mapping[str, bool]
    seconds: float
    said: str


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> "SimpleQueue[Path]":
    """Of the tree; whoever plants in one takes it meanwhile."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(COPIES):
        copy: Path = tmp_path_factory.mktemp("planted") / f"ninehours-{number}"
        for folder in (*COPIED, *COPIED_TOO):
            if (ROOT / folder).is_file():
                shutil.copy2(ROOT / folder, copy / folder)
            else:
                shutil.copytree(ROOT / folder, copy / folder)
        copies.put(copy)
    return copies


@pytest.fixture(scope="session")
def running(
    request: pytest.FixtureRequest, copies: "SimpleQueue[Path]"
) -> Iterator[Mapping[Fault | None, "Future[Ran]"]]:
    """Whatever is asked for, planted as soon as a copy is free. None: nothing is planted."""
    cases = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [case.params["fault"] if case else None for case in cases]
    with ThreadPoolExecutor(COPIES) as threads:
        yield {fault: threads.submit(ran, copies, fault) for fault in asked}


@contextmanager
def planted(tree: Path, fault: Fault | None) -> Iterator[None]:
    """The fault stands in the tree, and is gone afterwards. None: nothing is planted."""
    if fault is None:
        yield
        return
    file = tree / fault.file
    source = file.read_text(encoding="utf-8")
    compiled = Path(cache_from_source(str(file)))
    try:
        file.write_text(fault.planted(source), encoding="utf-8")
        # One of the same second and size would be taken for it.
        compiled.unlink(missing_ok=True)
        yield
    finally:
        file.write_text(source, encoding="utf-8")
        compiled.unlink(missing_ok=True)


def ran(copies: "SimpleQueue[Path]", fault: Fault | None) -> Ran:
    """The tests named for the fault, in a copy with it; without one, all that are named."""
    tree = copies.get()
    try:
        with planted(tree, fault):
            return run(tree, NAMED if fault is None else fault.tests)
    finally:
        copies.put(tree)


def run(tree: Path, tests: Sequence[str]) -> Ran:
    report = tree.parent / "report.xml"
    report.unlink(missing_ok=True)
    ours = ("PYTHONPATH", "PYTEST")
    began = monotonic()
    outcome = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--numprocesses", "0", "-p", "no:cacheprovider"),
            *("--override-ini", f"timeout={LONGEST}", f"--junitxml={report}"),
            *tests,
        ],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = monotonic() - began
    failed: dict[str, bool] = {}
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        module, function = case.attrib["classname"], case.attrib["name"].partition("[")[0]
        name = f"{module.replace('.', '/')}.py::{function}"
        if case.find("error") is None:  # it wasn't the test that failed
            failed[name] = failed.get(name, False) or case.find("failure") is not None
    return Ran(failed, seconds, outcome.stdout[-4000:] + outcome.stderr[-2000:])


def test_where_nothing_is_planted_each_test_passes(
    running: Mapping[Fault | None, "Future[Ran]"],
) -> None:
    found = running[None].result()
    assert found.failed == dict.fromkeys(NAMED, False), found.said


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.kind}, {fault.file}" for fault in FAULTS])
def test_a_fault_is_noticed_by_the_tests_that_are_named_for_it(
    fault: Fault,
    running: Mapping[Fault | None, "Future[Ran]"],
    record_property: Callable[[str, object], None],
) -> None:
    found = running[fault].result()
    assert found.failed == dict.fromkeys(fault.tests, True), found.said
    names = " and ".join(test.rpartition("::")[2] for test in fault.tests)
    record_property(f"{fault.kind}, {fault.file}", f"{names} failed in {found.seconds:.1f} s")
