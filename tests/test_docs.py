"""What the documentation shows is run, and the paths it names exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOTS = ("kernel", "operations", "services", "ninehours")


def test_one_day_runs_as_it_is_written() -> None:
    page = (ROOT / "docs" / "one-day.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    exec(compile("\n".join(blocks), "docs/one-day.md", "exec"), {})


def test_the_readme_follows_a_command_along_paths_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    stops = re.findall(r"^\d\. `([^`]+)` `(\w+)`", readme, flags=re.MULTILINE)
    assert len(stops) == 8
    for path, name in stops:
        assert name in (ROOT / path).read_text(), f"{path} doesn't name {name}"


def test_every_decision_has_context_decision_and_consequences() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert len(pages) >= 6
    for page in pages:
        text = page.read_text()
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{page.name} lacks {heading}"


def test_modules_that_the_glossary_names_exist() -> None:
    named = set(re.findall(r"`([\w*/.]+\.py)`", (ROOT / "docs" / "glossary.md").read_text()))
    assert len(named) >= 30
    for name in named:
        rooms = ("",) if "/" in name else [f"{root}/**/" for root in ROOTS]
        assert any(any(ROOT.glob(room + name)) for room in rooms), f"{name} is nowhere"


def test_paths_that_contributors_are_sent_to_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(rf"`((?:{'|'.join(ROOTS)}|protos|tests|docs)/[\w/.]*)`", page)
    assert len(named) >= 7
    for name in named:
        assert (ROOT / name).exists(), f"{name} is nowhere"
