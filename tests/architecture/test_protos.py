"""The promises in protos/: linted, and every RPC under a declared policy."""

import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import ServiceDescriptor

from kernel.rpc.policy import policies_of

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
BUF = Path(sys.executable).with_name("buf")
BROKEN = {
    "a field in camel case": ("string site_id = 1;", "string siteId = 1;"),
    "an enum without its zero": ("FLAG_UNSPECIFIED = 0", "FLAG_NONE = 0"),
    "a number given twice": ("string site_id = 1;", "string site_id = 2;"),
}


def buf_lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BUF, "lint"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def services() -> dict[str, ServiceDescriptor]:
    """Every service of every .proto file, from the generated code."""
    found: dict[str, ServiceDescriptor] = {}
    for path in sorted(PROTOS.rglob("*.proto")):
        module = path.relative_to(PROTOS).with_suffix("").as_posix().replace("/", ".") + "_pb2"
        for service in import_module(module).DESCRIPTOR.services_by_name.values():
            found[service.full_name] = service
    return found


def declared(word: str) -> int:
    """How often a line of the .proto files starts so."""
    pattern = re.compile(rf"^\s*{word} ", re.MULTILINE)
    return sum(len(pattern.findall(path.read_text())) for path in PROTOS.rglob("*.proto"))


def test_the_protos_pass_buf_lint() -> None:
    outcome = buf_lint(PROTOS)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("kind", BROKEN)
def test_buf_lint_finds_what_is_wrong_in_a_copy(tmp_path: Path, kind: str) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    file = copy / "ninehours/attendance/v1/attendance_events.proto"
    was, wrong = BROKEN[kind]
    assert was in file.read_text()
    file.write_text(file.read_text().replace(was, wrong, 1))
    outcome = buf_lint(copy)
    assert outcome.returncode != 0
    assert "attendance_events.proto" in outcome.stdout


def buf_breaking(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BUF, "breaking", folder, "--against", PROTOS / "baseline.binpb"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_no_contract_breaks_who_relies_on_the_baseline() -> None:
    outcome = buf_breaking(PROTOS)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("field", ["string minutes = 5;", "repeated int32 minutes = 5;"])
def test_a_field_that_changes_its_type_or_number_of_values_is_reported_as_breaking(
    tmp_path: Path, field: str
) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    file = copy / "ninehours/attendance/v1/attendance_events.proto"
    file.write_text(file.read_text().replace("int32 minutes = 5;", field, 1))
    outcome = buf_breaking(copy)
    assert outcome.returncode != 0
    assert "attendance_events.proto" in outcome.stdout


def test_every_rpc_of_every_service_declares_who_may_call_it() -> None:
    found = services()
    policies = {
        f"{name}.{rpc}": policy
        for name, service in found.items()
        for rpc, policy in policies_of(service).items()
    }
    assert (len(found), len(policies)) == (declared("service"), declared("rpc"))
    assert len(found) >= 6
    assert len(policies) >= 37
    assert all(policy.roles and policy.purposes for policy in policies.values())


def test_every_rpc_of_every_service_declares_what_it_is_bound_by() -> None:
    policies = [
        policy for service in services().values() for policy in policies_of(service).values()
    ]
    assert len(policies) >= 37
    assert all(policy.bound_by for policy in policies)
