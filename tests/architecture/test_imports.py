"""Who may import whom (pyproject.toml, tool.importlinter), and that the check really looks."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kernel.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]
CONTRACTS: dict[str, Any] = {contract["id"]: contract for contract in CONFIG["contracts"]}
MODULES = 150  # there are more: fewer were seen means that a root went missing
DOMAIN_MODULES = 30


def lint(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )


def path_of(module: str) -> Path:
    return ROOT.joinpath(*module.split("."))


def domain_files() -> list[Path]:
    return sorted(ROOT.glob("services/*/domain/**/*.py"))


def test_imports_keep_to_the_contracts() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout
    analyzed = re.search(r"Analyzed (\d+) files, (\d+) dependencies", outcome.stdout)
    assert analyzed is not None
    assert int(analyzed[1]) > MODULES
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in outcome.stdout


def test_every_contract_names_modules_that_exist() -> None:
    assert set(CONTRACTS) == {
        *("services", "kernel", "operations", "console", "told", "circles", "rooms", "domain")
    }
    all_services = [f"services.{name}" for name in SERVICES]
    launchers = sorted(
        f"ninehours.{path.name}"
        for path in (ROOT / "ninehours").iterdir()
        if any(path.glob("*.py"))
    )
    folders = [path.name for path in (ROOT / "services").iterdir() if any(path.glob("*.py"))]
    assert sorted(folders) == sorted(SERVICES)
    assert CONTRACTS["services"]["modules"] == all_services
    assert CONTRACTS["rooms"]["containers"] == all_services
    above = sorted(["services", *launchers])
    assert sorted(CONTRACTS["kernel"]["forbidden_modules"]) == sorted(["operations", *above])
    assert sorted(CONTRACTS["operations"]["forbidden_modules"]) == above
    assert CONTRACTS["domain"]["source_modules"] == [f"{name}.domain" for name in all_services]
    named = [*CONFIG["root_packages"], *all_services, *launchers, "kernel", "operations"]
    named += CONTRACTS["domain"]["source_modules"] + CONTRACTS["circles"]["ancestors"]
    for module in named:
        assert any(path_of(module).rglob("*.py")), module
    assert len(domain_files()) > DOMAIN_MODULES


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("copy")
    for name in ("kernel", "operations", "services", "ninehours"):
        shutil.copytree(
            ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


# Each is told by name, so that all of a contract's are planted at once.
VIOLATIONS = [
    *(
        ("services", f"services/{one}/domain/__init__.py", f"services.{other}.domain")
        for one in SERVICES
        for other in SERVICES
        if one != other
    ),
    *(
        ("kernel", "kernel/facts.py", module)
        for module in (
            "operations.status",
            "services.intake.domain",
            "services.billing.api",
            "ninehours.local.servers",
            "ninehours.cli",
            "ninehours.story",
            "ninehours.console.people",
            "ninehours.told.amounts",
        )
    ),
    *(
        ("console", "ninehours/console/people.py", module)
        for module in (
            "operations.status",
            "services.intake.app",
            "ninehours.local.servers",
            "ninehours.cli",
            "flask_bootstrap",
        )
    ),
    *(
        ("told", "ninehours/told/amounts.py", module)
        for module in ("services.billing.app", "ninehours.cli", "ninehours.console.people")
    ),
    *(
        ("operations", "operations/status.py", module)
        for module in ("services.intake.app", "ninehours.local.servers", "ninehours.cli")
    ),
    *(
        ("rooms", f"services/{service}/{lower}", f"services.{service}.{upper}")
        for service in SERVICES
        for lower, upper in (
            ("domain/__init__.py", "app"),
            ("app/__init__.py", "adapters"),
            ("adapters/__init__.py", "api"),
            ("api/__init__.py", "__main__"),
        )
    ),
    *(("domain", f"services/{service}/domain/__init__.py", "sqlalchemy") for service in SERVICES),
    *(
        ("domain", "services/billing/domain/x12/__init__.py", module)
        for module in (
            "psycopg",
            "grpc",
            "google.protobuf.message",
            "ninehours.local",
            "ninehours.cli",
            "ninehours.story",
            "kafka",
            "faust",
            "pydantic",
            "kernel.facts",
            "kernel.store.store",
            "operations.parked",
        )
    ),
]


# Of these it is told that something is wrong, and not which import.
TANGLES = [
    ("circles", "kernel/messaging/parking.py", "kernel.messaging.inbox"),
    ("circles", "kernel/store/database.py", "kernel.store.store"),
    ("circles", "operations/parked.py", "operations.verifying.examination"),
    ("rooms", "services/plans/cellar/__init__.py", "services.plans.domain"),  # an unknown room
]


@contextmanager
def planted(root: Path, imports: Iterable[tuple[str, str]]) -> Iterator[None]:
    """The files import these modules besides, within."""
    with ExitStack() as undo:
        for file, module in imports:
            path = root / file
            if path.exists():
                undo.callback(path.write_text, path.read_text())
            else:
                path.parent.mkdir(exist_ok=True)
                undo.callback(shutil.rmtree, path.parent)
                path.touch()
            with path.open("a") as opened:
                opened.write(f"\nimport {module}\n")
        yield


@pytest.mark.parametrize("contract", sorted({contract for contract, _, _ in VIOLATIONS}))
def test_each_violating_import_breaks_its_contract(copy: Path, contract: str) -> None:
    imports = [(file, module) for of, file, module in VIOLATIONS if of == contract]
    with planted(copy, imports):
        outcome = lint(copy, "--contract", contract)
    assert outcome.returncode == 1, outcome.stdout
    assert "0 kept, 1 broken" in outcome.stdout
    told = set(re.findall(r"-\s+([\w.]+) -> ([\w.]+) \(l\.", outcome.stdout))
    assert told >= {(_module_of(file), _as_told(module)) for file, module in imports}


def _module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _as_told(module: str) -> str:
    """Others' modules by the name of their package."""
    package = module.partition(".")[0]
    return module if (ROOT / package).is_dir() else package


@pytest.mark.parametrize(("contract", "file", "module"), TANGLES)
def test_a_tangle_breaks_its_contract(copy: Path, contract: str, file: str, module: str) -> None:
    with planted(copy, [(file, module)]):
        outcome = lint(copy, "--contract", contract)
    assert outcome.returncode == 1, outcome.stdout
    assert "0 kept, 1 broken" in outcome.stdout


def test_the_copy_is_otherwise_kept(copy: Path) -> None:
    assert lint(copy).returncode == 0


def test_a_domain_imports_the_standard_library_the_decider_and_refusals_alone() -> None:
    strange = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in domain_files()
        for module in _imports(path)
        if not _is_allowed(module, path.relative_to(ROOT).parts[1])
    ]
    assert strange == []


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they lead"
            yield node.module or ""


def _is_allowed(module: str, service: str) -> bool:
    return (
        module.partition(".")[0] in sys.stdlib_module_names
        or module in ("kernel.decider", "kernel.refusal", "kernel.states")
        or f"{module}.".startswith(f"services.{service}.domain.")
    )


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("datetime", True),
        ("kernel.decider", True),
        ("kernel.facts", False),
        ("services.plans.domain.plan", True),
        ("services.plans.app", False),
        ("services.intake.domain", False),
        ("requests", False),
        ("ninehours.common.v1", False),
    ],
)
def test_what_a_domain_may_import(module: str, allowed: bool) -> None:
    assert _is_allowed(module, "plans") is allowed
