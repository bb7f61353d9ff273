"""Who is believed, and who is not."""

import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from kernel import secrets
from kernel.rpc.tokens import Actor, Issuer, Unauthenticated, service_tokens
from kernel.rpc.verifier import Verifier

DEEP = f"{urlsafe_b64encode(b'[' * 6000).decode()}.e30.e30"
LAKESIDE = "51000000-0000-4000-8000-000000000001"
ADA = ("staff/ada", ["clinician"], [LAKESIDE], "TREATMENT")


def forged(
    secrets_dir: Path, signed_by: str = "people", kid: str | None = None, **claims: Any
) -> str:
    """A token with any claims, under a true key."""
    now = int(time.time())
    usual = {
        **{"sub": "staff/ada", "roles": ["clinician"], "sites": [LAKESIDE]},
        **{"purpose": "TREATMENT", "iss": signed_by, "aud": "ninehours"},
        **{"iat": now, "exp": now + 60},
    }
    told = {name: claim for name, claim in {**usual, **claims}.items() if claim is not None}
    header = {"alg": "Ed25519", "kid": kid or signed_by}
    key = secrets.private_key(secrets_dir, signed_by)
    return jwt.encode(header, told, key, algorithms=["Ed25519"])


def test_a_token_says_who_in_which_roles_at_which_sites_for_what(secrets_dir: Path) -> None:
    token = Issuer(secrets_dir, "people").token(*ADA)
    assert Verifier(secrets_dir).actor(token) == Actor(
        "staff/ada", frozenset({"clinician"}), frozenset({LAKESIDE}), "TREATMENT"
    )


def test_an_untouched_forgery_helper_is_believed(secrets_dir: Path) -> None:
    assert Verifier(secrets_dir).actor(forged(secrets_dir)).id == "staff/ada"


def test_an_expired_token_is_refused(secrets_dir: Path) -> None:
    yesterday = time.time() - 24 * 3600
    token = Issuer(secrets_dir, "people", clock=lambda: yesterday).token(*ADA)
    with pytest.raises(Unauthenticated) as refused:
        Verifier(secrets_dir).actor(token)
    assert refused.value.reason == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": float("nan")},
        {"exp": True},
        {"exp": "9999999999"},
        {"iat": None},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "staff/ada\0"},
        {"sub": "staff/ada\n"},
        {"sub": "x" * 251},
        {"roles": "clinician"},
        {"roles": [1]},
        {"sites": None},
        {"sites": "*"},
        {"purpose": "CURIOSITY"},
        {"purpose": None},
        {"purpose": ["TREATMENT"]},
        {"iss": "billing"},
        {"iss": None},
        {"roles": ["clinician", "service:billing"]},
        {"sub": "service/billing"},
    ],
)
def test_a_claim_that_is_missing_or_not_what_it_should_be_is_refused(
    secrets_dir: Path, claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(forged(secrets_dir, **claims))


@pytest.mark.parametrize(
    "site", ["lakeside", "51000000", f"{{{LAKESIDE}}}", LAKESIDE.replace("-", ""), "* ", "\0"]
)
def test_a_site_that_is_no_id_is_refused_and_named_as_the_reason(
    secrets_dir: Path, site: str
) -> None:
    """Questions are asked of the record by sites: what is no id would end them."""
    with pytest.raises(Unauthenticated) as refused:
        Verifier(secrets_dir).actor(forged(secrets_dir, sites=[LAKESIDE, site]))
    assert refused.value.reason == "TOKEN_SITES_UNUSABLE"


def test_an_id_is_one_however_it_is_written(secrets_dir: Path) -> None:
    token = forged(secrets_dir, sites=["5100ABCD-0000-4000-8000-000000000001"])
    actor = Verifier(secrets_dir).actor(token)
    assert actor.sites == {"5100abcd-0000-4000-8000-000000000001"}


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 10**400},
        {"exp": int(time.time()) + 366 * 24 * 3600},
        {"nbf": int(time.time()) + 3600},
        {"nbf": float("nan")},
        {"nbf": True},
        {"aud": "another-system"},
        {"aud": ["another-system", "a-third"]},
        {"aud": {"ninehours": True}},
        {"aud": None},
        {"iat": -(10**400)},
        {"exp": int(time.time()) - 3600, "iat": int(time.time())},
    ],
)
def test_a_token_for_another_system_another_time_or_ever_is_refused(
    secrets_dir: Path, claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(forged(secrets_dir, **claims))


def test_a_token_under_another_issuers_name_is_refused(secrets_dir: Path) -> None:
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(forged(secrets_dir, "billing", kid="people", iss="people"))


@pytest.mark.parametrize("kid", ["nobody", "../people", ""])
def test_a_token_of_an_unknown_issuer_is_refused(secrets_dir: Path, kid: str) -> None:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "kid": kid}
    token = jwt.encode(header, {"sub": "x"}, key, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(token)


def test_a_token_without_a_kid_is_refused(secrets_dir: Path) -> None:
    key = secrets.private_key(secrets_dir, "people")
    token = jwt.encode({"alg": "Ed25519"}, {"sub": "x"}, key, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(token)


def test_an_unsigned_token_is_refused(secrets_dir: Path) -> None:
    claims = forged(secrets_dir).split(".")[1]
    header = json.dumps({"alg": "none", "kid": "people"}).encode()
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(f"{urlsafe_b64encode(header).decode().rstrip('=')}.{claims}.")


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(
    secrets_dir: Path,
) -> None:
    public = json.dumps(secrets.public_keys(secrets_dir)["people"].as_dict(private=False))
    header = {"alg": "HS256", "kid": "people"}
    claims = jwt.decode(
        forged(secrets_dir), secrets.public_keys(secrets_dir)["people"], algorithms=["Ed25519"]
    ).claims
    token = jwt.encode(header, claims, OctKey.import_key(public), algorithms=["HS256"])
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(token)


def test_an_altered_token_is_refused(secrets_dir: Path) -> None:
    header, claims, signature = forged(secrets_dir).split(".")
    other = forged(secrets_dir, roles=["operator"]).split(".")[1]
    assert other != claims
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(f"{header}.{other}.{signature}")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "a.b.c.d.e", "ü.ü.ü", "e30.e30.", "\0", DEEP]
)
def test_what_is_no_token_is_refused(secrets_dir: Path, token: str) -> None:
    with pytest.raises(Unauthenticated):
        Verifier(secrets_dir).actor(token)


def test_a_service_speaks_for_itself_alone(secrets_dir: Path) -> None:
    billing = Issuer(secrets_dir, "billing")
    own = ("service/billing", ["service:billing"], ["*"], "PAYMENT")
    assert Verifier(secrets_dir).actor(billing.token(*own)).roles == {"service:billing"}
    for subject, roles in [
        ("service/intake", ["service:billing"]),
        ("staff/ada", ["service:billing"]),
        ("service/billing", ["service:intake"]),
        ("service/billing", ["service:billing", "operator"]),
        ("service/billing", ["operator"]),
        ("service/billing", []),
    ]:
        with pytest.raises(ValueError, match="may not assert"):
            billing.token(subject, roles, ["*"], "PAYMENT")
        with pytest.raises(Unauthenticated):
            Verifier(secrets_dir).actor(forged(secrets_dir, "billing", sub=subject, roles=roles))


def test_people_are_never_a_service(secrets_dir: Path) -> None:
    with pytest.raises(ValueError, match="may not assert"):
        Issuer(secrets_dir, "people").token("staff/ada", ["service:intake"], ["*"], "PAYMENT")


def test_a_service_renews_its_token_before_it_expires(secrets_dir: Path) -> None:
    minutes = [0]
    began = time.time() - 6 * 60
    token = service_tokens(secrets_dir, "plans", clock=lambda: began + minutes[0] * 60)
    first = token()
    minutes[0] = 4
    assert token() == first
    minutes[0] = 6
    assert token() != first
    assert Verifier(secrets_dir).actor(token()).id == "service/plans"


def test_a_key_file_that_is_absent_or_no_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(secrets.SecretMissing, match=r"public\.jwks\.json"):
        Verifier(tmp_path)
    (tmp_path / "intake.master").write_text("short")
    with pytest.raises(secrets.SecretMissing, match=r"intake\.master") as missing:
        secrets.master_keys(tmp_path, "intake")
    assert "short" not in str(missing.value)
