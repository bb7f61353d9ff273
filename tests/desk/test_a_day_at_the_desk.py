"""A day at the desk, with the mistakes people make: none is without a way back.

The day is told twice: as it was, and with a slip at every step that is put right. Both end in the
same record. A step is a function that says what is true, and where `day.slips`, the slip before it;
to tell more of the day is to add one, and `holds` looks at what it came to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import derived_id
from kernel.messaging.brokers import Brokers
from kernel.process import Service
from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from operations.verifying.examination import ServiceChecks
from operations.verifying.verification import Verification
from services.attendance.__main__ import SERVICE
from services.attendance.adapters.publication import publish
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.attendance.front_desk import (
    MONDAY,
    FrontDesk,
    at,
    interval,
    minute,
    weekly,
)
from tests.harness.attendance.statements import ROLES, kind_of, last_said, listed, put_right
from tests.harness.signing import signatures_of

TODAY = MONDAY.date()
FRIDAY = MONDAY - timedelta(days=3)
WEEK = timedelta(days=7)
NAMES = ("ada", "ben", "cam", "dan", "eve", "fay", "gus", "hal", "ivy", "joe")
WHO = {name: f"c11e7000-0000-4000-8000-{number:012d}" for number, name in enumerate(NAMES)}
WHY = statements_pb2.Correction(
    reason=statements_pb2.CORRECTION_REASON_MISTYPED, remark="the line below on the sheet"
)
Step = Callable[["Day"], None]
STEPS: list[Step] = []


@dataclass
class Day:
    """A desk, whether it slips, and the sessions by what they are called."""

    desk: FrontDesk
    slips: bool
    sessions: dict[str, str] = field(default_factory=dict)
    episodes: dict[str, str] = field(default_factory=dict)
    template_id: str = ""

    def call(self, request: Any) -> Any:
        return self.desk.call(request)

    def at_session(self, name: str, who: str) -> dict[str, Any]:
        return {"session_id": self.sessions[name], "client_id": WHO[who]}

    def come(self, name: str, who: str, moment: datetime) -> None:
        self.call(pb.CheckInRequest(**self.at_session(name, who), at=at(moment)))

    def leave(self, name: str, who: str, moment: datetime) -> None:
        self.call(pb.CheckOutRequest(**self.at_session(name, who), at=at(moment)))

    def absent(self, name: str, who: str, why: Any) -> None:
        self.call(pb.RecordAbsenceRequest(**self.at_session(name, who), absence=why))

    def withdraw(self, who: str, kind: Any) -> None:
        """Intake takes back the only fact of the kind that it told of somebody."""
        name = kind.DESCRIPTOR.full_name
        [row] = self.desk.rows(
            "SELECT id FROM heard_fact WHERE subject = :of AND type = :type",
            of=f"client/{WHO[who]}",
            type=name,
        )
        withdrawn = statements_pb2.StatementAmended(
            client_id=WHO[who],
            statement_id=str(derived_id(row.id, "private")),
            fact_id=str(row.id),
            revision=2,
            type=name,
            voided=True,
        )
        self.desk.tell(withdrawn)

    def last(self, kind: str, who: str = "", about: str = "") -> Any:
        """What was said last of the kind, of somebody or about something."""
        found = listed(self.desk, WHO.get(who, ""), about)
        return [each for each in found if kind_of(each) == kind][-1]

    def take_back(self, kind: str, who: str = "", about: str = "") -> None:
        put_right(self.desk, self.last(kind, who, about), None)

    def correct(self, kind: str, who: str = "", about: str = "", **content: Any) -> None:
        read = self.last(kind, who, about)
        said = last_said(read)
        for name in content:
            said.ClearField(name)
        said.MergeFrom(type(said)(**content))
        put_right(self.desk, read, said)


def step(tell: Step) -> Step:
    STEPS.append(tell)
    return tell


@step
def the_week_is_a_template(day: Day) -> None:
    said = weekly(1, 10 if day.slips else 9, capacity=8)
    day.template_id = day.desk.template(said)
    if day.slips:  # an hour late
        day.correct("template", about=day.desk.site_id, sessions=[weekly(1, 9, capacity=8)])


@step
def next_monday_is_a_holiday(day: Day) -> None:
    if day.slips:  # this one
        wrong = pb.DeclareHolidayRequest(site_id=day.desk.site_id, date=to_date(TODAY))
        day.call(wrong)
        day.take_back("holiday", about=day.desk.site_id)
    day.call(pb.DeclareHolidayRequest(site_id=day.desk.site_id, date=to_date(TODAY + WEEK)))


@step
def somebody_is_late_from_five_minutes_on(day: Day) -> None:
    day.call(pb.SetGraceRequest(site_id=day.desk.site_id, seconds=3000 if day.slips else 300))
    if day.slips:
        day.correct("grace", about=day.desk.site_id, seconds=300)


@step
def the_group_is_scheduled_for_three_weeks(day: Day) -> None:
    names = ("ada", "ben", "cam", "dan", "eve", "hal", "ivy")
    known = [WHO[name] for name in names if not (day.slips and name == "eve")]
    expansion = day.desk.expansion(day.template_id, TODAY, TODAY + 2 * WEEK, known)
    made = day.call(expansion).sessions
    assert len(made) == 2  # and a holiday between them
    day.sessions |= {"group": made[0].session_id, "in two weeks": made[1].session_id}


@step
def eve_is_in_the_series(day: Day) -> None:
    if day.slips:  # she was forgotten, and another one was put in her place
        series: dict[str, Any] = {"template_id": day.template_id, "from": to_date(TODAY)}
        day.call(pb.AddToRosterRequest(client_id=WHO["joe"], **series))
        day.call(pb.TakeFromRosterRequest(client_id=WHO["joe"], **series))
        day.call(pb.AddToRosterRequest(client_id=WHO["eve"], **series))


@step
def fay_joins_the_group_today(day: Day) -> None:
    if day.slips:  # and gus, who was meant for another day
        day.call(pb.AddToRosterRequest(**day.at_session("group", "gus")))
        day.call(pb.TakeFromRosterRequest(**day.at_session("group", "gus")))
    day.call(pb.AddToRosterRequest(**day.at_session("group", "fay")))


@step
def joe_has_an_hour_in_the_afternoon(day: Day) -> None:
    desk = day.desk
    hour: dict[str, Any] = {
        "starts_at": MONDAY + timedelta(hours=4),
        "length": timedelta(hours=1),
        "service_kind": pb.SERVICE_KIND_INDIVIDUAL,
        "no_limit": False,
    }
    if day.slips:  # in the program that he isn't in, an hour late, as a visit to the prescriber
        other = pb.OpenProgramRequest(
            site_id=desk.site_id,
            kind=common.PROGRAM_KIND_MENTAL_HEALTH,
            governed_by=pb.GOVERNED_BY_HIPAA_ALONE,
        )
        late = hour | {
            "program_id": day.call(other).program_id,
            "starts_at": MONDAY + timedelta(hours=5),
            "service_kind": pb.SERVICE_KIND_PRESCRIBER_VISIT,
        }
        day.sessions["hour"] = day.call(desk.scheduling([WHO["joe"]], **late)).session_id
        anew = pb.CorrectSessionRequest(
            session_id=day.sessions["hour"],
            program_id=desk.program_id,
            facilitator_id=desk.staff_id,
            service_kind=pb.SERVICE_KIND_INDIVIDUAL,
            modality=pb.MODALITY_IN_PERSON,
            starts_at=at(MONDAY + timedelta(hours=4)),
            ends_at=at(MONDAY + timedelta(hours=5)),
            correction=WHY,
        )
        day.call(anew)
    else:
        day.sessions["hour"] = day.call(desk.scheduling([WHO["joe"]], **hour)).session_id


@step
def tomorrows_session_is_cancelled(day: Day) -> None:
    tomorrow = day.desk.scheduling([WHO["gus"]], starts_at=MONDAY + timedelta(days=1))
    day.sessions["tomorrow"] = day.call(tomorrow).session_id
    if day.slips:  # the group's was
        day.call(pb.CancelSessionRequest(session_id=day.sessions["group"]))
        day.take_back("cancellation", about=day.sessions["group"])
    day.call(pb.CancelSessionRequest(session_id=day.sessions["tomorrow"]))


@step
def ben_calls_that_he_does_not_come(day: Day) -> None:
    if day.slips:  # for ada
        day.absent("group", "ada", pb.ABSENCE_BY_CLIENT)
        day.take_back("absence", "ada")
    day.absent("group", "ben", pb.ABSENCE_BY_CLIENT)


@step
def cam_is_excused(day: Day) -> None:
    day.absent("group", "cam", pb.ABSENCE_BY_CLIENT if day.slips else pb.ABSENCE_EXCUSED)
    if day.slips:
        day.correct("absence", "cam", absence=pb.ABSENCE_EXCUSED)


@step
def ada_comes_at_nine(day: Day) -> None:
    day.desk.now = minute(25)
    day.come("group", "ada", minute(-60 if day.slips else 0))
    if day.slips:
        day.correct("arrival", "ada", at=at(minute(0)))


@step
def dan_comes(day: Day) -> None:
    if day.slips:  # as joe, who isn't even expected
        day.come("group", "joe", minute(2))
        day.take_back("arrival", "joe")
    day.come("group", "dan", minute(2))


@step
def eve_is_late(day: Day) -> None:
    day.come("group", "eve", minute(2 if day.slips else 20))
    if day.slips:
        day.correct("arrival", "eve", at=at(minute(20)))


@step
def fay_comes_and_hal_does_not(day: Day) -> None:
    names = ["fay", *(["hal"] if day.slips else [])]
    day.desk.come(day.sessions["group"], {WHO[name]: minute(4) for name in names})
    if day.slips:
        day.take_back("arrival", "hal")


@step
def ada_leaves_at_eleven(day: Day) -> None:
    day.leave("group", "ada", minute(60 if day.slips else 120))
    if day.slips:
        day.correct("departure", "ada", at=at(minute(120)))


@step
def dan_is_out_for_ten_minutes(day: Day) -> None:
    if day.slips:  # eve, says the desk
        day.leave("group", "eve", minute(90))
        day.take_back("departure", "eve")
    day.leave("group", "dan", minute(90))
    day.come("group", "dan", minute(100))


@step
def the_others_leave_at_the_end(day: Day) -> None:
    day.leave("group", "dan", minute(180))
    day.leave("group", "eve", minute(180))
    if not day.slips:  # nobody saw her leave
        day.leave("group", "fay", minute(170))


@step
def the_group_is_closed(day: Day) -> None:
    day.desk.now = minute(185)
    if day.slips:  # before the last ones had left
        day.desk.now = minute(175)
        day.desk.close(day.sessions["group"])
        day.take_back("closing", about=day.sessions["group"])
        day.desk.now = minute(185)
    day.desk.close(day.sessions["group"])


@step
def fay_left_ten_minutes_early(day: Day) -> None:
    if day.slips:
        corrected = pb.CorrectAttendanceRequest(
            **day.at_session("group", "fay"),
            intervals=[interval(minute(4), minute(170))],
            reason=pb.CORRECTION_REASON_WRONG_TIME,
        )
        day.call(corrected)


@step
def hal_was_not_there(day: Day) -> None:
    if day.slips:  # he was, it was said, and then not
        day.desk.correct(day.sessions["group"], WHO["hal"], MONDAY, 180)
        day.desk.correct(day.sessions["group"], WHO["hal"], MONDAY, 0)


@step
def ivy_did_not_show_up(day: Day) -> None:
    day.absent("group", "ivy", pb.ABSENCE_EXCUSED if day.slips else pb.ABSENCE_NO_SHOW)
    if day.slips:
        day.correct("absence", "ivy", absence=pb.ABSENCE_NO_SHOW)


@step
def adas_note_is_signed(day: Day) -> None:
    day.call(pb.SignNoteRequest(**day.at_session("group", "ada"), text="Spoke of the harbor."))


@step
def the_groups_notes_are_signed(day: Day) -> None:
    parts = [
        pb.IndividualPart(client_id=WHO[name], text=f"Spoke of {what}.")
        for name, what in (("dan", "work"), ("eve", "home"), ("fay", "sleep"))
    ]
    signing = pb.SignGroupNoteRequest(
        session_id=day.sessions["group"], group_text="On triggers.", parts=parts
    )
    day.call(signing)


@step
def something_is_added_to_adas_note(day: Day) -> None:
    session_id = day.sessions["group"]
    if day.slips:  # to dan's
        wrong = pb.AddAddendumRequest(
            session_id=session_id, client_ids=[WHO["dan"]], text="And of the move."
        )
        day.call(wrong)
        day.take_back("addendum", "dan")
    right = pb.AddAddendumRequest(
        session_id=session_id, client_ids=[WHO["ada"]], text="And of the move."
    )
    day.call(right)


@step
def something_is_added_to_the_groups(day: Day) -> None:
    names = ("dan", "eve")
    added = pb.AddAddendumRequest(
        session_id=day.sessions["group"],
        client_ids=[WHO[name] for name in names],
        text="On sheep, too." if day.slips else "On sleep, too.",
    )
    day.call(added)
    for name in names if day.slips else ():
        day.correct("addendum", name, text="On sleep, too.")


@step
def joes_facilitator_falls_ill(day: Day) -> None:
    day.desk.now = minute(285)
    day.come("hour", "joe", minute(240))
    said = pb.CancelSessionRequest(
        session_id=day.sessions["hour"], given_until=at(minute(280 if day.slips else 270))
    )
    day.call(said)
    if day.slips:  # it was taken for longer than it was: on again, and broken off when it was
        day.take_back("cancellation", about=day.sessions["hour"])
        day.correct("departure", "joe", at=at(minute(270)))
        said.given_until.CopyFrom(at(minute(270)))
        said.ClearField("meta")
        day.call(said)


@step
def another_clinician_takes_over(day: Day) -> None:
    credential = pb.CredentialStaffRequest(
        type=pb.CREDENTIAL_TYPE_LCSW,
        state="WI" if day.slips else "IL",
        npi="1234567893",
        effective_from=to_date(date(2026, 1, 1)),
    )
    staff_id = day.call(credential).staff_id
    if day.slips:
        day.correct("credential", about=staff_id, state="IL")
        ended = pb.EndCredentialRequest(
            staff_id=staff_id,
            type=pb.CREDENTIAL_TYPE_LCSW,
            state="IL",
            last_day=to_date(TODAY - WEEK),
            reason=pb.CREDENTIAL_END_REASON_LEFT,
        )
        day.call(ended)  # somebody else left
        day.take_back("end_of_credential", about=staff_id)
    rest = day.desk.scheduling(
        [WHO["joe"]],
        starts_at=minute(300),
        length=timedelta(minutes=30),
        facilitator_id=staff_id,
        makes_up_session_id=day.sessions["hour"],
    )
    day.sessions["rest"] = day.call(rest).session_id
    day.desk.now = minute(335)
    day.come("rest", "joe", minute(300))
    day.leave("rest", "joe", minute(330))
    day.desk.close(day.sessions["rest"])


@step
def paper_comes_from_friday(day: Day) -> None:
    names = ("gus", "hal") if day.slips else ("gus",)  # hal was there the Friday before
    scheduling = day.desk.scheduling([WHO[name] for name in names], starts_at=FRIDAY)
    day.sessions["friday"] = day.call(scheduling).session_id
    if day.slips:
        with pytest.raises(Malformed):  # today's date
            day.come("friday", "gus", MONDAY)
        day.come("friday", "hal", FRIDAY)  # the line above on the sheet
        day.take_back("arrival", "hal")
    day.come("friday", "gus", FRIDAY)
    day.leave("friday", "gus", FRIDAY + timedelta(minutes=180))
    day.desk.close(day.sessions["friday"])
    if day.slips:
        day.call(pb.TakeFromRosterRequest(**day.at_session("friday", "hal")))
    day.call(pb.SignNoteRequest(**day.at_session("friday", "gus"), text="From paper."))


@step
def nobody_came_in_the_evening_as_it_was_not_held(day: Day) -> None:
    evening = day.desk.scheduling([WHO["gus"]], starts_at=minute(480))
    day.sessions["evening"] = day.call(evening).session_id
    day.desk.now = minute(670)
    if day.slips:
        day.desk.close(day.sessions["evening"])
    day.call(pb.CancelSessionRequest(session_id=day.sessions["evening"], not_held=True))


@step
def dan_is_discharged(day: Day) -> None:
    for name in ("eve", "dan") if day.slips else ("dan",):  # eve was not
        closed = intake.EpisodeClosed(
            client_id=WHO[name], episode_id=day.episodes[name], closed_on=to_date(TODAY)
        )
        day.desk.tell(closed)
    if day.slips:
        day.withdraw("eve", intake.EpisodeClosed)
        moved = intake.ClientTransferred(  # nor did she go to another site
            client_id=WHO["eve"],
            episode_id=day.episodes["eve"],
            site_id="517e0000-0000-4000-8000-000000000002",
            transferred_on=to_date(TODAY + WEEK),
        )
        day.desk.tell(moved)
        day.withdraw("eve", intake.ClientTransferred)


def told(desk: FrontDesk, *, slips: bool) -> Day:
    """The whole day."""
    day = Day(desk, slips)
    for name, client_id in WHO.items():
        desk.register(client_id)
        day.episodes[name] = desk.admit(client_id)
    for tell in STEPS:
        tell(day)
    return day


def holds(day: Day) -> dict[str, Any]:
    """Session and client → what others hear of it, and what a clinician reads."""
    names = {session_id: name for name, session_id in day.sessions.items()}
    whose = {client_id: name for name, client_id in WHO.items()}
    found: dict[str, Any] = {}
    for client_id, who in whose.items():
        for fact in day.desk.standing(client_id):
            name = names.get(fact.session_id)
            if name is None:
                continue  # what was scheduled by a slip stands cancelled
            noun = fact.DESCRIPTOR.name
            state = found.setdefault(f"{name} {who}", {})
            match noun:
                case "SessionScheduled":
                    state["expected"] = (fact.starts_at.seconds, fact.ends_at.seconds)
                case "SessionCancelled":
                    state["off"] = [(span.to.seconds) for span in fact.treatment]
                case "SessionMissed":
                    state["minutes"] = None
                case _:
                    there = noun == "SessionAttended" or fact.attended
                    state["minutes"] = fact.minutes if there else None
    for state in found.values():
        if "off" in state and state.get("minutes") is None:
            state.pop("minutes", None)  # nobody missed what was called off, whatever was said first
    for on in (TODAY, FRIDAY.date(), TODAY + timedelta(days=1), TODAY + 2 * WEEK):
        request = roster.ReadRosterRequest(site_id=day.desk.site_id, on=to_date(on))
        for session in day.desk.ask(request, roles=ROLES).sessions:
            for presence in session.presences if session.session_id in names else ():
                key = f"{names[session.session_id]} {whose[presence.client_id]}"
                found.setdefault(key, {})["read"] = (
                    presence.on_roster,
                    presence.absence.absence,
                    presence.note.text,
                    presence.note.group_text,
                    [each.text for each in presence.note.addenda],
                    session.broken_off.given_until.seconds,
                )
    return found


def test_what_a_day_of_slips_recorded_is_whole(new_store: Callable[[Service], Store]) -> None:
    """As `verify` has it, which was asked without Kafka and without the other services."""
    desk = FrontDesk(new_store(SERVICE)).open()
    told(desk, slips=True)
    verification = Verification(
        store=desk.store,
        subscriptions=SUBSCRIPTIONS,
        signatures=signatures_of(),
        service_checks=ServiceChecks(publish=publish),
        owners={},
        brokers=Brokers("127.0.0.1:1"),
    )
    checked = list(verification.verify(0, lambda: True))
    reasons = {finding.reason for each in checked for finding in each.findings}
    assert len(checked) > 5
    assert reasons == {"KAFKA_AWAY"}


def test_thirty_steps_with_the_mistakes_people_make_end_where_the_day_without_them_ends(
    new_store: Callable[[Service], Store],
) -> None:
    assert len(STEPS) == 30
    tidy, slipped = (
        holds(told(FrontDesk(new_store(SERVICE)).open(), slips=slips)) for slips in (False, True)
    )
    assert slipped == tidy
    assert tidy["group ada"]["minutes"] == 120
    assert tidy["group ben"]["minutes"] is None
    assert (tidy["hour joe"]["minutes"], tidy["rest joe"]["minutes"]) == (30, 30)
    assert "in two weeks dan" not in tidy
    assert "in two weeks eve" in tidy
