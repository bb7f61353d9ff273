"""Cancelling a group: looked at with what it comes to for each on its roster, then recorded; and
taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_timestamp
from ninehours.console.forms.consequences import Consequences, foreseen_of_each
from ninehours.console.pages.today.acts import Unclear, meta_of, say, says_of, undoing
from ninehours.console.pages.today.page import Day, Refused, day_named, group_named, screen_of
from ninehours.console.pages.today.roster import THERE, Cancelling, Group, RosterLine, moment_of
from ninehours.console.pages.today.times import NoTime, on_the_wall, typed_time
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit

CHANGE, RECORD = "change", "record"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What cancelling would come to. `consequences`: of each client of whom anything changes that
    is billed; None: it can't be said now."""

    consequences: Mapping[str, Consequences] | None


def ask_before_cancelling(visit: Visit) -> Screen:
    """Who is on its roster, and what becomes of them."""
    day, _ = day_named(visit, visit.query)
    group, session = group_named(visit, day, visit.query.get("session", ""))
    return _screen(visit, day, group, session)


def cancel(visit: Visit) -> GoTo | Screen:
    """What was pressed. Only what was looked at is recorded: of a roster that is another by then
    the page is shown anew."""
    day, _ = day_named(visit, visit.form)
    group, session = group_named(visit, day, visit.form.get("session", ""))
    if group.ended is not None:  # sent twice, or by two desks
        return GoTo(day.address())
    refused, step = None, visit.form.get("step")
    if step == CHANGE:
        return _screen(visit, day, group, session)
    try:
        command = _command(visit, day, group, session)
        if step == RECORD:
            if visit.form.get("seen") == _seen(group):
                say(visit, command)
                return GoTo(day.address())
            refused = Refused(row="", says=words().cancelling.changed)
        command.meta.dry_run = True
        supposed = visit.ask(command).receipt
    except Unclear as why:
        return _screen(visit, day, group, session, refused=Refused(row="until", says=str(why)))
    except RemoteRefusal as refusal:
        of_time = "given_until" in refusal.details or refusal.reason == "STILL_TO_COME"
        at = "until" if of_time else ""
        return _screen(
            visit, day, group, session, refused=Refused(row=at, says=says_of(refusal, day))
        )
    looked = LookedAt(foreseen_of_each(visit, supposed))
    return _screen(visit, day, group, session, refused=refused, looked=looked)


def take_back(visit: Visit) -> GoTo | Screen:
    """It is held after all, where everybody is free still."""
    day, sites = day_named(visit, visit.form)
    try:
        say(visit, undoing(visit, meta_of(visit, "take_back")))
    except (RemoteRefusal, Unclear) as why:
        says = says_of(why, day) if isinstance(why, RemoteRefusal) else str(why)
        return screen_of(visit, day, sites, Refused(row=visit.form.get("session", ""), says=says))
    return GoTo(day.address())


def _command(
    visit: Visit, day: Day, group: Group, session: roster.RecordedSession
) -> attendance.CancelSessionRequest:
    command = attendance.CancelSessionRequest(
        meta=meta_of(visit, "cancel"), session_id=group.session_id
    )
    if group.cancelling is Cancelling.NOT_HELD:
        command.not_held = True
    elif group.cancelling is Cancelling.BROKEN_OFF:
        begins, ends = moment_of(session.starts_at), moment_of(session.ends_at)
        try:
            until = typed_time(_until(visit, day, ends), day.on, begins, ends, day.zone)
        except NoTime:
            raise Unclear(words().today.no_time) from None
        command.given_until.CopyFrom(to_timestamp(until))
    return command


def _screen(
    visit: Visit,
    day: Day,
    group: Group,
    session: roster.RecordedSession,
    *,
    refused: Refused | None = None,
    looked: LookedAt | None = None,
) -> Screen:
    shown = {
        "day": day,
        "group": group,
        "fates": {row.key: _fate(row, group) for row in group.rows},
        "until": _until(visit, day, moment_of(session.ends_at)),
        "seen": _seen(group),
        "command_id": visit.form.get("command_id", ""),
        "looked": looked,
        "refused": refused,
    }
    status = HTTPStatus.OK if refused is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("cancelling.html", shown, status)


def _until(visit: Visit, day: Day, ends: datetime) -> str:
    """As it was typed; else now, or the end that was planned."""
    return visit.form.get("until", "").strip() or on_the_wall(
        min(datetime.now(UTC), ends), day.zone
    )


def _fate(row: RosterLine, group: Group) -> str:
    """What becomes of somebody, by the name of its words."""
    if row.state not in THERE:
        return "misses_nothing"
    if group.cancelling is Cancelling.AHEAD:
        return "came_already"
    return "leaves" if row.state == "here" else "attended"


def _seen(group: Group) -> str:
    """Another one once anything of the group is."""
    told = [group.version, *(f"{row.key} {row.version}" for row in group.rows)]
    return sha256("\n".join(told).encode()).hexdigest()
