"""A treatment plan: drafted, signed by the client and by a clinician, then in force."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed, Unknown

CLIENT = "CLIENT"
CLINICIAN = "CLINICIAN"
SIGNERS = frozenset({CLIENT, CLINICIAN})
MOST_TIMES = 14  # a week
MOST_MINUTES = 600  # each time
# A metric is a code, such as `phq9`: facts carry no free text.
METRIC = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Somewhere on earth it is this early, or this late: a civil date is compared without a time zone.
EARLIEST = timezone(timedelta(hours=-12))
LATEST = timezone(timedelta(hours=14))


class PlanAlreadyDrafted(AgainstTheRules):
    """The plan was drafted before, with other content."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(
            "PLAN_ALREADY_DRAFTED", "the plan was drafted with other content", plan_id=plan_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Measurable: `metric` is a code, from `baseline` to `target` by a date."""

    metric: str
    baseline: int
    target: int
    target_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal's objectives. Its words are the client's, and sealed."""

    objectives: tuple[Objective, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """`kind`: CBT, DBT, MOTIVATIONAL_INTERVIEWING, GROUP, FAMILY or PSYCHOEDUCATION."""

    kind: str
    times_per_week: int
    minutes_each_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlan:
    """`content_hash`: a keyed hash of the whole plan, the client's words included."""

    plan_id: str
    client_id: str
    episode_id: str
    goals: tuple[Goal, ...]
    interventions: tuple[Intervention, ...]
    content_hash: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPlan:
    """`actor` signs as the CLINICIAN, or attests the signature of the CLIENT."""

    plan_id: str
    role: str
    actor: str
    signed_on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDrafted:
    plan_id: str
    client_id: str
    episode_id: str
    goals: tuple[Goal, ...]
    interventions: tuple[Intervention, ...]
    planned_minutes_per_week: int
    content_hash: str
    drafted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSigned:
    """`signed_by`: the clinician; of a client's signature, who attests it."""

    plan_id: str
    role: str
    signed_by: str
    signed_on: date
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated:
    """Both have signed. `in_force_from`: the later signature's date."""

    plan_id: str
    client_id: str
    episode_id: str
    in_force_from: date
    planned_minutes_per_week: int


PlanCommand = DraftPlan | SignPlan
PlanFact = PlanDrafted | PlanSigned | PlanActivated


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What signing needs to know of the draft."""

    client_id: str
    episode_id: str
    planned_minutes_per_week: int
    content_hash: str
    drafted_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What later decisions need to know."""

    draft: Draft | None = None
    signed_on: Mapping[str, date] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.signed_on.keys() >= SIGNERS


def decide(command: PlanCommand, plan: Plan) -> Iterator[PlanFact]:
    match command:
        case DraftPlan():
            if plan.draft is not None and plan.draft.content_hash != command.content_hash:
                raise PlanAlreadyDrafted(command.plan_id)
            _check_complete(command)
            if plan.draft is None:
                yield PlanDrafted(
                    plan_id=command.plan_id,
                    client_id=command.client_id,
                    episode_id=command.episode_id,
                    goals=command.goals,
                    interventions=command.interventions,
                    planned_minutes_per_week=sum(
                        each.times_per_week * each.minutes_each_time
                        for each in command.interventions
                    ),
                    content_hash=command.content_hash,
                    drafted_at=command.now,
                )
        case SignPlan():
            if plan.draft is None:
                raise Unknown("plan", command.plan_id)
            _check_signature(command, plan.draft)
            if command.role not in plan.signed_on:
                yield PlanSigned(
                    plan_id=command.plan_id,
                    role=command.role,
                    signed_by=command.actor,
                    signed_on=command.signed_on,
                    content_hash=plan.draft.content_hash,
                )
                signed_on = {**plan.signed_on, command.role: command.signed_on}
                if signed_on.keys() >= SIGNERS:
                    # A later signature does not backdate: domain.md, section 12.
                    yield PlanActivated(
                        plan_id=command.plan_id,
                        client_id=plan.draft.client_id,
                        episode_id=plan.draft.episode_id,
                        in_force_from=max(signed_on.values()),
                        planned_minutes_per_week=plan.draft.planned_minutes_per_week,
                    )
        case _:
            assert_never(command)


def evolve(plan: Plan, fact: PlanFact) -> Plan:
    match fact:
        case PlanDrafted():
            draft = Draft(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                planned_minutes_per_week=fact.planned_minutes_per_week,
                content_hash=fact.content_hash,
                drafted_at=fact.drafted_at,
            )
            return replace(plan, draft=draft)
        case PlanSigned():
            return replace(plan, signed_on={**plan.signed_on, fact.role: fact.signed_on})
        case PlanActivated():
            return plan
        case _:
            assert_never(fact)


PLAN = Decider(decide, evolve, Plan())


def _check_complete(command: DraftPlan) -> None:
    """Refuses, with every field that is wrong, a plan that can't be carried out or measured."""
    wrong = {}
    if not command.goals:
        wrong["goals"] = "must name at least one goal"
    elif not any(goal.objectives for goal in command.goals):
        wrong["goals"] = "must have at least one objective"
    for g, goal in enumerate(command.goals):
        for o, objective in enumerate(goal.objectives):
            if not METRIC.fullmatch(objective.metric):
                wrong[f"goals.{g}.objectives.{o}.metric"] = "is not a code, such as phq9"
    if not command.interventions:
        wrong["interventions"] = "must name at least one intervention"
    for i, intervention in enumerate(command.interventions):
        if not 1 <= intervention.times_per_week <= MOST_TIMES:
            wrong[f"interventions.{i}.times_per_week"] = f"is not between 1 and {MOST_TIMES}"
        if not 1 <= intervention.minutes_each_time <= MOST_MINUTES:
            wrong[f"interventions.{i}.minutes_each_time"] = f"is not between 1 and {MOST_MINUTES}"
    if wrong:
        raise Malformed(**wrong)


def _check_signature(command: SignPlan, draft: Draft) -> None:
    if command.role not in SIGNERS:
        raise Malformed(signer_role="is neither the client nor a clinician")
    if command.signed_on > command.now.astimezone(LATEST).date():
        raise Malformed(signed_on="is in the future")
    if command.signed_on < draft.drafted_at.astimezone(EARLIEST).date():
        raise Malformed(signed_on="is before the plan was drafted")
