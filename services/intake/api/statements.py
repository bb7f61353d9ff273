"""StatementsService: what was said of a client, read back and put right."""

from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.rpc.commands import ACTOR, NOW, new_id
from kernel.rpc.statements import Open, recording, statement_kinds
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app.statements import first_said, put_right
from services.intake.app.streams import (
    narratives_document,
    safety_reason_document,
)
from services.intake.domain import (
    areas,
    assessment,
    client,
    consent,
    coverage,
    dimensions,
    episode,
)

SERVICE = pb.DESCRIPTOR.services_by_name["StatementsService"]


def _assessed(fact: areas.AreasAssessed) -> list[words.AssessedArea]:
    return [
        words.AssessedArea(area=f"ASSESSMENT_AREA_{area}", need=area in fact.needs)
        for area in areas.AssessmentArea
    ]


def _narrated(said: words.AssessAreasRequest, fact: areas.AreasAssessed, opened: Open) -> None:
    content = opened(narratives_document(fact.assessment_id), fact.narratives_version)
    told = {} if content is None else sealed.narratives_of(content)
    for area in said.areas:
        name = words.AssessmentArea.Name(area.area).removeprefix("ASSESSMENT_AREA_")
        area.narrative = told.get(name, "")


def _reasoned(said: words.AdmitClientRequest, fact: episode.ClientAdmitted, opened: Open) -> None:
    if fact.reason_version or fact.over_safety_tasks:
        content = opened(safety_reason_document(fact.episode_id), fact.reason_version or None)
        said.open_safety_reason = (content or b"").decode()


def _rated(fact: dimensions.DimensionsRated) -> list[words.DimensionRating]:
    return [
        words.DimensionRating(dimension=dimension, rating=rating)
        for dimension, rating in fact.ratings.items()
    ]


KINDS = statement_kinds(
    pb.Recording,
    (
        recording(
            words.GiveConsentRequest,
            consent.ConsentGiven,
            requests.to_give_consent,
            {"consent_id": new_id("consent")},
        ),
        recording(words.RevokeConsentRequest, consent.ConsentRevoked, requests.to_revoke_consent),
        recording(
            words.RestrictDisclosureRequest,
            consent.DisclosureRestricted,
            requests.to_restrict_disclosure,
            {"restriction_id": new_id("restriction")},
            from_=named("first"),
            to=named("last"),
        ),
        recording(
            words.VerifyCoverageRequest, coverage.CoverageVerified, requests.to_verify_coverage
        ),
        recording(words.EndCoverageRequest, coverage.CoverageEnded, requests.to_end_coverage),
        recording(
            words.RecordDiagnosisRequest,
            client.DiagnosisRecorded,
            requests.to_record_diagnosis,
            replaces_code="",
        ),
        recording(words.EndDiagnosisRequest, client.DiagnosisEnded, requests.to_end_diagnosis),
        recording(
            words.AssessAreasRequest,
            areas.AreasAssessed,
            requests.to_assess_areas,
            {"assessment_id": new_id("assessment"), "assessed_by": ACTOR},
            _narrated,
            areas=_assessed,
        ),
        recording(
            words.RateDimensionsRequest,
            dimensions.DimensionsRated,
            requests.to_rate_dimensions,
            {"rating_id": new_id("rating"), "rated_by": ACTOR},
            ratings=_rated,
        ),
        recording(
            words.AdmitClientRequest,
            episode.ClientAdmitted,
            requests.to_admission_request,
            {"episode_id": new_id("episode")},
            _reasoned,
            program=None,
            program_id=named("program.program_id"),
            open_safety_reason="",
        ),
        recording(
            words.CompleteAssessmentRequest,
            assessment.AssessmentCompleted,
            requests.to_complete_assessment,
            {
                "assessment_id": new_id("assessment"),
                "task_id": new_id("safety_task"),
                "completed_by": ACTOR,
                "completed_at": NOW,
            },
        ),
    ),
    first_said,
    put_right,
)
