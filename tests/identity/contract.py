"""What holds of any identity provider that people come from: a small one, and a real one."""

import json
import ssl
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc import jws

from tests.harness.identity.believing import Provider, believing
from tests.harness.identity.certificates import certify
from tests.harness.identity.small_issuer import LAKESIDE

NORTH = "51000000-0000-4000-8000-000000000002"


def claims_of(token: str) -> dict[str, object]:
    claims: dict[str, object] = json.loads(jws.extract_compact(token.encode()).payload or b"")
    return claims


class ProviderContract:
    """Each test is given `provider`, which nobody else asks meanwhile."""

    def test_a_person_is_who_the_provider_says_in_roles_that_are_known_here(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        token = provider.token()
        ada = believing(provider, secrets_dir).actor(token)
        assert ada.id == f"oidc/{claims_of(token)['sub']}"
        assert ada.roles == {"clinician"}
        assert (ada.sites, ada.purpose) == ({LAKESIDE}, "TREATMENT")

    def test_settings_say_what_its_roles_sites_and_purposes_are_called_here(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        called = {
            "roles": {"clinician": "biller", "nobody": "operator"},
            "sites": {LAKESIDE: "*", "north": NORTH},
            "subject_prefix": "staff/",
        }
        ada = believing(provider, secrets_dir, **called).actor(provider.token())
        assert (ada.roles, ada.sites) == ({"biller"}, {"*"})
        assert ada.id.startswith("staff/")
        nobody = {"roles": {"nobody": "operator"}, "sites": {"north": NORTH}}
        ada = believing(provider, secrets_dir, **nobody).actor(provider.token())
        assert (ada.roles, ada.sites) == (frozenset(), frozenset())

    def test_a_claim_that_is_not_there_gives_nothing_and_no_purpose_is_refused(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        nowhere = {"roles_claim": "/realm_access/nowhere", "sites_claim": "/iss/deeper"}
        ada = believing(provider, secrets_dir, **nowhere).actor(provider.token())
        assert (ada.roles, ada.sites) == (frozenset(), frozenset())
        without = believing(provider, secrets_dir, purpose_claim="nowhere")
        assert without.refusal(provider.token()) == "TOKEN_PURPOSE_UNCLEAR"

    def test_a_token_for_another_system_is_refused(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people = believing(provider, secrets_dir)
        assert people.refusal(provider.token_for_another()) == "TOKEN_OF_ANOTHER_SYSTEM"

    def test_what_the_provider_signs_for_other_uses_is_no_token_here(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people = believing(provider, secrets_dir)
        assert people.refusal(provider.token()) == ""
        others = provider.not_for_apis()
        assert len(others) >= 2
        for name, token in others.items():
            assert people.refusal(token) in ("TOKEN_INVALID", "TOKEN_OF_ANOTHER_SYSTEM"), name

    def test_a_token_of_another_issuer_is_refused(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        """Whose keys are the same, as of another realm's under one name."""
        keys = {"jwks_uri": jwks_uri(provider)}
        assert believing(provider, secrets_dir, **keys).refusal(provider.token()) == ""
        other = {**keys, "issuer": f"{provider.settings['issuer']}/other"}
        assert believing(provider, secrets_dir, **other).refusal(provider.token()) == (
            "TOKEN_INVALID"
        )

    def test_an_altered_token_is_refused(self, provider: Provider, secrets_dir: Path) -> None:
        people = believing(provider, secrets_dir)
        header, _, signature = provider.token().split(".")
        _, other, _ = provider.token_for(3600).split(".")
        assert people.refusal(f"{header}.{other}.{signature}") == "TOKEN_INVALID"

    def test_an_algorithm_that_is_not_listed_is_refused(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people = believing(provider, secrets_dir, algorithms="PS512")
        assert people.refusal(provider.token()) == "TOKEN_INVALID"

    def test_a_token_that_lives_longer_than_is_believed_is_refused(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people = believing(provider, secrets_dir, longest_life=60)
        assert people.refusal(provider.token()) == "TOKEN_LIVES_TOO_LONG"
        assert people.refusal(provider.token_for(60)) == ""

    def test_a_token_expires(self, provider: Provider, secrets_dir: Path) -> None:
        people = believing(provider, secrets_dir, leeway=0)
        lenient = believing(provider, secrets_dir, leeway=300)
        token = provider.token_for(2)
        while time.time() <= int(str(claims_of(token)["exp"])):
            time.sleep(0.1)
        assert people.refusal(token) == "TOKEN_EXPIRED"
        assert lenient.refusal(token) == ""

    def test_after_a_rotation_both_keys_are_believed_until_the_old_one_is_withdrawn(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people = believing(provider, secrets_dir)
        old = provider.token()
        assert people.refusal(old) == ""
        provider.rotate()
        new = provider.token()
        heads = [jws.extract_compact(each.encode()).headers()["kid"] for each in (old, new)]
        assert heads[0] != heads[1]
        assert [people.refusal(each) for each in (new, old)] == ["", ""]
        provider.withdraw_old_keys()
        assert people.refusal(old) == ""
        assert people.keys.refresh()
        assert [people.refusal(each) for each in (new, old)] == ["", "TOKEN_INVALID"]

    def test_while_the_provider_is_away_the_keys_known_are_believed(
        self, provider: Provider, secrets_dir: Path
    ) -> None:
        people, late = (believing(provider, secrets_dir) for _ in range(2))
        token = provider.token()
        assert people.refusal(token) == ""
        provider.stop()
        try:
            assert not people.keys.refresh()
            assert people.refusal(token) == ""
            assert late.refusal(token) == "IDENTITY_PROVIDER_AWAY"
        finally:
            provider.start()
        assert late.refusal(token) == ""

    def test_a_provider_whose_certificate_nobody_here_knows_is_not_asked(
        self, provider: Provider, secrets_dir: Path, tmp_path: Path
    ) -> None:
        token = provider.token()
        for ca_file in (certify(tmp_path).ca, None):
            people = believing(provider, secrets_dir, ca_file=ca_file)
            assert people.refusal(token) == "IDENTITY_PROVIDER_AWAY"

    def test_a_token_or_a_person_that_is_denied_is_refused(
        self, provider: Provider, secrets_dir: Path, tmp_path: Path
    ) -> None:
        denied = tmp_path / "denied.json"
        soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        denied.write_text(json.dumps({"denied": []}))
        token, another = provider.token(), provider.token()
        ids = [claims_of(each)["jti"] for each in (token, another)]
        subject = f"oidc/{claims_of(token)['sub']}"
        people = believing(provider, secrets_dir, denied=denied)
        assert people.refusal(token) == ""
        denied.write_text(json.dumps({"denied": [{"jti": ids[0], "until": soon}]}))
        people = believing(provider, secrets_dir, denied=denied)
        assert people.refusal(token) == "TOKEN_DENIED"
        assert people.refusal(another) == ("" if ids[0] != ids[1] else "TOKEN_DENIED")
        denied.write_text(json.dumps({"denied": [{"subject": subject, "until": soon}]}))
        people = believing(provider, secrets_dir, denied=denied)
        assert [people.refusal(each) for each in (token, another)] == ["TOKEN_DENIED"] * 2


def jwks_uri(provider: Provider) -> str:
    """Where the provider says that its keys are."""
    trusted = ssl.create_default_context(cafile=provider.settings["ca_file"])
    address = f"{provider.settings['issuer']}/.well-known/openid-configuration"
    with urllib.request.urlopen(address, context=trusted) as answer:
        return str(json.load(answer)["jwks_uri"])
