"""Attendance as its api process runs it, and a front desk that calls it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import text

from kernel.messaging.inbox import Inbox
from kernel.messaging.record import Record
from kernel.process import topic_of
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE, servicers
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.plans.service import Log

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
THREE_HOURS = timedelta(hours=3)


class Desk:
    """The servicer, its store, and a front desk that calls it at `now`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.servicers = servicers(store, None)  # type: ignore[arg-type]
        self.inbox = Inbox(store, SUBSCRIPTIONS)
        self.inbox.begin([topic_of(name) for name in SERVICE.hears])
        self.log = Log()
        self.registered: set[str] = set()
        self.admitted: set[tuple[str, str]] = set()
        self.now = MONDAY
        self.actor = "staff/1"  # until a clinician is credentialed

    def hear(self, records: Sequence[Record]) -> None:
        self.inbox.hear(records)

    def call(self, rpc: str, request: Any, command_id: str | None = None) -> Any:
        for client_id in sorted(clients_in(request) - self.registered):
            self.registered.add(client_id)
            self.hear([self.log.tell(intake.ClientRegistered(client_id=client_id))])
        if site_id := getattr(request, "site_id", ""):
            wanted = {(client_id, site_id) for client_id in clients_in(request)}
            for each in sorted(wanted - self.admitted):
                self._admit(*each)
        if hasattr(request, "meta"):
            request.meta.command_id = command_id or str(uuid4())
        actor = Actor(id=self.actor, roles=frozenset(), sites=frozenset({"*"}), purpose="TREATMENT")
        call = Call(
            actor=actor, now=self.now, deadline=lambda: None, correlation_id="c", traceparent=""
        )
        return getattr(self.servicers[rpc_of(request).containing_service], rpc)(request, call)

    def _admit(self, client_id: str, site_id: str) -> None:
        """Intake tells that the client was admitted there."""
        self.admitted.add((client_id, site_id))
        admission = intake.ClientAdmitted(
            client_id=client_id,
            episode_id=str(uuid4()),
            site_id=site_id,
            admitted_on=common.Date(year=2026, month=1, day=1),
        )
        self.hear([self.log.tell(admission)])

    def published(self) -> list[tuple[str, int]]:
        with self.store.transaction() as tx:
            rows = tx.connection.execute(
                text("SELECT type, sequence FROM published ORDER BY position")
            )
            return [(row.type.rpartition(".")[2], row.sequence) for row in rows]


def clients_in(request: Any) -> set[str]:
    """Whom a request to attendance names, as far as what it names are ids."""
    named = [*getattr(request, "roster", ()), getattr(request, "client_id", "")]
    for field in ("arrivals", "departures", "parts"):
        named += [each.client_id for each in getattr(request, field, ())]
    return {each for each in named if len(each) == len(str(UUID(int=0)))}


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def open_everything(desk: Desk) -> tuple[str, str, str]:
    """A site, its program under Part 2, and a clinician."""
    site = desk.call(
        "OpenSite",
        pb.OpenSiteRequest(
            name="Lakeside",
            time_zone="America/Chicago",
            address=common.PostalAddress(
                line="1 Lake St", city="Chicago", state="IL", zip="606011234"
            ),
            npi="1234567893",
        ),
    )
    program = desk.call(
        "OpenProgram",
        pb.OpenProgramRequest(
            site_id=site.site_id, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
        ),
    )
    staff = desk.call(
        "CredentialStaff",
        pb.CredentialStaffRequest(
            credential="LCSW",
            state="IL",
            npi="1234567893",
            effective_from=common.Date(year=2026, month=1, day=1),
        ),
    )
    desk.actor = f"staff/{staff.staff_id}"
    return site.site_id, program.program_id, staff.staff_id


def session(desk: Desk, ids: tuple[str, str, str], clients: list[str], **changes: Any) -> Any:
    """Three hours of group on Monday, unless changed."""
    request = pb.ScheduleSessionRequest(
        site_id=ids[0],
        program_id=ids[1],
        facilitator_id=ids[2],
        service_kind=pb.SERVICE_KIND_GROUP,
        modality=pb.MODALITY_IN_PERSON,
        starts_at=at(MONDAY),
        ends_at=at(MONDAY + THREE_HOURS),
        no_limit=True,
        roster=clients,
    )
    for name, value in changes.items():
        getattr(request, name).CopyFrom(value)
    return desk.call("ScheduleSession", request)


def hold(
    desk: Desk, ids: tuple[str, str, str], starts_at: datetime, minutes: Mapping[str, int]
) -> str:
    """A session from beginning to signed notes: client → minutes there, 0: missed. Gives its id."""
    ends_at = starts_at + THREE_HOURS
    desk.now = ends_at
    scheduled = session(desk, ids, sorted(minutes), starts_at=at(starts_at), ends_at=at(ends_at))
    for client_id, there in minutes.items():
        who = {"session_id": scheduled.session_id, "client_id": client_id}
        if there:
            left = starts_at + timedelta(minutes=there)
            desk.call("CheckIn", pb.CheckInRequest(**who, at=at(starts_at)))
            desk.call("CheckOut", pb.CheckOutRequest(**who, at=at(left)))
    desk.call("CloseSession", pb.CloseSessionRequest(session_id=scheduled.session_id))
    for client_id, there in minutes.items():
        if there:
            note = {"session_id": scheduled.session_id, "client_id": client_id}
            desk.call("SignNote", pb.SignNoteRequest(**note, text="Took part."))
    return str(scheduled.session_id)


def correct(desk: Desk, session_id: str, client_id: str, starts_at: datetime, minutes: int) -> None:
    """The client was there for so many minutes after all; 0: was not."""
    interval = pb.Interval(to=at(starts_at + timedelta(minutes=minutes)))
    getattr(interval, "from").CopyFrom(at(starts_at))
    desk.call(
        "CorrectAttendance",
        pb.CorrectAttendanceRequest(
            session_id=session_id,
            client_id=client_id,
            intervals=[interval] if minutes else [],
            reason=pb.CORRECTION_REASON_WRONG_TIME if minutes else pb.CORRECTION_REASON_NOT_THERE,
        ),
    )
