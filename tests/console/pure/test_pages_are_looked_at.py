"""No page is left out of what all pages are held to."""

from ninehours.console.pages.routes import PAGES
from tests.harness.console.pages import LOOKED_AT


def test_every_page_that_is_read_has_its_row() -> None:
    """In tests/harness/console/pages.py."""
    read = {path for method, path in PAGES if method == "GET"}
    looked_at = {look.page for look in LOOKED_AT if look.page}
    assert read - looked_at == set()
    assert looked_at - read == set()


def test_a_row_is_known_by_its_name() -> None:
    names = [look.name for look in LOOKED_AT]
    assert len(names) == len({*names})
