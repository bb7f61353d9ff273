"""What attendance was told is put right, under the locks of the command that records it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel import putting_right
from kernel.decider import Decider
from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.refusal import Malformed
from kernel.statements import PutRight
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide
from services.attendance.app.rosters import with_text
from services.attendance.app.scheduling import booked, breaking_off, program_of, refuse_busy
from services.attendance.app.streams import (
    client_subject,
    encounter_of,
    presences_of,
    require_signer,
    session_stream,
    site_stream,
)
from services.attendance.app.use_cases import closing
from services.attendance.domain.absence import CalledOff, ClientAbsent, RecordAbsence
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import Span
from services.attendance.domain.note import AddAddendum, AddendumAdded
from services.attendance.domain.presence import (
    PRESENCE,
    CheckedIn,
    CheckedOut,
    CheckIn,
    CheckOut,
    require_in_order,
)
from services.attendance.domain.session import (
    SESSION,
    CancelSession,
    ClosedOtherwise,
    CloseSession,
    Session,
    SessionBrokenOff,
    SessionCancelled,
    SessionClosed,
)
from services.attendance.domain.site import (
    SITE,
    GraceSet,
    ProgramInUse,
    ProgramOpened,
    SiteClosedForDay,
    SiteInUse,
    SiteOpened,
)
from services.attendance.domain.staff import STAFF, CredentialEnded, StaffCredentialed
from services.attendance.domain.template import TEMPLATE, DefineTemplate, TemplateDefined


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidInstead:
    """What is said instead, and what is said now, of which statement; under its locks."""

    attendance: AttendanceWriteSide
    tx: Transaction
    asked: Any
    first: Recorded
    now: Any
    others: Sequence[Recorded]
    context: Context

    @property
    def session(self) -> Session:
        """Of what is said of a session, or at one."""
        return SESSION.after(self.tx.load(session_stream(self.now.session_id)))

    @property
    def encounter(self) -> Encounter:
        """Of what is said of a client at a session."""
        return encounter_of(self.session, self.now.session_id, self.now.client_id)


Follow = Callable[[AttendanceWriteSide, Transaction, Any, Sequence[Recorded]], None]
"""Refuses what can't stand in its stream, as that is then."""


def as_asked(telling: SaidInstead) -> Any:
    """For commands that need nothing beside what is said."""
    return telling.asked


def nothing_against(
    _: AttendanceWriteSide, __: Transaction, ___: Any, ____: Sequence[Recorded]
) -> None:
    """For statements that nothing else hangs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of statement: who decides what may be said, and of what.

    `kept`: what no revision changes: what it is about, or (`made`) the id that was made with it.
    `before`: whether only what was said before it counts, as of comings and goings.
    """

    decider: Decider[Any, Any, Any]
    command: Callable[[SaidInstead], Any] = as_asked
    kept: Sequence[str] = ()
    made: Sequence[str] = ()
    before: bool = False
    follow: Follow = nothing_against


def _program(telling: SaidInstead) -> Any:
    return replace(telling.asked, program_id=telling.now.program.program_id)


def _template(telling: SaidInstead) -> DefineTemplate:
    asked: DefineTemplate = telling.asked
    site = SITE.after(telling.tx.load(site_stream(asked.site_id)))
    program_of(site, asked.site_id, asked.program_id)
    return asked


def _credential(telling: SaidInstead) -> Any:
    return replace(telling.asked, again=False)  # it is this person's, whoever else holds one


def _arrival(telling: SaidInstead) -> CheckIn:
    return CheckIn(encounter=telling.encounter, came=telling.asked.came, now=telling.context.now)


def _departure(telling: SaidInstead) -> CheckOut:
    return CheckOut(encounter=telling.encounter, left=telling.asked.left, now=telling.context.now)


def _absence(telling: SaidInstead) -> RecordAbsence:
    encounter, asked = telling.encounter, telling.asked
    return RecordAbsence(encounter=encounter, absence=asked.absence, now=telling.context.now)


def _cancellation(telling: SaidInstead) -> CancelSession:
    """As of when it was cancelled; who was there is as it stands."""
    attendance, tx = telling.attendance, telling.tx
    asked: CancelSession = replace(telling.asked, now=telling.first.at)
    session = SESSION.after(telling.others)
    if asked.given_until is not None:
        return breaking_off(attendance, tx, asked, session)
    clients = attendance.schedule.attendees(tx, asked.session_id)
    return replace(asked, presences=presences_of(tx, asked.session_id, clients))


def _closing(telling: SaidInstead) -> CloseSession:
    """As things stand: what it says, it says of who was there and is on the roster.

    Refuses (CLOSED_OTHERWISE) one that would say of somebody what it didn't: after it was taken
    back, the session is closed anew.
    """
    attendance, tx = telling.attendance, telling.tx
    asked: CloseSession = replace(telling.asked, now=telling.first.at)
    command = closing(attendance, tx, asked, SESSION.after(telling.others))
    said = {each.client_id: each.attended for each in telling.now.attendances}
    for client_id, presence in command.presences.items():
        if said.get(client_id) is not bool(presence.intervals):
            raise ClosedOtherwise(asked.session_id)
    return command


def _addendum(telling: SaidInstead) -> AddAddendum:
    attendance, context, encounter = telling.attendance, telling.context, telling.encounter
    if telling.asked.client_ids != (telling.now.client_id,):
        raise Malformed(client_ids="must name the client of the addendum alone")
    require_signer(telling.tx, attendance.schedule, context, encounter.site_id)
    return AddAddendum(encounter=encounter, added_by=context.actor, added_at=context.now)


def _while_open(
    _: AttendanceWriteSide, tx: Transaction, now: Any, then: Sequence[Recorded]
) -> None:
    """After closing it is CorrectAttendance that says what was; and nobody leaves before coming."""
    session = SESSION.after(tx.load(session_stream(now.session_id)))
    encounter = encounter_of(session, now.session_id, now.client_id)
    encounter.require_open()
    require_in_order(PRESENCE.after(then))


def _if_free(
    attendance: AttendanceWriteSide, tx: Transaction, now: Any, then: Sequence[Recorded]
) -> None:
    """A session that stands again needs its people, as one that is scheduled."""
    session = SESSION.after(then)
    scheduled = session.scheduled
    if scheduled is None or session.cancelled or isinstance(now, SessionBrokenOff):
        return
    tx.lock(booked(scheduled.facilitator_id, scheduled.roster))
    span = Span(starts_at=scheduled.starts_at, ends_at=scheduled.ends_at)
    refuse_busy(tx, attendance.schedule, scheduled.facilitator_id, scheduled.roster, [span])


def _site_not_in_use(
    attendance: AttendanceWriteSide, tx: Transaction, now: Any, then: Sequence[Recorded]
) -> None:
    site = SITE.after(then)
    if site.time_zone is not None:
        return
    if site.programs or attendance.schedule.is_registered_at(tx, now.site_id):
        raise SiteInUse(now.site_id)


def _program_not_in_use(
    attendance: AttendanceWriteSide, tx: Transaction, now: Any, then: Sequence[Recorded]
) -> None:
    program_id = now.program.program_id
    if program_id in SITE.after(then).programs:
        return
    if attendance.schedule.is_program_in_use(tx, program_id):
        raise ProgramInUse(program_id)


AT_SESSION = ("session_id", "client_id")
KINDS: Mapping[type, Kind] = {
    CheckedIn: Kind(
        decider=PRESENCE, command=_arrival, kept=AT_SESSION, before=True, follow=_while_open
    ),
    CheckedOut: Kind(
        decider=PRESENCE, command=_departure, kept=AT_SESSION, before=True, follow=_while_open
    ),
    ClientAbsent: Kind(decider=PRESENCE, command=_absence, kept=AT_SESSION),
    CalledOff: Kind(decider=PRESENCE, command=_absence, kept=AT_SESSION),
    AddendumAdded: Kind(decider=PRESENCE, command=_addendum, kept=("session_id",)),
    SessionCancelled: Kind(
        decider=SESSION, command=_cancellation, kept=("session_id",), follow=_if_free
    ),
    SessionBrokenOff: Kind(decider=SESSION, command=_cancellation, kept=("session_id",)),
    SessionClosed: Kind(decider=SESSION, command=_closing, kept=("session_id",)),
    SiteOpened: Kind(decider=SITE, made=("site_id",), follow=_site_not_in_use),
    ProgramOpened: Kind(
        decider=SITE, command=_program, kept=("site_id",), follow=_program_not_in_use
    ),
    SiteClosedForDay: Kind(decider=SITE, kept=("site_id",)),
    GraceSet: Kind(decider=SITE, kept=("site_id",)),
    TemplateDefined: Kind(
        decider=TEMPLATE, command=_template, kept=("site_id",), made=("template_id",)
    ),
    StaffCredentialed: Kind(decider=STAFF, command=_credential, kept=("staff_id",)),
    CredentialEnded: Kind(decider=STAFF, kept=("staff_id",)),
}
"""What can be put right."""


def first_said(tx: Transaction, statement: UUID) -> Recorded:
    """Of a statement that can be put right; refuses every other (Unknown)."""
    return putting_right.first_said(tx, statement, KINDS)


def put_right(attendance: AttendanceWriteSide, asked: PutRight, context: Context) -> Outcome:
    """Says a statement otherwise, or takes it back.

    Refuses what the command refuses that records it, among all that stands beside; a statement that
    nobody made here (Unknown), about another thing or of another kind, and one that was put right
    since (STATEMENT_CHANGED).
    """
    with attendance.executor.store.transaction() as tx:  # where it was said first never changes
        first = first_said(tx, asked.amendment.statement)
    kind = KINDS[type(first.fact)]

    def said_anew(tx: Transaction, others: Sequence[Recorded], now: Any) -> Iterable[Any]:
        said: Any = asked.said
        for name in kind.kept:
            if hasattr(said, name) and getattr(said, name) != getattr(now, name):
                another = "is another one: take this back, and say it of the other"
                raise Malformed(**{name: another})
        said = replace(said, **{name: getattr(now, name) for name in kind.made})
        if kind.before:
            others = [other for other in others if other.version < first.version]
        telling = SaidInstead(
            attendance=attendance,
            tx=tx,
            asked=said,
            first=first,
            now=now,
            others=others,
            context=context,
        )
        for fact in kind.decider.decide(kind.command(telling), kind.decider.after(others)):
            yield with_text(tx, fact, said.text) if isinstance(fact, AddendumAdded) else fact

    def follow(tx: Transaction, then: Sequence[Recorded]) -> Mapping[str, Sequence[Any]]:
        kind.follow(attendance, tx, first.fact, then)
        return {}

    return putting_right.put_right(
        attendance.executor,
        asked,
        context,
        stream=first.stream,
        owner=owner_of(first),
        locks=[session_stream(first.fact.session_id)] if hasattr(first.fact, "session_id") else [],
        said_anew=said_anew,
        follow=follow,
    )


def owner_of(first: Recorded) -> str:
    """Under whose key the remark is sealed: the client's, or that of what the statement is of."""
    client_id = getattr(first.fact, "client_id", "")
    return client_subject(client_id) if client_id else first.stream
