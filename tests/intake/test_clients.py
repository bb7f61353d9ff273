"""Clients are listed and read by id, as they stood at any moment, and nobody's name is told."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import clients_service_pb2 as pb

from kernel.refusal import Malformed, Unknown
from kernel.rpc.translate import to_date, to_timestamp
from tests.harness.intake.facts import as_record
from tests.harness.intake.service import OTHER_PROGRAM, PHQ9, PROGRAM, SITE, SURNAME, Desk, diagnose
from tests.harness.intake.strategies import day
from tests.harness.plans.service import credentialed
from tests.intake.test_course import discharge

CLINICIAN = frozenset({"clinician"})
OTHER_SITE = str(uuid4())


def listed(desk: Desk, **asked: object) -> list[str]:
    answer = desk.call(pb.ListClientsRequest(**asked))  # type: ignore[arg-type]
    assert SURNAME not in str(answer)
    return [client.client_id for client in answer.clients]


def read(desk: Desk, client_id: str, **changes: object) -> pb.ReadClientResponse:
    roles = changes.pop("roles", CLINICIAN)
    called = {name: changes.pop(name) for name in ("sites", "actor") if name in changes}
    request = pb.ReadClientRequest(client_id=client_id, **changes)  # type: ignore[arg-type]
    answer: pb.ReadClientResponse = desk.call(request, roles=roles, **called)  # type: ignore[arg-type]
    assert SURNAME not in str(answer)
    return answer


def due(desk: Desk, on: int, **asked: object) -> list[tuple[str, str, bool]]:
    request = pb.ListDueRequest(on=to_date(day(on)), **asked)  # type: ignore[arg-type]
    return [(item.kind, item.client_id, item.overdue) for item in desk.call(request).items]


def test_clients_are_listed_by_site_program_and_whether_they_are_in_care(desk: Desk) -> None:
    nobody, here, gone = (desk.registered() for _ in range(3))
    desk.admitted(here)
    episode_id = desk.admitted(gone, program_id=OTHER_PROGRAM)
    desk.inbox.hear([discharge(gone, episode_id)])
    desk.pending_work.drain()
    assert set(listed(desk)) == {nobody, here, gone}
    assert set(listed(desk, site_id=SITE)) == {here, gone}
    assert listed(desk, program_id=PROGRAM) == [here]
    assert listed(desk, active_only=True) == [here]
    assert listed(desk, site_id=OTHER_SITE) == []


def test_pages_of_clients_miss_and_double_nobody(desk: Desk) -> None:
    everybody = {desk.registered() for _ in range(5)}
    found: list[str] = []
    token = ""
    while True:
        page = desk.call(pb.ListClientsRequest(page_size=2, page_token=token))
        found += [client.client_id for client in page.clients]
        if not (token := page.next_page_token):
            break
    assert len(found) == 5
    assert set(found) == everybody
    with pytest.raises(Malformed, match="page_token"):
        desk.call(pb.ListClientsRequest(page_token="elsewhere"))


def test_a_client_is_read_as_it_was_recorded_by_then(desk: Desk) -> None:
    client_id = desk.registered()
    before = desk.now
    desk.now += timedelta(days=1)
    episode_id = desk.admitted(client_id)
    desk.scored(client_id, PHQ9)
    then, now = (
        read(desk, client_id, as_of=to_timestamp(before)),
        read(desk, client_id),
    )
    assert (list(then.episodes), list(then.scores)) == ([], [])
    assert [episode.episode_id for episode in now.episodes] == [episode_id]
    assert [(score.instrument, score.total) for score in now.scores] == [("phq9/1", 13)]
    with pytest.raises(Unknown):
        read(desk, client_id, as_of=to_timestamp(before - timedelta(days=1)))
    with pytest.raises(Unknown):
        read(desk, str(uuid4()))


def test_diagnoses_are_for_clinicians_alone(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    told = read(desk, client_id)
    assert [(diagnosis.rank, diagnosis.code) for diagnosis in told.diagnoses] == [(1, "F10.20")]
    withheld = read(desk, client_id, roles=frozenset({"front_desk"}))
    assert (list(withheld.diagnoses), withheld.diagnoses_withheld) == ([], True)


def test_scores_are_for_clinicians(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id)
    told = read(desk, client_id)
    assert ([score.total for score in told.scores], told.scores_withheld) == ([13], False)
    for role in ("front_desk", "operator"):
        withheld = read(desk, client_id, roles=frozenset({role}))
        assert (list(withheld.scores), withheld.scores_withheld) == ([], True)


def test_scores_take_a_credential_too_and_diagnoses_the_role_alone(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id)
    desk.call(diagnose(client_id))
    for held, sees in ((), False), (("PEER",), False), (("STUDENT",), False), (("TRAINEE",), True):
        actor = f"staff/{uuid4()}"
        desk.told(*(credentialed(actor, text) for text in held))
        told = read(desk, client_id, actor=actor)
        assert ([score.total for score in told.scores], told.scores_withheld) == (
            [13] * sees,
            not sees,
        )
        assert [diagnosis.code for diagnosis in told.diagnoses] == ["F10.20"]


def test_scores_take_a_credential_of_a_state_where_the_client_belongs(desk: Desk) -> None:
    """Of the client's sites those alone that the token speaks for."""
    client_id = desk.registered()
    desk.scored(client_id)
    actor = f"staff/{uuid4()}"
    desk.told(credentialed(actor, "LCSW", type=3, state="WI"))
    assert read(desk, client_id, actor=actor).scores_withheld
    desk.admitted(client_id)
    desk.admitted(client_id, program_id=OTHER_PROGRAM, site_id=OTHER_SITE)
    assert not read(desk, client_id, actor=actor).scores_withheld
    assert read(desk, client_id, actor=actor, sites=frozenset({SITE})).scores_withheld
    desk.now += timedelta(days=1)
    ended = {"credential": "LCSW", "type": 3, "state": "WI", "last_day": to_date(day(0))}
    desk.told(attendance.CredentialEnded(staff_id=actor.removeprefix("staff/"), **ended))  # type: ignore[arg-type]
    assert read(desk, client_id, actor=actor).scores_withheld


def test_episodes_at_other_sites_are_not_told(desk: Desk) -> None:
    client_id = desk.registered()
    here = desk.admitted(client_id)
    there = desk.admitted(client_id, program_id=OTHER_PROGRAM, site_id=OTHER_SITE)
    told = [
        [episode.episode_id for episode in read(desk, client_id, sites=frozenset(sites)).episodes]
        for sites in ({SITE}, {OTHER_SITE}, {"*"})
    ]
    assert told == [[here], [there], [here, there]]


def test_safety_is_due_by_the_moment_not_by_the_day(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    desk.scored(client_id, {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}, "c_ssrs/1")
    scored = desk.now
    [item] = desk.call(pb.ListDueRequest(on=to_date(day(0)))).items
    assert item.due_at.ToDatetime(scored.tzinfo) == scored + timedelta(hours=1)
    assert not item.overdue
    desk.now = scored + timedelta(hours=1, seconds=1)
    assert due(desk, 0) == [("CLOSE_SAFETY_TASK", client_id, True)]


def test_a_safety_tasks_days_are_those_of_its_site(desk: Desk) -> None:
    """Eight in the evening in Chicago is the next day in UTC."""
    client_id = desk.registered()
    opened = attendance.SiteOpened(site_id=SITE, time_zone="America/Chicago")
    desk.inbox.hear([as_record(opened, f"site/{SITE}", service="attendance")])
    desk.admitted(client_id)
    desk.now = datetime.combine(day(0), time(20), ZoneInfo("America/Chicago")).astimezone(UTC)
    desk.scored(client_id, PHQ9)
    [item] = desk.call(pb.ListDueRequest(on=to_date(day(0)))).items
    assert (item.since, item.until, item.overdue) == (to_date(day(0)), to_date(day(1)), False)


def test_a_safety_task_is_due_from_its_score_until_it_is_closed(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    task_id = desk.scored(client_id, PHQ9).safety_task_id
    assert due(desk, -1) == []
    assert due(desk, 0) == [("CLOSE_SAFETY_TASK", client_id, False)]
    assert due(desk, 5) == [("CLOSE_SAFETY_TASK", client_id, True)]
    assert due(desk, 5, site_id=SITE, person="staff/1") != []
    assert due(desk, 5, site_id=OTHER_SITE) == due(desk, 5, person="staff/2") == []
    desk.now += timedelta(days=7)
    desk.close_task(client_id, task_id)
    assert due(desk, 5) == [("CLOSE_SAFETY_TASK", client_id, True)]
    assert due(desk, 8) == []


def test_a_site_in_a_zone_that_is_not_known_here_has_the_days_asked_for(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    desk.scored(client_id)
    before = due(desk, 0)
    assert before
    opened = attendance.SiteOpened(site_id=SITE, name="Lakeside")
    for zone in ("Mars/Olympus", "../etc", "x" * 300):
        opened.time_zone = zone
        desk.told(opened)
        assert due(desk, 0) == before
