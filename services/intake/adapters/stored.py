"""The stored names of intake's private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from services.intake.domain import assessment, client, coverage, episode

FACTS = Codec(
    {
        "intake.client_registered.v1": client.ClientRegistered,
        "intake.consent_given.v1": client.ConsentGiven,
        "intake.coverage_added.v1": coverage.CoverageAdded,
        "intake.coverage_verified.v1": coverage.CoverageVerified,
        "intake.client_admitted.v1": episode.ClientAdmitted,
        "intake.assessment_completed.v1": assessment.AssessmentCompleted,
        "intake.diagnosis_recorded.v1": client.DiagnosisRecorded,
    }
)
