"""The played story, for whoever goes through its pages."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as attendance

from kernel.roles import Role, person_in
from kernel.rpc.translate import to_date
from ninehours.local.system import LocalSystem
from ninehours.story import days
from tests.harness.console.story import PlayedStory, told_by


@pytest.fixture(scope="session")
def story(browsed: LocalSystem) -> Iterator[PlayedStory]:
    """Asked of the system that `browsed` is. Who is clinician there may see scores."""
    credential = attendance.CredentialStaffRequest(
        type=attendance.CREDENTIAL_TYPE_LCSW,
        npi="1234567893",
        effective_from=to_date(days.LONG_BEFORE),
        token_subject=person_in(Role.CLINICIAN).id,
    )
    with told_by(browsed) as story:
        for state in ("IL", "WI", "NY"):
            credential.state = state
            credential.meta.command_id = str(uuid4())
            answer = story.ask(Role.ADMINISTRATOR, credential)
            credential.staff_id = answer.staff_id
        yield story
