"""When a client may be forgotten, and by whom."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kernel.refusal import Refusal
from services.intake.domain.client import CLIENT, Client, ClientCommand, ClientRegistered
from services.intake.domain.consent import GiveConsent
from services.intake.domain.forgetting import (
    ASKED_FOR,
    AgreeToForget,
    AskToForget,
    Retention,
    WithdrawForgetting,
)
from tests.harness.intake.strategies import CLIENT_ID, NOW, TODAY, day

REGISTERED = CLIENT.fold([ClientRegistered(client_id=CLIENT_ID, site_id="s", identity_version=1)])
ASK = AskToForget(client_id=CLIENT_ID, asked_by="person/olga", now=NOW, retained_until=TODAY)
AGREE = AgreeToForget(client_id=CLIENT_ID, agreed_by="person/omar", now=NOW, retained_until=TODAY)
WITHDRAW = WithdrawForgetting(client_id=CLIENT_ID, withdrawn_by="person/omar")
CONSENT = GiveConsent(
    client_id=CLIENT_ID,
    consent_id="consent",
    purpose="TREATMENT_PAYMENT_OPERATIONS",
    recipient_payer_id="payer",
    given_on=day(0),
    expires_on=None,
)


def after(*commands: ClientCommand) -> Client:
    client = REGISTERED
    for command in commands:
        for fact in tuple(CLIENT.decide(command, client)):
            client = CLIENT.evolve(client, fact)
    return client


def refused(command: ClientCommand, client: Client) -> str:
    with pytest.raises(Refusal) as refusal:
        tuple(CLIENT.decide(command, client))
    return refusal.value.reason


def test_somebody_asks_and_somebody_else_agrees() -> None:
    assert not after(ASK).forgetting.done
    assert after(ASK, AGREE).forgetting.done


def test_who_asked_does_not_agree() -> None:
    assert refused(replace(AGREE, agreed_by="person/olga"), after(ASK)) == "AGREED_BY_WHO_ASKED"


def test_nobody_agrees_to_what_nobody_asked_withdrew_or_asked_long_ago() -> None:
    assert refused(AGREE, REGISTERED) == "FORGETTING_NOT_ASKED"
    assert refused(AGREE, after(ASK, WITHDRAW)) == "FORGETTING_NOT_ASKED"
    late = replace(AGREE, now=NOW + ASKED_FOR)
    assert refused(late, after(ASK)) == "FORGETTING_NOT_ASKED"
    in_time = replace(AGREE, now=NOW + ASKED_FOR - timedelta(seconds=1))
    assert after(ASK, in_time).forgetting.done
    assert after(ASK, WITHDRAW, ASK, AGREE).forgetting.done


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"retained_until": None}, "RETENTION_UNSET"),
        ({"retained_until": day(1)}, "STILL_RETAINED"),
        ({"open_episodes": ("episode",)}, "EPISODE_OPEN"),
    ],
)
def test_what_must_be_kept_is_neither_asked_for_nor_agreed_to(
    changes: dict[str, object], reason: str
) -> None:
    ask, agree = replace(ASK, **changes), replace(AGREE, **changes)  # type: ignore[arg-type]
    assert refused(ask, REGISTERED) == reason
    # It may have changed since it was asked: the client came again.
    assert refused(agree, after(ASK)) == reason


def test_nothing_more_is_recorded_of_who_was_forgotten() -> None:
    forgotten = after(ASK, AGREE)
    assert refused(CONSENT, forgotten) == "CLIENT_FORGOTTEN"
    for again in (ASK, AGREE, WITHDRAW):
        assert tuple(CLIENT.decide(again, forgotten)) == ()


@pytest.mark.parametrize(
    ("last_contact", "born_on", "until"),
    [
        (date(2026, 3, 2), date(1980, 5, 1), date(2036, 3, 2)),
        # A minor: until the age of 28.
        (date(2026, 3, 2), date(2012, 5, 1), date(2040, 5, 1)),
        (date(2024, 2, 29), date(1980, 5, 1), date(2034, 3, 1)),
    ],
)
def test_records_are_kept_for_years_after_the_last_contact_and_minors_until_an_age(
    last_contact: date, born_on: date, until: date
) -> None:
    assert Retention(years=10, until_age=28).until(last_contact, born_on) == until
