"""The story as rehearsed: its calendar, who says what, and that nothing in it is said twice."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.descriptor_pool import Default
from ninehours.attendance.v1 import attendance_service_pb2 as attendance

from kernel.rpc.policy import NETWORK, permit, policies_of
from kernel.rpc.rpcs import rpc_of
from kernel.services import SERVICES
from kernel.sites import speaks_for_every
from ninehours.story import days
from ninehours.story.courses import StoryName
from ninehours.story.network import GROUPS, PAYERS, PROVIDERS, DemoPayer
from ninehours.story.people import invent_people
from ninehours.story.rules import FILES, RULES, propose, read_rule_set, units_of_a_day
from services.billing.adapters.rule_sets import message_of, proposed_rules_of
from tests.harness.rehearsing import Given, rehearse

PEOPLE = invent_people(7)
PAYER = "7a000000-0000-4000-8000-000000000001"
SEALED = {
    "RegisterClient",
    "AssessAreas",
    "DraftPlan",
    "SignNote",
    "SignGroupNote",
    "CloseSafetyTask",
}


@pytest.fixture(scope="module")
def story() -> list[Given]:
    return rehearse(PEOPLE)


def commands(story: list[Given], rpc: str) -> list[Given]:
    return [given for given in story if given.rpc == rpc]


def test_every_step_has_a_name_of_its_own_and_is_the_same_every_time(story: list[Given]) -> None:
    assert len({given.step for given in story}) == len(story)
    assert rehearse(PEOPLE) == story


@pytest.mark.parametrize("seed", range(10))
def test_any_seed_makes_a_story_of_about_that_size(seed: int) -> None:
    story = rehearse(invent_people(seed))
    assert 2200 <= len(story) <= 3000
    sessions = len(commands(story, "CloseSession"))
    assert 190 <= sessions <= 220
    assert len(commands(story, "RegisterClient")) == 61
    assert len(commands(story, "RecordAdjudication")) > 200


def test_everything_services_promise_of_the_course_of_care_is_asked_of_them(
    story: list[Given],
) -> None:
    asked = {(given.service, given.rpc) for given in story}
    left = {
        (service, method.name)
        for service in SERVICES
        for method in Default()
        .FindServiceByName(f"ninehours.{service}.v1.{service.title()}Service")
        .methods
        if not method.name.startswith(("List", "Read"))
    } - asked
    assert left == {
        ("plans", "RefusePlan"),
        ("plans", "CertifyPlan"),
        ("plans", "ChangeLevelOfCare"),
        ("attendance", "DeclareHoliday"),
        ("attendance", "SetGrace"),
        ("attendance", "EndCredential"),
        ("intake", "EndDiagnosis"),
        ("intake", "ChangePerson"),
        ("intake", "JudgeDoubles"),
        ("intake", "HandOnSafetyTask"),
        ("intake", "UnmergeClients"),
        ("intake", "AskToForget"),
        ("intake", "AgreeToForget"),
        ("intake", "WithdrawForgetting"),
        ("intake", "TransferClient"),
        ("attendance", "CorrectSession"),
        ("attendance", "AddToRoster"),
        ("attendance", "TakeFromRoster"),
        ("attendance", "RecordAbsence"),
        ("attendance", "AddAddendum"),
        ("attendance", "CancelSession"),
        ("attendance", "AttestNote"),
    }


# What of a story is its own: steps nobody else has, or has so.
OWN_STEPS = {
    "full course": ("complete program", "arrange alumni", "follow up", "accept recommendation"),
    "short of nine hours": ("discharge",),
    "step-down": ("accept recommendation", "schedule visit on 2026-04-01"),
    "step-up": ("close safety task of week 8", "accept recommendation"),
    "no-show week": ("review plan after week 8",),
    "telehealth": ("review plan after week 12",),
    "two sites": ("admit of block 1", "admit beside, for both, of block 1"),
    "screening declined": ("register", "screen"),
    "authorization used up": ("bill without authorization",),
    "consent revoked": ("revoke consent", "settle revocation"),
    "paid in full": ("restrict disclosure",),
    "corrected, replaced": ("correct 2026-03-10",),
    "corrected, voided": ("correct 2026-03-06",),
    "corrected, waiting": ("correct 2026-05-19",),
    "late note": ("sign note of 2026-03-02",),
    "late day": ("correct 2026-03-11", "sign note of 2026-03-11"),
    "dual diagnosis": ("diagnose 1", "diagnose 2"),
    "daylight saving": ("admit of block 1",),
    "readmitted": ("admit of block 1", "discharge", "admit of block 3"),
    "member number mistyped": ("correct member number",),
    "plan on paper": (
        "draft plan on paper of block 3",
        "sign plan on paper as CLIENT of block 3",
        "sign plan on paper as CLINICIAN of block 3",
    ),
    "coverage ended late": ("end coverage", "take back"),
    "discharge withdrawn": ("discharge by mistake", "take back discharge"),
    "registered twice": ("register", "merge", "take back second admission"),
}


@pytest.mark.parametrize("name", StoryName)
def test_every_story_is_told_of_its_client(story: list[Given], name: str) -> None:
    steps = {given.step for given in story}
    assert {f"{name}: {step}" for step in OWN_STEPS[name]} <= steps


def test_who_is_declined_goes_no_further(story: list[Given]) -> None:
    steps = [given.step for given in story if given.step.startswith("screening declined: ")]
    assert steps == ["screening declined: register", "screening declined: screen"]


def test_groups_meet_by_the_clock_on_their_wall_three_hours_at_a_time(story: list[Given]) -> None:
    templates = [given.request for given in commands(story, "DefineTemplate")]
    assert len(templates) == len(GROUPS)
    for template in templates:
        for session in template.sessions:
            assert session.minutes - sum(pause.minutes for pause in session.breaks) == 180
    online = [
        template
        for template in templates
        if {session.modality for session in template.sessions} == {attendance.MODALITY_TELEHEALTH}
    ]
    assert len(online) == 1
    # Nobody leads two groups at a time.
    for facilitator in {group.facilitator for group in GROUPS}:
        spans = sorted(
            (weekday * 1440 + minute, weekday * 1440 + minute + group.minutes)
            for group in GROUPS
            if group.facilitator == facilitator
            for weekday, minute in group.meets
        )
        assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_one_group_sits_through_the_night_in_which_clocks_go_forward(story: list[Given]) -> None:
    [closed] = [given for given in story if given.step == "weekend of 2026-03-07: close"]
    local = closed.now.astimezone(ZoneInfo(days.CENTRAL))
    # Half past eleven and three hours and a quarter; two o'clock was left out.
    assert (local.hour, local.minute) == (3, 45)
    [began] = [given for given in story if given.step == "weekend of 2026-03-07: check in"]
    assert closed.now - began.now == timedelta(minutes=195)


def test_nobody_does_anything_before_what_it_rests_on(story: list[Given]) -> None:
    """Of one client, and of one session, a later command is never earlier by the clock."""
    by_whom = defaultdict(list)
    for given in story:
        for field in ("client_id", "session_id", "plan_id"):
            if getattr(given.request, field, ""):
                by_whom[getattr(given.request, field)].append(given)
    assert len(by_whom) > 300
    for those in by_whom.values():
        for earlier, later in pairwise(those):
            assert earlier.now <= later.now, (earlier.step, later.step)


def test_moments_are_within_the_story(story: list[Given]) -> None:
    assert story[0].now == days.at(days.OPENING, 8)
    assert max(given.now for given in story) < datetime(2026, 5, 27, tzinfo=UTC)


def test_everybody_may_say_what_they_say(story: list[Given]) -> None:
    for given in story:
        policy = policies_of(rpc_of(given.request).containing_service)[given.rpc]
        permit(policy, given.actor)
        bound = {bond.kind: getattr(given.request, bond.field, "") for bond in policy.bound_by}
        if not speaks_for_every(given.actor.sites):
            assert NETWORK not in bound
            assert bound.get("site", "") in {*given.actor.sites, ""}


@pytest.mark.parametrize("rules", ["RuleSet", "LevelRules"])
def test_rules_are_confirmed_by_somebody_else(story: list[Given], rules: str) -> None:
    proposed, confirmed = commands(story, f"Propose{rules}"), commands(story, f"Confirm{rules}")
    assert proposed
    for one, other in zip(proposed, confirmed, strict=True):
        assert one.actor.id != other.actor.id


def test_names_are_said_only_where_they_are_sealed(story: list[Given]) -> None:
    families = [client.family_name.encode() for client in PEOPLE.clients]
    naming = {
        given.rpc
        for given in story
        if any(family in given.request.SerializeToString() for family in families)
    }
    assert naming == SEALED


def test_parts_of_a_groups_note_are_each_clients_own(story: list[Given]) -> None:
    notes = commands(story, "SignGroupNote")
    assert notes
    for given in notes:
        texts = [given.request.group_text, *(part.text for part in given.request.parts)]
        assert len(set(texts)) == len(texts) > 1


def test_claims_go_to_every_payer_every_second_week_and_once_more(story: list[Given]) -> None:
    issued = Counter(given.request.payer_id for given in commands(story, "IssueClaims"))
    assert set(issued.values()) == {len(days.BILLED_AFTER) + 1} and len(issued) == len(PAYERS)


@pytest.mark.parametrize("payer", PAYERS, ids=lambda payer: payer.key)
def test_each_payers_rules_are_such_as_billing_takes_and_all_their_codes_have_a_fee(
    payer: DemoPayer,
) -> None:
    message = read_rule_set(RULES / FILES[payer.key], PAYER)
    request = propose(message, payer.key)
    assert message_of(proposed_rules_of(request)) == message
    [fees] = [provider.fees for provider in PROVIDERS if provider.key == payer.billed_by]
    services = [*message.discrete, *message.ancillary]
    codes = {
        message.per_diem.code,
        message.timed_units.code,
        *(service.code for service in services),
    }
    assert codes - {""} <= fees.keys()
    assert units_of_a_day(message) >= 1


def test_every_payer_goes_by_rules_of_its_own() -> None:
    assert len(set(FILES.values())) == len(FILES) == len(PAYERS)
