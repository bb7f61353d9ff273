"""A credential ends on the day that is told: from the next one on it is for nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Unknown
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.attendance.test_signing import acts, typed
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk, clients

ADA, BOB = clients(2)
SUNDAY, THE_DAY = date(2026, 3, 1), date(2026, 3, 2)
NOBODY = "5a000000-0000-4000-8000-000000000009"


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def end(desk: FrontDesk, whose: str, on: date, **changes: Any) -> Any:
    given = {
        "staff_id": whose,
        "type": pb.CREDENTIAL_TYPE_LCSW,
        "state": "IL",
        "last_day": to_date(on),
        "reason": pb.CREDENTIAL_END_REASON_WITHDRAWN,
    }
    return desk.call(pb.EndCredentialRequest(**given | changes))


def told(desk: FrontDesk, staff_id: str) -> list[Any]:
    rows = desk.rows(
        "SELECT type, body FROM published WHERE subject = :of ORDER BY sequence",
        of=f"staff/{staff_id}",
    )
    return [
        getattr(events, row.type.rpartition(".")[2]).FromString(bytes(row.body)) for row in rows
    ]


@pytest.fixture
def session_id(desk: FrontDesk) -> str:
    """On the day, closed, with Ada and Bob there."""
    found = desk.session([ADA, BOB])
    desk.now = MONDAY
    desk.come(found, {ADA: MONDAY, BOB: MONDAY})
    desk.now = MONDAY + THREE_HOURS
    desk.close(found)
    return found


@pytest.mark.parametrize("act", ["note", "attestation", "group"])
def test_nobody_signs_by_it_after_its_last_day(desk: FrontDesk, session_id: str, act: str) -> None:
    staff_id = typed(desk)
    end(desk, staff_id, SUNDAY)
    with pytest.raises(NotAllowed) as refused:
        desk.call(acts(session_id, ADA, BOB)[act])
    assert refused.value.reason == "NOT_CREDENTIALED"
    end(desk, staff_id, THE_DAY)  # ended too early, by mistake: the last word counts
    assert desk.call(acts(session_id, ADA, BOB)[act]).receipt.published


def test_nobody_leads_a_session_after_its_last_day(desk: FrontDesk) -> None:
    staff_id = typed(desk)
    end(desk, staff_id, SUNDAY)
    with pytest.raises(AgainstTheRules) as refused:
        desk.session([ADA], facilitator_id=staff_id)
    assert refused.value.reason == "FACILITATOR_NOT_CREDENTIALED"


def test_the_same_end_told_twice_is_one(desk: FrontDesk) -> None:
    staff_id = typed(desk)
    assert end(desk, staff_id, SUNDAY).receipt.published
    assert not end(desk, staff_id, SUNDAY).receipt.published
    ended = told(desk, staff_id)[-1]
    assert [fact.DESCRIPTOR.name for fact in told(desk, staff_id)] == [
        "StaffCredentialed",
        "CredentialEnded",
    ]
    assert (ended.staff_id, ended.state) == (staff_id, "IL")
    assert ended.last_day == to_date(SUNDAY)
    assert ended.reason == pb.CREDENTIAL_END_REASON_WITHDRAWN


def test_told_again_of_the_same_person_it_holds_again(desk: FrontDesk, session_id: str) -> None:
    staff_id = typed(desk)
    end(desk, staff_id, SUNDAY)
    assert typed(desk, staff_id=staff_id) == staff_id
    assert desk.call(acts(session_id, ADA, BOB)["note"]).receipt.published
    assert end(desk, staff_id, SUNDAY).receipt.published  # what was told after the end has none


def test_an_end_says_no_more_than_was_told(desk: FrontDesk) -> None:
    staff_id = typed(desk, effective_to=to_date(THE_DAY))
    end(desk, staff_id, THE_DAY + timedelta(days=30))
    with pytest.raises(AgainstTheRules):
        desk.session(
            [ADA],
            starts_at=MONDAY + timedelta(days=1),
            facilitator_id=staff_id,
        )


@pytest.mark.parametrize(
    "changes", [{"staff_id": NOBODY}, {"state": "WI"}, {"type": pb.CREDENTIAL_TYPE_MD}]
)
def test_what_nobody_holds_is_not_found(desk: FrontDesk, changes: dict[str, Any]) -> None:
    staff_id = typed(desk)
    with pytest.raises(Unknown):
        end(desk, staff_id, SUNDAY, **changes)


def test_nobody_is_credentialed_again_who_never_was(desk: FrontDesk) -> None:
    with pytest.raises(Unknown):
        typed(desk, staff_id=NOBODY)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": to_date(date(1850, 1, 1))}, "last_day"),
        ({"last_day": to_date(date(2099, 1, 1))}, "last_day"),
        ({"last_day": None}, "last_day"),
        ({"reason": 0}, "reason"),
        ({"type": 99}, "type"),
        ({"staff_id": "ada"}, "staff_id"),
    ],
)
def test_an_absurd_end_is_refused_by_its_field(
    desk: FrontDesk, changes: dict[str, Any], field: str
) -> None:
    staff_id = typed(desk)
    with pytest.raises(Malformed) as refused:
        end(desk, staff_id, SUNDAY, **changes)
    assert set(refused.value.details) == {field}


def test_what_was_recorded_in_words_is_ended_by_its_words(desk: FrontDesk) -> None:
    end(desk, desk.staff_id, SUNDAY, type=0, state="IL", credential="LCSW")
    with pytest.raises(AgainstTheRules):
        desk.session([ADA])
