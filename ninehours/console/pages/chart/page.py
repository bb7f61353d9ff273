"""The page: whose chart, as known when, and what each service tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import statements_service_pb2 as of_attendance
from ninehours.billing.v1 import accounts_service_pb2 as accounts
from ninehours.billing.v1 import statements_service_pb2 as of_billing
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as tasks
from ninehours.intake.v1 import statements_service_pb2 as of_intake
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_service_pb2 as plans
from ninehours.plans.v1 import statements_service_pb2 as of_plans

from kernel.rpc.translate import to_timestamp
from ninehours.console.directories import payers_named
from ninehours.console.pages.chart.asking import ToldPart, answered, asked
from ninehours.console.pages.chart.bands import (
    Bands,
    LevelRow,
    authorizations_of,
    claims_of,
    levels_of,
    plans_of,
    scores_of,
    weeks_of,
)
from ninehours.console.pages.chart.drawing import CHANGE_OF, drawn
from ninehours.console.pages.chart.label import RecordLabel, label_on
from ninehours.console.pages.chart.put_right import FollowedTelling, put_right_of
from ninehours.console.pages.chart.tables import score_cells, tables_of
from ninehours.console.pages.chart.telling import (
    code,
    day_of,
    moment_at,
    name_of,
    shown,
    shown_moment,
)
from ninehours.console.pages.staff import called_by
from ninehours.console.policies import may
from ninehours.console.texts import words
from ninehours.console.visit import NoSuchPage, Screen, Visit

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSites:
    """Names and clocks, by id; none while attendance doesn't answer."""

    names: Mapping[str, str]
    zones: Mapping[str, str]

    def clock(self, site_id: str) -> ZoneInfo:
        """UTC, where it isn't known."""
        return ZoneInfo(self.zones.get(site_id, "UTC"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBeside:
    """How sites and payers are called, by id, and by which clock a client's days are told."""

    sites: Mapping[str, str]
    payers: Mapping[str, str]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose chart it is, as the page's head says; `open_tasks`: due when, and how urgent.
    `goes_on_as`: the client whom this one was merged with, empty: nobody."""

    client_id: str
    name: str
    born: str
    why_not: str
    goes_on_as: str
    label: RecordLabel
    open_tasks: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentResult:
    """What was just scored, in words; `before`: the last one by that instrument, empty: none."""

    instrument: str
    says: str
    before: str
    change: str


def chart(visit: Visit) -> Screen:
    """A client's, as it is known now or was at the end of a day."""
    client_id = client_in(visit)
    sites = known_sites(visit)
    person = answered(visit, intake.ReadPersonRequest(client_id=client_id))
    zone = sites.clock(person.said.site_id if person.said else "")
    known_on = _known_on(visit.query.get("known_on", ""))
    day, as_of = known_on or datetime.now(zone).date(), _end_of(known_on, zone)
    beside = ToldBeside(sites=sites.names, payers=payers_named(visit), zone=zone)
    label = label_on(visit, client_id, day, beside.payers, as_of)
    bands, answers = _told(visit, client_id, beside, as_of)
    return Screen(
        "chart.html",
        {
            "whose": whose(visit, client_id, person, zone, label),
            "level": _level_on(bands.levels, day),
            "levels_told": answers["levels"].said is not None,
            "may_ask_why": may(visit, explanation.ExplainLevelOfCareRequest()),
            "known_on": known_on,
            "known_on_shown": shown(known_on),
            "zone": zone.key,
            "bands": bands,
            "drawing": drawn(bands),
            "assessed": "assessed" in visit.query,
            "may_assess": may(visit, tasks.CompleteAssessmentRequest()),
            "result": result_of(bands, visit.query.get("assessed", "")),
            "put_right": _put_right(visit, client_id, zone, as_of),
            "tables": tables_of(bands, answers),
            "of_other_roles": [name for name, told in answers.items() if told.of_other_roles],
        },
    )


def client_in(visit: Visit) -> str:
    """Whom the address names; NoSuchPage where it names nobody."""
    try:
        return str(UUID(visit.place["client_id"]))
    except ValueError:
        raise NoSuchPage from None


def known_sites(visit: Visit) -> KnownSites:
    """As far as attendance tells them now."""
    found = asked(visit, calendar.ListSitesRequest()).rows("sites")
    return KnownSites(
        names={site.site_id: site.name for site in found},
        zones={site.site_id: site.time_zone for site in found},
    )


def whose(
    visit: Visit, client_id: str, person: ToldPart, zone: ZoneInfo, label: RecordLabel
) -> Whose:
    """What the head of the page says."""
    open_tasks = asked(visit, tasks.ListSafetyTasksRequest(client_id=client_id, open_only=True))
    identity = person.said.identity if person.said else None
    born = day_of(identity, "birth_date") if identity else None
    name = ", ".join(filter(None, (identity.family_name, identity.given_name))) if identity else ""
    return Whose(
        client_id=client_id,
        name=name or client_id,
        born=shown(born),
        why_not=person.why_not,
        goes_on_as=next((one for one in person.rows("client_ids")[:1] if one != client_id), ""),
        label=label,
        open_tasks=[
            (shown_moment(moment_at(task.due_at, zone)), code(task, "risk"))
            for task in open_tasks.rows("tasks")
        ],
    )


def _level_on(levels: Sequence[LevelRow], day: date) -> str:
    """The level on a day, and its program; empty: in care nowhere, or not told."""
    text = words().chart.level
    return "; ".join(
        text.format(level=row.level, program=row.program) for row in levels if row.has(day)
    )


def result_of(bands: Bands, assessment_id: str) -> AssessmentResult | None:
    """Of the assessment that the address names; None: none, or it isn't told."""
    for place, row in enumerate(bands.scores):
        if row.assessment_id == assessment_id:
            before = [one for one in bands.scores[:place] if one.instrument == row.instrument]
            newest = bands.changes[-1] if bands.changes else None
            measured = name_of(row.instrument) == CHANGE_OF and newest
            return AssessmentResult(
                instrument=name_of(row.instrument),
                says=", ".join(filter(None, score_cells(row)[1:])),
                before=", ".join(filter(None, score_cells(before[-1])[:3])) if before else "",
                change=newest.change
                if measured and newest and newest.latest_score == row.score
                else "",
            )
    return None


def _known_on(typed: str) -> date | None:
    """None: now. NoSuchPage for what is no date."""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise NoSuchPage from None


def _end_of(known_on: date | None, zone: ZoneInfo) -> Timestamp | None:
    """The last moment of that day by the site's clock."""
    if known_on is None:
        return None
    midnight = datetime.combine(known_on + DAY, time.min, zone).astimezone(UTC)
    return to_timestamp(midnight - timedelta(microseconds=1))


def _told(
    visit: Visit, client_id: str, beside: ToldBeside, as_of: Timestamp | None
) -> tuple[Bands, dict[str, ToldPart]]:
    """Each band, and what each table rests on."""
    of_then: dict[str, Any] = {"client_id": client_id, "as_of": as_of}
    course = asked(visit, courses.ReadCourseRequest(**of_then))
    progress = asked(visit, plans.ListProgressRequest(**of_then))
    assessed = asked(visit, intake.ListAssessmentsRequest(**of_then))
    planned = asked(visit, care.ReadPlansRequest(**of_then))
    account = asked(visit, accounts.ReadAccountRequest(**of_then))
    instruments = _instruments(visit) if assessed.rows("assessments") else {}
    levels = levels_of(course.rows("episodes"), beside.sites)
    bands = Bands(
        levels=levels,
        weeks=weeks_of(progress.rows("weeks"), levels),
        scores=scores_of(assessed.rows("assessments"), instruments, beside.zone),
        plans=plans_of(planned.rows("plans"), levels),
        authorizations=authorizations_of(account.rows("authorizations"), beside.payers),
        claims=claims_of(account.rows("claims"), beside.payers),
        instruments=instruments,
    )
    return bands, {
        "levels": course,
        "hours": progress,
        "scores": assessed,
        **({"changes": progress} if bands.changes else {}),
        "plans": planned,
        "authorizations": account,
        "claims": account,
    }


def _put_right(
    visit: Visit, client_id: str, zone: ZoneInfo, as_of: Timestamp | None
) -> list[FollowedTelling]:
    """What each service was told otherwise since, of what the visitor may say."""
    of_then: dict[str, Any] = {"client_id": client_id, "as_of": as_of}
    found = [
        statement
        for service in (of_intake, of_attendance, of_plans, of_billing)
        for statement in asked(visit, service.ListStatementsRequest(**of_then)).rows("statements")
    ]
    return put_right_of(found, zone, called_by(visit))


def _instruments(visit: Visit) -> Mapping[str, intake.Instrument]:
    """By id."""
    found = asked(visit, intake.ListInstrumentsRequest()).rows("instruments")
    return {each.instrument: each for each in found}
