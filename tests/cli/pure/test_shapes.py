"""What a request is made of is told by its own descriptor."""

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as statements

from ninehours.cli.shapes import shape_of

DAY = {"year": "number", "month": "number", "day": "number"}


def test_fields_say_what_stands_in_them() -> None:
    shape = shape_of(intake.EndCoverageRequest.DESCRIPTOR)
    assert shape.pop("meta")["dry_run"] == "true or false"
    assert shape == {
        "client_id": "id",
        "coverage_id": "id",
        "last_day": DAY,
        "reason": "COVERAGE_END_REASON_TERMINATED or COVERAGE_END_REASON_REPLACED"
        " or COVERAGE_END_REASON_ENTERED_IN_ERROR",
    }


def test_lists_maps_and_times_are_written_as_json_has_them() -> None:
    assert shape_of(intake.CompleteAssessmentRequest.DESCRIPTOR)["answers"] == {"number": "number"}
    shape = shape_of(attendance.CheckInRosterRequest.DESCRIPTOR)
    assert shape["arrivals"] == [{"client_id": "id", "at": "2026-03-02T14:00:00Z"}]
    assert shape_of(attendance.AddAddendumRequest.DESCRIPTOR)["client_ids"] == ["id"]


def test_a_correction_names_the_commands_whose_content_it_takes() -> None:
    shape = shape_of(statements.CorrectStatementRequest.DESCRIPTOR)
    assert shape["statement"] == {"statement_id": "id", "revision": "number"}
    assert shape["recording"]["consent"] == "or what GiveConsent takes, without meta"
    assert shape["correction"]["remark"] == "text"
