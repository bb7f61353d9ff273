"""What every page is held to, on the played story. A page joins by its row in
tests/harness/console/pages.py."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, StorageState

from kernel.roles import Role
from kernel.services import SERVICES
from ninehours.local.system import LocalSystem
from tests.harness.console.altered import (
    PLANTED,
    NotingNames,
    PeopleOfASite,
    PlantedServices,
    WithoutOne,
    altered,
)
from tests.harness.console.axe import EVERY, OF_COLOR, OF_WIDTH, violations
from tests.harness.console.figures import unexplained
from tests.harness.console.looking import Seen, listen, look, signed_in
from tests.harness.console.pages import LOOKED_AT
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory

FIRST_VISIT = 150_000  # bytes
BY_NAME = {each.name: each for each in LOOKED_AT}
ALL = pytest.mark.parametrize("name", [row.name for row in LOOKED_AT if not row.file])
NAMED = [row.name for row in LOOKED_AT if row.page]
# The first page is everybody's: it goes on to where each begins.
PAGES_OF_SOME = [row for row in LOOKED_AT if row.page not in ("", "/")]

# Whose role may not ask why of a day: a note's row leads to the notes that the day waits for.
# What no service is asked why of: the hours of a week; the chart's claims lead to their own pages.
WITHOUT_WHY = {"my day", "chart", "chart, of a clinician", "chart, of a biller"}
TELLING = [
    row.name
    for row in LOOKED_AT
    if not (row.file or row.page.startswith("/why/") or row.name in WITHOUT_WHY)
]

SignIn = Callable[[str], Reader]


@pytest.fixture(scope="module")
def seen(browsed: LocalSystem, browser: Browser, story: PlayedStory) -> Callable[[str], Seen]:
    """Each page, looked at once, by one session a role; what ends it has one of its own."""
    way_in = browsed.console_url
    at = way_in.partition("/sign-in")[0]

    @cache
    def session(role: Role) -> StorageState:
        return signed_in(browser, way_in, role)

    @cache
    def once(name: str) -> Seen:
        row = BY_NAME[name]
        who = signed_in(browser, way_in, row.role) if row.press else session(row.role)
        return look(browser, at, who, row.at(story), press=row.press, sums=row.sums)

    return once


@pytest.fixture(scope="module")
def of_another_site(browsed: LocalSystem) -> Iterator[SignIn]:
    with altered(browsed, people=PeopleOfASite) as sign_in:
        yield sign_in


@pytest.fixture(scope="module")
def planted(browsed: LocalSystem) -> Iterator[SignIn]:
    with altered(browsed, services=PlantedServices) as sign_in:
        yield sign_in


@pytest.fixture(scope="module")
def as_it_is(browsed: LocalSystem) -> Iterator[SignIn]:
    with altered(browsed) as sign_in:
        yield sign_in


@ALL
def test_a_page_keeps_nobody_out(seen: Callable[[str], Seen], name: str) -> None:
    """By WCAG 2.2 AA as far as a program can say, in both themes, wide and narrow."""
    assert seen(name).broken == {}


@pytest.mark.parametrize(
    ("only", "keeps_out", "rules"),
    [
        (
            EVERY,
            "<main><img src='data:,'><input></main>",
            {"image-alt", "label", "html-has-lang", "document-title"},
        ),
        (OF_COLOR, "<p style='color:#bbb;background:#ccc'>faint</p>", {"color-contrast"}),
        (
            OF_WIDTH,
            "<button style='width:9px;height:9px;padding:0'></button>" * 2,
            {"target-size"},
        ),
    ],
)
def test_what_would_keep_somebody_out_is_found(
    browser: Browser, only: tuple[str, ...], keeps_out: str, rules: set[str]
) -> None:
    page = browser.new_page()
    page.set_content(keeps_out)
    found = {broken.partition(":")[0] for broken in violations(page, only)}
    page.close()
    assert rules <= found


@ALL
def test_a_page_never_scrolls_sideways(seen: Callable[[str], Seen], name: str) -> None:
    assert seen(name).widths == {width: width for width in seen(name).widths}


@ALL
def test_a_page_says_what_it_is_and_names_nobody_where_it_is_kept(
    seen: Callable[[str], Seen], story: PlayedStory, name: str
) -> None:
    page = seen(name)
    assert page.status == BY_NAME[name].status
    assert len(page.headings) == 1
    assert page.title.endswith(" · Ninehours")
    assert len(page.title) > len(" · Ninehours")
    assert [each for each in story.names if each in page.title + page.address] == []
    assert page.headers["cache-control"] == "no-store"
    assert page.stored == []


@ALL
def test_a_page_asks_nothing_elsewhere_and_breaks_no_policy(
    seen: Callable[[str], Seen], name: str
) -> None:
    assert seen(name).strange == []


def test_what_is_asked_elsewhere_and_what_breaks_the_policy_is_found(
    browser: Browser, browsed: LocalSystem
) -> None:
    seen, at = Seen(), browsed.console_url.partition("/sign-in")[0]
    with closing(browser.new_context(base_url=at)) as context:
        page = context.new_page()
        listen(page, at, seen)
        page.goto(browsed.console_url)
        for planted in ("<b style='color: red'></b>", "<img src='http://localhost:1/x'>"):
            page.evaluate(
                "planted => document.body.insertAdjacentHTML('beforeend', planted)", planted
            )
        page.wait_for_function("performance.getEntriesByType('resource') !== null")
        page.reload()
    style, image = (
        [said for said in seen.strange if part in said] for part in ("style", "localhost:1")
    )
    assert style
    assert image


@ALL
def test_a_first_visit_loads_little(
    seen: Callable[[str], Seen], record_property: Callable[[str, object], None], name: str
) -> None:
    record_property(f"bytes of a first visit, {name}", seen(name).loaded)
    assert 0 < seen(name).loaded <= FIRST_VISIT


@pytest.mark.parametrize("name", TELLING)
def test_from_every_figure_a_click_leads_to_why(seen: Callable[[str], Seen], name: str) -> None:
    """Or to the rows that it is the sum of. Pages that answer why are the answer."""
    assert seen(name).unexplained == []


def test_a_figure_that_leads_nowhere_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<main><p>$12.50</p><p>$1 <a href='/why/x'>why</a></p><p class='sum'>$2</p><table><tr>"
        "<td data-label='Units'>3<td><a href='/claims/x'>a claim</a></table></main>"
    )
    assert unexplained(page, ".sum") == ["$12.50", "3"]
    page.close()


@pytest.mark.parametrize(
    ("name", "role"),
    [(row.name, role) for row in PAGES_OF_SOME for role in row.others],
)
def test_whoever_may_not_is_told_so_and_no_name(
    as_it_is: SignIn, story: PlayedStory, name: str, role: str
) -> None:
    answer = as_it_is(role).get(BY_NAME[name].at(story))
    assert answer.status == 403
    assert named(answer.body, story) == []


@pytest.mark.parametrize("name", NAMED)
def test_whoever_is_of_another_site_is_told_nothing_of_this_one(
    of_another_site: SignIn, story: PlayedStory, name: str
) -> None:
    row = BY_NAME[name]
    answer = of_another_site(row.role).get(row.at(story))
    assert answer.status in (200, 403, 404)
    assert named(answer.body, story) == []


@pytest.mark.parametrize("name", [row.name for row in LOOKED_AT if row.page and not row.file])
def test_script_in_what_services_answer_is_shown_as_text(
    planted: SignIn, story: PlayedStory, name: str
) -> None:
    row = BY_NAME[name]
    answer = planted(row.role).get(row.at(story))
    assert answer.status == row.status
    assert tags_planted(answer.body) == []
    if row.names:
        assert PLANTED in answer.text


@pytest.mark.parametrize("name", [row.name for row in LOOKED_AT if row.file])
def test_a_file_is_kept_by_no_cache_and_its_name_says_nothing(
    as_it_is: SignIn, story: PlayedStory, name: str
) -> None:
    row = BY_NAME[name]
    answer = as_it_is(row.role).get(row.at(story))
    assert answer.headers["cache-control"] == "no-store"
    assert named(answer.headers["content-disposition"], story) == []


def test_names_are_asked_for_whom_a_page_shows_and_nobody_else(
    browsed: LocalSystem, story: PlayedStory
) -> None:
    with altered(browsed, services=NotingNames) as sign_in:
        readers = {role: sign_in(role) for role in Role}
        for row in LOOKED_AT:
            if row.page and not row.file:
                NotingNames.told.clear()
                page = readers[row.role].get(row.at(story))
                assert [name for name in NotingNames.told if name not in page.text] == [], row.name
                NotingNames.pages += bool(NotingNames.told)
    assert NotingNames.pages > 5


@pytest.mark.parametrize("service", SERVICES)
def test_a_page_goes_on_without_a_service_or_says_which_does_not_answer(
    browsed: LocalSystem, story: PlayedStory, service: str
) -> None:
    with altered(browsed, services=WithoutOne) as sign_in:
        readers = {role: sign_in(role) for role in Role}
        rows = [(row, row.at(story)) for row in LOOKED_AT if row.page]
        WithoutOne.away = service
        answers = {row.name: readers[row.role].get(at) for row, at in rows}
        WithoutOne.away = ""
    assert [name for name, page in answers.items() if page.status not in (200, 404, 503)] == []
    silent = [page for page in answers.values() if page.status == 503]
    assert silent
    assert all(f"({service}): no answer at this moment" in page.text for page in silent)


def test_names_stand_in_no_log_of_any_process(browsed: LocalSystem, story: PlayedStory) -> None:
    """The last one here: of all that was looked at."""
    logs = [path for path in browsed.logs_dir.rglob("*") if path.is_file()]
    assert any(path.name.startswith("console") for path in logs)
    for path in logs:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert named(text, story) == [], path.name


def named(body: str, story: PlayedStory) -> list[str]:
    return [name for name in story.names if name in body]


def tags_planted(body: str) -> list[str]:
    """Those that a browser would make of what was planted."""
    found: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if "data-planted" in given or (tag == "script" and not given.get("src")):
                found.append(self.get_starttag_text() or tag)

    Tags().feed(body)
    return found
