"""What a client's record lets happen."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Malformed, Refusal, Unknown
from services.intake.domain.client import (
    CLIENT,
    Client,
    ClientCommand,
    ClientFact,
    ClientRegistered,
    RecordDiagnosis,
    RegisterClient,
)
from services.intake.domain.consent import GiveConsent, RestrictDisclosure, RevokeConsent
from services.intake.domain.coverage import AddCoverage, VerifyCoverage
from tests.harness.intake.strategies import CLIENT_ID, client_commands, client_facts, day

SITE = "5170a000-0000-4000-8000-000000000001"
REGISTERED = ClientRegistered(client_id=CLIENT_ID, site_id=SITE, identity_version=1)
CONSENT = GiveConsent(
    client_id=CLIENT_ID,
    consent_id="consent",
    purpose="TREATMENT_PAYMENT_OPERATIONS",
    recipient_payer_id="payer",
    given_on=day(0),
    expires_on=day(10),
)
COVERAGE = AddCoverage(
    client_id=CLIENT_ID,
    coverage_id="coverage",
    payer_id="payer",
    membership_version=1,
    effective_from=day(0),
    effective_to=None,
)
VERIFIED = VerifyCoverage(
    client_id=CLIENT_ID, coverage_id="coverage", verified_from=day(0), verified_to=day(30)
)
REVOKED = RevokeConsent(client_id=CLIENT_ID, consent_id="consent", revoked_on=day(3))
RESTRICTED = RestrictDisclosure(
    client_id=CLIENT_ID,
    restriction_id="restriction",
    payer_id="payer",
    first=day(0),
    last=day(6),
)
DIAGNOSIS = RecordDiagnosis(client_id=CLIENT_ID, code="F10.20", rank=1, effective_from=day(0))


def after(*commands: ClientCommand) -> Client:
    """A registered client to whom this happened."""
    client = CLIENT.fold([REGISTERED])
    for command in commands:
        client = apply(client, command)
    return client


def apply(client: Client, command: ClientCommand) -> Client:
    for fact in tuple(CLIENT.decide(command, client)):
        client = CLIENT.evolve(client, fact)
    return client


def refused(command: ClientCommand, client: Client) -> Refusal:
    with pytest.raises(Refusal) as caught:
        tuple(CLIENT.decide(command, client))
    return caught.value


def test_a_client_is_registered_once() -> None:
    command = RegisterClient(client_id=CLIENT_ID, site_id=SITE, identity_version=1)
    assert tuple(CLIENT.decide(command, Client())) == (REGISTERED,)
    assert tuple(CLIENT.decide(command, after())) == ()


@pytest.mark.parametrize("command", [CONSENT, REVOKED, RESTRICTED, COVERAGE, VERIFIED, DIAGNOSIS])
def test_nothing_is_recorded_of_a_client_nobody_registered(command: ClientCommand) -> None:
    refusal = refused(command, Client())
    assert isinstance(refusal, Unknown)
    assert refusal.reason == "CLIENT_UNKNOWN"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (replace(CONSENT, expires_on=day(-1)), "expires_on"),
        (replace(COVERAGE, effective_to=day(-1)), "effective_to"),
        (replace(VERIFIED, verified_to=day(-1)), "verified_to"),
    ],
)
def test_nothing_ends_before_it_begins(command: ClientCommand, field: str) -> None:
    refusal = refused(command, after(COVERAGE))
    assert isinstance(refusal, Malformed)
    assert list(refusal.details) == [field]


def test_a_consent_may_end_on_the_day_it_was_given() -> None:
    assert (
        after(replace(CONSENT, expires_on=day(0))).consents.for_payment_on("payer", day(0))
        == "consent"
    )


def test_a_consent_holds_from_its_first_day_to_its_last_for_its_payer_only() -> None:
    client = after(CONSENT)
    held = [days for days in range(-2, 13) if client.consents.for_payment_on("payer", day(days))]
    assert held == list(range(11))
    assert client.consents.for_payment_on("another", day(0)) is None


def test_a_consent_without_an_end_holds_until_revoked() -> None:
    assert (
        after(replace(CONSENT, expires_on=None)).consents.for_payment_on("payer", day(36500))
        == "consent"
    )


def test_of_several_consents_the_last_given_is_named() -> None:
    newer = replace(CONSENT, consent_id="newer", given_on=day(1))
    client = after(CONSENT, newer)
    assert client.consents.for_payment_on("payer", day(0)) == "consent"
    assert client.consents.for_payment_on("payer", day(1)) == "newer"


def test_a_coverage_must_exist_to_be_verified() -> None:
    assert refused(VERIFIED, after()).reason == "COVERAGE_UNKNOWN"


def test_a_coverage_nobody_verified_is_named_to_no_payer() -> None:
    assert after(COVERAGE).coverages.to_disclose("payer", day(0)) is None


def test_a_coverage_is_named_from_its_first_verified_day_on_and_after_it_ended() -> None:
    coverages = after(COVERAGE, VERIFIED).coverages
    named = [days for days in range(-2, 40) if coverages.to_disclose("payer", day(days))]
    assert named == list(range(40))
    assert coverages.to_disclose("another", day(0)) is None


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ({"verified_to": day(-1)}, {"verified_to": None}, "second"),
        ({"verified_to": None}, {"verified_to": day(-1)}, "coverage"),
        ({"verified_to": None}, {"verified_to": None}, "coverage"),
        ({"verified_to": day(-1)}, {"verified_to": day(-1)}, "coverage"),
        (
            {"verified_from": day(-9), "verified_to": day(-8)},
            {"verified_from": day(-5), "verified_to": day(-4)},
            "second",
        ),
    ],
    ids=["in force", "in force, too", "lowest order", "ended: lowest order", "ended: newest"],
)
def test_of_two_coverages_by_a_payer_one_is_named(
    first: dict[str, Any], second: dict[str, Any], named: str
) -> None:
    verified = replace(VERIFIED, verified_from=day(-20))
    client = after(
        replace(COVERAGE, effective_from=day(-20)),
        replace(COVERAGE, coverage_id="second", effective_from=day(-20), order=2),
        replace(verified, **first),
        replace(verified, coverage_id="second", **second),
    )
    assert client.coverages.to_disclose("payer", day(0)) == named
    assert client.coverages.of_payer("payer") == ["coverage", "second"]


def test_of_two_verified_for_the_same_days_the_last_verified_is_named() -> None:
    second = replace(COVERAGE, coverage_id="second")
    client = after(COVERAGE, second, VERIFIED, replace(VERIFIED, coverage_id="second"))
    assert client.coverages.to_disclose("payer", day(0)) == "second"


def test_a_verification_carries_its_coverage_s_order() -> None:
    [fact] = CLIENT.decide(VERIFIED, after(replace(COVERAGE, order=2)))
    assert fact.order == 2  # type: ignore[union-attr]


def test_an_order_below_the_primary_is_refused() -> None:
    assert list(refused(replace(COVERAGE, order=0), after()).details) == ["order"]


def test_a_revoked_consent_holds_until_the_day_before() -> None:
    client = after(CONSENT, REVOKED)
    held = [days for days in range(-2, 13) if client.consents.for_payment_on("payer", day(days))]
    assert held == [0, 1, 2]


def test_another_consent_outlives_the_one_revoked() -> None:
    client = after(CONSENT, replace(CONSENT, consent_id="older"), REVOKED)
    assert client.consents.for_payment_on("payer", day(5)) == "older"


def test_a_consent_is_revoked_again_only_from_an_earlier_day() -> None:
    client = after(CONSENT, REVOKED)
    assert tuple(CLIENT.decide(replace(REVOKED, revoked_on=day(4)), client)) == ()
    [fact] = CLIENT.decide(replace(REVOKED, revoked_on=day(1)), client)
    assert fact.revoked_on == day(1)  # type: ignore[union-attr]


def test_only_a_consent_that_was_given_is_revoked() -> None:
    assert refused(REVOKED, after()).reason == "CONSENT_UNKNOWN"
    assert list(refused(replace(REVOKED, revoked_on=day(-1)), after(CONSENT)).details) == [
        "revoked_on"
    ]


def test_a_restriction_has_its_days_in_order() -> None:
    [fact] = CLIENT.decide(RESTRICTED, after())
    assert (fact.first, fact.last) == (day(0), day(6))  # type: ignore[union-attr]
    assert list(refused(replace(RESTRICTED, last=day(-1)), after()).details) == ["to"]


@pytest.mark.parametrize(
    "code", ["F10.20", "U07.1", "Z79", "C7A.00", "M1A.0110", "S72.001A", "F10"]
)
def test_codes_of_the_shape_of_icd_10_cm_are_recorded(code: str) -> None:
    [fact] = CLIENT.decide(replace(DIAGNOSIS, code=code), after())
    assert fact.code == code  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "code", ["", "F1", "f10.20", "F10.", "F1020", "F10.20000", "10.20", "F10.2\n", " F10.20", "FX0"]
)
def test_codes_of_another_shape_are_refused(code: str) -> None:
    assert list(refused(replace(DIAGNOSIS, code=code), after()).details) == ["code"]


@pytest.mark.parametrize("rank", [0, 13, -1])
def test_a_claim_carries_ranks_1_to_12(rank: int) -> None:
    assert list(refused(replace(DIAGNOSIS, rank=rank), after()).details) == ["rank"]


def test_the_same_diagnosis_is_recorded_once_and_a_change_back_again() -> None:
    other = replace(DIAGNOSIS, code="F33.1", replaces_code=DIAGNOSIS.code)
    back = replace(DIAGNOSIS, replaces_code=other.code)
    client = after(DIAGNOSIS)
    assert tuple(CLIENT.decide(DIAGNOSIS, client)) == ()
    assert len(tuple(CLIENT.decide(back, apply(client, other)))) == 1


@given(st.lists(client_commands), client_commands)
def test_a_command_twice_yields_nothing_the_second_time(
    history: list[ClientCommand], command: ClientCommand
) -> None:
    client = Client()
    for earlier in [*history, command]:
        try:
            client = apply(client, earlier)
        except Refusal:
            continue
    try:
        assert tuple(CLIENT.decide(command, client)) == ()
    except Refusal as again:
        assert again.reason in {
            "CLIENT_UNKNOWN",
            "CLIENT_FORGOTTEN",
            "RETENTION_UNSET",
            "STILL_RETAINED",
            "EPISODE_OPEN",
            "FORGETTING_NOT_ASKED",
            "AGREED_BY_WHO_ASKED",
            "CONSENT_UNKNOWN",
            "PRINCIPAL_DIAGNOSIS_STANDS",
            "COVERAGE_UNKNOWN",
            "MALFORMED",
            "NOT_DIAGNOSED",
            "NOT_VERIFIED",
        }


@given(st.lists(client_facts), client_facts)
def test_evolve_accepts_every_fact_in_every_state(
    history: list[ClientFact], fact: ClientFact
) -> None:
    assert isinstance(CLIENT.evolve(CLIENT.fold(history), fact), Client)


@given(st.lists(client_facts), st.integers(0, 20))
def test_replaying_in_two_halves_equals_replaying_whole(facts: list[ClientFact], cut: int) -> None:
    half = CLIENT.fold(facts[:cut])
    for fact in facts[cut:]:
        half = CLIENT.evolve(half, fact)
    assert half == CLIENT.fold(facts)
