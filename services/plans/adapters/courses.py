"""Courses of care as public facts tell them: intake's admissions, and what plans made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as events

from kernel.facts import id_of
from kernel.messaging.public_facts import PublicFact, clocks_of, public_facts
from kernel.rpc.translate import date_of, optional, required_enum
from kernel.store.store import Transaction
from services.plans.app.courses import Course, PlanTold
from services.plans.app.streams import client_subject

KINDS = (
    intake.ClientAdmitted,
    events.LevelOfCareChanged,
    events.PlanActivated,
    events.PlanReviewed,
    events.PlanCertified,
    events.ClientDischarged,
)


NOT_KNOWN = common.Program(under_part2=True)  # what nobody told of is no exception


@dataclass(slots=True)
class _Heard:
    """What plans told of episodes, which may stand before the admission it followed."""

    # What programs are, whatever admissions recorded of them.
    programs: dict[str, common.Program] = field(default_factory=dict)
    admissions: list[tuple[str, intake.ClientAdmitted]] = field(default_factory=list)
    changes: dict[str, tuple[tuple[date, str], ...]] = field(default_factory=dict)
    plans: dict[str, PlanTold] = field(default_factory=dict)
    episode_of_plan: dict[str, str] = field(default_factory=dict)
    discharges: dict[str, events.ClientDischarged] = field(default_factory=dict)


class SqlCourses:
    """The Courses port on public facts."""

    def told(
        self, tx: Transaction, *, client_id: str = "", until: datetime | None = None
    ) -> Sequence[Course]:
        subject = client_subject(client_id) if client_id else ""
        heard = _Heard()
        for site in public_facts(tx.connection, (attendance.ProgramOpened,)):
            program = site.message.program
            heard.programs.setdefault(program.program_id, program)
        for fact in public_facts(tx.connection, KINDS, subject=subject, until=until):
            _hear(heard, fact)
        return [_course(heard, client, admitted) for client, admitted in heard.admissions]

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        return clocks_of(tx.connection, attendance.SiteOpened)


def _hear(heard: _Heard, fact: PublicFact) -> None:
    match fact.message:
        case intake.ClientAdmitted() as admitted:
            heard.admissions.append((id_of(fact.subject), admitted))
        case events.LevelOfCareChanged() as changed:
            change = (date_of(changed, "effective_from"), changed.level_of_care)
            before = heard.changes.get(changed.episode_id, ())
            heard.changes[changed.episode_id] = (*before, change)
        case events.PlanActivated() as active:
            # A later version takes the place of the one before.
            heard.episode_of_plan[active.plan_id] = active.episode_id
            heard.plans[active.episode_id] = PlanTold(
                plan_id=active.plan_id,
                in_force_from=date_of(active, "in_force_from"),
                planned_minutes_per_week=active.planned_minutes_per_week,
                signed_by=fact.signed_by,
            )
        case events.PlanReviewed() as reviewed:
            if reviewed_plan := _in_force(heard, reviewed.plan_id):
                heard.plans[heard.episode_of_plan[reviewed.plan_id]] = replace(
                    reviewed_plan, next_review_by=date_of(reviewed, "next_review_by")
                )
        case events.PlanCertified() as certified:
            if certified_plan := _in_force(heard, certified.plan_id):
                heard.plans[heard.episode_of_plan[certified.plan_id]] = replace(
                    certified_plan,
                    recertify_by=date_of(certified, "recertify_by"),
                    certified_by=fact.signed_by,
                )
        case events.ClientDischarged() as discharged:
            heard.discharges[discharged.episode_id] = discharged


def _in_force(heard: _Heard, plan_id: str) -> PlanTold | None:
    """The plan, unless another version took its place."""
    plan = heard.plans.get(heard.episode_of_plan.get(plan_id, ""))
    return plan if plan is not None and plan.plan_id == plan_id else None


def _course(heard: _Heard, client_id: str, admitted: intake.ClientAdmitted) -> Course:
    discharged = heard.discharges.get(admitted.episode_id)
    program = heard.programs.get(admitted.program.program_id, NOT_KNOWN)
    return Course(
        client_id=client_id,
        episode_id=admitted.episode_id,
        site_id=admitted.site_id,
        program_id=admitted.program.program_id,
        kind=optional(required_enum, program, "kind") or "UNSPECIFIED",
        under_part2=program.under_part2,
        admitted_on=date_of(admitted, "admitted_on"),
        admitted_level=admitted.level_of_care,
        changes=heard.changes.get(admitted.episode_id, ()),
        plan=heard.plans.get(admitted.episode_id),
        discharged_on=date_of(discharged, "discharged_on") if discharged else None,
        discharge_reason=required_enum(discharged, "reason") if discharged else "",
    )
