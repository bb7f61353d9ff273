"""Which kubectl renders: the locked one; else this machine's, and which is said; else none does."""

from pathlib import Path

import pytest

from tests.harness.deploy import kubectl


@pytest.fixture
def nothing_locked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A lock that pip takes nothing of, and an empty PATH, which is given."""
    lock, path = tmp_path / "kubectl.lock", tmp_path / "path"
    lock.write_text("this is no requirement\n")
    path.mkdir()
    monkeypatch.setattr(kubectl, "LOCK", lock)
    monkeypatch.setattr(kubectl, "KEPT", tmp_path / "kept")
    monkeypatch.setenv("PATH", str(path))
    return path


def test_where_the_locked_one_does_not_run_this_machine_s_does_and_is_named(
    nothing_locked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = nothing_locked / "kubectl"
    own.write_text("#!/bin/sh\necho Client Version: v1.2.3\n")
    own.chmod(0o755)
    assert kubectl.kubectl() == own
    assert f"{own}: Client Version: v1.2.3" in capsys.readouterr().err


def test_where_none_runs_one_line_says_so(nothing_locked: Path) -> None:
    with pytest.raises(kubectl.NoKubectl) as refused:
        kubectl.kubectl()
    assert len(str(refused.value).splitlines()) == 1
    assert "none is on the PATH" in str(refused.value)
