"""Signing in at an identity provider on another site, as in production."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ninehours.local.servers import LocalServers
from tests.harness.console.reader import Reader, Shown
from tests.harness.console.running import Running, consoles
from tests.harness.identity.small_provider import PASSWORD, SmallProvider
from tests.identity.journey_contract import JourneyContract
from tests.identity.sign_in_contract import browser_of

TYPED = {"act": "in", "session_id": "s-1", "client_id": "c-1", "command_id": "typed-here"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProvider]:
    made = SmallProvider(tmp_path_factory.mktemp("provider"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def two(
    postgres: LocalServers,
    secrets_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    provider: SmallProvider,
) -> Iterator[Running]:
    """Replicas, whose services are all away."""
    away = dict.fromkeys(("intake", "plans", "attendance", "billing"), "127.0.0.1:1")
    folder = tmp_path_factory.mktemp("console")
    with consoles(postgres, secrets_dir, folder, away, replicas=2, provider=provider) as running:
        yield running


@pytest.fixture
def console(two: Running) -> Running:
    """For a browser it is one."""
    return two


class TestJourney(JourneyContract):
    """With every service away."""


def gone(reader: Reader, page: Shown, role: str) -> Shown:
    """The page that sends them to the provider, in that role."""
    shown = reader.send(page.form("/sign-in"), role=role)
    assert shown.goes_on.startswith("https://localhost:")
    return shown


def back(provider: SmallProvider, browser: Reader, reader: Reader, address: str) -> Shown:
    """What the console shows to whom the provider sends back."""
    shown = browser.get(address)
    if shown.status == 200:
        shown = browser.send(shown.forms[0], username="ada", password=PASSWORD)
    return reader.get(shown.at)


def signed_in(two: Running, provider: SmallProvider, old: int = 0) -> Reader:
    """Ada, with a token that is so old already."""
    provider.old = old
    reader = two.reader()
    going = gone(reader, reader.get("/sign-in"), "clinician")
    shown = back(provider, browser_of(provider), reader, going.goes_on)
    assert (shown.status, shown.goes_on) == (200, "/")
    provider.old = 0
    return reader


def test_what_a_browser_keeps_of_a_sign_in(two: Running, provider: SmallProvider) -> None:
    reader = two.reader()
    going = gone(reader, reader.get("/sign-in"), "clinician")
    [name] = [name for name in reader.told if "sign-in" in name]
    said = reader.told[name].lower()
    assert name.startswith("__Secure-")
    for part in ("secure", "httponly", "samesite=lax", "path=/sign-in/callback", "max-age=600"):
        assert part in said, part
    shown = back(provider, browser_of(provider), reader, going.goes_on)
    assert shown.status == 200
    assert name not in reader.cookies
    said = reader.told["__Host-ninehours"].lower()
    for part in ("secure", "httponly", "samesite=strict", "path=/"):
        assert part in said, part
    assert reader.get("/sign-in").headers["content-security-policy"].count("form-action 'self';")


def test_what_was_typed_comes_back_by_way_of_the_provider_and_stands_in_no_address(
    two: Running, provider: SmallProvider
) -> None:
    reader = signed_in(two, provider)
    form = {**TYPED, "form_token": reader.get("/").form("/sign-out").fields["form_token"]}
    two.execute("UPDATE session SET used_at = used_at - interval '901 seconds'")
    page = reader.post("/today/record", form)
    assert page.status == 401
    going = gone(reader, page, "clinician")
    assert "typed-here" not in going.body
    shown = back(provider, browser_of(provider), reader, going.goes_on)
    again = shown.form("/today/record")
    assert TYPED.items() <= again.fields.items()
    assert "typed-here" not in shown.at
    assert reader.send(again).status == 503  # it is taken: attendance is away
    assert not two.log.read_text().count("typed-here")


def test_a_sign_in_that_fails_keeps_what_was_typed(two: Running, provider: SmallProvider) -> None:
    reader, browser = two.reader(), browser_of(provider)
    page = reader.post("/today/record", TYPED)
    going = gone(reader, page, "biller")
    shown = back(provider, browser, reader, going.goes_on)
    assert shown.status == 403
    assert "do not have that role" in shown.text
    assert "Biller" not in shown.text
    shown = back(provider, browser, reader, gone(reader, shown, "clinician").goes_on)
    assert TYPED.items() <= shown.form("/today/record").fields.items()


def test_a_sign_in_is_of_the_browser_it_began_in_and_good_once(
    two: Running, provider: SmallProvider
) -> None:
    mine, others = two.reader(), two.reader()
    going = gone(mine, mine.get("/sign-in"), "clinician")
    shown = browser_of(provider).send(
        browser_of(provider).get(going.goes_on).forms[0], username="ada", password=PASSWORD
    )
    assert others.get(shown.at).status == 403
    assert "__Host-ninehours" not in others.cookies
    kept = dict(mine.cookies)
    assert mine.get(shown.at).status == 200
    mine.cookies = kept
    assert mine.get(shown.at).status == 403


def test_a_sign_in_that_another_site_begins_is_none(two: Running, provider: SmallProvider) -> None:
    """Its form would come back as what somebody typed here, to be sent by them."""
    reader = two.reader()
    forged = {"role": "clinician", "then": "/today/record", "kept": '{"act": "in"}', "way_in": ""}
    for way_in in ("", "guessed"):
        shown = reader.post("/sign-in", {**forged, "way_in": way_in})
        assert (shown.status, shown.goes_on) == (403, "")
        assert shown.form("/sign-in").fields["kept"] == ""


def test_several_tabs_sign_in_at_once(two: Running, provider: SmallProvider) -> None:
    reader, browser = two.reader(), browser_of(provider)
    tabs = [gone(reader, reader.get("/sign-in"), "clinician") for _ in range(3)]
    for tab in tabs:
        assert back(provider, browser, reader, tab.goes_on).status == 200


def test_a_token_that_is_about_to_be_over_is_renewed_once_for_all_who_ask_meanwhile(
    two: Running, provider: SmallProvider
) -> None:
    """At two consoles at once, while the provider takes its time."""
    taken = len(provider.taken)
    over = signed_in(two, provider, old=299)
    asked, go_on = threading.Event(), threading.Event()

    def slow(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        assert go_on.wait(60)
        provider.usual(request)

    provider.answers["/token"] = slow
    found: list[int] = []

    def ask(replica: int) -> None:
        other = two.reader(replica)
        other.cookies = dict(over.cookies)
        found.append(other.get("/").status)

    threads = [threading.Thread(target=ask, args=(number % 2,)) for number in range(6)]
    for thread in threads:
        thread.start()
    assert asked.wait(60)
    go_on.set()
    for thread in threads:
        thread.join()
    del provider.answers["/token"]
    assert set(found) == {503}  # each was believed by the console; attendance is away
    assert provider.taken[taken:].count("refresh_token") == 1


def test_who_is_signed_out_at_the_provider_is_signed_out_here_when_it_is_asked(
    two: Running, provider: SmallProvider
) -> None:
    reader = signed_in(two, provider, old=299)
    provider.sign_everybody_out()
    shown = reader.get("/")
    assert shown.status == 401
    assert "You are signed out" in shown.text


def test_a_provider_that_is_away_is_said_and_nothing_typed_is_lost(
    two: Running, provider: SmallProvider
) -> None:
    reader = signed_in(two, provider, old=299)
    form = {**TYPED, "form_token": "none"}
    provider.stop()
    try:
        shown = reader.post("/today/record", form)
        assert shown.status == 503
        assert "identity provider" in shown.text
        assert TYPED.items() <= shown.form("/today/record").fields.items()
    finally:
        provider.start()


def test_signing_out_ends_it_in_every_replica_and_offers_to_end_it_at_the_provider(
    two: Running, provider: SmallProvider
) -> None:
    reader, other = signed_in(two, provider), two.reader(1)
    other.cookies = dict(reader.cookies)
    assert other.get("/").status == 503
    shown = reader.send(reader.get("/").form("/sign-out"))
    assert other.get("/").status == 401
    assert f"form-action 'self' {provider.issuer};" in shown.headers["content-security-policy"]
    form = shown.form("/end")
    assert form.fields["id_token_hint"].count(".") == 2
    left = browser_of(provider).send(form)
    assert reader.get(left.at).text.count("Signed out") >= 1


def test_the_database_holds_no_token_and_nothing_typed(
    two: Running, provider: SmallProvider
) -> None:
    signed_in(two, provider)
    reader = two.reader()
    gone(reader, reader.post("/today/record", TYPED), "clinician")
    two.execute(
        "DO $$ BEGIN ASSERT (SELECT count(*) > 0 AND bool_and(position('eyJ'::bytea IN who) = 0)"
        " FROM session); ASSERT (SELECT count(*) > 0 AND"
        " bool_and(position('typed-here'::bytea IN content) = 0) FROM sign_in); END $$"
    )
    assert "eyJ" not in two.log.read_text()
