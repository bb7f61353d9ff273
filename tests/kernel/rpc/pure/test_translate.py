"""From fields to values: what is read, what is refused, and under which path."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as some
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import listener_service_pb2 as listener

from kernel.refusal import Malformed
from kernel.rpc import translate
from kernel.rpc.translate import reading
from tests.harness.kernel.rpc import record

ID = "0b7a5a3e-8a43-4a4e-9d8e-3f6f0e8f9a10"


def refused(read: Callable[..., Any], request: Any, field: str, **limits: Any) -> str:
    with pytest.raises(Malformed) as malformed:
        read(request, field, **limits)
    return malformed.value.details[field]


def test_a_uuid_is_read_in_its_usual_form_only() -> None:
    assert translate.required_uuid(common.CommandMeta(command_id=ID), "command_id") == UUID(ID)
    upper = common.CommandMeta(command_id=ID.upper())
    assert translate.required_uuid(upper, "command_id") == UUID(ID)
    for wrong in (ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", f"{ID} ", "7"):
        meta = common.CommandMeta(command_id=wrong)
        assert refused(translate.required_uuid, meta, "command_id") == "is not a UUID"
    assert refused(translate.required_uuid, common.CommandMeta(), "command_id") == "is required"


def test_text_says_something_is_not_too_long_and_can_be_stored() -> None:
    text = common.PostalAddress(line="12 Elm St\nApt 3")
    assert translate.required_text(text, "line") == "12 Elm St\nApt 3"
    for wrong, what in [
        ("", "is required"),
        (" \n\t", "is required"),
        ("x" * 11, "is longer than 10 characters"),
        ("a\0b", "holds a control character"),
        ("a\x1bb", "holds a control character"),
    ]:
        address = common.PostalAddress(line=wrong)
        assert refused(translate.required_text, address, "line", max_length=10) == what


def test_an_enum_is_its_name_without_prefix_and_zero_is_refused() -> None:
    program = common.Program(kind=common.PROGRAM_KIND_DUAL)
    assert translate.required_enum(program, "kind") == "DUAL"
    assert refused(translate.required_enum, common.Program(), "kind") == "is required"
    unheard = common.Program.FromString(b"\x10\x63")
    assert "does not know" in refused(translate.required_enum, unheard, "kind")


def test_a_number_lies_within_its_bounds() -> None:
    position = common.Position(sequence=3)
    assert translate.required_int(position, "sequence", low=1, high=3) == 3
    what = refused(translate.required_int, position, "sequence", low=4, high=9)
    assert what == "is not between 4 and 9"


def test_a_field_within_a_message_is_named_by_its_path() -> None:
    request = record(on=common.Date(year=2026, month=2, day=30))
    assert refused(translate.required_int, request, "on.day", low=1, high=7)
    assert refused(translate.date_of, request, "on") == "is not a date"


@pytest.mark.parametrize(
    "wrong",
    [
        common.Date(year=2026, month=13, day=1),
        common.Date(year=1899, month=12, day=31),
        common.Date(year=2201, month=1, day=1),
        common.Date(year=0, month=1, day=1),
        common.Date(year=2026, month=1, day=-1),
        common.Date(year=2**31 - 1, month=1, day=1),
        common.Date(),
    ],
)
def test_a_date_that_is_none_or_absurd_is_refused(wrong: common.Date) -> None:
    assert refused(translate.date_of, record(on=wrong), "on")


@pytest.mark.parametrize(
    "wrong",
    [
        Timestamp(seconds=253402300800),
        Timestamp(seconds=-62135596801),
        Timestamp(seconds=2**63 - 1),
        Timestamp(seconds=-(2**63)),
        Timestamp(seconds=0, nanos=-1),
        Timestamp(seconds=0, nanos=10**9),
        Timestamp(seconds=-2208988801),
        Timestamp(seconds=7289654400),
    ],
)
def test_a_time_that_is_none_or_absurd_is_refused(wrong: Timestamp) -> None:
    assert refused(translate.timestamp_of, record(at=wrong), "at")


def test_a_date_or_time_that_is_left_out_is_required() -> None:
    assert refused(translate.date_of, record(), "on") == "is required"
    assert refused(translate.timestamp_of, record(), "at") == "is required"


@given(some.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_date_comes_back_as_it_went(day: date) -> None:
    assert translate.date_of(record(on=translate.to_date(day)), "on") == day


@given(some.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30), timezones=some.timezones()))
def test_every_moment_comes_back_as_it_went(moment: datetime) -> None:
    read = translate.timestamp_of(record(at=translate.to_timestamp(moment)), "at")
    # Across zones == is never true of a moment in a gap or fold of its own.
    assert read == moment.astimezone(UTC)
    assert read.tzinfo is UTC


def test_a_moment_without_a_zone_never_goes_out() -> None:
    with pytest.raises(ValueError, match="time zone"):
        translate.to_timestamp(datetime(2026, 1, 1))
    west = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-8)))
    assert translate.to_timestamp(west).seconds == int(west.timestamp())


def test_what_may_be_left_out_is_none_then_and_read_otherwise() -> None:
    assert translate.optional(translate.date_of, record(), "on") is None
    assert translate.optional(translate.required_uuid, common.Position(), "subject") is None
    day = date(2026, 5, 4)
    assert translate.optional(translate.date_of, record(on=translate.to_date(day)), "on") == day
    assert translate.optional(translate.required_int, record(), "on.day", low=1, high=9) is None
    with pytest.raises(Malformed):
        translate.optional(translate.required_uuid, common.Position(subject="x"), "subject")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    parked = listener.Parked(kind="record", subject="nobody", partition=7)
    with pytest.raises(Malformed) as malformed, reading(parked, at="parked[2].") as its:
        assert its.text("kind") == "record"
        its.uuid("subject")
        its.text("topic", max_length=5)
        its.integer("partition", low=0, high=5)
        assert its.optional(translate.required_uuid, "error") is None
    assert malformed.value.details == {
        "parked[2].subject": "is not a UUID",
        "parked[2].topic": "is required",
        "parked[2].partition": "is not between 0 and 5",
    }


def test_what_fails_on_a_stand_in_is_not_what_is_told() -> None:
    with pytest.raises(Malformed), reading(common.CommandMeta()) as its:
        raise RuntimeError(its.uuid("command_id"))


def test_another_error_is_told_when_all_was_read() -> None:
    with pytest.raises(RuntimeError), reading(common.CommandMeta(command_id=ID)) as its:
        raise RuntimeError(its.uuid("command_id"))


def test_all_that_is_right_is_read() -> None:
    request = record(on=common.Date(year=2026, month=1, day=2), at=Timestamp(seconds=5))
    with reading(request) as its:
        day, moment = its.date("on"), its.timestamp("at")
    assert (day, moment) == (date(2026, 1, 2), datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC))
    with reading(common.Program(kind=common.PROGRAM_KIND_DUAL)) as its:
        assert its.enum("kind") == "DUAL"
