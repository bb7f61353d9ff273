"""axe-core, out of a wheel that is locked for it: what of a page keeps somebody out."""

from functools import cache
from importlib.metadata import files
from typing import Any

from playwright.sync_api import Page

WHEEL, SCRIPT = "axe-playwright-python", "axe.min.js"
AT_LEAST = (4, 12)
RUN = "only => axe.run(document, { runOnly: only, resultTypes: ['violations'] })"

# Which rules are asked: all of WCAG 2.2 AA, and what of them another theme or width may break.
EVERY = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
OF_COLOR = ("color-contrast", "link-in-text-block")
OF_WIDTH = ("target-size", "scrollable-region-focusable", "meta-viewport")


def violations(page: Page, only: tuple[str, ...] = EVERY) -> list[str]:
    """Each rule that the page breaks as it looks now, and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())  # by the debugger's own way in, past the page's policy
    kind = "tag" if only == EVERY else "rule"
    found: dict[str, Any] = page.evaluate(RUN, {"type": kind, "values": only})
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
