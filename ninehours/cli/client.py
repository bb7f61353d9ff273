"""`client`: all that the four services tell of one client, each its own part."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import calendar_service_pb2 as attendance
from ninehours.billing.v1 import accounts_service_pb2 as billing
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_timestamp
from ninehours.cli.connection import Services
from ninehours.cli.output import as_dict
from ninehours.cli.roles import BILLER, CLINICIAN

SCORES = "scores"
PARTS = ("intake", "course", "progress", "sessions", "account")


@dataclass(slots=True, kw_only=True)
class ClientTimeline:
    """One client; a part that the caller may not see is None, and named in `withheld`."""

    client_id: str
    as_of: datetime | None
    intake: intake.ReadClientResponse
    course: courses.ReadCourseResponse | None = None
    progress: plans.ListProgressResponse | None = None
    sessions: attendance.ListClientSessionsResponse | None = None
    account: billing.ReadAccountResponse | None = None
    withheld: list[str] = field(default_factory=list)

    def parts(self) -> dict[str, Message | None]:
        """What each service answered."""
        return {name: getattr(self, name) for name in PARTS}

    def as_dict(self) -> dict[str, Any]:
        """Every part as its service answered."""
        return {
            "client_id": self.client_id,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            **{name: as_dict(part) for name, part in self.parts().items() if part is not None},
            "withheld": self.withheld,
        }


def read_client(services: Services, client_id: str, as_of: datetime | None) -> ClientTimeline:
    """As it was signed by then; without, as it is. An unknown client is refused by intake."""
    whose: dict[str, Any] = {"client_id": client_id}
    if as_of is not None:
        whose["as_of"] = to_timestamp(as_of)
    found = ClientTimeline(
        client_id=client_id,
        as_of=as_of,
        intake=services.ask(CLINICIAN, intake.ReadClientRequest(**whose)),
        course=services.ask_if_allowed(CLINICIAN, courses.ReadCourseRequest(**whose)),
        progress=services.ask_if_allowed(CLINICIAN, plans.ListProgressRequest(**whose)),
        sessions=services.ask_if_allowed(CLINICIAN, attendance.ListClientSessionsRequest(**whose)),
        account=services.ask_if_allowed(BILLER, billing.ReadAccountRequest(**whose)),
    )
    if found.intake.diagnoses_withheld:
        found.withheld.append("diagnoses")
    if found.intake.scores_withheld:
        found.withheld.append(SCORES)
    found.withheld += [name for name, part in found.parts().items() if part is None]
    return found
