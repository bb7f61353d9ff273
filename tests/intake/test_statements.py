"""What was said of a client is read back, and put right by whoever may say it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Stale, Unknown
from kernel.rpc.translate import to_date, to_timestamp
from tests.harness.intake.service import (
    NARRATIVE,
    OTHER_PAYER,
    PAYER,
    PHQ9,
    Desk,
    admission,
    areas,
    assess,
    consent,
    diagnose,
    network,
    rate,
    restrict,
)
from tests.harness.intake.strategies import day
from tests.intake.test_course import discharge

STAFF = frozenset({"clinician", "front_desk"})  # who is one, and has the desk today
OTHER_SITE = "51000000-0000-4000-8000-000000000002"
REMARK = "the folder of Wolfeschlegelstein says otherwise"
CSSRS_HIGH = {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1}


def listed(desk: Desk, client_id: str, **asked: Any) -> list[pb.Statement]:
    request = pb.ListStatementsRequest(client_id=client_id, **asked)
    answer = desk.call(request, roles=STAFF, purpose="TREATMENT")
    return list(answer.statements)


def of_kind(desk: Desk, client_id: str, kind: str, **asked: Any) -> pb.Statement:
    """The client's only one of a kind."""
    [found] = [
        statement
        for statement in listed(desk, client_id, **asked)
        if statement.revisions[0].recording.WhichOneof("said") == kind
    ]
    return found


def stands(statement: pb.Statement) -> common.StatementRevision:
    return common.StatementRevision(
        statement_id=statement.statement_id, revision=statement.revisions[-1].revision
    )


def correction(reason: str = "MISTYPED") -> common.Correction:
    number = common.CorrectionReason.Value(f"CORRECTION_REASON_{reason}")
    return common.Correction(reason=number, remark=REMARK)


def correct(desk: Desk, statement: pb.Statement, kind: str, said: Any, **called: Any) -> Any:
    request = pb.CorrectStatementRequest(
        statement=stands(statement),
        correction=correction(),
        recording=pb.Recording(**{kind: said}),
    )
    return desk.call(request, **{"roles": STAFF, "purpose": "TREATMENT", **called})


def void(desk: Desk, statement: pb.Statement, **called: Any) -> Any:
    request = pb.VoidStatementRequest(
        statement=stands(statement), correction=correction("WRONG_CLIENT")
    )
    return desk.call(request, **{"roles": STAFF, "purpose": "TREATMENT", **called})


def codes(desk: Desk, client_id: str, **asked: Any) -> list[str]:
    request = clients.ReadClientRequest(client_id=client_id, **asked)
    return [diagnosis.code for diagnosis in desk.call(request, roles=STAFF).diagnoses]


def admit(client_id: str, **changes: Any) -> words.AdmitClientRequest:
    """Its program named by id alone."""
    said = admission(client_id, **changes)
    said.program_id = said.program.program_id
    said.ClearField("program")
    return said


SAID: dict[str, Callable[[str], Any]] = {
    "consent": consent,
    "restriction": restrict,
    "diagnosis": diagnose,
    "areas": areas,
    "dimensions": rate,
    "assessment": assess,
    "admission": admit,
}


@pytest.mark.parametrize("kind", SAID)
def test_what_was_said_is_read_back_as_it_would_be_said_again(desk: Desk, kind: str) -> None:
    client_id = desk.registered()
    said = SAID[kind](client_id)
    desk.call(said)
    [revision] = of_kind(desk, client_id, kind).revisions
    said.ClearField("meta")
    assert getattr(revision.recording, kind) == said
    assert (revision.revision, revision.said_by, revision.voided) == (1, "staff/1", False)
    assert revision.said_at == to_timestamp(desk.now)


@pytest.mark.parametrize("kind", SAID)
def test_what_is_said_again_as_it_was_changes_nothing(desk: Desk, kind: str) -> None:
    client_id = desk.registered()
    desk.call(SAID[kind](client_id))
    statement = of_kind(desk, client_id, kind)
    desk.now += timedelta(days=3)
    answer = correct(desk, statement, kind, getattr(statement.revisions[0].recording, kind))
    assert answer.statement == stands(statement)
    assert not answer.receipt.published


@pytest.mark.parametrize("kind", SAID)
def test_what_was_taken_back_is_still_read_and_who_took_it_and_why(desk: Desk, kind: str) -> None:
    client_id = desk.registered()
    desk.call(SAID[kind](client_id))
    void(desk, of_kind(desk, client_id, kind))
    [first, last] = of_kind(desk, client_id, kind).revisions
    assert (last.revision, last.voided, last.said_by) == (2, True, "staff/1")
    assert last.reason == common.CORRECTION_REASON_WRONG_CLIENT
    assert last.remark == REMARK
    assert first.recording == last.recording


def test_a_corrected_diagnosis_is_the_one_that_stands_and_no_name_of_it_is_published(
    desk: Desk,
) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id, code="F10.20"))
    before = desk.now
    desk.now += timedelta(days=2)
    statement = of_kind(desk, client_id, "diagnosis")
    answer = correct(desk, statement, "diagnosis", diagnose(client_id, code="F10.21"))
    assert answer.statement.revision == 2
    assert [position.subject for position in answer.receipt.published] == [f"client/{client_id}"]
    assert codes(desk, client_id) == ["F10.21"]
    assert codes(desk, client_id, as_of=to_timestamp(before)) == ["F10.20"]
    [row] = desk.rows("SELECT body FROM published WHERE type LIKE '%StatementAmended'")
    told = common.StatementAmended.FromString(bytes(row.body))
    assert (told.client_id, told.revision, told.by) == (client_id, 2, "staff/1")
    assert told.type == "ninehours.intake.v1.DiagnosisRecorded"
    assert REMARK.encode() not in bytes(row.body)


def test_a_chart_tells_what_stands_and_by_what_it_is_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id, code="F10.20"))
    desk.call(diagnose(client_id, code="F33.1", rank=2))
    _, first, second = (said for said in listed(desk, client_id))
    correct(desk, first, "diagnosis", diagnose(client_id, code="F10.21"))
    void(desk, second)
    asked = chart.ReadChartRequest(client_id=client_id)
    [found] = desk.call(asked, roles=STAFF, purpose="TREATMENT").diagnoses
    assert (found.code, found.statement_id, found.revision) == ("F10.21", first.statement_id, 2)


def test_a_correction_is_judged_as_the_command_is_that_records_it(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id, code="F10.20"))
    desk.call(diagnose(client_id, code="F33.1", rank=2))
    [_, statement, _] = listed(desk, client_id)
    for wrong, refused in (
        (diagnose(client_id, code="nonsense"), Malformed),
        (diagnose(client_id, rank=13), Malformed),
        (consent(client_id), Malformed),
        (diagnose(desk.registered()), Malformed),
    ):
        kind = "consent" if isinstance(wrong, words.GiveConsentRequest) else "diagnosis"
        with pytest.raises(refused, match=r"recording|code|rank"):
            correct(desk, statement, kind, wrong)
    assert codes(desk, client_id) == ["F10.20", "F33.1"]


def test_whoever_may_not_say_it_may_not_put_it_right_and_does_not_read_it(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    statement = of_kind(desk, client_id, "diagnosis")
    front_desk: dict[str, Any] = {"roles": frozenset({"front_desk"}), "purpose": "OPERATIONS"}
    with pytest.raises(NotAllowed):
        void(desk, statement, **front_desk)
    with pytest.raises(NotAllowed, match="purpose"):
        void(desk, statement, purpose="PAYMENT")
    asked = pb.ListStatementsRequest(client_id=client_id)
    [registered] = desk.call(asked, **front_desk).statements
    assert registered.revisions[0].recording.HasField("registration")


def test_only_what_was_read_last_is_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    statement = of_kind(desk, client_id, "diagnosis")
    correct(desk, statement, "diagnosis", diagnose(client_id, code="F10.21"))
    with pytest.raises(Stale, match="put right since"):
        correct(desk, statement, "diagnosis", diagnose(client_id, code="F10.11"))
    assert codes(desk, client_id) == ["F10.21"]


def test_a_correction_told_twice_is_answered_twice_and_recorded_once(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    statement, command_id = of_kind(desk, client_id, "diagnosis"), str(uuid4())
    said = diagnose(client_id, code="F10.21")
    answers = [correct(desk, statement, "diagnosis", said, command_id=command_id) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(of_kind(desk, client_id, "diagnosis").revisions) == 2


def test_what_nobody_said_here_or_can_not_be_put_right_is_unknown(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    [recognised] = desk.rows("SELECT id FROM fact WHERE type = 'intake.member_recognised.v1'")
    for statement_id in (str(uuid4()), str(recognised.id)):
        statement = pb.Statement(statement_id=statement_id, revisions=[pb.Revision(revision=1)])
        with pytest.raises(Unknown, match="statement"):
            correct(desk, statement, "diagnosis", diagnose(client_id))


def test_a_consent_that_was_never_given_lets_nobody_be_named_any_more(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    consent_id = desk.consented(client_id)
    desk.admitted(client_id)
    assert len(desk.identities(client_id).identities) == 1
    void(desk, of_kind(desk, client_id, "consent"))
    [withheld] = desk.identities(client_id).withheld
    assert withheld.reason == "NO_CONSENT"
    with pytest.raises(Unknown):
        desk.call(
            words.RevokeConsentRequest(
                client_id=client_id, consent_id=consent_id, revoked_on=to_date(day(1))
            )
        )


def test_a_consent_keeps_its_id_when_it_is_said_of_another_payer(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    desk.consented(client_id, recipient_payer_id=OTHER_PAYER)
    desk.admitted(client_id)
    assert not desk.identities(client_id).identities
    said = consent(client_id, recipient_payer_id=PAYER)
    correct(desk, of_kind(desk, client_id, "consent"), "consent", said)
    [covered] = desk.identities(client_id).identities
    [row] = desk.rows(
        "SELECT body->>'consent_id' AS id FROM fact WHERE type LIKE '%consent_given%'"
    )
    assert covered.consent_id == row.id


def test_taking_an_assessment_back_closes_no_safety_task(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id, CSSRS_HIGH, "c_ssrs/1")
    [task] = desk.tasks(open_only=True)
    void(desk, of_kind(desk, client_id, "assessment"))
    assert desk.tasks(open_only=True) == [task]


def test_answers_that_ask_for_it_open_a_safety_task_when_they_are_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id, {**PHQ9, 9: 0})
    assert desk.tasks() == []
    said = assess(client_id, {**PHQ9, 9: 2})
    correct(desk, of_kind(desk, client_id, "assessment"), "assessment", said)
    [task] = desk.tasks(open_only=True)
    harmless = assess(client_id, {**PHQ9, 9: 0})
    correct(desk, of_kind(desk, client_id, "assessment"), "assessment", harmless)
    assert desk.tasks(open_only=True) == [task]
    correct(desk, of_kind(desk, client_id, "assessment"), "assessment", said)
    assert desk.tasks(open_only=True) == [task]


def test_what_was_told_is_read_as_it_was_at_each_telling(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(areas(client_id))
    said = areas(client_id)
    said.areas[0].narrative = "nothing of the kind"
    correct(desk, of_kind(desk, client_id, "areas"), "areas", said)
    told = [
        revision.recording.areas.areas[0].narrative
        for revision in of_kind(desk, client_id, "areas").revisions
    ]
    assert told == [NARRATIVE, "nothing of the kind"]


def test_without_a_reason_or_a_remark_nothing_is_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    statement = stands(of_kind(desk, client_id, "diagnosis"))
    request = pb.VoidStatementRequest(statement=statement)
    with pytest.raises(Malformed) as refused:
        desk.call(request, roles=STAFF, purpose="TREATMENT")
    assert set(refused.value.details) == {"correction.reason", "correction.remark"}


def test_what_is_said_of_a_coverage_is_put_right_by_the_desk(desk: Desk) -> None:
    client_id = desk.registered()
    coverage_id = desk.covered(client_id)
    front_desk: dict[str, Any] = {"roles": frozenset({"front_desk"}), "purpose": "OPERATIONS"}
    request = pb.ListStatementsRequest(client_id=client_id)
    [statement] = [
        said
        for said in desk.call(request, **front_desk).statements
        if said.revisions[0].recording.HasField("coverage")
    ]
    said = words.VerifyCoverageRequest(
        client_id=client_id,
        coverage_id=coverage_id,
        verified_from=to_date(day(3)),
        verified_to=to_date(day(1)),
    )
    with pytest.raises((Malformed, AgainstTheRules), match="verified_to"):
        correct(desk, statement, "coverage", said, **front_desk)
    said.ClearField("verified_to")
    assert correct(desk, statement, "coverage", said, **front_desk).statement.revision == 2


def episodes(desk: Desk, client_id: str) -> list[tuple[str, Any]]:
    answer = desk.call(clients.ReadClientRequest(client_id=client_id), roles=STAFF)
    return [(episode.site_id, episode.admitted_on) for episode in answer.episodes]


def test_an_admission_is_read_at_the_site_and_from_the_day_that_stand(desk: Desk) -> None:
    desk.told(*network(OTHER_SITE))
    client_id = desk.registered()
    desk.admitted(client_id)
    said = admit(client_id, site_id=OTHER_SITE, admitted_on=to_date(day(-4)))
    correct(desk, of_kind(desk, client_id, "admission"), "admission", said)
    assert episodes(desk, client_id) == [(OTHER_SITE, to_date(day(-4)))]
    [row] = desk.rows("SELECT site_id::text, admitted_on FROM episode")
    assert (row.site_id, row.admitted_on) == (OTHER_SITE, day(-4))
    assert [row.site_id for row in desk.rows("SELECT site_id::text FROM client_site")] == [
        OTHER_SITE
    ]


def test_who_was_never_admitted_may_be_and_an_admission_taken_back_comes_back(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    with pytest.raises(AgainstTheRules, match="open episode"):
        desk.admitted(client_id)
    void(desk, of_kind(desk, client_id, "admission"))
    assert episodes(desk, client_id) == []
    assert desk.rows("SELECT FROM episode") == []
    correct(desk, of_kind(desk, client_id, "admission"), "admission", admit(client_id))
    assert len(episodes(desk, client_id)) == 1
    with pytest.raises(AgainstTheRules, match="open episode"):
        desk.admitted(client_id)


def test_an_admission_taken_back_stays_so_where_another_one_took_its_place(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    statement = of_kind(desk, client_id, "admission")
    void(desk, statement)
    desk.admitted(client_id)
    [voided] = [said for said in listed(desk, client_id) if said.revisions[-1].voided]
    with pytest.raises(AgainstTheRules, match="open episode"):
        correct(desk, voided, "admission", admit(client_id))


def test_nobody_is_admitted_after_the_episode_ended(desk: Desk) -> None:
    client_id = desk.registered()
    episode_id = desk.admitted(client_id, admitted_on=to_date(day(-30)))
    desk.inbox.hear([discharge(client_id, episode_id)])
    desk.pending_work.drain()
    [row] = desk.rows("SELECT closed_on FROM episode")
    statement = of_kind(desk, client_id, "admission")
    late = admit(client_id, admitted_on=to_date(row.closed_on + timedelta(days=1)))
    desk.now += timedelta(days=60)
    with pytest.raises(Malformed, match="after the day"):
        correct(desk, statement, "admission", late)
    void(desk, statement)
    again = admit(client_id, admitted_on=to_date(day(-29)))
    correct(desk, of_kind(desk, client_id, "admission"), "admission", again)
    assert [found.closed_on for found in desk.rows("SELECT closed_on FROM episode")] == [
        row.closed_on
    ]
