"""What plans knows of one client: public facts, each with its id and place, and what it goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.plans.domain.reference_values import Bands
from services.plans.domain.rules import LevelRules

ServiceKind = Literal["GROUP", "INDIVIDUAL", "FAMILY", "INTAKE_EVALUATION", "PRESCRIBER_VISIT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFact:
    """A public fact: its id, and its place in its owner's log of the client."""

    id: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteClocks(HistoryFact):
    """Which dates moments have at a site: its IANA time zone."""

    site_id: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(HistoryFact):
    """To a program, at a site."""

    episode_id: str
    level_of_care: str
    admitted_on: date
    site_id: str = ""
    program_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(HistoryFact):
    """The episode goes on in another program from that day on."""

    episode_id: str
    transferred_on: date
    site_id: str = ""
    program_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange(HistoryFact):
    """The clinical level from a day on, within an episode."""

    episode_id: str
    level_of_care: str
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge(HistoryFact):
    episode_id: str
    discharged_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInForce(HistoryFact):
    episode_id: str
    in_force_from: date
    planned_minutes_per_week: int
    plan_id: str = ""
    objectives: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(HistoryFact):
    plan_id: str
    reviewed_on: date
    objectives: int
    objectives_met: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled(HistoryFact):
    """`program_id`: who gives it.

    `makes_up_session_id`: of the session in whose place it is given; empty: of none.
    """

    session_id: str
    service_date: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    service_kind: ServiceKind = "GROUP"
    program_id: str = ""
    makes_up_session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to a later one."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(HistoryFact):
    """`treatment`: what there would have been; empty where it was not told."""

    session_id: str
    service_date: date
    treatment: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance(HistoryFact):
    """What was told of a session: when it was closed (`correction` 0), or by a correction.

    `time` is the client's in treatment, `treatment` when it was; empty where minutes alone were
    told. `overlap`: the client was at another session at that time. `program_id`: the session's,
    empty where it was not told. `client_id`: as whom the person came.
    """

    session_id: str
    service_date: date
    correction: int
    attended: bool
    time: timedelta = timedelta()
    treatment: tuple[Span, ...] = ()
    overlap: bool = False
    program_id: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed(HistoryFact):
    """`instrument` as intake names it, `phq9/1`."""

    assessment_id: str
    instrument: str
    score: int
    partial: bool
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTask(HistoryFact):
    """Opened by an assessment; `due_at`: when somebody must have acted."""

    task_id: str
    assessment_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyClosed(HistoryFact):
    task_id: str
    closed_at: datetime


ProgressFact = (
    SiteClocks
    | Admission
    | Transfer
    | LevelChange
    | Discharge
    | PlanInForce
    | Review
    | Scheduled
    | Cancelled
    | Attendance
    | Assessed
    | SafetyTask
    | SafetyClosed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareHistory:
    """What progress and recommendations are made of; order and repetition of facts don't matter.

    `rules`: the level rules that were confirmed, each with the id of its fact.
    """

    client_id: str
    facts: Sequence[ProgressFact]
    rules: Mapping[LevelRules, str]
    bands: Bands


def order(fact: HistoryFact) -> tuple[int, str]:
    """Of facts of one type, which come from one log: as they were published."""
    return fact.sequence, fact.id
