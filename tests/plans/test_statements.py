"""What was said of plans and care is read back, and put right; what follows from it follows."""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Stale, Unknown
from tests.harness.plans.service import (
    EVENING,
    NOW,
    Log,
    Plans,
    draft,
    in_force,
    march,
    progress,
    sign,
)
from tests.harness.plans.statements import (
    AMENDED,
    REMARK,
    care_of,
    changed,
    kind_of,
    last_said,
    listed,
    of_kind,
    plans_of,
    put_right,
    resting_on_amendments,
    the,
)
from tests.harness.plans.treatments import (
    COLLEAGUE,
    Treated,
    confirm,
    decide,
    kinds,
    recommended,
    review,
    stepping_down,
)
from tests.plans.test_ending import aftercare, complete, discharge, level
from tests.plans.test_open_safety import WHY, discharging, opened

CLIENT, CLINICIAN = pb.SIGNER_ROLE_CLIENT, pb.SIGNER_ROLE_CLINICIAN


@pytest.fixture
def client(plans: Plans, log: Log) -> Treated:
    treated = Treated(log)
    plans.hear([treated.admitted()])
    return treated


def refusal(plan_id: str) -> pb.RefusePlanRequest:
    return pb.RefusePlanRequest(
        plan_id=plan_id,
        signer_role=CLIENT,
        reason=pb.REFUSAL_REASON_DISAGREES_WITH_GOALS,
        refused_on=march(3),
    )


def certification(plan_id: str) -> pb.CertifyPlanRequest:
    return pb.CertifyPlanRequest(
        plan_id=plan_id,
        certified_on=march(5),
        recertify_by=common.Date(year=2026, month=4, day=20),
    )


def drafted(plans: Plans, client: Treated, **given: Any) -> str:
    request = draft(client.client_id, client.episode_id)
    request.MergeFrom(pb.DraftPlanRequest(**given))
    request.problems.add(diagnosis_code="F10.20", dimension=5, description="Drinks")
    return str(plans.call("DraftPlan", request).plan_id)


def a_draft(plans: Plans, client: Treated) -> None:
    drafted(plans, client)


def a_signature(plans: Plans, client: Treated) -> None:
    plan_id = drafted(plans, client)
    plans.now = EVENING
    plans.call("SignPlan", sign(plan_id, CLIENT, 3))


def a_refusal(plans: Plans, client: Treated) -> None:
    plan_id = drafted(plans, client)
    plans.now = EVENING
    plans.call("RefusePlan", refusal(plan_id))


def a_certification(plans: Plans, client: Treated) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    plans.call("CertifyPlan", certification(plan_id))


def a_review(plans: Plans, client: Treated) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    plans.call("ReviewPlan", review(plan_id, 6, pb.OBJECTIVE_STATUS_MET))


def a_level(plans: Plans, client: Treated) -> None:
    plans.now = EVENING
    level(plans, client, "3.1", 9)


def a_decision(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, accept=False, reason="I see it otherwise")


def a_completion(plans: Plans, client: Treated) -> None:
    completed(plans, client)


def a_discharge(plans: Plans, client: Treated) -> None:
    plans.hear([client.log.tell(opened(client, "HIGH"))])
    plans.now = EVENING
    plans.call("DischargeClient", discharging(client, open_safety_reason=WHY))


def an_aftercare(plans: Plans, client: Treated) -> None:
    aftercare(plans, client, "ALUMNI", consent=True)


def a_follow_up(plans: Plans, client: Treated) -> None:
    plans.now = EVENING
    discharge(plans, client)
    request = pb.RecordFollowUpRequest(
        client_id=client.client_id,
        episode_id=client.episode_id,
        contacted_on=march(18),
        reached=False,
    )
    plans.call("RecordFollowUp", request)


def completed(plans: Plans, client: Treated) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    confirm(plans)
    plans.call("ReviewPlan", review(plan_id, 6, pb.OBJECTIVE_STATUS_MET))
    plans.hear([client.score(18, 0), client.score(12, 4), *client.weeks(2)])
    plans.pending_work.drain()
    complete(plans, client)


SAID: dict[str, Callable[[Plans, Treated], None]] = {
    "draft": a_draft,
    "signature": a_signature,
    "refusal": a_refusal,
    "certification": a_certification,
    "review": a_review,
    "level": a_level,
    "decision": a_decision,
    "completion": a_completion,
    "discharge": a_discharge,
    "aftercare": an_aftercare,
    "follow_up": a_follow_up,
}


def of(plans: Plans, client: Treated, kind: str) -> Any:
    """The first statement of the kind."""
    return of_kind(plans, client.client_id, kind)[0]


@pytest.mark.parametrize("kind", SAID)
def test_what_is_said_again_as_it_was_changes_nothing(
    plans: Plans, client: Treated, kind: str
) -> None:
    SAID[kind](plans, client)
    statement = of(plans, client, kind)
    assert statement.revisions[0].said_by == plans.actor
    answer = put_right(plans, statement, last_said(statement))
    assert answer.statement.revision == 1
    assert not answer.receipt.published


@pytest.mark.parametrize("kind", SAID)
def test_what_was_taken_back_is_still_read_and_may_be_said_again(
    plans: Plans, client: Treated, kind: str
) -> None:
    SAID[kind](plans, client)
    before = told(plans, client)
    put_right(plans, of(plans, client, kind), None)
    first, last = of(plans, client, kind).revisions
    assert (last.revision, last.voided, last.remark) == (2, True, REMARK)
    assert first.recording == last.recording
    assert told(plans, client) != before
    put_right(plans, of(plans, client, kind), last_said(of(plans, client, kind)))
    assert told(plans, client) == before


def told(plans: Plans, client: Treated) -> Any:
    """What is told of plans and care, but for how often it was put right, and versions."""
    found = [*plans_of(plans, client.client_id), care_of(plans, client.client_id)]
    return [_bare(answer) for answer in found]


def _bare(message: Any) -> Any:
    bare = {}
    for field, value in message.ListFields():
        if field.name in ("revision", "statement_revision", "version"):
            continue
        if field.message_type is None:
            bare[field.name] = value
        elif field.is_repeated:
            bare[field.name] = [_bare(each) for each in value]
        else:
            bare[field.name] = _bare(value)
    return bare


def test_a_draft_is_replaced_until_somebody_signed_or_refused_it(
    plans: Plans, client: Treated
) -> None:
    plan_id = drafted(plans, client)
    statement = of(plans, client, "draft")
    content = last_said(statement)
    assert content.problems[0].description == "Drinks"
    content.goals[0].in_the_clients_words = "I want to sleep"
    content.interventions[0].times_per_week = 4
    put_right(plans, statement, content)
    [plan] = plans_of(plans, client.client_id)
    assert (plan.goals[0].in_the_clients_words, plan.planned_minutes_per_week) == (
        "I want to sleep",
        720,
    )
    assert (plan.plan_id, plan.statement_id, plan.revision) == (plan_id, statement.statement_id, 2)
    plans.now = EVENING
    plans.call("SignPlan", sign(plan_id, CLIENT, 3))
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, of(plans, client, "draft"), supersedes_plan_id=str(uuid4()))
    assert refused.value.reason == "SIGNATURES_STAND"
    with pytest.raises(AgainstTheRules) as refused:
        put_right(plans, of(plans, client, "draft"), None)
    assert refused.value.reason == "SIGNATURES_STAND"


def test_a_signature_is_under_what_the_plan_said_then(plans: Plans, client: Treated) -> None:
    plan_id = drafted(plans, client)
    plans.now = EVENING
    plans.call("SignPlan", sign(plan_id, CLIENT, 3))
    put_right(plans, of(plans, client, "signature"), None)
    content = last_said(of(plans, client, "draft"))
    content.goals[0].in_the_clients_words = "I want to sleep"
    put_right(plans, of(plans, client, "draft"), content)
    signature = of(plans, client, "signature")
    with pytest.raises(AgainstTheRules) as refused:
        put_right(plans, signature, last_said(signature))
    assert refused.value.reason == "SIGNED_OTHERWISE"


def test_a_plan_of_the_wrong_client_is_taken_back_whole(plans: Plans, client: Treated) -> None:
    in_force(plans, client.client_id, client.episode_id)
    for signature in of_kind(plans, client.client_id, "signature"):
        put_right(plans, signature, None)
    put_right(plans, of(plans, client, "draft"), None)
    assert plans_of(plans, client.client_id) == []
    assert [kind_of(said) for said in listed(plans, client.client_id)] == [
        "draft",
        "signature",
        "signature",
    ]
    plans.now = NOW
    in_force(plans, client.client_id, client.episode_id)


def test_a_corrected_day_of_a_signature_moves_the_plan_and_every_week_says_why(
    plans: Plans, client: Treated
) -> None:
    in_force(plans, client.client_id, client.episode_id, day=12)
    plans.hear(client.weeks(2))
    assert [week.planned_minutes for week in progress(plans, client.client_id)] == [0, 540]
    answer = changed(plans, clinicians(plans, client), signed_on=march(4))
    assert [position.subject for position in answer.receipt.published] == [
        f"client/{client.client_id}"
    ]
    assert [week.planned_minutes for week in progress(plans, client.client_id)] == [540, 540]
    [plan] = plans_of(plans, client.client_id)
    assert plan.in_force_from == march(4)
    first = f"{client.client_id}|{client.episode_id}|2026-03-02"
    assert ("progress", first) in resting_on_amendments(plans)


def test_without_a_signature_the_plan_is_not_in_force_and_the_one_before_is_again(
    plans: Plans, client: Treated
) -> None:
    first = in_force(plans, client.client_id, client.episode_id)
    second = drafted(plans, client, supersedes_plan_id=first)
    for role in (CLIENT, CLINICIAN):
        plans.call("SignPlan", sign(second, role, 20))
    third = drafted(plans, client, supersedes_plan_id=second)
    for role in (CLIENT, CLINICIAN):
        plans.call("SignPlan", sign(third, role, 20))
    assert standing(plans, client) == {first: second, second: third, third: ""}
    with pytest.raises(Malformed, match=r"recording\.signature\.signer_role"):
        changed(plans, clinicians(plans, client, second), signer_role=CLIENT)
    put_right(plans, clinicians(plans, client, second), None)
    assert standing(plans, client) == {first: second, third: ""}
    put_right(plans, clinicians(plans, client, third), None)
    assert standing(plans, client) == {first: ""}
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, clinicians(plans, client, third))
    assert refused.value.reason == "PLAN_NOT_ACTIVE"
    changed(plans, clinicians(plans, client, second))
    changed(plans, clinicians(plans, client, third))
    assert standing(plans, client) == {first: second, second: third, third: ""}


def clinicians(plans: Plans, client: Treated, plan_id: str = "") -> Any:
    """The clinician's signature, of this plan or the only one."""
    [found] = [
        statement
        for statement in of_kind(plans, client.client_id, "signature")
        if (said := last_said(statement)).signer_role == CLINICIAN and plan_id in ("", said.plan_id)
    ]
    return found


def standing(plans: Plans, client: Treated) -> dict[str, str]:
    """Plans in force, each with the one that took its place."""
    return {
        plan.plan_id: plan.superseded_by
        for plan in plans_of(plans, client.client_id)
        if plan.HasField("in_force_from")
    }


def test_a_refusal_that_never_was_leaves_the_clinicians_signature_alone(
    plans: Plans, client: Treated
) -> None:
    plan_id = drafted(plans, client)
    plans.now = EVENING
    plans.call("RefusePlan", refusal(plan_id))
    assert plans.call("SignPlan", sign(plan_id, CLINICIAN, 5)).active
    put_right(plans, of(plans, client, "refusal"), None)
    assert standing(plans, client) == {}
    assert plans.call("SignPlan", sign(plan_id, CLIENT, 9)).active
    [plan] = plans_of(plans, client.client_id)
    assert plan.in_force_from == march(9)


def test_what_is_said_of_a_superseded_plan_is_still_put_right(
    plans: Plans, client: Treated
) -> None:
    first = in_force(plans, client.client_id, client.episode_id)
    plans.call("CertifyPlan", certification(first))
    plans.call("ReviewPlan", review(first, 6, pb.OBJECTIVE_STATUS_MET))
    second = drafted(plans, client, supersedes_plan_id=first)
    for role in (CLIENT, CLINICIAN):
        plans.call("SignPlan", sign(second, role, 20))
    changed(plans, of(plans, client, "certification"), certified_on=march(6))
    changed(plans, of(plans, client, "review"), reviewed_on=march(7))
    plan = plans_of(plans, client.client_id)[0]
    assert plan.certifications[0].certified_on == march(6)
    assert plan.reviews[0].reviewed_on == march(7)


def test_a_clinicians_signature_is_judged_by_the_credential_of_who_signed(
    plans: Plans, client: Treated
) -> None:
    in_force(plans, client.client_id, client.episode_id)
    clinician, plans.actor = plans.actor, COLLEAGUE
    changed(plans, clinicians(plans, client), signed_on=march(5), credential="LCSW")
    [plan] = plans_of(plans, client.client_id)
    assert [(s.signed_by, s.signed_on) for s in plan.signatures] == [
        (clinician, march(3)),
        (clinician, march(5)),
    ]
    with pytest.raises(NotAllowed, match="credential"):
        changed(plans, clinicians(plans, client), credential="CADC")


def test_a_level_is_put_right_also_of_whom_was_discharged(plans: Plans, client: Treated) -> None:
    a_level(plans, client)
    discharge(plans, client)
    changed(plans, of(plans, client, "level"), level_of_care="2.5", effective_from=march(10))
    [told_level] = care_of(plans, client.client_id).levels
    assert (told_level.level_of_care, told_level.effective_from) == ("2.5", march(10))
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, of(plans, client, "level"), level_of_care="2.1")
    assert refused.value.reason == "SAME_LEVEL"
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, of(plans, client, "level"), effective_from=march(16))
    assert refused.value.reason == "EPISODE_DISCHARGED"


def test_a_decision_is_turned_with_its_reason_and_a_level_may_follow(
    plans: Plans, client: Treated
) -> None:
    a_decision(plans, client)
    statement = the(plans, client.client_id, "decision")
    changed(plans, statement, accept=True, level_of_care="1", effective_from=march(9), reason="")
    answer = care_of(plans, client.client_id)
    [decided], [stepped] = answer.decisions, answer.levels
    assert (decided.accepted, decided.reason, decided.statement_revision) == (True, "", 2)
    assert (stepped.level_of_care, stepped.effective_from) == ("1", march(9))
    [shown] = recommended(plans, client.client_id)
    assert shown.decision == "ACCEPTED"
    reasons = [
        revision.recording.decision.reason
        for revision in the(plans, client.client_id, "decision").revisions
    ]
    assert reasons == ["I see it otherwise", ""]
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, the(plans, client.client_id, "decision"), accept=False)
    assert refused.value.reason == "REASON_REQUIRED"


def test_a_completion_is_judged_anew_by_its_criteria(plans: Plans, client: Treated) -> None:
    completed(plans, client)
    discharge(plans, client, "COMPLETED", day=16)
    plans.pending_work.drain()
    changed(plans, of(plans, client, "completion"), completed_on=march(16))
    with pytest.raises(Malformed, match="after the discharge"):
        changed(plans, of(plans, client, "completion"), completed_on=march(17))
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, of(plans, client, "completion"), completed_on=march(3))
    assert refused.value.reason == "COMPLETION_CRITERIA_NOT_MET"


def test_a_withdrawn_discharge_opens_the_course_again(plans: Plans, client: Treated) -> None:
    a_follow_up(plans, client)
    with pytest.raises(AgainstTheRules):
        level(plans, client, "3.1", 9)
    put_right(plans, of(plans, client, "discharge"), None)
    assert level(plans, client, "3.1", 9).receipt.published
    assert list(care_of(plans, client.client_id).discharges) == []
    discharge(plans, client, day=18)
    with pytest.raises(AgainstTheRules) as refused:
        put_right(plans, of_kind(plans, client.client_id, "discharge")[0], discharging(client))
    assert refused.value.reason == "ALREADY_DISCHARGED"


def test_a_corrected_discharge_says_the_day_and_why_over_an_open_task(
    plans: Plans, client: Treated
) -> None:
    a_discharge(plans, client)
    statement = of(plans, client, "discharge")
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, statement, open_safety_reason="")
    assert refused.value.reason == "SAFETY_TASK_OPEN"
    changed(plans, statement, discharged_on=march(9), open_safety_reason="as her sister told")
    [told_discharge] = care_of(plans, client.client_id).discharges
    assert (told_discharge.discharged_on, told_discharge.open_safety_reason) == (
        march(9),
        "as her sister told",
    )
    reasons = [
        revision.recording.discharge.open_safety_reason
        for revision in of(plans, client, "discharge").revisions
    ]
    assert reasons == [WHY, "as her sister told"]


def test_aftercare_and_follow_ups_keep_their_ids(plans: Plans, client: Treated) -> None:
    an_aftercare(plans, client)
    a_follow_up(plans, client)
    [before] = care_of(plans, client.client_id).aftercare
    changed(
        plans,
        of(plans, client, "aftercare"),
        kind=pb.AFTERCARE_KIND_OUTPATIENT,
        alumni_consent=False,
    )
    changed(plans, of(plans, client, "follow_up"), reached=True)
    answer = care_of(plans, client.client_id)
    [after], [contact] = answer.aftercare, answer.follow_ups
    assert (after.aftercare_id, after.kind) == (before.aftercare_id, pb.AFTERCARE_KIND_OUTPATIENT)
    assert contact.reached
    with pytest.raises(AgainstTheRules) as refused:
        changed(plans, of(plans, client, "aftercare"), kind=pb.AFTERCARE_KIND_ALUMNI)
    assert refused.value.reason == "ALUMNI_CONSENT_REQUIRED"


def test_what_is_another_clients_or_was_put_right_since_is_refused(
    plans: Plans, client: Treated, log: Log
) -> None:
    a_level(plans, client)
    statement = of(plans, client, "level")
    with pytest.raises(Malformed, match=r"recording\.level\.client_id"):
        changed(plans, statement, client_id=str(uuid4()))
    changed(plans, statement, level_of_care="2.5")
    with pytest.raises(Stale):
        changed(plans, statement, level_of_care="1")
    statement.statement_id = str(uuid4())
    with pytest.raises(Unknown, match="statement"):
        changed(plans, statement, level_of_care="1")


def test_the_front_desk_puts_right_the_contacts_it_may_record(
    plans: Plans, client: Treated
) -> None:
    a_follow_up(plans, client)
    statement = of(plans, client, "follow_up")
    discharged = of(plans, client, "discharge")
    plans.roles = frozenset({"front_desk"})
    assert [kind_of(said) for said in listed(plans, client.client_id)] == ["follow_up"]
    assert changed(plans, statement, reached=True).statement.revision == 2
    with pytest.raises(NotAllowed):
        put_right(plans, discharged, None)


def test_no_remark_and_no_words_are_published(plans: Plans, client: Treated) -> None:
    a_discharge(plans, client)
    changed(plans, of(plans, client, "discharge"), open_safety_reason="as her sister told")
    rows = plans.query("SELECT body FROM published UNION ALL SELECT body::text::bytea FROM fact")
    everything = b"".join(bytes(row.body) for row in rows)
    for word in (REMARK, WHY, "sister"):
        assert word.encode() not in everything


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_would(
    new_plans: Callable[[], Plans], seed: int
) -> None:
    random = Random(seed)
    tidy, put = new_plans(), new_plans()
    days = {"signed": random.randint(4, 12), "reviewed": random.randint(13, 16)}
    levels = random.sample(["1", "2.5", "3.1"], 2)
    one = Treated(Log())
    _course(tidy, one, days["signed"], days["reviewed"], levels)
    two = Treated(Log(), one.client_id, one.episode_id, one.site_id)
    _course(put, two, 12, 16, ["3.7", "3.5"])
    corrections: list[tuple[str, int, dict[str, Any]]] = [
        ("signature", 1, {"signed_on": march(days["signed"])}),
        ("review", 0, {"reviewed_on": march(days["reviewed"])}),
        *(("level", at, {"level_of_care": to}) for at, to in enumerate(levels)),
    ]
    noise: list[tuple[str, int, dict[str, Any]]] = [
        ("signature", 1, {"signed_on": march(random.randint(4, 12))}),
        ("review", 0, {"reviewed_on": march(random.randint(13, 16))}),
    ]
    random.shuffle(noise)
    random.shuffle(corrections)
    for kind, at, changes in [*noise, *corrections]:
        if random.random() < 0.5:
            put_right(put, of_kind(put, two.client_id, kind)[at], None)
        changed(put, of_kind(put, two.client_id, kind)[at], **changes)
    assert put.current() == tidy.current()


def _course(plans: Plans, client: Treated, signed: int, reviewed: int, levels: list[str]) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id, day=signed)
    confirm(plans)
    plans.hear([client.admitted(), client.score(18, 0, TASK), *client.weeks(3)])
    plans.call("ReviewPlan", review(plan_id, reviewed, pb.OBJECTIVE_STATUS_MET))
    for day, to in zip((9, 17), levels, strict=True):
        level(plans, client, to, day)
    plans.pending_work.drain()


TASK = "77777777-7777-4777-8777-777777777777"


def test_a_rebuild_derives_what_stands(plans: Plans, client: Treated) -> None:
    in_force(plans, client.client_id, client.episode_id, day=12)
    plans.hear(client.weeks(2))
    changed(plans, clinicians(plans, client), signed_on=march(4))
    [row] = plans.query("SELECT body FROM published WHERE type = :type", type=AMENDED)
    assert REMARK.encode() not in bytes(row.body)
    assert plans.published(public.PlanActivated)[0].in_force_from == march(12)
    assert kinds(plans, client.client_id) == []
