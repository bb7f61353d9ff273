"""What billing hears, what each fact refers to, and the derivation that reads them all."""

from collections.abc import Iterable, Sequence
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import Row
from kernel.messaging.subscriptions import Derivation, Facts, Interest, Interests
from services.billing.adapters.history import history_of
from services.billing.adapters.members import member_subject
from services.billing.adapters.publication import publish_row
from services.billing.domain.projection import derive

CODE = "10"  # raised when the derivation's meaning changes: everything is derived again


def _site(message: Any) -> Iterable[str]:
    return (f"site/{message.site_id}",)


def _payer(message: Any) -> Iterable[str]:
    return (f"payer/{message.payer_id}",)


def _provider(message: Any) -> Iterable[str]:
    return (f"provider/{message.provider_id}",)


def _member(message: intake.MemberRecognised) -> Iterable[str]:
    return (member_subject(message.key),)


def derive_rows(client: str, facts: Facts) -> Sequence[Row]:
    """The rows of one client."""
    return [
        Row(
            kind=kind,
            key=key,
            content=content,
            rests_on=rests_on,
            rules=rules.name if rules else "",
        )
        for kind, key, content, rests_on, rules in derive(history_of(client, facts))
    ]


CLAIMS = Derivation(name="claims", code=CODE, derive=derive_rows, publish=publish_row)

INTERESTS = Interests(
    [
        Interest(intake.ClientRegistered),
        Interest(intake.ClientAdmitted, _site),
        Interest(intake.DiagnosisRecorded),
        Interest(intake.DiagnosisEnded),
        Interest(intake.CoverageVerified, _payer),
        Interest(intake.CoverageEnded, _payer),
        Interest(intake.MemberRecognised, _member),
        Interest(intake.DoublesJudged),
        Interest(intake.ConsentGiven),
        Interest(intake.ConsentRevoked),
        Interest(intake.DisclosureRestricted, _payer),
        Interest(plans.PlanActivated),
        Interest(plans.LevelOfCareChanged),
        Interest(plans.ClientDischarged),
        Interest(attendance.SiteOpened),
        Interest(attendance.StaffCredentialed),
        Interest(attendance.SessionScheduled, _site),
        Interest(attendance.SessionAttended, _site),
        Interest(attendance.SessionMissed, _site),
        Interest(attendance.AttendanceCorrected, _site),
        Interest(attendance.SessionCancelled, _site),
        Interest(attendance.SessionNoteSigned),
        Interest(attendance.SessionNoteAttested),
        Interest(billing.ProviderEnrolled, _provider),
        Interest(billing.FeeSet),
        Interest(billing.RuleSetConfirmed),
        Interest(billing.AuthorizationRecorded, _payer),
        Interest(billing.AuthorizationWaived, _payer),
        Interest(billing.RevocationSettled, _payer),
        Interest(billing.ClaimIssued),
        Interest(billing.ClaimAdjudicated),
    ],
    [CLAIMS],
)
