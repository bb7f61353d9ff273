"""RosterService: what attendance was told of sessions and who was there, of sites and of staff."""

from datetime import date, timedelta

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as pb

from kernel.credentials import sees_clinical
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import date_of, reading, timestamp_of
from kernel.store.store import Store
from services.attendance.adapters import roster, told
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.site import Program
from services.attendance.domain.template import TemplateSession

SERVICE = pb.DESCRIPTOR.services_by_name["RosterService"]
LONGEST = timedelta(days=366)
FACT = ("fact",)
PART2, HIPAA_ALONE = "PART2", "HIPAA_ALONE"


def governed_by(program: Program) -> str:
    """As it is said of one that is opened."""
    return PART2 if program.under_part2 else HIPAA_ALONE


to_interval = writer(attendance.Interval, Interval, from_=named("came"), to=named("left"))
to_break = writer(attendance.Interval, Span, from_=named("starts_at"), to=named("ends_at"))
to_presence = writer(
    pb.RecordedPresence,
    told.ToldPresence,
    arrivals=writer(pb.RecordedMoment, told.ToldArrival, at=named("fact.came")),
    departures=writer(pb.RecordedMoment, told.ToldDeparture, at=named("fact.left")),
    corrections=writer(
        pb.RecordedCorrection, told.ToldCorrection, through=FACT, intervals=to_interval
    ),
    note=writer(
        pb.RecordedNote,
        told.ToldNote,
        through=(*FACT, "words"),
        group_text=named("group.text"),
        addenda=writer(pb.RecordedAddendum, told.ToldAddendum, through=(*FACT, "words")),
    ),
    absence=writer(pb.RecordedAbsence, told.ToldAbsence, absence=named("absence")),
    attestation=writer(
        pb.RecordedAttestation,
        told.ToldAttestation,
        through=(*FACT, "words"),
        statement=named("words.text"),
    ),
)
to_session = writer(
    pb.RecordedSession,
    told.ToldSession,
    through=FACT,
    breaks=to_break,
    cancelled=writer(pb.SessionCancellation, told.ToldCancellation, through=FACT),
    broken_off=writer(pb.SessionBrokenOff, told.ToldBreakOff, through=FACT),
    closing=writer(pb.SessionClosing, told.ToldClosing, through=FACT),
    corrections=writer(
        pb.SessionCorrected,
        told.ToldSessionCorrected,
        through=(*FACT, "words"),
        program_id=named("fact.program.program_id"),
        breaks=to_break,
        remark=named("words.text"),
    ),
    roster_changes=writer(pb.RosterChange, told.ToldRosterChange, through=FACT),
    presences=to_presence,
)
to_template_session = writer(
    attendance.TemplateSession,
    TemplateSession,
    no_limit=lambda session: session.service_kind == told.GROUP and not session.capacity,
)
to_site = writer(
    pb.ReadSiteResponse,
    told.ToldSite,
    through=FACT,
    programs=writer(
        pb.RecordedProgram,
        told.ToldProgram,
        through=("fact.program",),
        governed_by=lambda found: governed_by(found.fact.program),
    ),
    grace=writer(pb.RecordedGrace, told.ToldGrace),
    holidays=writer(pb.RecordedHoliday, told.ToldHoliday, date=named("fact.on")),
    templates=writer(
        pb.RecordedTemplate, told.ToldTemplate, through=FACT, sessions=to_template_session
    ),
)
to_staff = writer(
    pb.StaffMember,
    told.ToldStaff,
    credentials=writer(
        pb.RecordedCredential,
        told.ToldCredential,
        through=FACT,
        ends=writer(pb.RecordedCredentialEnd, told.ToldCredentialEnd, through=FACT),
    ),
)


class RosterServicer:
    """Answers RosterService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadRoster(self, request: pb.ReadRosterRequest, call: Call) -> pb.ReadRosterResponse:
        with reading(request) as read:
            site_id = str(read.uuid("site_id"))
            on = read.date("on")
            until = read.optional(timestamp_of, "as_of")
        notes = sees_clinical(call.actor.roles)
        with self._store.transaction() as tx:
            sessions = roster.of_day(tx, site_id, on, until=until, notes=notes)
        return pb.ReadRosterResponse(sessions=map(to_session, sessions), notes_withheld=not notes)

    def ReadAttendance(
        self, request: pb.ReadAttendanceRequest, call: Call
    ) -> pb.ReadAttendanceResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            first, last = read.date("from"), read.value(_last, "to", date.min)
            until = read.optional(timestamp_of, "as_of")
        notes = sees_clinical(call.actor.roles)
        with self._store.transaction() as tx:
            sessions = roster.of_client(
                tx, client_id, first, last, sites=call.actor.sites, until=until, notes=notes
            )
        return pb.ReadAttendanceResponse(
            sessions=map(to_session, sessions), notes_withheld=not notes
        )

    def ReadSite(self, request: pb.ReadSiteRequest, _: Call) -> pb.ReadSiteResponse:
        with reading(request) as read:
            site_id = str(read.uuid("site_id"))
        with self._store.transaction() as tx:
            return to_site(roster.site(tx, site_id))

    def ListStaff(self, request: pb.ListStaffRequest, _: Call) -> pb.ListStaffResponse:
        with reading(request) as read:
            read.uuid("site_id")
        with self._store.transaction() as tx:
            return pb.ListStaffResponse(staff=map(to_staff, roster.staff(tx)))


def _last(request: pb.ReadAttendanceRequest, field: str) -> date:
    """A day that isn't before the first one, nor more than a year after."""
    first, last = date_of(request, "from"), date_of(request, field)
    if not timedelta() <= last - first < LONGEST:
        raise Malformed(**{field: f"is before from, or makes more than {LONGEST.days} days"})
    return last
