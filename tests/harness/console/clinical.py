"""What a clinician acts on, of clients of a test's own on a running system; nobody else's story."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.roles import Role
from ninehours.cli.connection import Services
from tests.harness.intake.service import identity

NINTH_ITEM = 9  # of the PHQ-9: thoughts of being dead


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A safety task of somebody who was registered for it."""

    services: Services
    client_id: str
    task_id: str

    @property
    def address(self) -> str:
        """Of its forms, each below."""
        return f"/my-day/safety/{self.client_id}/{self.task_id}"

    def stands(self) -> intake.SafetyTask:
        """As intake has it."""
        asked = intake.ListSafetyTasksRequest(client_id=self.client_id)
        [task] = self.services.ask(Role.CLINICIAN, asked).tasks
        return task  # type: ignore[no-any-return]


def open_task(services: Services, family: str) -> OpenTask:
    """Opened by an answer of theirs."""
    site = services.ask(Role.CLINICIAN, calendar.ListSitesRequest()).sites[0]
    person = identity(family_name=family, given_name="Robin")
    registered = intake.RegisterClientRequest(identity=person, site_id=site.site_id)
    client_id = told(services, Role.FRONT_DESK, registered).client_id
    answers = {**dict.fromkeys(range(1, 10), 0), NINTH_ITEM: 1}
    completed = intake.CompleteAssessmentRequest(
        client_id=client_id, instrument="phq9/1", answers=answers
    )
    task_id = told(services, Role.CLINICIAN, completed).safety_task_id
    return OpenTask(services, client_id, task_id)


def told(services: Services, role: Role, command: Message) -> Any:
    """The answer."""
    command.meta.command_id = str(uuid4())  # type: ignore[attr-defined]
    return services.ask(role, command)
