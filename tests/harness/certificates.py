"""Authorities of tests, and what they issue."""

from pathlib import Path

import pytest

from kernel.tls import identity
from ninehours.local.authority import Authority, Wire


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Whom the test believes; what it changes is seen at once."""
    monkeypatch.setattr(identity, "LOOK_EVERY", 0.0)
    return Authority(tmp_path / "tls")


def issued(authority: Authority, holder: str, wire: Wire = Wire.RPC) -> Path:
    """The folder with the holder's certificate, made anew."""
    authority.issue(holder, wire)
    return authority.folder_of(holder, wire)
