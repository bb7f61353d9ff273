"""Figures of a page (dollars, units, hours), and whether why they are so is one click away."""

from playwright.sync_api import Page

FIGURE = r"\$\d|\d\s*(units?|hours?)\b"
OF_A_COLUMN = r"\b(units?|hours?)\b"
# It, its parts each with theirs, or what would come of it before it does.
WAYS = ", ".join(
    f'a[href^="{path}"]' for path in ("/why/", "/worklist?", "/issue?", "/issue/corrections?")
)
# What is typed is nobody's word yet; of what is drawn a table tells the same.
NOT_TOLD = ("svg", "textarea", "option")
FIND = """([figure, ofAColumn, ways, passed]) => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim();
    const at = texts.currentNode.parentElement;
    const column = at.closest("[data-label]")?.dataset.label ?? "";
    const isFigure = new RegExp(figure, "i").test(text)
      || (new RegExp(ofAColumn, "i").test(column) && /[0-9]/.test(text));
    if (!isFigure || at.closest(passed)) continue;
    const told = at.closest("tr, li, p, dd, summary, h1, h2, h3");
    const around = !told || told.matches("h1, h2, h3") ? (told ?? at).parentElement : told;
    if (!around.closest(ways) && !around.querySelector(ways)) found.push(text);
  }
  return found;
}"""


def unexplained(page: Page, sums: str = "") -> list[str]:
    """Those from which nothing leads to why: neither themselves nor their row, their paragraph or
    what stands beside their heading. `sums`: of what a table on the page has the parts."""
    passed = ", ".join((*NOT_TOLD, *filter(None, [sums])))
    found: list[str] = page.evaluate(FIND, [FIGURE, OF_A_COLUMN, WAYS, passed])
    return found
