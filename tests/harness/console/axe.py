"""axe-core, out of a wheel that is locked for it: what of a page keeps somebody out."""

from functools import cache
from importlib.metadata import files
from typing import Any

from playwright.sync_api import Page

WHEEL, SCRIPT = "axe-playwright-python", "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AT_LEAST = (4, 12)
RUN = "tags => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })"


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks as it looks now, and where."""
    page.evaluate(_script())  # by the debugger's own way in, past the page's policy
    found: dict[str, Any] = page.evaluate(RUN, TAGS)
    version = tuple(int(part) for part in found["testEngine"]["version"].split(".")[:2])
    assert version >= AT_LEAST
    return [
        f"{broken['id']}: {node['html'][:120]}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]


@cache
def _script() -> str:
    [found] = [each for each in files(WHEEL) or () if each.name == SCRIPT]
    return found.read_text(encoding="utf-8")
