"""What holds wherever people sign in: at a small provider, and at a real one."""

import ssl
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from kernel.identity_provider import IdentityProvider
from kernel.roles import Role
from kernel.rpc.provider_keys import ProviderKeys
from ninehours.console.people import Elsewhere, NotSignedIn, People, SignedIn
from ninehours.console.provider.client import ProviderClient
from ninehours.console.provider.people import PeopleOfProvider
from ninehours.console.provider.registration import SECRET, RegisteredConsole, secret_in
from tests.harness.console.reader import Reader
from tests.harness.identity.believing import believing
from tests.harness.identity.signing_in import SignInProvider
from tests.harness.identity.small_issuer import LAKESIDE

ADDRESS = "https://console.example.org"
IDLE = 900


def people_of(provider: SignInProvider, folder: Path, *, idle: int = IDLE) -> PeopleOfProvider:
    """As the console has them, whose address is told the provider. `idle`: seconds."""
    provider.register(ADDRESS)
    (folder / SECRET).write_text(f"{provider.client_secret}\n")
    told = IdentityProvider(**provider.settings)
    registration = RegisteredConsole(
        provider=told,
        client_id=provider.client_id,
        secret=secret_in(folder),
        address=ADDRESS,
        scopes=provider.scopes,
    )
    return PeopleOfProvider(ProviderClient(registration), ProviderKeys(told), idle=idle)


def browser_of(provider: SignInProvider) -> Reader:
    """A browser at the provider, where nobody is signed in."""
    trusted = ssl.create_default_context(cafile=provider.settings["ca_file"])
    return Reader(urlsplit(provider.settings["issuer"]).netloc, trusted)


def told_by(provider: SignInProvider, browser: Reader, address: str) -> dict[str, str]:
    """What the provider sends somebody back with, who gives Ada's password where they are asked."""
    shown = browser.get(address)
    if shown.status == 200:
        [form] = [form for form in shown.forms if "password" in form.fields]
        shown = browser.send(form, username="ada", password=provider.password)
    assert shown.at.startswith(f"{ADDRESS}/sign-in/callback?"), shown.at
    return dict(parse_qsl(urlsplit(shown.at).query))


def signed_in(
    people: People, provider: SignInProvider, browser: Reader, role: Role = Role.CLINICIAN
) -> SignedIn:
    """Ada, in that role."""
    going = people.begin(role)
    assert isinstance(going, Elsewhere)
    return people.finish(going.kept, told_by(provider, browser, going.address))


class SignInContract:
    """Each test is given `provider`, which nobody else asks meanwhile."""

    def test_a_person_signs_in_and_services_believe_what_the_console_shows_of_them(
        self, provider: SignInProvider, secrets_dir: Path, tmp_path: Path
    ) -> None:
        people = people_of(provider, tmp_path)
        ada = signed_in(people, provider, browser_of(provider))
        visitor = people.visitor(ada.kept)
        assert visitor.person.role is Role.CLINICIAN
        services = believing(provider, secrets_dir)
        actor = services.actor(visitor.token())
        assert actor.roles >= {"clinician"}
        assert (actor.sites, actor.purpose) == ({LAKESIDE}, "TREATMENT")
        assert not people.is_due(ada.kept)

    def test_what_the_session_keeps_is_renewed_and_is_the_same_persons(
        self, provider: SignInProvider, secrets_dir: Path, tmp_path: Path
    ) -> None:
        people = people_of(provider, tmp_path)
        ada = signed_in(people, provider, browser_of(provider))
        services = believing(provider, secrets_dir)
        tokens = [people.visitor(kept).token() for kept in (ada.kept, people.renewed(ada.kept))]
        assert tokens[0] != tokens[1]
        assert len({services.actor(each).id for each in tokens}) == 1

    def test_signing_out_here_signs_out_there(
        self, provider: SignInProvider, tmp_path: Path
    ) -> None:
        people, browser = people_of(provider, tmp_path), browser_of(provider)
        ada = signed_in(people, provider, browser)
        leaving = people.leaving(ada.kept)
        assert leaving is not None
        shown = browser.post(leaving.address, leaving.fields)
        assert shown.at == f"{ADDRESS}/sign-out"
        with pytest.raises(NotSignedIn):
            people.renewed(ada.kept)
        going = people.begin(Role.CLINICIAN)
        assert isinstance(going, Elsewhere)
        assert browser.get(going.address).status == 200  # it asks for the password again

    def test_another_role_of_theirs_takes_no_password_and_one_they_lack_is_refused(
        self, provider: SignInProvider, tmp_path: Path
    ) -> None:
        people, browser = people_of(provider, tmp_path), browser_of(provider)
        signed_in(people, provider, browser)
        going = people.begin(Role.BILLER)
        assert isinstance(going, Elsewhere)
        assert "/sign-in/callback?" in browser.get(going.address).at
        with pytest.raises(NotSignedIn) as refused:
            signed_in(people, provider, browser, Role.BILLER)
        assert refused.value.why == "role"
        assert Role.CLINICIAN in refused.value.roles
        assert Role.BILLER not in refused.value.roles

    def test_a_code_is_good_once_and_for_who_began(
        self, provider: SignInProvider, tmp_path: Path
    ) -> None:
        people, browser = people_of(provider, tmp_path), browser_of(provider)
        mine, others = people.begin(Role.CLINICIAN), people.begin(Role.CLINICIAN)
        assert isinstance(mine, Elsewhere)
        assert isinstance(others, Elsewhere)
        told = told_by(provider, browser, mine.address)
        for kept in (others.kept, {**others.kept, "state": mine.state}):
            with pytest.raises(NotSignedIn):
                people.finish(kept, told)
        again = told_by(provider, browser, mine.address)
        people.finish(mine.kept, again)
        with pytest.raises(NotSignedIn):
            people.finish(mine.kept, again)

    @pytest.mark.parametrize("issuer", ["https://elsewhere.example.org", None])
    def test_an_answer_of_another_provider_is_none(
        self, provider: SignInProvider, tmp_path: Path, issuer: str | None
    ) -> None:
        """RFC 9207: who answers says who it is, where the provider says that it does."""
        people = people_of(provider, tmp_path)
        going = people.begin(Role.CLINICIAN)
        assert isinstance(going, Elsewhere)
        told = told_by(provider, browser_of(provider), going.address)
        other = {name: value for name, value in told.items() if name != "iss"}
        with pytest.raises(NotSignedIn):
            people.finish(going.kept, {**other, **({"iss": issuer} if issuer else {})})
        people.finish(going.kept, told)  # nobody was asked for what the code is good for

    def test_who_gave_their_password_longer_ago_than_a_session_may_idle_gives_it_again(
        self, provider: SignInProvider, tmp_path: Path
    ) -> None:
        people, browser = people_of(provider, tmp_path, idle=1), browser_of(provider)
        signed_in(people, provider, browser)
        given = time.time()
        while time.time() <= given + 2:
            time.sleep(0.1)
        going = people.begin(Role.CLINICIAN)
        assert isinstance(going, Elsewhere)
        assert any("password" in form.fields for form in browser.get(going.address).forms)

    def test_who_is_signed_out_there_is_signed_out_here_at_the_next_renewal(
        self, provider: SignInProvider, tmp_path: Path
    ) -> None:
        people = people_of(provider, tmp_path)
        ada = signed_in(people, provider, browser_of(provider))
        provider.sign_everybody_out()
        with pytest.raises(NotSignedIn):
            people.renewed(ada.kept)
