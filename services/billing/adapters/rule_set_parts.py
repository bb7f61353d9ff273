"""The parts of a rule set's message, read with every violation, and written."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ninehours.billing.v1 import rules_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_enum, required_text
from services.billing.domain.payers import rules

LONGEST_CODE, MOST_MODIFIERS, MODIFIER = 5, 4, 2  # HCPCS
DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
SERVICE_KINDS = ("GROUP", "INDIVIDUAL", "FAMILY", "INTAKE_EVALUATION", "PRESCRIBER_VISIT")
OUTCOMES = ("PER_DIEM", "DISCRETE", "NOT_BILLABLE", "HOLD")
T = TypeVar("T")


def per_diem(request: Any, field: str) -> rules.PerDiem | None:
    return _if_given(_per_diem, request, field)


def timed_units(request: Any, field: str) -> rules.TimedUnits | None:
    return _if_given(_timed_units, request, field)


def institutional(request: Any, field: str) -> rules.Institutional | None:
    return _if_given(_institutional, request, field)


def services(request: Any, field: str) -> tuple[rules.DiscreteService, ...]:
    return _each(_service, request, field)


def examples(request: Any, field: str) -> tuple[rules.WorkedExample, ...]:
    return _each(_example, request, field)


def modifiers(request: Any, field: str) -> tuple[str, ...]:
    given = tuple(getattr(request, field))
    if len(given) > MOST_MODIFIERS or any(len(each) != MODIFIER for each in given):
        raise Malformed(**{field: "is not at most four modifiers of two characters"})
    return given


def per_diem_message(given: rules.PerDiem | None) -> pb.PerDiem | None:
    if given is None:
        return None
    return pb.PerDiem(
        code=given.code, modifiers=given.modifiers, minimum_minutes=given.minimum_minutes
    )


def timed_units_message(given: rules.TimedUnits | None) -> pb.TimedUnits | None:
    if given is None:
        return None
    return pb.TimedUnits(
        code=given.code,
        modifiers=given.modifiers,
        unit_minutes=given.unit_minutes,
        rounding=f"ROUNDING_{given.rounding}",
        maximum_units=given.maximum_units,
        minimum_minutes=given.minimum_minutes,
    )


def institutional_message(given: rules.Institutional | None) -> pb.Institutional | None:
    if given is None:
        return None
    return pb.Institutional(
        type_of_bill=given.type_of_bill,
        revenue_code=given.revenue_code,
        condition_code=given.condition_code,
        interim_bills=given.interim_bills,
    )


def service_message(given: rules.DiscreteService) -> pb.DiscreteService:
    return pb.DiscreteService(
        service_kind=given.service_kind,
        code=given.code,
        modifiers=given.modifiers,
        minimum_minutes=given.minimum_minutes,
        unit_minutes=given.unit_minutes,
        rounding=f"ROUNDING_{given.rounding}" if given.rounding else None,
        revenue_code=given.revenue_code,
    )


def example_message(given: rules.WorkedExample) -> pb.WorkedExample:
    return pb.WorkedExample(
        name=given.name,
        sessions=[
            pb.ExampleSession(service_kind=each.service_kind, minutes=each.minutes)
            for each in given.sessions
        ],
        other_minutes_of_week=given.other_minutes_of_week,
        outcome=given.outcome,
        lines=[pb.ExampleLine(code=each.code, units=each.units) for each in given.lines],
    )


def _if_given(read: Callable[[Any, str], T], request: Any, field: str) -> T | None:
    """What `read` makes of a message field, None where it was left out."""
    return read(getattr(request, field), f"{field}.") if request.HasField(field) else None


def _each(read: Callable[[Any, str], T], request: Any, field: str) -> tuple[T, ...]:
    """What `read` makes of each message of a repeated field."""
    given = getattr(request, field)
    return tuple(read(each, f"{field}[{number}].") for number, each in enumerate(given))


def _one_of(names: Sequence[str]) -> Callable[[Any, str], str]:
    def read(request: Any, field: str) -> str:
        text = required_text(request, field)
        if text not in names:
            raise Malformed(**{field: f"is none of {', '.join(names)}"})
        return text

    return read


def _rounding(request: Any, field: str) -> str:
    """Needed where there are units to round."""
    if not request.unit_minutes and not getattr(request, field):
        return ""
    return required_enum(request, field)


def _per_diem(message: pb.PerDiem, at: str) -> rules.PerDiem:
    with reading(message, at=at) as read:
        return rules.PerDiem(
            code=read.text("code", max_length=LONGEST_CODE),
            modifiers=read.value(modifiers, "modifiers", ()),
            minimum_minutes=read.integer("minimum_minutes", low=1, high=DAY),
        )


def _timed_units(message: pb.TimedUnits, at: str) -> rules.TimedUnits:
    with reading(message, at=at) as read:
        return rules.TimedUnits(
            code=read.text("code", max_length=LONGEST_CODE),
            modifiers=read.value(modifiers, "modifiers", ()),
            unit_minutes=read.integer("unit_minutes", low=1, high=DAY),
            rounding=read.enum("rounding"),
            maximum_units=read.integer("maximum_units", low=0, high=DAY),
            minimum_minutes=read.integer("minimum_minutes", low=0, high=DAY),
        )


def _service(message: pb.DiscreteService, at: str) -> rules.DiscreteService:
    with reading(message, at=at) as read:
        return rules.DiscreteService(
            service_kind=read.value(_one_of(SERVICE_KINDS), "service_kind", ""),
            code=read.text("code", max_length=LONGEST_CODE),
            modifiers=read.value(modifiers, "modifiers", ()),
            minimum_minutes=read.integer("minimum_minutes", low=0, high=DAY),
            unit_minutes=read.integer("unit_minutes", low=0, high=DAY),
            rounding=read.value(_rounding, "rounding", ""),
            revenue_code=read.optional(required_text, "revenue_code", max_length=4) or "",
        )


def _institutional(message: pb.Institutional, at: str) -> rules.Institutional:
    with reading(message, at=at) as read:
        return rules.Institutional(
            type_of_bill=read.text("type_of_bill", max_length=2),
            revenue_code=read.text("revenue_code", max_length=4),
            condition_code=read.optional(required_text, "condition_code", max_length=2) or "",
            interim_bills=message.interim_bills,
        )


def _example(message: pb.WorkedExample, at: str) -> rules.WorkedExample:
    with reading(message, at=at) as read:
        return rules.WorkedExample(
            name=read.text("name", max_length=200),
            sessions=read.value(partial(_each, _example_session), "sessions", ()),
            outcome=read.value(_one_of(OUTCOMES), "outcome", ""),
            lines=read.value(partial(_each, _example_line), "lines", ()),
            other_minutes_of_week=read.integer("other_minutes_of_week", low=0, high=WEEK),
        )


def _example_session(message: pb.ExampleSession, at: str) -> rules.ExampleSession:
    with reading(message, at=at) as read:
        return rules.ExampleSession(
            service_kind=read.value(_one_of(SERVICE_KINDS), "service_kind", ""),
            minutes=read.integer("minutes", low=0, high=DAY),
        )


def _example_line(message: pb.ExampleLine, at: str) -> rules.ExampleLine:
    with reading(message, at=at) as read:
        return rules.ExampleLine(
            code=read.text("code", max_length=LONGEST_CODE),
            units=read.integer("units", low=1, high=DAY),
        )
