"""What a provider may sign, by mistake or for others, and nobody is for it."""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from kernel.rpc.tokens import Issuer, Unauthenticated
from kernel.rpc.verifier import Verifier
from tests.harness.identity.believing import Believing, believing
from tests.harness.identity.small_issuer import AUDIENCE, LAKESIDE, SmallIssuer

HUGE = 10**400


@dataclass(frozen=True)
class At:
    """So many seconds from when the test runs."""

    seconds: float


def dated(claims: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return {
        name: now + value.seconds if isinstance(value, At) else value
        for name, value in claims.items()
    }


@pytest.fixture
def people(issuer: SmallIssuer, secrets_dir: Path) -> Believing:
    return believing(issuer, secrets_dir)


def test_the_usual_token_is_believed(issuer: SmallIssuer, people: Believing) -> None:
    assert people.refusal(issuer.token()) == ""


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": HUGE}, "TOKEN_LIVES_TOO_LONG"),
        ({"iat": At(0), "exp": At(7201)}, "TOKEN_LIVES_TOO_LONG"),
        ({"iat": -HUGE}, "TOKEN_LIVES_TOO_LONG"),
        ({"iat": 0, "exp": HUGE}, "TOKEN_LIVES_TOO_LONG"),
        ({"iat": At(0), "exp": At(-1)}, "TOKEN_LIVES_TOO_LONG"),
        ({"iat": HUGE, "exp": HUGE + 60}, "TOKEN_NOT_YET_VALID"),
        ({"iat": At(3600), "exp": At(3700)}, "TOKEN_NOT_YET_VALID"),
        ({"nbf": At(3600)}, "TOKEN_NOT_YET_VALID"),
        ({"iat": At(-3700), "exp": At(-3600)}, "TOKEN_EXPIRED"),
        *(({"exp": wrong}, "TOKEN_INVALID") for wrong in (None, At(60.5), True, "9999999999")),
        *(({"exp": wrong}, "TOKEN_INVALID") for wrong in (float("nan"), float("inf"), [1], {})),
        *(({"iat": wrong}, "TOKEN_INVALID") for wrong in (None, At(0.5), True, float("nan"))),
        *(({"nbf": wrong}, "TOKEN_INVALID") for wrong in (At(0.5), False, float("-inf"), "0")),
        *(
            ({"aud": wrong}, "TOKEN_OF_ANOTHER_SYSTEM")
            for wrong in (
                None,
                "",
                "ninehours",
                "ninehours-api ",
                [],
                ["other"],
                [["ninehours-api"]],
            )
        ),
        ({"aud": {AUDIENCE: True}}, "TOKEN_OF_ANOTHER_SYSTEM"),
        ({"iss": None}, "TOKEN_INVALID"),
        ({"iss": ["x"]}, "TOKEN_INVALID"),
        ({"iss": "people"}, "TOKEN_INVALID"),
        ({"iss": "billing"}, "TOKEN_INVALID"),
        *(
            ({"sub": wrong}, "TOKEN_SUBJECT_UNUSABLE")
            for wrong in (None, "", 7, {}, "ada@example.org", "Ada Lovelace", "../x", "a/b", "a\n")
        ),
        ({"sub": ["ada", "bea"]}, "TOKEN_SUBJECT_UNUSABLE"),
        ({"sub": "x" * 201}, "TOKEN_SUBJECT_UNUSABLE"),
        *(
            ({"sites": wrong}, "TOKEN_SITES_UNUSABLE")
            for wrong in ("lakeside", ["lakeside"], [LAKESIDE, "* "], f"{LAKESIDE}\0")
        ),
        *(
            ({"purpose": wrong}, "TOKEN_PURPOSE_UNCLEAR")
            for wrong in (None, "", "CURIOSITY", "treatment", 7, ["TREATMENT", "PAYMENT"])
        ),
    ],
)
def test_a_token_that_is_not_what_it_should_be_is_refused(
    issuer: SmallIssuer, people: Believing, claims: dict[str, Any], reason: str
) -> None:
    assert people.refusal(issuer.token(dated(claims))) == reason


@pytest.mark.parametrize(
    "claims",
    [
        {"nbf": At(-60)},
        {"nbf": At(20)},
        {"iat": At(20), "exp": At(300)},
        {"iat": At(-7200 + 600), "exp": At(600)},
        {"aud": ["account", "ninehours-api"]},
        {"purpose": ["TREATMENT"]},
        {"purpose": ["TREATMENT", "CURIOSITY"]},
    ],
)
def test_what_is_within_leeway_life_and_audience_is_believed(
    issuer: SmallIssuer, people: Believing, claims: dict[str, Any]
) -> None:
    assert people.refusal(issuer.token(dated(claims))) == ""


@pytest.mark.parametrize(
    "roles",
    [None, 7, {}, {"clinician": True}, [7, None, ["clinician"]], "Clinician", "clinician operator"],
)
def test_roles_that_are_none_give_none(
    issuer: SmallIssuer, people: Believing, roles: object
) -> None:
    assert people.actor(issuer.token({"roles": roles})).roles == frozenset()


@pytest.mark.parametrize("sites", [None, 7, {}, {"*": True}, [], [7, None, ["*"]]])
def test_sites_that_are_no_text_give_none(
    issuer: SmallIssuer, people: Believing, sites: object
) -> None:
    assert people.actor(issuer.token({"sites": sites})).sites == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": ["service:billing"], "sub": "service:billing"},
        {"roles": "service:billing", "azp": "billing"},
        {"roles": ["service:intake", "operator"]},
    ],
)
def test_a_person_is_never_a_service_whatever_is_claimed(
    issuer: SmallIssuer, people: Believing, claims: dict[str, Any]
) -> None:
    actor = people.actor(issuer.token(dated(claims)))
    assert actor.id.startswith("oidc/")
    assert not any(role.startswith("service:") for role in actor.roles)


def test_scopes_are_divided_at_their_spaces_and_nothing_else_is(
    issuer: SmallIssuer, secrets_dir: Path
) -> None:
    by_scope = {"purpose_claim": "scope", "purposes": {"to treat": "PAYMENT", "treat": "TREATMENT"}}
    people = believing(issuer, secrets_dir, **by_scope)
    assert people.actor(issuer.token({"scope": "openid treat"})).purpose == "TREATMENT"
    named = believing(issuer, secrets_dir, roles={"IOP Clinicians": "clinician"})
    assert named.actor(issuer.token({"roles": "IOP Clinicians"})).roles == {"clinician"}


def test_a_claim_is_a_name_or_a_pointer(issuer: SmallIssuer, secrets_dir: Path) -> None:
    deep = {"a/b": {"c~d": ["clinician"]}, "https://example.org/roles": ["biller"]}
    for claim, role in (("/a~1b/c~0d", "clinician"), ("https://example.org/roles", "biller")):
        people = believing(issuer, secrets_dir, roles_claim=claim)
        assert people.actor(issuer.token(deep)).roles == {role}


@pytest.mark.parametrize("header", [{"kid": None}, {"kid": 7}, {"typ": "logout+jwt"}, {"typ": 7}])
def test_a_header_that_names_no_key_or_another_use_is_refused(
    issuer: SmallIssuer, people: Believing, header: dict[str, Any]
) -> None:
    assert people.refusal(issuer.token()) == ""
    [_, claims, signature] = issuer.token().split(".")
    told = {"alg": "ES256", "kid": issuer.signs.kid, **header}
    written = {name: value for name, value in told.items() if value is not None}
    other = urlsafe_b64encode(json.dumps(written).encode()).decode().rstrip("=")
    assert people.refusal(f"{other}.{claims}.{signature}") == "TOKEN_INVALID"
    if header.get("typ"):
        assert people.refusal(issuer.token(header={"typ": "logout+jwt"})) == "TOKEN_INVALID"


@pytest.mark.parametrize("typ", [None, "JWT", "at+jwt", "application/at+jwt"])
def test_an_access_token_may_say_that_it_is_one(
    issuer: SmallIssuer, people: Believing, typ: str | None
) -> None:
    assert people.refusal(issuer.token(header={"typ": typ})) == ""


def test_a_header_that_we_do_not_know_is_passed_over_and_a_critical_one_is_not(
    issuer: SmallIssuer, people: Believing
) -> None:
    token = issuer.token()
    assert people.refusal(token) == ""
    signed = issuer.token(header={"x5t": "abc"})
    assert people.refusal(signed) == ""


def test_a_key_is_for_its_own_algorithm(issuer: SmallIssuer, secrets_dir: Path) -> None:
    """Two keys under one id, of two types, are told apart; none signs with another's."""
    rsa = RSAKey.generate_key(2048, {"kid": str(issuer.signs.kid)})
    issuer.published.append({**rsa.as_dict(private=False), "use": "sig", "alg": "RS256"})
    people = believing(issuer, secrets_dir, algorithms="ES256, RS256,PS256")
    assert people.refusal(issuer.token()) == ""
    assert people.refusal(issuer.token(header={"alg": "RS256"}, key=rsa)) == ""
    assert people.refusal(issuer.token(header={"alg": "PS256"}, key=rsa)) == "TOKEN_INVALID"


def test_a_public_key_is_no_shared_secret(issuer: SmallIssuer, people: Believing) -> None:
    assert people.refusal(issuer.token()) == ""
    secret = OctKey.import_key(json.dumps(issuer.published[0]), {"kid": str(issuer.signs.kid)})
    forged = issuer.token(header={"alg": "HS256"}, key=secret)
    assert people.refusal(forged) == "TOKEN_INVALID"


def test_another_key_under_a_known_id_is_refused(issuer: SmallIssuer, people: Believing) -> None:
    other = ECKey.generate_key("P-256", {"kid": str(issuer.signs.kid)})
    assert people.refusal(issuer.token(key=other)) == "TOKEN_INVALID"


def test_no_subject_is_two_peoples(issuer: SmallIssuer, secrets_dir: Path) -> None:
    """Where this machine's own people are believed too, none of them is one of the provider's."""
    people = believing(issuer, secrets_dir)
    machine = Issuer(secrets_dir, "people")
    both = Verifier(secrets_dir, provider=people.verifier._trusted[issuer.issuer])  # type: ignore[arg-type]
    usual = (["clinician"], ["*"], "TREATMENT")
    assert both.actor(machine.token("staff/ada", *usual)).id == "staff/ada"
    with pytest.raises(Unauthenticated):
        both.actor(machine.token("oidc/3f1c", *usual))
    with pytest.raises(Unauthenticated):
        people.verifier.actor(machine.token("staff/ada", *usual))


def test_a_person_brings_any_certificate_and_a_service_its_own(
    issuer: SmallIssuer, people: Believing, secrets_dir: Path
) -> None:
    verifier = people.verifier
    token = issuer.token()
    assert people.refusal(token) == ""
    assert verifier.actor(token, peer=()).id == verifier.actor(token, peer=["plans"]).id
    own = ("service/billing", ["service:billing"], ["*"], "PAYMENT")
    billing = Issuer(secrets_dir, "billing").token(*own)
    for peer in (None, ["billing"], {"plans", "billing"}):
        assert verifier.actor(billing, peer=peer).id == "service/billing"
    for peer in ([], ["plans"], ["service/billing"], ["billing.example.org"]):
        with pytest.raises(Unauthenticated) as refused:
            verifier.actor(billing, peer=peer)
        assert refused.value.reason == "TOKEN_OF_ANOTHER_SERVICE"
