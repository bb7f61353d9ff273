"""Who is signed in, until when, and what a browser is told to keep of it."""

import pytest

from ninehours.console.sent import MOST_SENT
from tests.harness.console.running import WAY_IN, Running


def test_without_the_way_in_there_is_no_page_of_roles(two: Running) -> None:
    reader = two.reader()
    for path in ("/sign-in", "/sign-in?way-in=guessed", "/"):
        shown = reader.get(path)
        assert shown.status in (401, 403), path
        assert "Front desk" not in shown.text
        assert "no way in" in shown.text
    forged = {"way_in": "guessed", "role": "front_desk"}
    assert reader.post("/sign-in", forged).status == 403
    assert "ninehours" not in reader.cookies


def test_a_role_is_chosen_and_its_pages_are_there(two: Running) -> None:
    reader = two.signed_in("administrator")
    shown = reader.get("/")
    assert shown.status == 200
    assert "Who read what" in shown.text
    assert reader.post("/sign-in", {"way_in": WAY_IN, "role": "chief"}).status == 400


def test_browsers_run_nothing_but_our_files_and_keep_no_page(two: Running) -> None:
    reader = two.signed_in()
    for path in ("/", "/sign-in", "/nothing/there"):
        headers = reader.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    said = reader.told["ninehours"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "expires" not in said  # it ends with the browser, if nothing ends it before


def test_signing_out_ends_the_session_in_every_replica(two: Running) -> None:
    reader, other = two.signed_in(), two.reader(1)
    other.cookies = dict(reader.cookies)
    page = other.get("/")
    assert page.status == 200
    signed_out = reader.send(reader.get("/").form("/sign-out"))
    assert "Nobody is signed in" in signed_out.text
    assert other.get("/").status == 401


def test_a_form_of_another_session_signs_nobody_out(two: Running) -> None:
    reader, other = two.signed_in(), two.signed_in()
    reader.send(other.get("/").form("/sign-out"))
    assert two.reader().get("/").status == 401
    kept = two.reader()
    kept.cookies = {**reader.cookies, **other.cookies}
    assert kept.get("/").status == 200


@pytest.mark.parametrize(
    "passes",
    ["used_at = used_at - interval '901 seconds'", "ends_at = ends_at - interval '43201 seconds'"],
    ids=["nothing was done for a while", "it lasted a working day"],
)
def test_a_session_is_over_after_a_while(two: Running, passes: str) -> None:
    reader = two.signed_in()
    assert reader.get("/").status == 200
    two.execute(f"UPDATE session SET {passes}")
    shown = reader.get("/")
    assert shown.status == 401
    assert "You are signed out" in shown.text


def test_the_database_knows_of_nobody_who_they_are(two: Running) -> None:
    """Whoever has it, or a copy of it, signs in as nobody: the key is in the browser."""
    reader = two.signed_in("administrator")
    mine = reader.cookies["ninehours"]
    reader.cookies["ninehours"] = mine[:-2] + ("AA" if mine[-2:] != "AA" else "BB")
    assert reader.get("/").status == 401
    two.execute(
        "DO $$ BEGIN ASSERT (SELECT bool_and(position('operator'::bytea IN who) = 0)"
        " FROM session); END $$"
    )


def test_what_is_sent_is_a_form_and_not_too_much(two: Running) -> None:
    reader = two.signed_in()
    assert reader.post("/sign-out", {"x": "y" * (MOST_SENT + 1)}).status == 400
    assert reader.get("/").status == 200


def test_nobody_is_named_by_logs(two: Running) -> None:
    reader = two.signed_in()
    logged = two.log.read_text()
    assert "signed_in" in logged
    assert reader.cookies["ninehours"] not in logged
    assert WAY_IN not in logged
