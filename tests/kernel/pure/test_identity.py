"""What a process shows and believes: read again when it changes, and never half of it."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel.tls.certificates import Certificate, shown_on
from kernel.tls.identity import ISSUED, Identity, NoIdentity, as_files
from ninehours.local.authority import Authority
from tests.harness.certificates import authority, issued

__all__ = ["authority"]


def test_a_new_certificate_is_shown_once_it_is_there(authority: Authority) -> None:
    folder = issued(authority, "intake")
    shown = Identity(folder, ISSUED)
    first = shown.current()
    assert shown.current() is first, "nothing changed"
    assert first.name == "intake"
    authority.issue_anew()
    assert shown.current().certificate == (folder / "tls.crt").read_bytes() != first.certificate


def test_a_key_of_another_certificate_is_not_taken_and_the_last_pair_stays(
    authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = issued(authority, "intake")
    shown = Identity(folder, ISSUED)
    first = shown.current()
    kept = (folder / "tls.key").read_bytes()
    shutil.copy(issued(authority, "plans") / "tls.key", folder / "tls.key")
    assert [shown.current() for _ in range(3)] == [first] * 3
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["reason"] == "the key is not that of the certificate"
    (folder / "tls.key").write_bytes(kept)
    assert shown.current().certificate == first.certificate


@pytest.mark.parametrize("name", ["tls.crt", "tls.key", "ca.crt"])
@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\xff\x00"])
def test_half_a_file_is_not_taken(authority: Authority, name: str, content: bytes) -> None:
    folder = issued(authority, "intake")
    shown = Identity(folder, ISSUED)
    first = shown.current()
    (folder / name).write_bytes(content)
    assert shown.current() is first
    (folder / name).unlink()
    assert shown.current() is first
    with pytest.raises(NoIdentity):
        Identity(folder, ISSUED)


def test_files_that_kubernetes_swaps_together_are_read_of_one_version(
    authority: Authority, tmp_path: Path
) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()

    def version(name: str, holder: str) -> None:
        shutil.copytree(issued(authority, holder), mounted / name)
        fresh = mounted / "..data_tmp"
        fresh.symlink_to(name)
        fresh.replace(mounted / "..data")

    version("..2026_11_29_1", "intake")
    for file in ("tls.crt", "tls.key", "ca.crt"):
        (mounted / file).symlink_to(Path("..data") / file)
    shown = Identity(mounted, ISSUED)
    assert shown.current().name == "intake"
    version("..2026_11_29_2", "plans")
    shutil.rmtree(mounted / "..2026_11_29_1")
    assert shown.current().name == "plans"


def test_what_is_shown_is_told_by_its_wire_with_names_and_times_of_now(
    authority: Authority,
) -> None:
    of_rpc, of_kafka = (Identity(issued(authority, name), ISSUED) for name in ("intake", "plans"))
    shown = shown_on(rpc=of_rpc, kafka=of_kafka, database=None)
    before = shown()
    assert [(each.wire, each.name) for each in before] == [("rpc", "intake"), ("kafka", "plans")]
    assert [Certificate.of_json(json.loads(json.dumps(each.as_json()))) for each in before] == (
        before
    )
    authority.issue_anew()
    assert [each.valid_until for each in shown()] == [
        of.current().valid_until for of in (of_rpc, of_kafka)
    ]
    assert all(each.valid_from < datetime.now(UTC) < each.valid_until for each in shown())


def test_libraries_that_take_files_are_given_some_that_are_on_no_disk(
    authority: Authority,
) -> None:
    material = Identity(issued(authority, "intake"), ISSUED).current()
    before = {*Path("/proc/self/fd").iterdir()}
    with as_files(material) as paths:
        assert Path(paths.key).read_bytes() == material.key
        assert Path(paths.key).stat().st_mode & 0o077 == 0
        assert Path(paths.key).stat().st_nlink == 0
    assert {*Path("/proc/self/fd").iterdir()} <= before
