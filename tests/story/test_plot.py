"""The story as rehearsed: its calendar, who says what, and that nothing in it is said twice."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.descriptor_pool import Default

from kernel.rpc.policy import permit, policies_of
from kernel.rpc.tokens import Actor
from ninehours.story import days
from ninehours.story.cast import make_cast
from ninehours.story.rehearsal import Rehearsal, Told, rehearse
from ninehours.story.rules import SUD_PER_DIEM, read_rule_set
from services.billing.adapters.rule_sets import message_of, rule_set_of

CHICAGO = ZoneInfo("America/Chicago")
CAST = make_cast(7)
SEALED = {"RegisterClient", "DraftPlan", "SignNote"}


@pytest.fixture(scope="module")
def story() -> Rehearsal:
    return rehearse(CAST)


def said(story: Rehearsal, rpc: str) -> list[Told]:
    return [told for told in story.told if told.rpc == rpc]


def test_every_step_has_a_name_of_its_own_and_is_the_same_every_time(story: Rehearsal) -> None:
    assert len({told.step for told in story.told}) == len(story.told) == 489
    assert rehearse(CAST).told == story.told


def test_twelve_clients_go_all_the_way(story: Rehearsal) -> None:
    each = Counter(told.rpc for told in story.told)
    for rpc in ("RegisterClient", "GiveConsent", "AddCoverage", "VerifyCoverage", "AdmitClient",
                "CompleteAssessment", "DraftPlan", "RecordAuthorization"):  # fmt: skip
        assert each[rpc] == 12
    assert each["SignPlan"] == 24
    assert each["CloseSession"] == each["ScheduleSession"] == 9
    # One no-show; one note is never signed.
    assert each["CheckIn"] == each["CheckOut"] == 107
    assert each["SignNote"] == 106


def test_sessions_are_three_mornings_a_week_by_the_clock_on_the_wall(story: Rehearsal) -> None:
    starts = [told.request.starts_at.ToDatetime(UTC) for told in said(story, "ScheduleSession")]
    ends = [told.request.ends_at.ToDatetime(UTC) for told in said(story, "ScheduleSession")]
    local = [start.astimezone(CHICAGO) for start in starts]
    assert [moment.strftime("%a %H:%M") for moment in local] == [
        "Mon 09:00",
        "Wed 09:00",
        "Fri 09:00",
    ] * 3
    assert local[0].date() == date(2026, 3, 2)
    assert {end - start for start, end in zip(starts, ends, strict=True)} == {
        datetime(1, 1, 1, 3) - datetime(1, 1, 1)
    }
    # Daylight saving time begins within the story: nine o'clock is another hour in UTC then.
    assert {start.hour for start in starts} == {14, 15}


def test_nobody_does_anything_before_what_it_rests_on(story: Rehearsal) -> None:
    by_client = defaultdict(list)
    for told in story.told:
        by_client[getattr(told.request, "client_id", "")].append(told.now)
    del by_client[""]
    assert len(by_client) == 12
    for moments in by_client.values():
        assert [later for earlier, later in pairwise(moments) if later < earlier] == []


def test_everybody_may_say_what_they_say(story: Rehearsal) -> None:
    for told in story.told:
        package = f"ninehours.{told.service}.v1"
        service = Default().FindServiceByName(f"{package}.{told.service.title()}Service")
        actor = Actor(
            id=told.person.subject,
            roles=frozenset({told.person.role}),
            sites=frozenset(told.person.sites),
            purpose=told.person.purpose,
        )
        permit(policies_of(service)[told.rpc], actor, told.request)


def test_rules_are_confirmed_by_somebody_else(story: Rehearsal) -> None:
    [proposed], [confirmed] = said(story, "ProposeRuleSet"), said(story, "ConfirmRuleSet")
    assert proposed.person.subject != confirmed.person.subject


def test_names_are_said_only_where_they_are_sealed(story: Rehearsal) -> None:
    families = [client.family_name.encode() for client in CAST.clients]
    naming = {
        told.rpc
        for told in story.told
        if any(family in told.request.SerializeToString() for family in families)
    }
    assert naming == SEALED


def test_the_rule_set_of_the_story_is_one_billing_takes(story: Rehearsal) -> None:
    [proposed] = said(story, "ProposeRuleSet")
    message = read_rule_set(SUD_PER_DIEM, proposed.request.rule_set.payer_id)
    assert message_of(rule_set_of(message)) == message == proposed.request.rule_set
    assert message.per_diem.minimum_minutes == days.SESSION_MINUTES
    # Every field is stated, so that none is a default nobody chose.
    unstated = [
        field.name for field in message.DESCRIPTOR.fields
        if field.name not in {stated.name for stated, _ in message.ListFields()}
    ]  # fmt: skip
    assert unstated == []
