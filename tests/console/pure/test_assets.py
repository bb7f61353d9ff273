"""What browsers are given beside pages is what was looked at when it was locked."""

import gzip
import re
from pathlib import Path

import pytest

from ninehours.console import assets
from ninehours.console.assets import AssetMissing, LockedFile, locked_files

ROOT = Path(__file__).resolve().parents[3]
CONSOLE = ROOT / "ninehours" / "console"


def test_each_file_of_others_is_held_to_its_digest() -> None:
    found = [*locked_files()]
    assert found
    for locked in found:
        assert locked.read()
        spoiled = LockedFile("0" * 64, locked.name, locked.distribution, locked.path)
        with pytest.raises(AssetMissing, match="is not the one that is locked"):
            spoiled.read()


def test_a_wheel_that_is_not_there_is_named() -> None:
    with pytest.raises(AssetMissing, match="no-such-wheel is not installed"):
        LockedFile("0" * 64, "a.css", "no-such-wheel", "a.css").read()


def test_wheels_of_assets_are_locked_by_hash_and_nothing_else_is_in_their_lock() -> None:
    lock = (ROOT / "requirements-assets.lock").read_text()
    installed = {name.lower() for name in re.findall(r"^([\w-]+)==", lock, re.MULTILINE)}
    assert installed == {locked.distribution.lower() for locked in locked_files()}
    assert lock.count("--hash=sha256:") >= len(installed)


def test_a_first_visit_loads_little() -> None:
    served = assets.assets().values()
    assert {"bootstrap.css", "console.css", "console.js", "theme.js"} <= {a.name for a in served}
    for asset in served:
        assert gzip.decompress(asset.compressed) == asset.content
    assert sum(len(asset.compressed) for asset in served) < 100_000


def test_pages_load_nothing_from_elsewhere_and_hold_no_script_or_style() -> None:
    templates = sorted((CONSOLE / "templates").glob("*.html"))
    assert len(templates) > 5
    for path in templates:
        text = path.read_text()
        assert not re.search(r"https?://|//cdn|\son\w+=|\sstyle=|<style", text), path.name
        assert not re.search(r"<script(?!( type=\"module\")? src=\"\{\{ asset)", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name


def test_names_in_a_pages_own_script_are_its_own() -> None:
    """A classic script that declares what another one declared doesn't run at all."""
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        scripts = re.findall(r"<script[^>]*>", path.read_text())
        if path.name != "layout.html":
            assert all('type="module"' in script for script in scripts), path.name
