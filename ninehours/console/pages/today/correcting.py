"""Who was at a group that is closed, and when: said otherwise of one client, once what would follow
was seen."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster

from ninehours.console.directories import clients_named
from ninehours.console.forms import versioned
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.person import is_uuid
from ninehours.console.pages.today.page import day_named, sessions_of
from ninehours.console.pages.today.roster import moment_of
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit


def ask_who_was_there(visit: Visit) -> Screen:
    """When they were there, as it stands."""
    return versioned.ask(visit, *_correcting(visit))


def say_who_was_there(visit: Visit) -> Screen | GoTo:
    """What was pressed; of whom somebody else put right meanwhile, theirs beside mine."""
    return versioned.say(visit, *_correcting(visit))


def _correcting(visit: Visit) -> tuple[Saying, RequestForm, int]:
    """Of somebody who has no row there, that they were not."""
    require(visit, attendance.CorrectAttendanceRequest())
    place, told = visit.place, words().today.correcting
    day, _ = day_named(visit, place)
    found = [each for each in sessions_of(visit, day) if each.session_id == place["session"]]
    client_id = place["client_id"]
    if not found or not found[0].closed or not is_uuid(client_id):
        raise NoSuchPage
    session = found[0]
    presence = next(
        (each for each in session.presences if each.client_id == client_id),
        roster.RecordedPresence(client_id=client_id),
    )
    begins, ends = (
        on_the_wall(moment_of(each), day.zone) for each in (session.starts_at, session.ends_at)
    )
    request = attendance.CorrectAttendanceRequest(
        session_id=session.session_id, client_id=client_id, intervals=_there(presence)
    )
    form = RequestForm(
        request=request,
        more={"intervals": 1},
        legends={
            f"intervals.{number}.": told.again if number else told.there
            for number in range(len(request.intervals) + 1)
        },
        labels={"from": told.came, "to": told.left},
        zone=day.zone,
    )
    name = clients_named(visit, [client_id]).name(client_id)
    key = f"{session.session_id}.{client_id}"
    saying = Saying(
        path=day.was_there(session.session_id, client_id),
        title=told.title,
        about=told.about.format(
            name=name, site=day.site.name, day=day.in_words, begins=begins, ends=ends
        ),
        says=told.says,
        back=day.address(at=key),
    )
    return saying, form, presence.version


def _there(presence: roster.RecordedPresence) -> Sequence[attendance.Interval]:
    """As the last correction says it; else as they were checked in and out."""
    if presence.corrections:
        held = max(presence.corrections, key=lambda each: each.correction)
        return list(held.intervals)
    return list(_came_and_left(presence))


def _came_and_left(presence: roster.RecordedPresence) -> Iterator[attendance.Interval]:
    came, left = (
        sorted((each.at for each in moments), key=Timestamp.ToNanoseconds)
        for moments in (presence.arrivals, presence.departures)
    )
    for begin, end in zip_longest(came, left):
        interval = attendance.Interval(to=end)
        getattr(interval, "from").CopyFrom(begin)  # a word of Python's
        yield interval
