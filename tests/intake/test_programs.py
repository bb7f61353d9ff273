"""What a program is comes from attendance: nobody who calls can make it another."""

from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1.clients_service_pb2 import ListClientsRequest

from kernel.refusal import AgainstTheRules, NotYet, Unknown
from kernel.store.statements import text
from tests.harness.intake.service import (
    MENTAL_HEALTH,
    PROGRAM,
    Desk,
    admission,
    diagnose,
    findings,
    network,
    register,
)
from tests.harness.kernel.owner import as_owner

NOBODY = "90000000-0000-4000-8000-00000000000f"
NOT_SAID = common.Program(program_id=PROGRAM, kind=common.PROGRAM_KIND_SUBSTANCE_USE)


def admissions(desk: Desk) -> list[Any]:
    kind = events.ClientAdmitted
    rows = desk.rows(
        f"SELECT body FROM published WHERE type = '{kind.DESCRIPTOR.full_name}' ORDER BY position"
    )
    return [kind.FromString(bytes(row.body)) for row in rows]


def test_an_admission_is_to_the_program_that_attendance_opened(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id, program=NOT_SAID)
    [admitted] = admissions(desk)
    assert admitted.program == common.Program(
        program_id=PROGRAM, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
    )
    assert desk.published()[-1] == ("ClientAdmitted", "PART2")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [({"site_id": NOBODY}, "SITE_UNKNOWN"), ({"program_id": NOBODY}, "PROGRAM_UNKNOWN")],
)
def test_a_site_or_program_that_nobody_opened_is_refused(
    desk: Desk, asked: dict[str, str], reason: str
) -> None:
    client_id = desk.registered()
    with pytest.raises(Unknown) as refused:
        desk.call(admission(client_id, **asked))
    assert refused.value.reason == reason
    assert admissions(desk) == []


def test_nobody_is_registered_at_a_site_that_nobody_opened(desk: Desk) -> None:
    with pytest.raises(Unknown) as refused:
        desk.call(register(site_id=NOBODY))
    assert refused.value.reason == "SITE_UNKNOWN"
    assert desk.published() == []


def test_a_registration_is_judged_once_what_it_names_was_heard(desk: Desk) -> None:
    """And, repeated, answered as it was, whatever is known by then."""
    request = register(site_id=NOBODY)
    request.meta.after.add(topic="ninehours.attendance.v1", subject=f"site/{NOBODY}", sequence=1)
    with pytest.raises(NotYet):
        desk.call(request, command_id="5a000000-0000-4000-8000-000000000001")
    desk.told(*network(NOBODY))
    answer = desk.call(request)
    with desk.store.transaction() as tx:
        tx.connection.execute(text("DELETE FROM heard_fact WHERE subject LIKE 'site/%'"))
    assert desk.call(request).client_id == answer.client_id


@pytest.mark.parametrize(
    "said",
    [
        common.Program(program_id=PROGRAM, kind=common.PROGRAM_KIND_MENTAL_HEALTH),
        common.Program(
            program_id=MENTAL_HEALTH, kind=common.PROGRAM_KIND_MENTAL_HEALTH, under_part2=True
        ),
    ],
    ids=["another kind", "under Part 2"],
)
def test_what_is_said_of_a_program_and_differs_is_refused(desk: Desk, said: common.Program) -> None:
    client_id = desk.registered()
    with pytest.raises(AgainstTheRules) as refused:
        desk.admitted(client_id, program=said)
    assert refused.value.reason == "PROGRAM_DIFFERS"


def test_verify_names_the_episodes_that_recorded_another_program(desk: Desk) -> None:
    alike, planted = desk.registered(), desk.registered()
    desk.admitted(alike)
    episode_id = desk.admitted(planted)
    with as_owner(desk.store) as tx:  # as the release before recorded what it was told
        tx.connection.execute(
            text("UPDATE episode SET under_part2 = false WHERE episode_id = :episode"),
            {"episode": episode_id},
        )
    assert findings(desk, "program") == (
        2,
        [("PROGRAM_DIFFERS", f"episode/{episode_id}", "recorded")],
    )


def test_what_an_episode_recorded_of_its_program_is_never_read_again(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    with as_owner(desk.store) as tx:
        tx.execute("UPDATE episode SET under_part2 = false, program_kind = 'DUAL'")
    desk.call(diagnose(client_id))
    assert desk.published()[-1] == ("DiagnosisRecorded", "PART2")
    [listed] = desk.call(ListClientsRequest(active_only=True)).clients
    assert listed.newest_episode.program == common.Program(
        program_id=PROGRAM, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
    )
