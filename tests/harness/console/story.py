"""The played story, as pages are looked at on it: what there is, by questions of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import explanation_service_pb2 as explanation
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses

from kernel.due import DueKind
from kernel.roles import Role
from kernel.rpc.translate import date_of, to_date
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.story.people import VOCABULARY
from ninehours.told.fields import iso


class PlayedStory:
    """Of the system's; an address is the same each time it is asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def ask(self, role: Role, request: Message, service: str = "") -> Any:
        """The answer, as on the command line."""
        return self._services.ask(role, request, service=service)

    @property
    def names(self) -> tuple[str, ...]:
        """Of which each client has one: no page of another says them in another sense."""
        return tuple(VOCABULARY.family_names)

    @cached_property
    def group(self) -> roster.RecordedSession:
        """The first of the story's last Monday at the first site that has one."""
        on = days.day_of(days.WEEKS)
        for site in self.ask(Role.OPERATOR, calendar.ListSitesRequest()).sites:
            asked = roster.ReadRosterRequest(site_id=site.site_id, on=to_date(on))
            for session in self.ask(Role.FRONT_DESK, asked).sessions:
                return session  # type: ignore[no-any-return]
        raise LookupError(on)

    @cached_property
    def correction(self) -> work.WorkItem:
        """The first that is proposed."""
        return self._awaited(work.WORK_KIND_PROPOSAL)

    @cached_property
    def draft(self) -> work.WorkItem:
        """The oldest that nobody issued."""
        return self._awaited(work.WORK_KIND_DRAFT)

    @cached_property
    def held_day(self) -> str:
        """One that lacks an authorization, as addresses have it: client and date."""
        item = self._awaited(work.WORK_KIND_HOLD, reason="AUTHORIZATION_USED_UP")
        return f"{item.client_id}/{iso(item.first)}"

    @cached_property
    def issued(self) -> explanation.IssuedBy:
        """How that claim left."""
        asked = explanation.ExplainClaimRequest(claim_id=self.correction.claim_id)
        return self.ask(Role.BILLER, asked).claim.issued  # type: ignore[no-any-return]

    def _awaited(self, kind: Any, reason: str = "") -> work.WorkItem:
        asked = work.ListWorkRequest(kind=kind, reason=reason, page_size=1)
        [item] = self.ask(Role.BILLER, asked).items
        return item  # type: ignore[no-any-return]

    @property
    def client_id(self) -> str:
        """Of somebody of that group."""
        return str(self.group.presences[0].client_id)

    @property
    def another(self) -> str:
        """Of somebody else of it."""
        return str(self.group.presences[1].client_id)

    @property
    def attended(self) -> str:
        """That group and somebody of it, as addresses have it."""
        group, on = self.group, date_of(self.group, "service_date")
        return f"{group.site_id}/{on}/{group.session_id}/{self.client_id}"

    @cached_property
    def registration(self) -> str:
        """By which what was said of that client at their registration is put right."""
        asked = chart.ReadPersonRequest(client_id=self.client_id)
        return str(self.ask(Role.FRONT_DESK, asked).statement_id)

    @cached_property
    def safety_task(self) -> str:
        """One, as addresses have it: client and task."""
        tasks = self.ask(Role.CLINICIAN, intake.ListSafetyTasksRequest(page_size=1)).tasks
        return f"{tasks[0].client_id}/{tasks[0].task_id}"

    @cached_property
    def plan(self) -> tuple[str, str, str]:
        """One that is to be reviewed: its client, itself, its episode."""
        on = to_date(datetime.now(UTC).date())
        due = self.ask(Role.CLINICIAN, courses.ListDueRequest(on=on)).items
        plan = next(item for item in due if item.kind == DueKind.REVIEW_PLAN)
        asked = courses.ReadCourseRequest(client_id=plan.client_id)
        episodes = self.ask(Role.CLINICIAN, asked).episodes
        of = next(each.episode_id for each in episodes if each.plan_id == plan.about_id)
        return plan.client_id, plan.about_id, of

    @property
    def day(self) -> str:
        """The day and the site of that group, as addresses have it."""
        on = self.group.service_date
        written = f"{on.year}-{on.month:02d}-{on.day:02d}"
        return urlencode({"site": self.group.site_id, "on": written})


@contextmanager
def told_by(system: LocalSystem) -> Iterator[PlayedStory]:
    """Asked of a running system."""
    services = Services(system.addresses, system.people_dir, identity=system.identity)
    try:
        yield PlayedStory(services)
    finally:
        services.close()
