"""Intake over its servicer, on PostgreSQL: from registration to admission."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Refusal, Stale, Unknown
from kernel.rpc.policy import policies_of
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.statements import text
from services.intake.api.servicer import SERVICE
from tests.harness.intake.service import (
    OTHER_PROGRAM,
    PAYER,
    PHQ9,
    PROGRAM,
    SITE,
    Desk,
    admission,
    areas,
    assess,
    consent,
    coverage,
    diagnose,
    rate,
    register,
    restrict,
    screen,
)
from tests.harness.intake.strategies import day


def test_every_rpc_of_the_contract_is_answered(desk: Desk) -> None:
    rpcs = set(policies_of(SERVICE))
    assert len(rpcs) == 26
    assert {rpc for rpc in rpcs if callable(getattr(desk.servicers[SERVICE], rpc, None))} == rpcs


def test_from_registration_to_diagnosis_everything_is_published_of_the_client(desk: Desk) -> None:
    client_id = desk.registered()
    consent_id = desk.consented(client_id)
    coverage_id = desk.covered(client_id)
    episode_id = desk.admitted(client_id)
    assessed = desk.call(assess(client_id))
    desk.call(diagnose(client_id))

    assert (assessed.score, assessed.band) == (13, "MODERATE")
    assert (assessed.partial, assessed.safety_flag) == (False, True)
    rows = desk.rows("SELECT subject, sequence, type, body FROM published ORDER BY position")
    assert {row.subject for row in rows} == {f"client/{client_id}"}
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
    read = [getattr(events, row.type.rpartition(".")[2]).FromString(row.body) for row in rows]
    assert read == [
        events.ClientRegistered(client_id=client_id, site_id=SITE),
        events.ConsentGiven(
            client_id=client_id,
            consent_id=consent_id,
            recipient_payer_id=PAYER,
            given_on=to_date(day(0)),
        ),
        events.MemberRecognised(client_id=client_id, coverage_id=coverage_id, key=read[2].key),
        events.CoverageVerified(
            client_id=client_id,
            coverage_id=coverage_id,
            payer_id=PAYER,
            verified_from=to_date(day(0)),
            order=1,
        ),
        events.ClientAdmitted(
            client_id=client_id,
            episode_id=episode_id,
            site_id=admission(client_id).site_id,
            program=admission(client_id).program,
            level_of_care="2.1",
            admitted_on=to_date(day(0)),
        ),
        events.AssessmentCompleted(
            client_id=client_id,
            assessment_id=assessed.assessment_id,
            instrument="phq9/1",
            score=13,
            band="MODERATE",
            safety_flag=True,
            completed_at=read[5].completed_at,
        ),
        events.SafetyTaskOpened(
            client_id=client_id,
            task_id=assessed.safety_task_id,
            assessment_id=assessed.assessment_id,
            due_at=to_timestamp(desk.now + timedelta(hours=24)),
            risk=pb.SAFETY_RISK_MODERATE,
        ),
        events.DiagnosisRecorded(
            client_id=client_id, code="F10.20", rank=1, effective_from=to_date(day(0))
        ),
    ]
    assert [fact.sequence for fact in assessed.receipt.published] == [6, 7]


def test_answers_are_recorded_item_by_item_with_who_and_when(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(assess(client_id), actor="staff/ada")
    [(body,)] = desk.rows("SELECT body FROM fact WHERE type = 'intake.assessment_completed.v1'")
    assert body["answers"] == {str(item): answer for item, answer in PHQ9.items()}
    assert body["completed_by"] == "staff/ada"
    assert body["completed_at"].startswith("2026-03-02T15:00:00")


@pytest.mark.parametrize(("under_part2", "label"), [(True, "PART2"), (False, "HIPAA")])
def test_the_program_decides_the_label_of_what_follows(
    desk: Desk, under_part2: bool, label: str
) -> None:
    client_id = desk.registered()
    desk.consented(client_id)
    desk.admitted(client_id, under_part2=under_part2)
    desk.consented(client_id)
    desk.covered(client_id)
    desk.call(assess(client_id))
    desk.call(diagnose(client_id))
    assert desk.published() == [
        ("ClientRegistered", "PART2"),
        ("ConsentGiven", "PART2"),
        ("ClientAdmitted", label),
        ("ConsentGiven", label),
        ("MemberRecognised", label),
        ("CoverageVerified", label),
        ("AssessmentCompleted", label),
        ("SafetyTaskOpened", label),
        ("DiagnosisRecorded", label),
    ]


def test_a_second_program_under_part_2_makes_everything_strict_again(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id, under_part2=False)
    desk.admitted(client_id, under_part2=True, program_id=OTHER_PROGRAM)
    desk.call(diagnose(client_id))
    assert [label for _, label in desk.published()] == ["PART2", "HIPAA", "PART2", "PART2"]


@pytest.mark.parametrize(
    "make",
    [register, screen, consent, restrict, coverage, admission, assess, areas, rate, diagnose],
    ids=lambda make: make.__name__,
)
def test_the_same_command_twice_is_applied_once_and_answered_alike(
    desk: Desk, make: Callable[..., Any]
) -> None:
    client_id = desk.registered()
    request = make() if make is register else make(client_id)
    command_id = str(uuid4())
    first = desk.call(request, command_id)
    facts = desk.rows("SELECT count(*) FROM fact")
    assert desk.call(request, command_id) == first
    assert desk.rows("SELECT count(*) FROM fact") == facts


def test_a_verification_said_again_records_and_publishes_nothing(desk: Desk) -> None:
    client_id = desk.registered()
    coverage_id = desk.covered(client_id)
    again = pb.VerifyCoverageRequest(
        client_id=client_id, coverage_id=coverage_id, verified_from=to_date(day(0))
    )
    assert list(desk.call(again).receipt.published) == []


def test_a_command_id_is_not_used_for_somebody_else(desk: Desk) -> None:
    command_id = str(uuid4())
    desk.call(register(), command_id)
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(register(given_name="Grace"), command_id)
    assert refused.value.reason == "COMMAND_ID_REUSED"
    owned = "SELECT count(*) FROM document WHERE owner LIKE 'client/%'"
    assert desk.rows(owned) == [(1,)]


@pytest.mark.parametrize(
    "make", [screen, consent, restrict, coverage, admission, assess, areas, rate, diagnose]
)
def test_nothing_is_recorded_of_a_client_nobody_registered(
    desk: Desk, make: Callable[..., Any]
) -> None:
    with pytest.raises(Unknown) as refused:
        desk.call(make(str(uuid4())))
    assert refused.value.reason == "CLIENT_UNKNOWN"
    for table in ("fact", "published", "document", "command"):
        assert desk.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert desk.rows("SELECT subject FROM subject WHERE subject LIKE 'client/%'") == []


def test_a_coverage_of_another_client_is_not_verified(desk: Desk) -> None:
    coverage_id = desk.covered(desk.registered())
    request = pb.VerifyCoverageRequest(
        client_id=desk.registered(), coverage_id=coverage_id, verified_from=to_date(day(0))
    )
    with pytest.raises(Unknown):
        desk.call(request)


def test_a_stale_version_is_refused_and_the_current_one_told(desk: Desk) -> None:
    client_id = desk.registered()
    request = consent(client_id)
    request.meta.expected_version = 5
    with pytest.raises(Stale) as refused:
        desk.call(request)
    assert refused.value.details["current_version"] == "1"
    request.meta.expected_version = 1
    assert desk.call(request).consent_id


def test_a_client_is_in_a_program_once(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    with pytest.raises(AgainstTheRules) as refused:
        desk.admitted(client_id)
    assert refused.value.reason == "ALREADY_IN_PROGRAM"
    assert desk.admitted(client_id, program_id=OTHER_PROGRAM)
    assert desk.admitted(desk.registered())


def test_of_two_admissions_at_once_one_is_refused(desk: Desk) -> None:
    """The second waits for the client's lock, then sees the first one's episode."""
    client_id = desk.registered()
    outcomes: list[str] = []

    def admit() -> None:
        try:
            desk.admitted(client_id)
            outcomes.append("ADMITTED")
        except Refusal as refusal:
            outcomes.append(refusal.reason)

    with desk.store.transaction() as tx:
        tx.lock([f"client/{client_id}"])
        threads = [threading.Thread(target=admit) for _ in range(2)]
        for thread in threads:
            thread.start()
        wait_until_waiting(desk, 2)
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["ADMITTED", "ALREADY_IN_PROGRAM"]
    assert desk.rows("SELECT program_id::text FROM episode") == [(PROGRAM,)]


def wait_until_waiting(desk: Desk, count: int) -> None:
    """Until so many sessions of this database wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = threading.Event()
    for _ in range(500):
        with desk.store.transaction() as tx:
            if tx.connection.execute(waiting).scalar_one() == count:
                return
        deadline.wait(0.01)
    raise AssertionError("nobody waits for the lock")
