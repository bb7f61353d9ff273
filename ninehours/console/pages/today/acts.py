"""What a desk says of somebody: came, left, didn't come, not so, is to come.

A form counts once, however often it is sent.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.attendance.v1 import statements_service_pb2 as statements
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_timestamp
from ninehours.console.pages.today.finding import screen_of_found
from ninehours.console.pages.today.page import (
    Day,
    Refused,
    day_named,
    screen_of,
    sessions_of,
)
from ninehours.console.pages.today.roster import StatedTime, moment_of
from ninehours.console.pages.today.times import NoTime, on_the_wall, typed_time
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

ABSENCES = {
    "no_show": attendance.ABSENCE_NO_SHOW,
    "excused": attendance.ABSENCE_EXCUSED,
    "called_off": attendance.ABSENCE_BY_CLIENT,
    "called_off_here": attendance.ABSENCE_BY_PROGRAM,
}
EXPECT = "expect"  # a place on the roster
CLIENTS_OWN = ("session_id", "client_id")


class Unclear(Exception):
    """What was typed can't be said of the row; the text is for who typed it."""


def record(visit: Visit) -> GoTo | Screen:
    """Say it to attendance; what is refused stands at its row, with what was typed."""
    day, sites = day_named(visit, visit.form)
    row = f"{visit.form.get('session_id', '')}.{visit.form.get('client_id', '')}"
    typed = visit.form.get("time", "").strip()
    try:
        say(visit, _command(visit, day, typed))
    except (RemoteRefusal, Unclear) as why:
        says = says_of(why, day) if isinstance(why, RemoteRefusal) else str(why)
        refused = Refused(row=row, says=says, typed=typed)
        if "sought" in visit.form:  # of whom somebody found, and who has no row yet
            named = {site.site_id: site.name for site in sites}
            return screen_of_found(visit, day, named, refused)
        return screen_of(visit, day, sites, refused)
    if visit.form.get("act") == EXPECT:
        return GoTo(day.address(at=row))
    return GoTo(day.address(after=row))


def say(visit: Visit, command: Message) -> None:
    """Once: a form that is sent again says a later *now*, and was taken before."""
    try:
        visit.ask(command)
    except RemoteRefusal as refusal:
        if refusal.reason != "COMMAND_ID_REUSED":
            raise


def says_of(refusal: RemoteRefusal, day: Day) -> str:
    """In words for a desk, with what to do; the service's own where there are none."""
    told = words().today.refusals
    if refusal.reason == "STILL_TO_COME":
        at, now = (datetime.fromisoformat(refusal.details[each]) for each in ("at", "now"))
        return str(told.STILL_TO_COME).format(
            at=on_the_wall(at, day.zone), now=on_the_wall(now, day.zone)
        )
    if refusal.reason in told:
        return str(told[refusal.reason])
    detail = refusal.details.get("at") or refusal.details.get("given_until", "")
    return f"{words().today.time}: {detail}" if detail else refusal.message


def meta_of(visit: Visit, *act: str) -> common.CommandMeta:
    """Of the form's own id and what is said by it: pressed twice it is said once, and another
    button of the same form says another thing."""
    try:
        form = UUID(visit.form.get("command_id", ""))
    except ValueError:
        raise NoSuchPage from None
    return common.CommandMeta(command_id=str(uuid5(form, ".".join(act))))


def _command(visit: Visit, day: Day, typed: str) -> Message:
    form = visit.form
    about: Any = {name: form.get(name, "") for name in CLIENTS_OWN}
    act = form.get("act") or "in"
    meta = meta_of(visit, act)
    if act in ABSENCES:
        return attendance.RecordAbsenceRequest(meta=meta, absence=ABSENCES[act], **about)
    if act == EXPECT:
        return attendance.AddToRosterRequest(meta=meta, **about)
    if act == "undo":
        return undoing(visit, meta)
    if act not in ("in", "out"):
        raise NoSuchPage
    at = _moment(visit, day, typed)
    said = StatedTime.of_told(form.get("arrival" if act == "in" else "departure", ""))
    if said is not None:
        if not typed:
            raise Unclear(words().today.time_first)
        return _otherwise(meta, said, act, at, about)
    make: Callable[..., Any] = (
        attendance.CheckInRequest if act == "in" else attendance.CheckOutRequest
    )
    return make(meta=meta, at=at, **about)  # type: ignore[no-any-return]


def undoing(visit: Visit, meta: common.CommandMeta) -> Message:
    """What takes back the statement that the form names; Unclear where it names none."""
    said = StatedTime.of_told(visit.form.get("undo", ""))
    if said is None:
        raise Unclear(words().today.nothing_to_undo)
    return statements.VoidStatementRequest(
        meta=meta, statement=_revision(said), correction=_correction()
    )


def _otherwise(
    meta: common.CommandMeta, said: StatedTime, act: str, at: Timestamp, about: Any
) -> Message:
    """The time that stands there was another one."""
    recording = (
        statements.Recording(arrival=attendance.CheckInRequest(at=at, **about))
        if act == "in"
        else statements.Recording(departure=attendance.CheckOutRequest(at=at, **about))
    )
    return statements.CorrectStatementRequest(
        meta=meta, statement=_revision(said), correction=_correction(), recording=recording
    )


def _moment(visit: Visit, day: Day, typed: str) -> Timestamp:
    if not typed:
        return to_timestamp(datetime.now(UTC).replace(microsecond=0))
    session = session_named(visit, day)
    begins, ends = moment_of(session.starts_at), moment_of(session.ends_at)
    try:
        return to_timestamp(typed_time(typed, day.on, begins, ends, day.zone))
    except NoTime:
        raise Unclear(words().today.no_time) from None


def session_named(visit: Visit, day: Day) -> roster.RecordedSession:
    """The one that the form is about; NoSuchPage where there is none of that day."""
    wanted = visit.form.get("session_id", "")
    found = [each for each in sessions_of(visit, day) if each.session_id == wanted]
    if not found:
        raise NoSuchPage
    return found[0]


def _revision(said: StatedTime) -> statements_pb2.StatementRevision:
    return statements_pb2.StatementRevision(statement_id=said.statement_id, revision=said.revision)


def _correction() -> statements_pb2.Correction:
    return statements_pb2.Correction(
        reason=statements_pb2.CORRECTION_REASON_MISTYPED, remark=words().today.remark
    )
