"""A front desk with a whole network before it: sites, programs, staff, and requests made short."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import statements_service_pb2 as statements_service
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as statements
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.execute import CommandExecutor
from kernel.messaging.inbox import Inbox
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.public_facts import public_facts
from kernel.rpc.call import Call
from kernel.rpc.dry_run import answered
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.services import topic_of
from kernel.store.statements import text
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE, servicers
from services.attendance.adapters import schedule
from services.attendance.adapters.publication import publish
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS
from services.attendance.api.servicer import SERVICE as ATTENDANCE
from services.attendance.api.servicer import attendance_servicer
from services.attendance.app.ports import Schedule
from tests.harness.confirming import confirm_all
from tests.harness.plans.service import Log
from tests.harness.signing import signatures_of

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # nine in the morning in Chicago
THREE_HOURS = timedelta(hours=3)
LONG_BEFORE = date(2026, 1, 1)
ADDRESS = common.PostalAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234")


class FrontDesk:
    """Calls the servicers at `now`; ids of a site, a program and a clinician are at hand."""

    def __init__(self, store: Store, asked: Schedule | None = None) -> None:
        self.store = store
        self.servicers = dict(servicers(store, None))  # type: ignore[arg-type]
        if asked is not None:
            executor = CommandExecutor(store=store, publish=publish, view=schedule.keep)
            self.servicers[ATTENDANCE] = attendance_servicer(executor, asked)
        self.inbox = Inbox(store, SUBSCRIPTIONS, signatures_of())
        self.inbox.begin([topic_of(name) for name in SERVICE.hears])
        self.pending_work = PendingWork(store, SUBSCRIPTIONS, confirm=confirm_all)
        self.now = MONDAY - timedelta(days=1)
        self.sites = frozenset({"*"})
        self.site_id = self.program_id = self.staff_id = ""
        self.actor = "staff/1"  # until a clinician is credentialed
        self.log = Log()
        self._open: list[str] = []
        self._known: set[tuple[str, str]] = set()

    def open(self, time_zone: str = "America/Chicago") -> "FrontDesk":
        """Opens a site with a program; the next sessions are there. The first clinician stays."""
        site = pb.OpenSiteRequest(
            name="Lakeside", time_zone=time_zone, address=ADDRESS, npi="1234567893"
        )
        self.site_id = self.call(site).site_id
        self._open.append(self.site_id)
        program = pb.OpenProgramRequest(
            site_id=self.site_id, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
        )
        self.program_id = self.call(program).program_id
        if not self.staff_id:
            self.staff_id = self.clinician()
            self.actor = f"staff/{self.staff_id}"
        return self

    def clinician(self) -> str:
        staff = pb.CredentialStaffRequest(
            credential="LCSW",
            state="IL",
            npi="1234567893",
            effective_from=to_date(date(2026, 1, 1)),
        )
        return str(self.call(staff).staff_id)

    def register(self, *client_ids: str) -> None:
        """Intake tells of whom it didn't tell of before."""
        registered = {row.subject for row in self.rows("SELECT subject FROM heard_fact")}
        for client_id in sorted(client_ids):
            if f"client/{client_id}" not in registered:
                self.tell(intake.ClientRegistered(client_id=client_id))

    def admit(self, client_id: str, on: date = LONG_BEFORE, site_id: str = "") -> str:
        """Intake tells that somebody it registered was admitted to the site; gives the episode."""
        episode_id, site_id = str(uuid4()), site_id or self.site_id
        self._known.add((client_id, site_id))
        self.tell(
            intake.ClientAdmitted(
                client_id=client_id, episode_id=episode_id, site_id=site_id, admitted_on=to_date(on)
            )
        )
        return episode_id

    def tell(self, fact: Any) -> None:
        """Intake tells it; what follows of it here is done."""
        self.inbox.hear([self.log.tell(fact, service="intake")])
        self.pending_work.drain()

    def call(self, request: Any, command_id: str | None = None) -> Any:
        """About clients whom intake registered, and admitted at every site that is open here."""
        self.introduce(request)
        return self.ask(request, command_id)

    def introduce(self, request: Any) -> None:
        """Intake tells of the request's clients what wasn't told before; for one thread alone."""
        named = clients_in(request)
        self.register(*named)
        for client_id in sorted(named):
            for site_id in self._open:
                if (client_id, site_id) not in self._known:
                    self.admit(client_id, site_id=site_id)

    def ask(
        self,
        request: Any,
        command_id: str | None = None,
        roles: frozenset[str] = frozenset(),
        purpose: str = "TREATMENT",
    ) -> Any:
        """Who came or left is said then, or at `now`, where that is later."""
        if hasattr(request, "meta"):
            request.meta.command_id = command_id or str(uuid4())
        rpc = rpc_of(request)
        actor = Actor(id=self.actor, roles=roles, sites=self.sites, purpose=purpose)
        call = Call(
            actor=actor,
            now=max([self.now, *seen_in(request)]),
            deadline=lambda: None,
            correlation_id="c",
            traceparent="",
        )
        behaviour = getattr(self.servicers[rpc.containing_service], rpc.name)
        return answered(self.store, behaviour, request, call)

    def session(self, roster: Sequence[str], **changes: Any) -> str:
        return str(self.call(self.scheduling(roster, **changes)).session_id)

    def scheduling(
        self,
        roster: Sequence[str],
        starts_at: datetime = MONDAY,
        length: timedelta = THREE_HOURS,
        **changes: Any,
    ) -> pb.ScheduleSessionRequest:
        given = {
            "site_id": self.site_id,
            "program_id": self.program_id,
            "facilitator_id": self.staff_id,
            "service_kind": pb.SERVICE_KIND_GROUP,
            "modality": pb.MODALITY_IN_PERSON,
            "starts_at": at(starts_at),
            "ends_at": at(starts_at + length),
            "roster": roster,
            "no_limit": "capacity" not in changes,
        }
        return pb.ScheduleSessionRequest(**{**given, **changes})

    def template(self, *sessions: pb.TemplateSession) -> str:
        request = pb.DefineTemplateRequest(
            site_id=self.site_id, program_id=self.program_id, sessions=sessions
        )
        return str(self.call(request).template_id)

    def expansion(
        self, template_id: str, first: date, last: date, roster: Sequence[str], **changes: Any
    ) -> pb.ExpandTemplateRequest:
        given = {
            "template_id": template_id,
            "from": to_date(first),
            "to": to_date(last),
            "facilitator_id": self.staff_id,
            "roster": roster,
        }
        return pb.ExpandTemplateRequest(**{**given, **changes})

    def come(self, session_id: str, arrivals: Mapping[str, datetime]) -> None:
        self.call(pb.CheckInRosterRequest(session_id=session_id, arrivals=moments(arrivals)))

    def leave(self, session_id: str, departures: Mapping[str, datetime]) -> None:
        self.call(pb.CheckOutRosterRequest(session_id=session_id, departures=moments(departures)))

    def close(self, session_id: str) -> Any:
        return self.call(pb.CloseSessionRequest(session_id=session_id))

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        with self.store.transaction() as tx:
            return list(tx.connection.execute(text(statement), parameters).all())

    def published(self) -> list[tuple[str, int]]:
        """Each public fact's noun and sequence, in the order of publishing."""
        found = self.rows("SELECT type, sequence FROM published ORDER BY position")
        return [(row.type.rpartition(".")[2], row.sequence) for row in found]

    def held(self, starts_at: datetime, minutes: Mapping[str, int]) -> str:
        """A session to its signed notes: client → minutes there, 0: missed. Gives its id."""
        self.now = starts_at + THREE_HOURS
        session_id = self.session(sorted(minutes), starts_at=starts_at)
        came = {client_id: there for client_id, there in minutes.items() if there}
        for client_id, there in came.items():
            who: dict[str, Any] = {"session_id": session_id, "client_id": client_id}
            left = starts_at + timedelta(minutes=there)
            self.call(pb.CheckInRequest(**who, at=at(starts_at)))
            self.call(pb.CheckOutRequest(**who, at=at(left)))
        self.close(session_id)
        for client_id in came:
            who = {"session_id": session_id, "client_id": client_id}
            self.call(pb.SignNoteRequest(**who, text="Took part."))
        return session_id

    def correct(self, session_id: str, client_id: str, starts_at: datetime, minutes: int) -> None:
        """The client was there for so many minutes after all; 0: was not."""
        reason = pb.CORRECTION_REASON_WRONG_TIME if minutes else pb.CORRECTION_REASON_NOT_THERE
        there = interval(starts_at, starts_at + timedelta(minutes=minutes))
        self.call(
            pb.CorrectAttendanceRequest(
                session_id=session_id,
                client_id=client_id,
                intervals=[there] if minutes else [],
                reason=reason,
            )
        )

    def heard(self, client_id: str) -> list[Any]:
        """What was published about the client, in order."""
        found = self.rows(
            "SELECT type, body FROM published WHERE subject = :subject ORDER BY sequence",
            subject=f"client/{client_id}",
        )
        return [message_of(row.type, bytes(row.body)) for row in found]

    def standing(self, client_id: str) -> list[Any]:
        """What others read of the client: as it was put right."""
        kinds = [
            events.SessionScheduled,
            events.SessionAttended,
            events.SessionMissed,
            events.SessionCancelled,
            events.AttendanceCorrected,
        ]
        with self.store.transaction() as tx:
            facts = public_facts(tx.connection, kinds, subject=f"client/{client_id}")
        return [fact.message for fact in facts]

    def nouns(self, client_id: str) -> list[str]:
        return [fact.DESCRIPTOR.name for fact in self.heard(client_id)]

    def flags(self, client_id: str) -> set[str]:
        """Of the last attendance published."""
        attended = [fact for fact in self.heard(client_id) if "Attended" in fact.DESCRIPTOR.name]
        return {events.Flag.Name(flag).removeprefix("FLAG_") for flag in attended[-1].flags}


def message_of(kind: str, body: bytes) -> Any:
    """A public fact, of attendance's own or the one that amends."""
    noun = kind.rpartition(".")[2]
    return (getattr(events, noun, None) or getattr(statements, noun)).FromString(body)


def clients_in(request: Any) -> set[str]:
    """Whom a request to attendance names, as far as what it names are ids."""
    named = [*getattr(request, "roster", ()), getattr(request, "client_id", "")]
    named += getattr(request, "client_ids", ())
    for field in ("arrivals", "departures", "parts"):
        named += [entry.client_id for entry in getattr(request, field, ())]
    return {key for key in named if len(key) == len(str(UUID(int=0)))}


def clients(number: int) -> list[str]:
    return sorted(str(uuid4()) for _ in range(number))


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def minute(number: int, start: datetime = MONDAY) -> datetime:
    return start + timedelta(minutes=number)


def moments(given: Mapping[str, datetime]) -> list[pb.Moment]:
    return [pb.Moment(client_id=client_id, at=at(when)) for client_id, when in given.items()]


def seen_in(request: Any) -> list[datetime]:
    """When somebody came or left, of a request that says so."""
    said: list[Any] = []
    match request:
        case pb.CheckInRequest() | pb.CheckOutRequest():
            said = [request]
        case pb.CheckInRosterRequest():
            said = list(request.arrivals)
        case pb.CheckOutRosterRequest():
            said = list(request.departures)
        case statements_service.CorrectStatementRequest():
            recording = request.recording
            said = [
                each for each in (recording.arrival, recording.departure) if each.HasField("at")
            ]
    return [each.at.ToDatetime(tzinfo=UTC) for each in said if each.HasField("at")]


def interval(begin: datetime, end: datetime) -> pb.Interval:
    return pb.Interval(**{"from": at(begin), "to": at(end)})


def weekly(weekday: int, hour: float, minutes: int = 180, **changes: Any) -> pb.TemplateSession:
    given = {
        "weekday": weekday,
        "starts_minute": int(hour * 60),
        "minutes": minutes,
        "service_kind": pb.SERVICE_KIND_GROUP,
        "modality": pb.MODALITY_IN_PERSON,
        "no_limit": "capacity" not in changes,
    }
    return pb.TemplateSession(**{**given, **changes})
