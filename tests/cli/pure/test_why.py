"""An answer to why as it is shown: wrapped on a terminal, whole when piped, escaped on a page."""

import re
from datetime import UTC, datetime
from pathlib import Path

from ninehours.cli.fields import stamp_of
from ninehours.cli.why.page import page_of
from ninehours.cli.why.presenter import lines_of
from ninehours.cli.why.questions import asked
from ninehours.local.folder import write_private
from ninehours.told.why.answer import Explanation, Mark, Point, Section, every_point

ID = "5c4759fc-f9a3-53b7-b164-3272e78e04a8"
TOLD = Explanation(
    asked=f"ninehours why day {ID} 2026-03-02",
    title="Why 2026-03-02 is HOLD",
    answer=f"A session's note is not signed. It is released when staff/{ID} signs <it> & all.",
    about=(("client", ID), ("empty", "")),
    sections=(
        Section(
            title="2026-03-02: 1 gate",
            outcome="HOLD",
            about=(("minutes", "180 attended"),),
            points=(
                Point(
                    Mark.HOLD,
                    "NOTE: a session's note is not signed",
                    code="NOTE_UNSIGNED",
                    points=(
                        Point(Mark.RULE, "late_signature = HOLD"),
                        Point(Mark.FACT, f"180 minutes in session {ID}", small=f"Fact {ID}"),
                        Point(Mark.RELEASE, f"staff/{ID} signs the note of session {ID}"),
                    ),
                ),
            ),
        ),
    ),
)


def test_on_a_terminal_no_line_is_wider_than_it_and_no_id_is_broken() -> None:
    for width in (80, 120):
        lines = list(lines_of(TOLD, width))
        assert max(map(len, lines)) <= width
        assert "\n".join(lines).count(ID) == "\n".join(lines_of(TOLD)).count(ID)


def test_piped_every_point_is_one_line_without_colours() -> None:
    text = "\n".join(lines_of(TOLD))
    points = list(every_point(TOLD.sections[0].points))
    assert all(point.says in text for point in points)
    assert "\x1b" not in text
    assert "\x1b" in "\n".join(lines_of(TOLD, colours=True))


def test_the_page_is_escaped_and_needs_nothing_from_anywhere() -> None:
    page = page_of(TOLD)
    assert "&lt;it&gt; &amp; all" in page
    assert "<it>" not in page
    assert not re.search(r"<script|<link|<img|<iframe|https?:|url\(|@import|\son\w+=", page)
    assert "@media print" in page
    assert all(ID in part for part in (page,))


def test_the_page_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    path.write_text("before")
    path.chmod(0o644)
    write_private(path, page_of(TOLD))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == page_of(TOLD)
    assert list(tmp_path.iterdir()) == [path]


def test_a_day_means_all_of_it_and_a_time_itself() -> None:
    whole, moment = stamp_of(datetime(2026, 3, 2)), stamp_of(datetime(2026, 3, 2, 9, 30))
    assert stamp_of(None) is None
    assert whole is not None and moment is not None
    assert whole.ToDatetime(UTC) == datetime(2026, 3, 2, 23, 59, 59, 999999, UTC)
    assert moment.ToDatetime(UTC) == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_an_answer_says_how_to_ask_again() -> None:
    assert (
        asked("day", ID, as_of=datetime(2026, 3, 2)) == f"ninehours why day {ID} --as-of 2026-03-02"
    )
