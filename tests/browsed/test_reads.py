"""Who read what, on the played story: of a client of this file's own, by whom, who was refused."""

from uuid import uuid4

import pytest
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.roles import Role
from ninehours.console.pages.system.reads import PAGE
from ninehours.local.system import LocalSystem
from tests.browsed.test_my_day import signed_in
from tests.harness.console.altered import PeopleOfASite, altered
from tests.harness.console.reader import Shown
from tests.harness.console.story import PlayedStory
from tests.harness.intake.service import identity


@pytest.fixture
def somebody(story: PlayedStory) -> str:
    person = identity(family_name="Zeuner", given_name="Robin")
    registration = intake.RegisterClientRequest(identity=person, site_id=story.group.site_id)
    registration.meta.command_id = str(uuid4())
    return str(story.ask(Role.FRONT_DESK, registration).client_id)


def rows(shown: Shown, *said: str) -> int:
    """How many of its rows say all that."""
    parts = shown.body.partition("<tbody")[2].split("<tr")[1:]
    return sum(all(each in part for each in said) for part in parts)


def test_who_read_of_somebody_is_told_and_who_was_refused(
    browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    assert signed_in(browsed, "front_desk").get(f"/clients/{somebody}").status == 200
    with altered(browsed, people=PeopleOfASite) as sign_in:
        assert sign_in("clinician").get(f"/clients/{somebody}/chart").status in (403, 404)
    administrator = signed_in(browsed, "administrator")
    administrator.get(f"/reads?client={somebody}")
    shown = administrator.get(f"/reads?client={somebody}")
    assert rows(shown, "person/local-front-desk", "Front desk", "ReadPerson", "ANSWERED") >= 1
    assert rows(shown, "Clinician", "SITE_NOT_ALLOWED") >= 1
    assert rows(shown, "person/local-administrator", "ListReads") >= 1  # to ask is one, too
    assert "Zeuner" not in shown.body


def test_older_ones_are_a_page_further(
    browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    for _ in range(PAGE + 1):
        story.ask(Role.FRONT_DESK, chart.ReadPersonRequest(client_id=somebody))
    administrator = signed_in(browsed, "administrator")
    shown = administrator.get(f"/reads?client={somebody}")
    assert rows(shown, "intake ") == PAGE
    [older] = [each for each in shown.body.split('href="') if each.startswith("/reads?client")]
    further = administrator.get(older.partition('"')[0].replace("&amp;", "&"))
    assert rows(further, "ReadPerson", "ANSWERED") >= 1
    last = administrator.get(f"/reads?client={uuid4()}")
    assert last.status in (200, 404)
