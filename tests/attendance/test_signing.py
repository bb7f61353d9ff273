"""Who signs notes: whose credential is for it, on the day of the act where the session was."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk, clients

ADA, BOB = clients(2)
LONG_BEFORE = date(2026, 1, 1)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


@pytest.fixture
def session_id(desk: FrontDesk) -> str:
    """Closed, with Ada and Bob there; it is evening by its site, and the next day in UTC."""
    found = desk.session([ADA, BOB])
    desk.now = MONDAY
    desk.come(found, {ADA: MONDAY, BOB: MONDAY})
    desk.now = MONDAY + 4 * THREE_HOURS
    desk.close(found)
    return found


def acts(session_id: str, ada: str = ADA, bob: str = BOB) -> dict[str, Any]:
    who = {"session_id": session_id, "client_id": ada}
    return {
        "note": pb.SignNoteRequest(**who, text="Took part."),
        "attestation": pb.AttestNoteRequest(**who, statement="So it was."),
        "group": pb.SignGroupNoteRequest(
            session_id=session_id,
            group_text="We talked.",
            parts=[
                pb.IndividualPart(client_id=ada, text="Ada spoke."),
                pb.IndividualPart(client_id=bob, text="Bob listened."),
            ],
        ),
    }


ACTS = ("note", "attestation", "group")


def credentialed(desk: FrontDesk, text: str, first: date = LONG_BEFORE) -> None:
    """From here on somebody calls who holds this alone."""
    asked = pb.CredentialStaffRequest(
        credential=text, state="IL", npi="1234567893", effective_from=to_date(first)
    )
    desk.actor = f"staff/{desk.call(asked).staff_id}"


@pytest.mark.parametrize("text", ["Wizard", "student", "LCSW student"])
@pytest.mark.parametrize("act", ACTS)
def test_nobody_signs_a_note_without_a_credential_that_is_for_it(
    desk: FrontDesk, session_id: str, act: str, text: str
) -> None:
    credentialed(desk, text)
    with pytest.raises(NotAllowed) as refused:
        desk.call(acts(session_id)[act])
    assert refused.value.reason == "NOT_CREDENTIALED"
    credentialed(desk, "LCSW")
    assert desk.call(acts(session_id)[act]).receipt.published


@pytest.mark.parametrize("person", ["person/lcsw", "staff/nobody", "site/{site}"])
def test_who_was_never_credentialed_signs_nothing(
    desk: FrontDesk, session_id: str, person: str
) -> None:
    desk.actor = person.format(site=desk.site_id)
    with pytest.raises(NotAllowed):
        desk.call(acts(session_id)["note"])


def test_the_day_of_signing_is_the_sites(desk: FrontDesk, session_id: str) -> None:
    desk.now = MONDAY + 4 * THREE_HOURS
    credentialed(desk, "LCSW", first=date(2026, 3, 3))  # in UTC it is that day already
    with pytest.raises(NotAllowed):
        desk.call(acts(session_id)["note"])
    credentialed(desk, "LCSW", first=date(2026, 3, 2))
    assert desk.call(acts(session_id)["note"]).receipt.published


def typed(desk: FrontDesk, **changes: Any) -> str:
    """An LCSW of Illinois, where the site is; from here on they call. Gives the staff member."""
    given = {"type": pb.CREDENTIAL_TYPE_LCSW, "state": "IL", "npi": "1234567893"}
    asked = pb.CredentialStaffRequest(**{**given, **changes}, effective_from=to_date(LONG_BEFORE))
    staff_id = str(desk.call(asked).staff_id)
    desk.actor = changes.get("token_subject", f"staff/{staff_id}")
    return staff_id


@pytest.mark.parametrize("act", ACTS)
def test_a_credential_with_a_type_is_valid_in_its_state_to_its_last_day(
    desk: FrontDesk, session_id: str, act: str
) -> None:
    others = [
        {"type": pb.CREDENTIAL_TYPE_STUDENT},
        {"state": "WI"},
        {"effective_to": to_date(date(2026, 3, 1))},
    ]
    for changes in others:
        typed(desk, **changes)
        with pytest.raises(NotAllowed) as refused:
            desk.call(acts(session_id)[act])
        assert refused.value.reason == "NOT_CREDENTIALED"
    typed(desk, effective_to=to_date(date(2026, 3, 2)))
    assert desk.call(acts(session_id)[act]).receipt.published


def test_a_credential_is_for_the_token_it_names(desk: FrontDesk, session_id: str) -> None:
    staff_id = typed(desk, token_subject="okta/ada")
    desk.actor = f"staff/{staff_id}"
    with pytest.raises(NotAllowed):
        desk.call(acts(session_id)["note"])
    desk.actor = "okta/ada"
    assert desk.call(acts(session_id)["note"]).receipt.published


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"state": ""}, "state"),
        ({"state": "XX"}, "state"),
        ({"type": 99}, "type"),
        ({"type": 0}, "type"),
        ({"credential": "Wizard"}, "credential"),
        ({"effective_to": to_date(date(2025, 12, 31))}, "effective_to"),
    ],
)
def test_what_no_credential_says_is_refused_by_its_field(
    desk: FrontDesk, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        typed(desk, **changes)
    assert set(refused.value.details) == {field}


def test_a_credential_is_published_whole(desk: FrontDesk) -> None:
    last = to_date(date(2027, 12, 31))
    staff_id = typed(desk, effective_to=last, token_subject="okta/ada")
    [row] = desk.rows("SELECT body FROM published WHERE subject = :of", of=f"staff/{staff_id}")
    told = events.StaffCredentialed.FromString(bytes(row.body))
    assert (told.credential, told.type, told.state) == ("LCSW", pb.CREDENTIAL_TYPE_LCSW, "IL")
    assert (told.effective_to, told.token_subject) == (last, "okta/ada")


def test_nobody_leads_a_session_after_the_last_day_of_their_credential(desk: FrontDesk) -> None:
    staff_id = typed(desk, effective_to=to_date(date(2026, 3, 1)))
    with pytest.raises(AgainstTheRules) as refused:
        desk.session([ADA], facilitator_id=staff_id)
    assert refused.value.reason == "FACILITATOR_NOT_CREDENTIALED"
