"""Progress on PostgreSQL: heard in any order, derived, published, listed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import NotYet
from tests.harness.plans.service import (
    EVENING,
    Log,
    Plans,
    a_history,
    draft,
    in_force,
    march,
    progress,
    sign,
)


def test_progress_is_measured_from_what_was_heard_and_planned(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    in_force(plans, client_id, episode_id)
    plans.hear(a_history(log, client_id, episode_id))
    assert progress(plans, client_id) == [
        pb.WeekOfProgress(
            episode_id=episode_id,
            week_start=march(2),
            planned_minutes=540,
            delivered_minutes=540,
            attended=2,
            complete=True,
            reaches_band=True,
            revision=1,
            objectives=1,
        ),
        pb.WeekOfProgress(
            episode_id=episode_id,
            week_start=march(9),
            planned_minutes=540,
            revision=1,
            objectives=1,
        ),
    ]
    assert progress(plans, str(uuid4())) == []


def test_a_plan_in_force_later_measures_again_by_itself(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    plans.hear(a_history(log, client_id, episode_id))
    assert [week.planned_minutes for week in progress(plans, client_id)] == [0, 0]
    in_force(plans, client_id, episode_id, day=9)
    plans.pending_work.drain()
    assert [(week.planned_minutes, week.revision) for week in progress(plans, client_id)] == [
        (0, 1),
        (540, 2),
    ]


def test_corrected_and_corrected_back_are_three_revisions_each_published(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    for record in a_history(log, client_id, episode_id):
        plans.hear([record])
    measured = [
        (week.delivered_minutes, week.revision)
        for week in plans.published(public.ProgressMeasured)
        if week.week_start == march(2)
    ]
    # Scheduled twice: nothing changed between them.
    assert measured == [(0, 1), (300, 2), (300, 3), (400, 4), (540, 5)]
    assert plans.published(public.ProgressMeasured)[0].client_id == client_id


def test_any_order_and_any_batches_give_the_same_contents(
    new_plans: Callable[[], Plans], log: Log, client_id: str, episode_id: str
) -> None:
    records = a_history(log, client_id, episode_id)
    tidy = new_plans()
    tidy.hear(records)
    assert len(tidy.current()) == 2
    assert [content["delivered_minutes"] for _, content in tidy.current()] == [540, 0]
    # The admission first, in between and last; everything in one batch or one by one, and twice.
    for untidy in (
        [*records[1:], records[0]],
        [*records[1:4], records[0], *records[4:]],
        [twice for record in records for twice in (record, record)],
    ):
        for size in (1, len(untidy)):
            plans = new_plans()
            for start in range(0, len(untidy), size):
                plans.hear(untidy[start : start + size])
            assert plans.current() == tidy.current()


def test_a_plan_gives_the_same_contents_before_between_and_after_what_is_heard(
    new_plans: Callable[[], Plans], log: Log, client_id: str, episode_id: str
) -> None:
    records = a_history(log, client_id, episode_id)
    contents = []
    for place in (0, 4, len(records)):
        plans = new_plans()
        plans.hear(records[:place])
        in_force(plans, client_id, episode_id)
        plans.hear(records[place:])
        plans.pending_work.drain()
        contents.append(plans.current())
    assert contents[0] == contents[1] == contents[2]
    assert [content["planned_minutes"] for _, content in contents[0]] == [540, 540]


def test_a_readmission_takes_its_sessions_along_and_withdraws_the_week_they_made(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    plans.hear(a_history(log, client_id, episode_id))
    again = intake.ClientAdmitted(
        client_id=client_id, episode_id=str(uuid4()), level_of_care="2.1", admitted_on=march(9)
    )
    plans.hear([log.tell(again)])
    changed = plans.published(public.ProgressMeasured)[2:]
    assert {(week.episode_id, week.withdrawn, week.revision) for week in changed} == {
        (episode_id, True, 2),
        (again.episode_id, False, 1),
    }
    assert [week.week_start for week in progress(plans, client_id)] == [march(2), march(9)]


def test_what_arrives_beyond_a_hole_waits_and_gives_the_same_in_the_end(
    new_plans: Callable[[], Plans], log: Log, client_id: str, episode_id: str
) -> None:
    records = a_history(log, client_id, episode_id)
    tidy = new_plans()
    tidy.hear(records)
    plans = new_plans()
    for order in list(permutations(records[5:])):
        plans.hear(order)  # beyond the hole: nothing of these can be used yet
    assert plans.current() == []
    plans.hear(records)
    assert plans.current() == tidy.current()


def test_a_rebuild_changes_nothing_and_publishes_nothing(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    in_force(plans, client_id, episode_id)
    plans.hear(a_history(log, client_id, episode_id))
    before = plans.current(), len(plans.published(public.ProgressMeasured))
    assert plans.pending_work.mark_all() == 1
    assert plans.pending_work.drain() == 1
    assert (plans.current(), len(plans.published(public.ProgressMeasured))) == before


def test_progress_carries_the_strictest_label_of_what_it_rests_on(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    plans.hear(a_history(log, client_id, episode_id))
    in_force(plans, client_id, episode_id, day=9)
    plans.pending_work.drain()
    labels = plans.query("SELECT type, headers->>'label' AS label FROM published ORDER BY position")
    assert [(row.type.rpartition(".")[2], row.label) for row in labels] == [
        ("ProgressMeasured", "HIPAA"),
        ("ProgressMeasured", "HIPAA"),
        ("PlanActivated", "PART2"),
        ("ProgressMeasured", "PART2"),
    ]


def test_progress_says_so_when_what_it_is_asked_after_was_not_heard(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    after = [
        common.Position(topic="ninehours.attendance.v1", subject=f"client/{client_id}", sequence=7)
    ]
    with pytest.raises(NotYet):
        progress(plans, client_id, after)
    plans.inbox.hear(a_history(log, client_id, episode_id))
    with pytest.raises(NotYet):
        progress(plans, client_id, after)  # heard, but still due
    plans.pending_work.drain()
    assert len(progress(plans, client_id, after)) == 2


def test_progress_after_a_signature_of_this_service_waits_for_what_it_made_due(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    plans.hear(a_history(log, client_id, episode_id))
    drafted = plans.call("DraftPlan", draft(client_id, episode_id))
    plans.now = EVENING + timedelta(days=1)
    plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLIENT, 3))
    signed = plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLINICIAN, 3))
    with pytest.raises(NotYet):
        progress(plans, client_id, signed.receipt.published)
    plans.pending_work.drain()
    weeks = progress(plans, client_id, signed.receipt.published)
    assert [week.planned_minutes for week in weeks] == [540, 540]
