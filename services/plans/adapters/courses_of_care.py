"""Courses of care as public facts tell them: intake's admissions, and what plans made of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as events

from kernel.due import Due, DueAsked, at_each_site
from kernel.facts import id_of
from kernel.messaging.public_facts import PublicFact, clocks_of, public_facts
from kernel.rpc.translate import date_of, optional, required_enum
from kernel.store.store import Transaction
from services.plans.app.courses_of_care import CourseOfCare, CurrentPlan, due_of_course
from services.plans.app.streams import client_subject
from services.plans.domain.ending import DischargeReason

KINDS = (
    intake.ClientAdmitted,
    intake.ClientTransferred,
    events.LevelOfCareChanged,
    events.PlanActivated,
    events.PlanReviewed,
    events.PlanCertified,
    events.ClientDischarged,
)


NOT_KNOWN = common.Program(under_part2=True)  # what nobody told of is no exception


@dataclass(slots=True)
class _EpisodesSoFar:
    """What plans told of episodes, which may stand before the admission it followed."""

    # What programs are, whatever admissions recorded of them.
    programs: dict[str, common.Program] = field(default_factory=dict)
    admissions: list[tuple[str, intake.ClientAdmitted]] = field(default_factory=list)
    transfers: dict[str, list[intake.ClientTransferred]] = field(default_factory=dict)
    changes: dict[str, tuple[tuple[date, str], ...]] = field(default_factory=dict)
    plans: dict[str, CurrentPlan] = field(default_factory=dict)
    episode_of_plan: dict[str, str] = field(default_factory=dict)
    discharges: dict[str, events.ClientDischarged] = field(default_factory=dict)


def courses_of_care(
    tx: Transaction, *, client_id: str = "", until: datetime | None = None
) -> list[CourseOfCare]:
    """Of one client or (empty) of all, as signed by then, each client's oldest first."""
    subject = client_subject(client_id) if client_id else ""
    so_far = _EpisodesSoFar()
    for site in public_facts(tx.connection, (attendance.ProgramOpened,)):
        program = site.message.program
        so_far.programs.setdefault(program.program_id, program)
    for fact in public_facts(tx.connection, KINDS, subject=subject, until=until):
        _add(so_far, fact)
    return [_course(so_far, client, admitted) for client, admitted in so_far.admissions]


def due(tx: Transaction, asked: DueAsked) -> list[Due]:
    """What plans ask for, of clients who are in care on the day."""

    def find(there: DueAsked) -> Iterator[Due]:
        for course in courses_of_care(tx, until=there.moment):
            if course.in_care_on(there.on):
                yield from due_of_course(course)

    return at_each_site(asked, clocks_of(tx.connection, attendance.SiteOpened), find)


def _add(so_far: _EpisodesSoFar, fact: PublicFact) -> None:
    match fact.message:
        case intake.ClientAdmitted() as admitted:
            so_far.admissions.append((id_of(fact.subject), admitted))
        case intake.ClientTransferred() as moved:
            so_far.transfers.setdefault(moved.episode_id, []).append(moved)
        case events.LevelOfCareChanged() as changed:
            change = (date_of(changed, "effective_from"), changed.level_of_care)
            before = so_far.changes.get(changed.episode_id, ())
            so_far.changes[changed.episode_id] = (*before, change)
        case events.PlanActivated() as active:
            # A later version takes the place of the one before.
            so_far.episode_of_plan[active.plan_id] = active.episode_id
            so_far.plans[active.episode_id] = CurrentPlan(
                plan_id=active.plan_id,
                in_force_from=date_of(active, "in_force_from"),
                planned_minutes_per_week=active.planned_minutes_per_week,
                signed_by=fact.signed_by,
            )
        case events.PlanReviewed() as reviewed:
            if reviewed_plan := _in_force(so_far, reviewed.plan_id):
                so_far.plans[so_far.episode_of_plan[reviewed.plan_id]] = replace(
                    reviewed_plan, next_review_by=date_of(reviewed, "next_review_by")
                )
        case events.PlanCertified() as certified:
            if certified_plan := _in_force(so_far, certified.plan_id):
                so_far.plans[so_far.episode_of_plan[certified.plan_id]] = replace(
                    certified_plan,
                    recertify_by=date_of(certified, "recertify_by"),
                    certified_by=fact.signed_by,
                )
        case events.ClientDischarged() as discharged:
            so_far.discharges[discharged.episode_id] = discharged


def _in_force(so_far: _EpisodesSoFar, plan_id: str) -> CurrentPlan | None:
    """The plan, unless another version took its place."""
    plan = so_far.plans.get(so_far.episode_of_plan.get(plan_id, ""))
    return plan if plan is not None and plan.plan_id == plan_id else None


def _course(
    so_far: _EpisodesSoFar, client_id: str, admitted: intake.ClientAdmitted
) -> CourseOfCare:
    discharged = so_far.discharges.get(admitted.episode_id)
    moves = so_far.transfers.get(admitted.episode_id, [])
    moves.sort(key=lambda moved: date_of(moved, "transferred_on"))
    places: list[intake.ClientAdmitted | intake.ClientTransferred] = [admitted, *moves]
    where = places[-1]
    program = so_far.programs.get(where.program.program_id, NOT_KNOWN)
    return CourseOfCare(
        client_id=client_id,
        episode_id=admitted.episode_id,
        site_id=where.site_id,
        sites=frozenset(place.site_id for place in places),
        program_id=where.program.program_id,
        kind=optional(required_enum, program, "kind") or "UNSPECIFIED",
        under_part2=program.under_part2,
        admitted_on=date_of(admitted, "admitted_on"),
        admitted_level=admitted.level_of_care,
        changes=so_far.changes.get(admitted.episode_id, ()),
        plan=so_far.plans.get(admitted.episode_id),
        discharged_on=date_of(discharged, "discharged_on") if discharged else None,
        discharge_reason=DischargeReason(required_enum(discharged, "reason")) if discharged else "",
    )
