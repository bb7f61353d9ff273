"""Closing a group: who has no check-out is asked about first, one by one."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_timestamp
from ninehours.console.pages.today.acts import ABSENCES, Unclear, meta_of, say, says_of
from ninehours.console.pages.today.page import Day, Refused, day_named, group_named
from ninehours.console.pages.today.roster import Group, RosterLine, State, moment_of
from ninehours.console.pages.today.times import NoTime, on_the_wall, typed_time
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit

CHECK = "check"
MINUTE = timedelta(minutes=1)


def ask_before_closing(visit: Visit) -> Screen:
    """Who is here still, and since when; who was expected, and of whom nothing is said."""
    day, _ = day_named(visit, visit.query)
    group, session = group_named(visit, day, visit.query.get("session", ""))
    return _screen(visit, day, group, moment_of(session.ends_at))


def close(visit: Visit) -> GoTo | Screen:
    """Say when each left, why others didn't come, and close it; what was said before a refusal
    stands. Enter in a field says nothing: it shows what was typed, and leads to the button."""
    day, _ = day_named(visit, visit.form)
    group, session = group_named(visit, day, visit.form.get("session", ""))
    ends = moment_of(session.ends_at)
    key, is_checked_only = "", visit.form.get("step") == CHECK
    try:
        for row in group.rows:
            key = row.key
            command = _said_of(visit, day, row, session)
            if command is not None and not is_checked_only:
                say(visit, command)
        if is_checked_only:
            return _screen(visit, day, group, ends)
        key = ""
        meta = meta_of(visit, "close")
        say(visit, attendance.CloseSessionRequest(meta=meta, session_id=group.session_id))
    except (RemoteRefusal, Unclear) as why:
        says = says_of(why, day) if isinstance(why, RemoteRefusal) else str(why)
        group, _ = group_named(visit, day, group.session_id)
        return _screen(visit, day, group, ends, Refused(row=key, says=says))
    return GoTo(day.address())


def _said_of(
    visit: Visit, day: Day, row: RosterLine, session: roster.RecordedSession
) -> Message | None:
    """What the form says of the row beyond what is known; None: nothing."""
    about = {"session_id": row.session_id, "client_id": row.client_id}
    if row.state is State.HERE:
        begins, ends = moment_of(session.starts_at), moment_of(session.ends_at)
        try:
            left = typed_time(visit.form.get(_left(row), ""), day.on, begins, ends, day.zone)
        except NoTime:
            raise Unclear(words().today.no_time) from None
        came = _came_last(session, row.client_id)
        if left < came < left + MINUTE:  # what is typed tells no seconds
            left = came
        meta = meta_of(visit, "out", row.client_id)
        return attendance.CheckOutRequest(meta=meta, at=to_timestamp(left), **about)
    why = visit.form.get(_absent(row), "")
    if row.state is State.EXPECTED and why in ABSENCES:
        meta = meta_of(visit, why, row.client_id)
        return attendance.RecordAbsenceRequest(meta=meta, absence=ABSENCES[why], **about)
    return None


def _came_last(session: roster.RecordedSession, client_id: str) -> datetime:
    return max(
        moment_of(arrival.at)
        for presence in session.presences
        if presence.client_id == client_id
        for arrival in presence.arrivals
    )


def _screen(
    visit: Visit, day: Day, group: Group, ends: datetime, refused: Refused | None = None
) -> Screen:
    now = datetime.now(UTC)
    asked = {State.HERE: _left, State.EXPECTED: _absent}
    shown = {
        "day": day,
        "group": group,
        "fields": {row.key: asked[row.state](row) for row in group.rows if row.state in asked},
        "typed": visit.form,
        "absences": list(ABSENCES),
        "left_at": on_the_wall(min(now, ends), day.zone),
        "ahead": on_the_wall(now, day.zone) if now < ends else "",
        "checked": visit.form.get("step") == CHECK and refused is None,
        "refused": refused,
    }
    status = HTTPStatus.OK if refused is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("closing.html", shown, status)


def _left(row: RosterLine) -> str:
    return f"left {row.client_id}"


def _absent(row: RosterLine) -> str:
    return f"absent {row.client_id}"
