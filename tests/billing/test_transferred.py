"""An episode goes on at another site, and a session is put right: what billing makes of both."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.billing.test_authorizations_put_right import CLIENT
from tests.harness.billing.facts import COVERAGE, SITE, Story, site_opened
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import resting_on_amendments

THERE = "51000000-0000-4000-8000-00000000000b"
REASONS = {"NOT_ADMITTED_HERE", "ADMISSION_TAKEN_BACK", "NO_PLAN_IN_FORCE", "NOT_ENROLLED"}


def days(office: Office) -> list[tuple[str, set[str]]]:
    """Where each date is billed, and what of the place keeps it."""
    return [
        (
            content["site_id"],
            {verdict["reason"] for verdict in content["verdicts"] if not verdict["open"]} & REASONS,
        )
        for content in office.of_kind("service_day")
    ]


def test_days_after_a_transfer_are_the_new_sites(
    new_store: Callable[[Service], Store],
) -> None:
    office, story = Office(new_store(SERVICE)), Story()
    office.set_up(SITE, [], filing_limit_days=3650, plan_due_days=2)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, 30)
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    office.hear([story.log.tell(site_opened(THERE))])
    office.hear(story.attended(CLIENT, [day(0), day(1)]))
    story.site_id = THERE
    office.hear(story.attended(CLIENT, [day(3), day(4)]))
    early = {"NOT_ADMITTED_HERE", "NOT_ENROLLED"}
    assert days(office) == [(SITE, set()), (SITE, set()), (THERE, early), (THERE, early)]
    moved: Any = intake.ClientTransferred(
        client_id=CLIENT,
        episode_id=story.episodes[CLIENT],
        site_id=THERE,
        transferred_on=to_date(day(3)),
    )
    told = story.log.tell(moved)
    office.hear([told])
    # The plan of the old site is in force, and the new one's provider is asked for.
    assert days(office) == [(SITE, set()), (SITE, set()), *[(THERE, {"NOT_ENROLLED"})] * 2]
    story.site_id = SITE
    office.hear(story.attended(CLIENT, [day(5)]))
    assert days(office)[-1] == (SITE, {"NOT_ADMITTED_HERE"})
    office.hear([story.log.amended(told, None)])
    taken_back = [(THERE, {"ADMISSION_TAKEN_BACK", "NOT_ENROLLED"})] * 2
    assert days(office) == [(SITE, set()), (SITE, set()), *taken_back, (SITE, set())]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        (None, "VOID"),  # it was closed wrongly, and is open again
        ({"minutes": 30}, "VOID"),  # it began later than was said: too little for a day
        ({"service_date": to_date(day(2))}, "VOID"),  # on another day
        ({"minutes": 200}, ""),
    ],
)
def test_what_a_session_says_otherwise_after_it_left_is_proposed(
    new_store: Callable[[Service], Store], changes: dict[str, Any] | None, action: str
) -> None:
    office, story = Office(new_store(SERVICE)), Story()
    office.set_up(SITE, [], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, 30)
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    told = story.attended(CLIENT, [day(4)])
    office.hear(told)
    office.issue(day(6))
    office.pending_work.drain()
    [attended] = [record for record in told if record.headers["ce_type"].endswith(b"Attended")]
    said = None
    if changes is not None:
        said = attendance.SessionAttended.FromString(attended.body)
        for name, value in changes.items():
            said.ClearField(name)  # type: ignore[arg-type]
            said.MergeFrom(attendance.SessionAttended(**{name: value}))
    office.hear([story.log.amended(attended, said)])
    found = [proposal["action"] for proposal in office.of_kind("proposal")]
    assert found == ([action] if action else [])
    assert resting_on_amendments(office)
