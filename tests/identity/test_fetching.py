"""A provider's keys are fetched beside the answers, whatever the provider does."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kernel.identity_provider import IdentityProvider
from kernel.refusal import NotYet
from kernel.rpc import provider_keys
from kernel.rpc.provider_answers import WrongAnswer
from kernel.rpc.provider_keys import ProviderKeys, fetched
from kernel.rpc.tokens import Unauthenticated
from tests.harness.identity.believing import believing
from tests.harness.identity.small_issuer import SmallIssuer, says

PATIENCE = 300.0  # seconds: no test fails for being slow


def told(issuer: SmallIssuer, **settings: Any) -> IdentityProvider:
    return IdentityProvider(**{**issuer.settings, **settings})


class Clock:
    """One that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def redirect(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("location", to)
        request.send_header("content-length", "0")
        request.end_headers()

    return answer


WRONG: dict[str, Any] = {
    "an error": lambda request: request.send_error(500),
    "not found": lambda request: request.send_error(404),
    "no JSON": lambda request: says(request, b"<html>"),
    "half of it": lambda request: says(request, b'{"keys": ['),
    "a list": lambda request: says(request, []),
    "nothing": lambda request: says(request, b""),
    "no keys": lambda request: says(request, {"keys": 7}),
    "too many keys": lambda request: says(request, {"keys": [{}] * 101}),
    "too deep": lambda request: says(request, b"[" * 200_000),
    "too large": lambda request: says(request, b" " * (600 * 1024) + b'{"keys": []}'),
    "elsewhere, plain": redirect("http://localhost:1/keys"),
    "elsewhere": redirect("/somewhere"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("path", [SmallIssuer.JWKS, SmallIssuer.DISCOVERY])
def test_what_is_no_answer_of_a_provider_changes_nothing(
    issuer: SmallIssuer, secrets_dir: Path, wrong: str, path: str
) -> None:
    people = believing(issuer, secrets_dir)
    token = issuer.token()
    assert people.refusal(token) == ""
    asked = len(issuer.asked)
    issuer.answers[path] = WRONG[wrong]
    assert not people.keys.refresh()
    assert "/somewhere" not in issuer.asked[asked:]
    assert path in issuer.asked[asked:]
    assert people.refusal(token) == ""
    del issuer.answers[path]
    assert people.keys.refresh()


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://localhost:1"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://localhost:1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": ["https://localhost:1/keys"]},
    ],
)
def test_who_says_another_issuer_or_no_https_address_of_its_keys_is_not_believed(
    issuer: SmallIssuer, about: dict[str, object]
) -> None:
    usual = {"issuer": issuer.issuer, "jwks_uri": f"{issuer.issuer}{issuer.JWKS}"}
    issuer.answers[issuer.DISCOVERY] = lambda request: says(request, {**usual, **about})
    with pytest.raises(WrongAnswer):
        fetched(told(issuer))
    assert issuer.JWKS not in issuer.asked


def test_keys_are_where_a_setting_says_and_discovery_is_not_asked(issuer: SmallIssuer) -> None:
    where = f"{issuer.issuer}{issuer.JWKS}"
    assert [*fetched(told(issuer, jwks_uri=where))] == ["key-1"]
    assert issuer.asked == [issuer.JWKS]


def test_a_slow_provider_has_so_long_and_no_longer(
    issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then keeps nobody, in headers and in bodies."""
    over = threading.Event()
    monkeypatch.setattr(provider_keys, "WITHIN", 1.0)

    def body(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not over.wait(0.05):
            request.wfile.write(b" ")

    def headers(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        while not over.wait(0.05):
            request.wfile.write(b"y")

    for slowly in (body, headers):
        issuer.answers[issuer.JWKS] = slowly
        with pytest.raises(TimeoutError):
            fetched(told(issuer))
    over.set()


def test_keys_that_do_not_sign_are_passed_over(issuer: SmallIssuer) -> None:
    public = {"use": "sig"}
    issuer.published = [
        RSAKey.generate_key(2048, {"kid": "good-rsa", **public}).as_dict(private=False),
        OKPKey.generate_key("Ed25519", {"kid": "good-okp", **public}).as_dict(private=False),
        ECKey.generate_key("P-384", {"kid": "good-ec"}).as_dict(private=False),
        RSAKey.generate_key(2048, {"kid": "private", **public}).as_dict(private=True),
        RSAKey.generate_key(2048, {"kid": "encrypts", "use": "enc"}).as_dict(private=False),
        RSAKey.generate_key(2048).as_dict(private=False),
        {**short_rsa(), "kid": "short"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "ML-DSA", "kid": "of tomorrow"},
        {"kty": "RSA", "n": "%%%", "e": "AQAB", "kid": "broken"},
        {"kty": "RSA", "kid": "empty"},
        {"kty": "EC", "crv": "P-256", "x": 7, "y": None, "kid": "not even texts"},
        {"kid": ["good-rsa"], "kty": "RSA"},
        "no key",
    ]  # type: ignore[list-item]
    assert sorted(fetched(told(issuer))) == ["good-ec", "good-okp", "good-rsa"]


def short_rsa() -> dict[str, object]:
    """A key of 1024 bits, which the library itself wouldn't make."""
    long = RSAKey.generate_key(2048).as_dict(private=False)
    return {"kty": "RSA", "n": str(long["n"])[:171], "e": "AQAB"}


def test_a_provider_that_publishes_no_key_any_more_is_believed_in_nothing(
    issuer: SmallIssuer, secrets_dir: Path
) -> None:
    people = believing(issuer, secrets_dir)
    token = issuer.token()
    assert people.refusal(token) == ""
    issuer.published = []
    assert people.keys.refresh()
    assert people.refusal(token) == "TOKEN_INVALID"


def test_known_keys_are_kept_for_the_time_stated_and_no_longer() -> None:
    clock, away = Clock(), False
    key = ECKey.generate_key("P-256", {"kid": "k"})

    def fetch(_: IdentityProvider) -> Any:
        if away:
            raise OSError
        return {"k": [key]}

    provider = IdentityProvider(issuer="https://id.example.org", audience="a", keys_kept=3600)
    keys = ProviderKeys(provider, fetch, clock=clock)
    assert keys.refresh()
    away = True
    for _ in range(6):
        clock.now += 600
        assert not keys.refresh()
        assert keys.key("k", "ES256") is key
    clock.now += 1
    with pytest.raises(NotYet):
        keys.key("k", "ES256")
    away = False
    assert keys.refresh()
    assert keys.key("k", "ES256") is key


def test_an_unknown_key_is_asked_for_before_it_is_refused_and_each_time_again() -> None:
    clock = Clock()
    keys = ProviderKeys(
        IdentityProvider(issuer="https://id.example.org", audience="a"),
        lambda _: {},
        clock=clock,
    )
    assert keys.refresh()
    for _ in range(3):
        for _ in range(2):
            clock.now += 1
            with pytest.raises(NotYet):
                keys.key("k", "ES256")
        clock.now += 1
        assert keys.refresh()
        clock.now += 1
        with pytest.raises(KeyError):
            keys.key("k", "ES256")


def test_however_many_unknown_keys_are_shown_few_are_remembered() -> None:
    keys = ProviderKeys(
        IdentityProvider(issuer="https://id.example.org", audience="a"), lambda _: {}
    )
    for number in range(5000):
        with pytest.raises(NotYet):
            keys.key(f"k{number}", "ES256")
    assert len(keys._asked) <= provider_keys.MOST_ASKED


@contextmanager
def running(keys: ProviderKeys) -> Iterator[None]:
    keys.start()
    yield
    keys.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def test_one_fetch_at_a_time_a_pause_apart_and_nobody_waits_for_it(
    issuer: SmallIssuer, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred strangers show keys that nobody knows while the provider hangs: Ada is answered."""
    monkeypatch.setattr(provider_keys, "PAUSE", 0.5)
    monkeypatch.setattr(provider_keys, "WITHIN", PATIENCE)
    people = believing(issuer, secrets_dir)
    token = issuer.token()
    assert people.refusal(token) == ""
    go_on, hanging, began = threading.Event(), [0, 0], []

    def hangs(request: BaseHTTPRequestHandler) -> None:
        began.append(time.monotonic())
        hanging[0] += 1
        hanging[1] = max(hanging)
        go_on.wait(PATIENCE)
        hanging[0] -= 1
        issuer.usual(request)

    issuer.answers[issuer.JWKS] = hangs
    stranger = ECKey.generate_key("P-256", {"kid": "nobody's"})

    def shown(number: int) -> str:
        forged = issuer.token(header={"kid": f"nobody's-{number}"}, key=stranger)
        try:
            people.verifier.actor(forged)
        except (NotYet, Unauthenticated) as refused:
            return refused.reason
        return ""

    with running(people.keys):
        until(lambda: len(began) == 1)
        reasons = {shown(number) for number in range(100)}
        assert reasons == {"TOKEN_KEY_UNKNOWN"}
        assert people.verifier.actor(token).roles == {"clinician"}
        assert len(began) == 1
        new = issuer.rotate()
        go_on.set()
        until(lambda: bool(shown(len(began))) and len(began) >= 3)
        assert new.kid in people.keys._keys
        assert people.verifier.actor(issuer.token()).roles == {"clinician"}
    assert hanging[1] == 1
    assert all(later - earlier >= 0.5 for earlier, later in pairwise(began))


def test_keys_are_fetched_now_and_then_without_anybody_asking(
    issuer: SmallIssuer, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a key that is withdrawn ceases to be believed, though nobody shows an unknown one."""
    monkeypatch.setattr(provider_keys, "PAUSE", 0.1)
    provider = told(issuer).model_copy(update={"refresh": 1})
    keys = ProviderKeys(provider)
    with running(keys):
        until(lambda: "key-1" in keys._keys)
        issuer.rotate()
        issuer.withdraw_old_keys()
        until(lambda: [*keys._keys] == ["key-2"])


def test_a_provider_that_is_away_is_said_once_and_its_return_too(
    issuer: SmallIssuer, secrets_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = believing(issuer, secrets_dir)
    issuer.stop()
    for _ in range(3):
        assert not people.keys.refresh()
    issuer.start()
    for _ in range(3):
        assert people.keys.refresh()
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "identity provider away",
        "identity provider's keys",
    ]
