"""The mapper between messages and dataclasses: by name and type, and what by hand says else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.billing.v1 import billing_service_pb2 as billing_api
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import policy_pb2
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans_api

from kernel.codec import UnreadableFact
from kernel.mapping.fields import bounded, digits, left_out, text
from kernel.mapping.reading import each_of, fact_reader, named, request_reader
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.translate import to_date, to_timestamp

ID = "6f1c0a52-9d7e-4f0e-8a34-1b2c3d4e5f60"
DAY, LATER = date(2026, 3, 2), date(2026, 3, 9)
MOMENT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


class Kind(StrEnum):
    SUBSTANCE_USE = "SUBSTANCE_USE"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    DUAL = "DUAL"


@dataclass(frozen=True)
class Program:
    program_id: str
    kind: Kind
    under_part2: bool


@dataclass(frozen=True)
class Coverage:
    fact: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None
    order: int = 1


@dataclass(frozen=True)
class Line:
    service_date: date
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge_minor: int


@dataclass(frozen=True)
class Draft:
    draft_id: UUID
    period_start: date
    lines: tuple[Line, ...]
    charge_minor: int


@dataclass(frozen=True)
class Span:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Attendance:
    session_id: str
    treatment: tuple[Span, ...]
    flags: frozenset[Literal[
        "NO_CHECK_OUT", "NOT_ON_ROSTER", "LATE", "LEFT_EARLY", "OVER_CAPACITY", "OVERLAP",
        "NOT_ADMITTED_HERE",
    ]]  # fmt: skip
    program: Program | None
    program_id: str = ""
    attended: bool = False


@dataclass(frozen=True)
class Scores:
    subscales: Mapping[str, int]
    completed_at: datetime


@dataclass(frozen=True)
class Authorization:
    level_of_care: str
    unit: str = "DAYS"
    site_id: str = ""


to_attendance = fact_reader(
    attendance.SessionAttended,
    Attendance,
    treatment=fact_reader(attendance.Treatment, Span, starts_at=named("from"), ends_at=named("to")),
    program_id=named("program.program_id"),
    attended=True,
)
TREATMENT = attendance.Treatment(**{"from": to_timestamp(MOMENT), "to": to_timestamp(MOMENT)})
PROGRAM = common.Program(
    program_id=ID, kind=common.PROGRAM_KIND_DUAL, under_part2=True
)  # fmt: skip


def test_a_fact_becomes_its_dataclass_by_names_and_types() -> None:
    message = attendance.SessionAttended(
        session_id="s",
        treatment=[TREATMENT],
        flags=[attendance.FLAG_LATE, attendance.FLAG_OVERLAP],
        program=PROGRAM,
    )
    assert to_attendance(message) == Attendance(
        session_id="s",
        treatment=(Span(MOMENT, MOMENT),),
        flags=frozenset({"LATE", "OVERLAP"}),
        program=Program(ID, Kind.DUAL, True),
        program_id=ID,
        attended=True,
    )


def test_what_a_fact_leaves_out_is_none_its_default_or_empty() -> None:
    to_coverage = fact_reader(intake.CoverageVerified, Coverage, given=("fact",))
    message = intake.CoverageVerified(coverage_id="c", verified_from=to_date(DAY))
    assert to_coverage(message, fact="f") == Coverage("f", "c", "", DAY, None, 1)
    message.order = 2
    message.verified_to.CopyFrom(to_date(LATER))
    assert to_coverage(message, fact="f") == Coverage("f", "c", "", DAY, LATER, 2)
    assert to_attendance(attendance.SessionAttended()).program is None
    to_authorization = fact_reader(billing.AuthorizationRecorded, Authorization)
    assert to_authorization(billing.AuthorizationRecorded()) == Authorization("", "DAYS", "")


def test_a_fact_without_its_date_or_with_an_unknown_word_can_not_be_read() -> None:
    to_coverage = fact_reader(intake.CoverageVerified, Coverage, fact="f")
    with pytest.raises(UnreadableFact, match="to Coverage: verified_from is required"):
        to_coverage(intake.CoverageVerified())
    to_program = fact_reader(common.Program, Program)
    with pytest.raises(UnreadableFact, match="kind has a value that this release does not know"):
        to_program(common.Program(kind=99))  # type: ignore[arg-type]
    with pytest.raises(UnreadableFact, match="kind is required"):
        to_program(common.Program())


def test_a_draft_goes_both_ways_with_its_money_and_its_lines() -> None:
    draft = Draft(
        draft_id=UUID(ID),
        period_start=DAY,
        lines=(Line(DAY, "H0015", ("HF", "95"), 1, 25_000), Line(LATER, "H0004", (), 4, 9_000)),
        charge_minor=34_000,
    )
    line = writer(
        billing.ClaimLine,
        Line,
        place_of_service="11",
        revenue_code="",
        ancillary=False,
        rendering_staff_id="",
        site_id="",
        provider_id="",
        diagnosis_pointers=lambda line: [1] if line.units > 1 else [],
    )
    draft_message = writer(
        billing.ClaimDrafted,
        Draft,
        client_id="",
        payer_id="",
        provider_id="",
        site_id="",
        coverage_id="",
        authorization_id="",
        period_end=named("period_start"),
        lines=line,
        withdrawn=False,
        given=("revision",),
    )
    message = draft_message(draft, revision=3)
    assert message.charge == common.Money(currency_code="USD", minor_units=34_000)
    assert (message.revision, message.period_end) == (3, to_date(DAY))
    assert [tuple(line.diagnosis_pointers) for line in message.lines] == [(), (1,)]
    assert {line.place_of_service for line in message.lines} == {"11"}
    assert fact_reader(billing.ClaimDrafted, Draft)(message) == draft


def test_words_and_what_is_none_are_written_as_enums_and_nothing() -> None:
    to_program = writer(common.Program, Program)
    assert to_program(Program(ID, Kind.DUAL, True)) == PROGRAM
    attended = writer(
        attendance.SessionAttended,
        Attendance,
        client_id="",
        site_id="",
        service_date=lambda _: DAY,
        minutes=0,
        seconds=0,
        treatment=writer(attendance.Treatment, Span, from_=named("starts_at"), to=named("ends_at")),
    )
    message = attended(Attendance("s", (Span(MOMENT, MOMENT),), frozenset({"LATE"}), None))
    assert not message.HasField("program")
    assert (message.service_date, list(message.treatment)) == (to_date(DAY), [TREATMENT])
    assert list(message.flags) == [attendance.FLAG_LATE]
    authorized = writer(
        billing.AuthorizationRecorded,
        Authorization,
        client_id="",
        authorization_id="",
        payer_id="",
        units=0,
        effective_from=None,
        effective_to=None,
        renumbered=0,
    )
    assert authorized(Authorization("2.1")).unit == rules_pb2.AUTHORIZATION_UNIT_DAYS
    with pytest.raises(ValueError, match="'WEEKS'"):
        authorized(Authorization("2.1", "WEEKS"))


def test_a_map_is_a_mapping_in_both_directions() -> None:
    scores = Scores({"a": 1, "b": 2}, MOMENT)
    assert fact_reader(intake.AssessmentCompleted, Scores)(
        intake.AssessmentCompleted(
            subscales=scores.subscales, completed_at=to_timestamp(MOMENT)
        )
    ) == scores  # fmt: skip


def test_of_several_answers_the_others_are_none() -> None:
    @dataclass(frozen=True)
    class Client:
        client_id: str

    @dataclass(frozen=True)
    class Answer:
        client: Client | None

    to_answer = fact_reader(work.ReplayResponse, Answer)
    assert to_answer(work.ReplayResponse(summary=work.ReplaySummary())) == Answer(None)
    answered = work.ReplayResponse(client=work.ClientReplay(client_id="c"))
    assert to_answer(answered) == Answer(Client("c"))


@dataclass(frozen=True)
class Fee:
    provider_id: str
    code: str
    charge_minor: int
    effective_from: date
    at: str = ""


def cents(request: Any, field: str) -> int:
    amount: int = getattr(request, field).minor_units
    if amount < 1:
        raise Malformed(**{f"{field}.minor_units": "is less than 1"})
    return amount


def test_a_request_is_judged_and_everything_that_is_wrong_is_told() -> None:
    to_fee = request_reader(
        billing_api.SetFeeRequest, Fee, code=text(5), charge_minor=cents, given=("at",)
    )
    request = billing_api.SetFeeRequest(
        provider_id=ID.upper(),
        code="H0015",
        charge=common.Money(minor_units=5),
        effective_from=to_date(DAY),
    )
    assert to_fee(request, at="now") == Fee(ID, "H0015", 5, DAY, "now")
    with pytest.raises(Malformed) as refused:
        to_fee(billing_api.SetFeeRequest(provider_id="x", code="TOOLONG"), at="now")
    assert refused.value.details == {
        "provider_id": "is not a UUID",
        "code": "is longer than 5 characters",
        "charge.minor_units": "is less than 1",
        "effective_from": "is required",
    }


@dataclass(frozen=True)
class Objective:
    metric: str
    target_date: date


@dataclass(frozen=True)
class Goal:
    in_the_clients_words: str
    objectives: tuple[Objective, ...]


@dataclass(frozen=True)
class Draughted:
    client_id: str
    goals: tuple[Goal, ...]
    supersedes_plan_id: str | None


def test_what_is_wrong_in_a_list_of_lists_is_told_by_its_path() -> None:
    to_plan = request_reader(plans_api.DraftPlanRequest, Draughted)
    objectives = [
        plans_api.Objective(metric="days", target_date=to_date(DAY)),
        plans_api.Objective(metric=" ", target_date=common.Date(year=2026, month=2, day=30)),
    ]
    request = plans_api.DraftPlanRequest(
        client_id=ID, goals=[plans_api.Goal(objectives=objectives)]
    )
    with pytest.raises(Malformed) as refused:
        to_plan(request)
    assert refused.value.details == {
        "goals.0.in_the_clients_words": "is required",
        "goals.0.objectives.1.metric": "is required",
        "goals.0.objectives.1.target_date": "is not a date",
    }
    del request.goals[0].objectives[1]
    request.goals[0].in_the_clients_words = "sleep"
    goal = Goal("sleep", (Objective("days", DAY),))
    assert to_plan(request) == Draughted(ID, (goal,), None)
    request.supersedes_plan_id = "x"
    with pytest.raises(Malformed, match="supersedes_plan_id is not a UUID"):
        to_plan(request)


def test_readers_by_hand_have_limits_and_say_where_elements_stand() -> None:
    @dataclass(frozen=True)
    class PerDiem:
        code: str
        minimum_minutes: int

    @dataclass(frozen=True)
    class Example:
        sessions: tuple[Any, ...]

    @dataclass(frozen=True)
    class Session:
        service_kind: Literal["GROUP", "FAMILY"]
        minutes: int

    to_per_diem = request_reader(
        rules_pb2.PerDiem, PerDiem, code=left_out(digits(5), "?"), minimum_minutes=bounded(1, 9)
    )
    assert to_per_diem(rules_pb2.PerDiem(minimum_minutes=9)) == PerDiem("?", 9)
    with pytest.raises(Malformed) as refused:
        to_per_diem(rules_pb2.PerDiem(code="1234"))
    assert refused.value.details == {
        "code": "is not 5 digits",
        "minimum_minutes": "is not between 1 and 9",
    }
    session = request_reader(rules_pb2.ExampleSession, Session, minutes=bounded(0, 9))
    example = request_reader(
        rules_pb2.WorkedExample, Example, sessions=each_of(session, at="{field}[{number}].")
    )
    with pytest.raises(Malformed) as refused:
        example(rules_pb2.WorkedExample(sessions=[rules_pb2.ExampleSession(service_kind="X")]))
    assert refused.value.details == {"sessions[0].service_kind": "is none of GROUP, FAMILY"}


@dataclass(frozen=True)
class Told:
    reason: str


@dataclass(frozen=True)
class Counted:
    units: int


@dataclass(frozen=True)
class Yes:
    disclose: bool = True


@dataclass(frozen=True)
class Unsure:
    modality: Literal["IN_PERSON"]


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: fact_reader(billing.FeeSet, Told), "nothing fills reason"),
        (lambda: fact_reader(billing.FeeSet, Told, reason=named("why")), "has no why"),
        (lambda: fact_reader(billing.FeeSet, Told, reason="x", other=1), "there is no other"),
        (lambda: fact_reader(billing.FeeSet, Told, reason=named("charge")), "is <class 'str'>"),
        (lambda: fact_reader(billing.RevocationSettled, Yes), "are the same here"),
        (lambda: fact_reader(attendance.SessionScheduled, Unsure), "has no TELEHEALTH"),
        (lambda: request_reader(rules_pb2.ExampleLine, Counted), "has bounds"),
        (lambda: request_reader(billing_api.SetFeeRequest, Fee), "an amount from outside"),
        (lambda: request_reader(rules_pb2.PerDiem, Line), "nothing fills service_date"),
        (lambda: writer(rules_pb2.ExampleLine, Counted), "nothing fills code"),
        (lambda: writer(rules_pb2.ExampleLine, Counted, code=named("x")), "has no x"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_when_it_is_built(build: Any, what: str) -> None:
    with pytest.raises(TypeError, match=what):
        build()


def test_what_is_deprecated_may_stay_empty() -> None:
    @dataclass(frozen=True)
    class Roles:
        roles: tuple[str, ...]

    declared = policy_pb2.Policy.DESCRIPTOR.fields_by_name
    assert declared["site_field"].GetOptions().deprecated
    policy = writer(
        policy_pb2.Policy, Roles, purposes=(), bound_by=(), audited=False, of_absorbed=False
    )
    assert policy(Roles(("clinician",))) == policy_pb2.Policy(roles=["clinician"])
