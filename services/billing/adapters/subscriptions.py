"""What billing hears, what each fact refers to, and the projection that reads them all."""

from collections.abc import Iterable, Sequence
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import Row
from kernel.keys.forgetting import forget_when_told
from kernel.messaging.persons import ids_of
from kernel.messaging.subscriptions import Facts, Projection, Reaction, Subscription, Subscriptions
from kernel.store.store import Context, Store
from services.billing.adapters.history import history_of
from services.billing.adapters.issued import batches_of_forgotten_alone
from services.billing.adapters.members import member_subject
from services.billing.adapters.publication import publish_row
from services.billing.adapters.rows import ROWS
from services.billing.domain.projection import derive

CODE = "13"  # raised when the projection's meaning changes: everything is derived again


def _site(message: Any) -> Iterable[str]:
    return (f"site/{message.site_id}",)


def _payer(message: Any) -> Iterable[str]:
    return (f"payer/{message.payer_id}",)


def _provider(message: Any) -> Iterable[str]:
    return (f"provider/{message.provider_id}",)


def _practitioner(message: billing.ClaimIssued) -> Iterable[str]:
    named = message.rendering_staff_id
    return (f"practitioner/{named}",) if named else ()


def _member(message: intake.MemberRecognised) -> Iterable[str]:
    return (member_subject(message.key),)


def derive_rows(client: str, facts: Facts) -> Sequence[Row]:
    """The rows of one client."""
    return [
        Row(
            kind=ROWS.name_of(type(row.content)),
            key=row.content.key,
            content=row.content,
            rests_on=row.rests_on,
            rules=row.rules.name if row.rules else "",
        )
        for row in derive(history_of(client, facts))
    ]


CLAIMS = Projection(name="claims", code=CODE, derive=derive_rows, publish=publish_row, rows=ROWS)


def forget(store: Store, fact: intake.ClientForgotten, context: Context) -> None:
    """Destroys the person's keys, and those of files that name nobody else who is remembered."""
    with store.transaction() as tx:
        ids = ids_of(tx.connection, fact.client_id)
        batches = batches_of_forgotten_alone(tx, ids)
    owners = [
        *(f"client/{client_id}" for client_id in ids),
        *(f"batch/{batch_id}" for batch_id in batches),
    ]
    forget_when_told(store, owners, context)


SUBSCRIPTIONS = Subscriptions(
    [
        Subscription(intake.ClientRegistered),
        Subscription(intake.IdentityAmended),
        Subscription(intake.MembershipAmended),
        Subscription(intake.ClientAdmitted, _site),
        Subscription(intake.ClientTransferred, _site),
        Subscription(intake.DiagnosisRecorded),
        Subscription(intake.DiagnosisEnded),
        Subscription(intake.CoverageVerified, _payer),
        Subscription(intake.CoverageEnded, _payer),
        Subscription(intake.MemberRecognised, _member),
        Subscription(intake.DoublesJudged),
        Subscription(intake.ClientForgotten),
        Subscription(intake.ConsentGiven),
        Subscription(intake.ConsentRevoked),
        Subscription(intake.DisclosureRestricted, _payer),
        Subscription(plans.PlanActivated),
        Subscription(plans.LevelOfCareChanged),
        Subscription(plans.ClientDischarged),
        Subscription(attendance.SiteOpened),
        Subscription(attendance.StaffCredentialed),
        Subscription(attendance.SessionScheduled, _site),
        Subscription(attendance.SessionAttended, _site),
        Subscription(attendance.SessionMissed, _site),
        Subscription(attendance.AttendanceCorrected, _site),
        Subscription(attendance.SessionCancelled, _site),
        Subscription(attendance.SessionNoteSigned),
        Subscription(attendance.SessionNoteAttested),
        Subscription(billing.ProviderRegistered),
        Subscription(billing.PractitionerNumbered),
        Subscription(billing.ProviderEnrolled, _provider),
        Subscription(billing.FeeSet),
        Subscription(billing.RuleSetConfirmed),
        Subscription(billing.AuthorizationRecorded, _payer),
        Subscription(billing.AuthorizationWaived, _payer),
        Subscription(billing.RevocationSettled, _payer),
        Subscription(billing.ClaimIssued, _practitioner),
        Subscription(billing.ClaimAdjudicated),
    ],
    [CLAIMS],
    [Reaction(name="forget", to=intake.ClientForgotten, react=forget)],
)
