"""The stored names of intake's private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from kernel.statements import StatementAmended
from services.intake.domain import (
    areas,
    assessment,
    client,
    consent,
    coverage,
    dimensions,
    episode,
    forgetting,
    merging,
    permit,
    person,
    recognition,
    screening,
)

FACTS = Codec(
    {
        "intake.client_registered.v1": client.ClientRegistered,
        "intake.person_changed.v1": person.PersonChanged,
        "intake.identity_amended.v1": person.IdentityAmended,
        "intake.client_screened.v1": screening.ClientScreened,
        "intake.admission_declined.v1": screening.AdmissionDeclined,
        "intake.consent_given.v1": consent.ConsentGiven,
        "intake.consent_revoked.v1": consent.ConsentRevoked,
        "intake.disclosure_restricted.v1": consent.DisclosureRestricted,
        "intake.coverage_added.v1": coverage.CoverageAdded,
        "intake.coverage_verified.v1": coverage.CoverageVerified,
        "intake.coverage_ended.v1": coverage.CoverageEnded,
        "intake.membership_amended.v1": coverage.MembershipAmended,
        "intake.client_admitted.v1": episode.ClientAdmitted,
        "intake.client_transferred.v1": episode.ClientTransferred,
        "intake.episode_closed.v1": episode.EpisodeClosed,
        "intake.assessment_completed.v1": assessment.AssessmentCompleted,
        "intake.safety_task_opened.v1": assessment.SafetyTaskOpened,
        "intake.safety_task_closed.v1": assessment.SafetyTaskClosed,
        "intake.safety_task_handed_on.v1": assessment.SafetyTaskHandedOn,
        "intake.areas_assessed.v1": areas.AreasAssessed,
        "intake.dimensions_rated.v1": dimensions.DimensionsRated,
        "intake.diagnosis_recorded.v1": client.DiagnosisRecorded,
        "intake.diagnosis_ended.v1": client.DiagnosisEnded,
        "intake.disclosure_permitted.v1": permit.DisclosurePermitted,
        "intake.member_recognised.v1": recognition.MemberRecognised,
        "intake.doubles_judged.v1": recognition.DoublesJudged,
        "intake.client_merged.v1": merging.ClientMerged,
        "intake.client_unmerged.v1": merging.ClientUnmerged,
        "intake.forgetting_asked.v1": forgetting.ForgettingAsked,
        "intake.forgetting_withdrawn.v1": forgetting.ForgettingWithdrawn,
        "intake.client_forgotten.v1": forgetting.ClientForgotten,
        "intake.statement_amended.v1": StatementAmended,
    }
)
