"""Intake's gRPC servicer: request to command, outcome to response. It decides nothing."""

from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.rpcs import composed
from services.intake.api.assessments import AssessmentRpcs
from services.intake.api.consents import ConsentRpcs
from services.intake.api.coverages import CoverageRpcs
from services.intake.api.registrations import RegistrationRpcs
from services.intake.app.deciding import Intake
from services.intake.app.ports import Audit

SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]


def intake_servicer(intake: Intake, audit: Audit) -> Any:
    """Answers IntakeService over one write side."""
    return composed(
        SERVICE,
        RegistrationRpcs(intake),
        ConsentRpcs(intake, audit),
        CoverageRpcs(intake),
        AssessmentRpcs(intake),
    )
