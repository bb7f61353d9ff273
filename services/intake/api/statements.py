"""StatementsService: what was said of a client, read back and put right."""

from functools import partial
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, NOW, new_id
from kernel.rpc.statements import (
    Open,
    Recording,
    StatementsServicer,
    answered,
    opened,
    read_anew,
    recording,
    statement_kinds,
)
from kernel.rpc.translate import reading
from kernel.statements import statements
from kernel.store.store import Context
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app import moving
from services.intake.app.deciding import Intake
from services.intake.app.statements import first_said, put_right
from services.intake.app.streams import (
    CONTACTS,
    IDENTITY,
    client_stream,
    closing_note_document,
    handing_on_document,
    membership_document,
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
    person,
    screening,
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


def _in_words(
    said: words.RegisterClientRequest | words.ChangePersonRequest,
    fact: client.ClientRegistered | person.PersonChanged,
    opened: Open,
) -> None:
    """Who they were said to be; a forgotten client's words are left out."""
    if (identity := opened(IDENTITY, fact.identity_version)) is not None:
        said.identity.CopyFrom(sealed.identity_of(identity))
    version = fact.contacts_version
    if version and (contacts := opened(CONTACTS, version)) is not None:
        said.contacts.CopyFrom(sealed.contacts_of(contacts))


def _numbered(said: words.AddCoverageRequest, fact: coverage.CoverageAdded, opened: Open) -> None:
    content = opened(membership_document(fact.coverage_id), fact.membership_version)
    if content is not None:
        said.member_number, said.group_number = sealed.membership_of(content)


def _closed(
    said: words.CloseSafetyTaskRequest, fact: assessment.SafetyTaskClosed, opened: Open
) -> None:
    if fact.note_version is not None:
        note = opened(closing_note_document(fact.task_id), fact.note_version)
        said.note = (note or b"").decode()


def _handed_on(
    said: words.HandOnSafetyTaskRequest, fact: assessment.SafetyTaskHandedOn, opened: Open
) -> None:
    reason = opened(handing_on_document(fact.task_id), fact.reason_version)
    said.reason = (reason or b"").decode()


def _rated(fact: dimensions.DimensionsRated) -> list[words.DimensionRating]:
    return [
        words.DimensionRating(dimension=dimension, rating=rating)
        for dimension, rating in fact.ratings.items()
    ]


KINDS = statement_kinds(
    pb.Recording,
    (
        recording(
            words.RegisterClientRequest,
            client.ClientRegistered,
            requests.to_registration,
            {"client_id": new_id("client"), "now": NOW},
            _in_words,
            identity=None,
            contacts=None,
            other_people=None,
        ),
        recording(
            words.ChangePersonRequest,
            person.PersonChanged,
            requests.to_change_person,
            {"now": NOW},
            _in_words,
            identity=None,
            contacts=None,
        ),
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
            words.AddCoverageRequest,
            coverage.CoverageAdded,
            requests.to_add_coverage,
            {"coverage_id": new_id("coverage")},
            _numbered,
            member_number="",
            group_number="",
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
            words.TransferClientRequest,
            episode.ClientTransferred,
            requests.to_transfer,
            program_id=named("program.program_id"),
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
        recording(
            words.ScreenClientRequest,
            screening.ClientScreened,
            requests.to_screen_client,
            through=("screening",),
        ),
        recording(
            words.CloseSafetyTaskRequest,
            assessment.SafetyTaskClosed,
            requests.to_close_safety_task,
            {"closed_by": ACTOR, "closed_at": NOW},
            _closed,
            note="",
        ),
        recording(
            words.HandOnSafetyTaskRequest,
            assessment.SafetyTaskHandedOn,
            requests.to_hand_on_safety_task,
            {},
            _handed_on,
            reason="",
        ),
    ),
    first_said,
    put_right,
)


class IntakeStatementsServicer(StatementsServicer):
    """Answers intake's StatementsService."""

    def __init__(self, intake: Intake) -> None:
        super().__init__(KINDS, intake)
        self._intake = intake

    def MoveStatement(
        self, request: pb.MoveStatementRequest, call: Call
    ) -> pb.MoveStatementResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            statement = read.uuid("statement.statement_id")
        moved_to = ""

        def said_of_other(row: Recording, context: Context) -> Any:
            """As it is said now, of the other client."""
            nonlocal moved_to
            with self._intake.executor.store.transaction() as tx:
                history = tx.load(first_said(tx, statement).stream)
                [now] = [
                    said.now.fact for said in statements(history) if said.first.id == statement
                ]
                owner = client_stream(now.client_id)
                message = row.said(now, partial(opened, tx, owner))
            message.client_id = client_id
            command = read_anew(row, message, "statement.", context)
            moved_to = moving.recorded_id(type(now), command)
            return command

        asked, context = KINDS.asked(self._intake, request, call, said_of_other)
        outcome = moving.move(self._intake, asked, context)
        answer: Any = answered(
            request,
            outcome,
            asked,
            recorded_id=moved_to,
            safety_task_id=moving.task_of(outcome, client_id),
        )
        told: pb.MoveStatementResponse = answer
        return told
