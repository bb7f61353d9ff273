"""What was recorded is told on a screen, a field a line."""

from ninehours.intake.v1 import intake_service_pb2 as intake

from ninehours.cli.record import lines_of


def test_a_no_that_was_said_is_told_as_one() -> None:
    area = intake.AssessedArea(area=intake.ASSESSMENT_AREA_MEDICAL, need=False)
    assert [*lines_of(area)] == ["area: medical", "need: no"]
