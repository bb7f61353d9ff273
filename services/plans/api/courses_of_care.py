"""CoursesService: the course of care, and who is in care where."""

from datetime import date

from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import courses_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.translate import date_of, reading, required_uuid, timestamp_of, to_date
from kernel.sites import speaks_for
from kernel.store.store import Store
from services.plans.adapters.courses_of_care import courses_of_care, due
from services.plans.adapters.to_sign import to_sign
from services.plans.app.courses_of_care import (
    CourseOfCare,
    CourseSegment,
    ProgramAtSite,
    ToSign,
    census_of,
)
from services.plans.domain.reference_values import ASAM_ADULTS

SERVICE = pb.DESCRIPTOR.services_by_name["CoursesService"]


_program = writer(common.Program, ProgramAtSite)
_to_sign = writer(pb.ToSign, ToSign)
_level = writer(
    pb.LevelSegment,
    CourseSegment,
    from_=named("first"),
    to=named("last"),
    floor_minutes=lambda segment: ASAM_ADULTS.floor_minutes.get(segment.level_of_care, 0),
    ceiling_minutes=lambda segment: ASAM_ADULTS.ceiling_minutes.get(segment.level_of_care, 0),
)


class CoursesServicer:
    """Answers CoursesService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadCourse(self, request: pb.ReadCourseRequest, call: Call) -> pb.ReadCourseResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            found = courses_of_care(tx, client_id=client_id, until=until)
        here = [
            course
            for course in found
            if any(speaks_for(call.actor.sites, site_id) for site_id in course.sites)
        ]
        return pb.ReadCourseResponse(episodes=map(_episode, here))

    def ReadCensus(self, request: pb.ReadCensusRequest, call: Call) -> pb.ReadCensusResponse:
        with reading(request) as read:
            on = read.date("on")
            site_id = str(read.optional(required_uuid, "site_id") or "")
        with self._store.transaction() as tx:
            found = courses_of_care(tx)
        here = [
            course
            for course in found
            if site_id in ("", course.site_id) and speaks_for(call.actor.sites, course.site_id)
        ]
        census = census_of(here, on)
        return pb.ReadCensusResponse(
            rows=[
                pb.CensusRow(
                    site_id=where.site_id,
                    program=_program(where),
                    level_of_care=level,
                    clients=number,
                )
                for (where, level), number in sorted(census.in_care.items())
            ],
            flows=[
                pb.CensusFlow(
                    site_id=where.site_id,
                    program=_program(where),
                    admitted=census.admitted[where],
                    discharged=census.discharged[where],
                )
                for where in sorted(census.admitted)
            ],
        )

    def ListToSign(self, request: pb.ListToSignRequest, call: Call) -> pb.ListToSignResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
            site_id = str(read.optional(required_uuid, "site_id") or "")
        with self._store.transaction() as tx:
            found = to_sign(tx, on)
        here = [
            waiting
            for waiting in found
            if site_id in ("", waiting.site_id) and speaks_for(call.actor.sites, waiting.site_id)
        ]
        return pb.ListToSignResponse(items=map(_to_sign, here))

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        with self._store.transaction() as tx:
            found = due(tx, asked)
        return pb.ListDueResponse(items=due_items(found, asked))


def _episode(course: CourseOfCare) -> pb.CourseEpisode:
    plan = course.plan
    reason = course.discharge_reason or "UNSPECIFIED"
    return pb.CourseEpisode(
        episode_id=course.episode_id,
        site_id=course.site_id,
        program=_program(course.program),
        admitted_on=to_date(course.admitted_on),
        levels=[_level(segment) for segment in course.segments()],
        plan_id=plan.plan_id if plan else "",
        in_force_from=_date(plan.in_force_from) if plan else None,
        planned_minutes_per_week=plan.planned_minutes_per_week if plan else 0,
        next_review_by=_date(plan.next_review_by) if plan else None,
        recertify_by=_date(plan.recertify_by) if plan else None,
        discharged_on=_date(course.discharged_on),
        discharge_reason=f"DISCHARGE_REASON_{reason}",
    )


def _date(day: date | None) -> common.Date | None:
    return None if day is None else to_date(day)
