"""What is asked of wherever people sign in, of the small provider; and what no real one says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.roles import Role
from ninehours.console.people import Elsewhere, NotSignedIn, ProviderAway
from ninehours.console.provider.registration import SECRET
from tests.harness.identity.small_issuer import says
from tests.harness.identity.small_provider import SmallProvider
from tests.identity.sign_in_contract import (
    SignInContract,
    browser_of,
    people_of,
    signed_in,
    told_by,
)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SmallProvider]:
    made = SmallProvider(tmp_path / "provider")
    yield made
    made.stop()


class TestSmallProvider(SignInContract):
    """Ada is a clinician and at the front desk."""


Lie = Callable[[SmallProvider], None]


def says_nothing_of_when(provider: SmallProvider) -> None:
    provider.tells_when = False


def signs_with_another_key(provider: SmallProvider) -> None:
    published = [*provider.published]
    provider.rotate(str(provider.signs.kid))
    provider.published = published


@pytest.mark.parametrize("lie", [says_nothing_of_when, signs_with_another_key])
def test_a_provider_that_does_not_say_who_it_is_signs_nobody_in(
    provider: SmallProvider, tmp_path: Path, lie: Lie
) -> None:
    people = people_of(provider, tmp_path)
    lie(provider)
    with pytest.raises(NotSignedIn) as refused:
        signed_in(people, provider, browser_of(provider))
    assert refused.value.why == "untold"


def test_a_provider_that_is_away_or_refuses_the_console_is_away(
    provider: SmallProvider, tmp_path: Path
) -> None:
    people, browser = people_of(provider, tmp_path), browser_of(provider)
    going = people.begin(Role.CLINICIAN)
    assert isinstance(going, Elsewhere)
    told = told_by(provider, browser, going.address)
    for content, status in (({"error": "invalid_client"}, 401), (b"<html>", 500), ([1], 200)):
        provider.answers["/token"] = lambda request, c=content, s=status: says(request, c, s)  # type: ignore[misc]
        with pytest.raises(ProviderAway):
            people.finish(going.kept, told)
    provider.stop()
    with pytest.raises(ProviderAway):
        people.finish(going.kept, told)


def test_a_secret_that_is_another_now_is_shown_without_a_restart(
    provider: SmallProvider, tmp_path: Path
) -> None:
    people, browser = people_of(provider, tmp_path), browser_of(provider)
    ada = signed_in(people, provider, browser)
    provider.client_secret = "another"
    with pytest.raises(ProviderAway):
        people.renewed(ada.kept)
    (tmp_path / SECRET).write_text("another")
    clock = people._registration.secret
    clock.current(0.0)
    assert people.renewed(ada.kept) != ada.kept
