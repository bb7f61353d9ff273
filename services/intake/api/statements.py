"""StatementsService: what was said of a client, read back and put right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as pb

from kernel.facts import Recorded
from kernel.mapping.reading import named
from kernel.mapping.writing import Writer, writer
from kernel.refusal import Malformed, NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, NOW, Given, context_of, new_id, receipt_of
from kernel.rpc.policy import Policy, permit, policies_of
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import reading, timestamp_of, to_timestamp
from kernel.statements import FIRST, Amendment, Statement, StatementAmended, content_of
from kernel.store.store import Context, Transaction
from services.intake.adapters import sealed
from services.intake.adapters.said import said_of
from services.intake.api import requests
from services.intake.app.deciding import Intake
from services.intake.app.statements import PutRight, place_of, put_right, revision_of
from services.intake.app.streams import client_stream, narratives_document, remark_document
from services.intake.domain import areas, assessment, client, consent, coverage, dimensions

SERVICE = pb.DESCRIPTOR.services_by_name["StatementsService"]
LONGEST_REMARK = 4000
REASON: Any = common.CorrectionReason
LATEST = 10_000  # revisions of one statement
NOTHING: Mapping[str, Given] = MappingProxyType({})
SAID = pb.Recording.DESCRIPTOR.oneofs_by_name["said"]


@dataclass(frozen=True, slots=True)
class Recording:
    """How a kind is said in a request, and read of one, which is told what it is `given`.

    Of that, what no revision changes is kept as it was.
    """

    say: Writer[Any, Any]
    read: Callable[..., Any]
    given: Mapping[str, Given]

    @property
    def policy(self) -> Policy:
        """Of the RPC that records it."""
        rpc = rpc_of(self.say.message())
        return policies_of(rpc.containing_service)[rpc.name]


def _row(
    message: type[Message],
    fact: type,
    read: Callable[..., Any],
    given: Mapping[str, Given] = NOTHING,
    **by_hand: Any,
) -> tuple[type, Recording]:
    say: Writer[Any, Any] = writer(message, fact, meta=None, **by_hand)
    return fact, Recording(say, read, given)


def _assessed(fact: areas.AreasAssessed) -> list[words.AssessedArea]:
    return [
        words.AssessedArea(area=f"ASSESSMENT_AREA_{area}", need=area in fact.needs)
        for area in areas.AssessmentArea
    ]


def _rated(fact: dimensions.DimensionsRated) -> list[words.DimensionRating]:
    return [
        words.DimensionRating(dimension=dimension, rating=rating)
        for dimension, rating in fact.ratings.items()
    ]


RECORDINGS: Mapping[type, Recording] = dict(
    (
        _row(
            words.GiveConsentRequest,
            consent.ConsentGiven,
            requests.to_give_consent,
            {"consent_id": new_id("consent")},
        ),
        _row(words.RevokeConsentRequest, consent.ConsentRevoked, requests.to_revoke_consent),
        _row(
            words.RestrictDisclosureRequest,
            consent.DisclosureRestricted,
            requests.to_restrict_disclosure,
            {"restriction_id": new_id("restriction")},
            from_=named("first"),
            to=named("last"),
        ),
        _row(words.VerifyCoverageRequest, coverage.CoverageVerified, requests.to_verify_coverage),
        _row(words.EndCoverageRequest, coverage.CoverageEnded, requests.to_end_coverage),
        _row(
            words.RecordDiagnosisRequest,
            client.DiagnosisRecorded,
            requests.to_record_diagnosis,
            replaces_code="",
        ),
        _row(words.EndDiagnosisRequest, client.DiagnosisEnded, requests.to_end_diagnosis),
        _row(
            words.AssessAreasRequest,
            areas.AreasAssessed,
            requests.to_assess_areas,
            {"assessment_id": new_id("assessment"), "assessed_by": ACTOR},
            areas=_assessed,
        ),
        _row(
            words.RateDimensionsRequest,
            dimensions.DimensionsRated,
            requests.to_rate_dimensions,
            {"rating_id": new_id("rating"), "rated_by": ACTOR},
            ratings=_rated,
        ),
        _row(
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
    )
)
FIELDS = {
    field.message_type.full_name: field.name
    for field in SAID.fields
    if field.message_type is not None
}


def _field_of(recording: Recording) -> str:
    return FIELDS[recording.say.message.DESCRIPTOR.full_name]


def _may(recording: Recording, actor: Actor) -> bool:
    try:
        permit(recording.policy, actor)
    except NotAllowed:
        return False
    return True


class StatementsServicer:
    """Answers StatementsService."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def CorrectStatement(
        self, request: pb.CorrectStatementRequest, call: Call
    ) -> pb.CorrectStatementResponse:
        field = request.recording.WhichOneof("said")
        if field is None:
            raise Malformed(recording="says nothing: to take it back is VoidStatement")
        return pb.CorrectStatementResponse(**self._put_right(request, call, field))

    def VoidStatement(
        self, request: pb.VoidStatementRequest, call: Call
    ) -> pb.VoidStatementResponse:
        return pb.VoidStatementResponse(**self._put_right(request, call, None))

    def _put_right(self, request: Any, call: Call, field: str | None) -> Mapping[str, Any]:
        context = context_of(request, call, self._intake.executor.store.vault)
        with reading(request) as read:
            statement = read.uuid("statement.statement_id")
            revision = read.integer("statement.revision", low=FIRST, high=LATEST)
            reason: Any = read.enum("correction.reason")
            remark = read.text("correction.remark", max_length=LONGEST_REMARK)
        with self._intake.executor.store.transaction() as tx:
            recording = RECORDINGS[place_of(tx, statement).kind]
        permit(recording.policy, call.actor)
        said = None
        if field is not None:
            if field != _field_of(recording):
                raise Malformed(recording=f"is no {_field_of(recording)}, as the statement is")
            said = _read(recording, request.recording, field, context)
        asked = PutRight(
            amendment=Amendment(statement=statement, revision=revision, reason=reason),
            remark=remark,
            said=said,
        )
        outcome = put_right(self._intake, asked, context)
        now = common.StatementRevision(
            statement_id=str(statement), revision=revision_of(outcome, asked.amendment)
        )
        return {"receipt": receipt_of(outcome.published), "statement": now}

    def ListStatements(
        self, request: pb.ListStatementsRequest, call: Call
    ) -> pb.ListStatementsResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        kinds = {kind for kind, recording in RECORDINGS.items() if _may(recording, call.actor)}
        with self._intake.executor.store.transaction() as tx:
            said = said_of(tx, client_id, kinds, until)
            return pb.ListStatementsResponse(statements=[_told(tx, one) for one in said])


def _read(recording: Recording, given: pb.Recording, field: str, context: Context) -> Any:
    message = getattr(given, field)
    if message.HasField("meta"):
        raise Malformed(**{f"recording.{field}.meta": "is the command's, and stands there"})
    known = {name: of(context) for name, of in recording.given.items()}
    with reading(message, at=f"recording.{field}.") as read:
        return read.whole(recording.read, **known)


def _told(tx: Transaction, statement: Statement) -> pb.Statement:
    """With what is sealed, as long as it can be opened."""
    remarks = remark_document(str(statement.first.id))
    owner = client_stream(content_of(statement.first).client_id)
    forgotten = False

    def opened(kind: str, version: int) -> bytes:
        nonlocal forgotten
        document = tx.documents.open(owner, kind, version)
        forgotten |= document is None
        return document.content if document else b""

    def revision(telling: Recorded) -> pb.Revision:
        fact, content = telling.fact, content_of(telling)
        recording = RECORDINGS[type(content)]
        said = recording.say(content)
        if isinstance(content, areas.AreasAssessed):
            kind = narratives_document(content.assessment_id)
            sealed.narrate(said, opened(kind, content.narratives_version))
        told = pb.Revision(
            revision=FIRST,
            recording=pb.Recording(**{_field_of(recording): said}),
            said_at=to_timestamp(telling.at),
            said_by=telling.actor,
        )
        if isinstance(fact, StatementAmended):
            told.revision, told.voided = fact.revision, fact.voided
            told.reason = REASON.Value(f"CORRECTION_REASON_{fact.reason}")
            told.remark = opened(remarks, fact.remark_version).decode()
        return told

    revisions = [revision(telling) for telling in statement.tellings]
    return pb.Statement(
        statement_id=str(statement.first.id), revisions=revisions, text_forgotten=forgotten
    )
