"""What was said of a client is put right, under the lock of the client it is about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel.decider import Decider
from kernel.execute import Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import Malformed, Unknown
from kernel.statements import PutRight, amended
from kernel.store.store import Context, Transaction
from services.intake.app.assessments import narrated, scored
from services.intake.app.deciding import Intake, LockedClient
from services.intake.app.streams import client_stream, remark_document
from services.intake.app.use_cases import admission_said_anew, require_payer
from services.intake.domain.areas import AREA_ASSESSMENT, AreasAssessed
from services.intake.domain.assessment import ASSESSMENT, AssessmentCompleted
from services.intake.domain.client import (
    CLIENT,
    DiagnosisEnded,
    DiagnosisRecorded,
    require_registered,
)
from services.intake.domain.consent import ConsentGiven, ConsentRevoked, DisclosureRestricted
from services.intake.domain.coverage import CoverageEnded, CoverageVerified
from services.intake.domain.dimensions import RATING, DimensionsRated
from services.intake.domain.episode import EPISODE, ClientAdmitted

Fill = Callable[[Intake, LockedClient[Any], Any, Context], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlace:
    """Where a statement was said first, of what kind it is, and of whom."""

    stream: str
    kind: type
    client_id: str


def _labelled(_: Intake, locked: LockedClient[Any], asked: Any, __: Context) -> Any:
    return replace(asked, label=locked.label)


def _of_payer(field: str) -> Fill:
    def fill(intake: Intake, locked: LockedClient[Any], asked: Any, context: Context) -> Any:
        require_payer(intake, locked.tx, getattr(asked, field))
        return _labelled(intake, locked, asked, context)

    return fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of statement: who decides what may be said, and what is filled in.

    `kept`: what no revision changes, as the id that others name it by, and when it was done.
    """

    decider: Decider[Any, Any, Any]
    fill: Fill = _labelled
    kept: Sequence[str] = ()


KINDS: Mapping[type, Kind] = {
    ConsentGiven: Kind(decider=CLIENT, fill=_of_payer("recipient_payer_id"), kept=("consent_id",)),
    ConsentRevoked: Kind(decider=CLIENT),
    DisclosureRestricted: Kind(
        decider=CLIENT, fill=_of_payer("payer_id"), kept=("restriction_id",)
    ),
    CoverageVerified: Kind(decider=CLIENT),
    CoverageEnded: Kind(decider=CLIENT),
    DiagnosisRecorded: Kind(decider=CLIENT),
    DiagnosisEnded: Kind(decider=CLIENT),
    AreasAssessed: Kind(
        decider=AREA_ASSESSMENT, fill=narrated, kept=("assessment_id", "assessed_by")
    ),
    DimensionsRated: Kind(decider=RATING, kept=("rating_id", "rated_by")),
    ClientAdmitted: Kind(decider=EPISODE, fill=admission_said_anew, kept=("episode_id",)),
    AssessmentCompleted: Kind(
        decider=ASSESSMENT,
        fill=scored,
        kept=("assessment_id", "completed_by", "completed_at"),
    ),
}
"""What can be put right."""


def place_of(tx: Transaction, statement: UUID) -> StatementPlace:
    """Of a statement that can be put right; refuses every other (Unknown)."""
    for recorded in tx.load_where("id = :id", id=statement):
        kind = type(recorded.fact)
        if kind in KINDS:
            return StatementPlace(
                stream=recorded.stream, kind=kind, client_id=recorded.fact.client_id
            )
    raise Unknown("statement", str(statement))


def put_right(intake: Intake, asked: PutRight, context: Context) -> Outcome:
    """Says a statement otherwise, or takes it back.

    Refuses what the command refuses that records it, among all that stands beside; a statement that
    nobody made here (Unknown), of another client or kind, and one that was put right since
    (STATEMENT_CHANGED).
    """
    with intake.executor.store.transaction() as tx:  # where it was said first never changes
        place = place_of(tx, asked.amendment.statement)
    kind, of_client = KINDS[place.kind], client_stream(place.client_id)
    if asked.said is not None and asked.said.client_id != place.client_id:
        raise Malformed(
            recording__client_id="is another client: take it back here, and say it of the other"
        )

    def decide(tx: Transaction) -> Sequence[Recorded]:
        loaded = tx.load_many([of_client, place.stream])
        history = loaded[place.stream]
        refuse_stale(context, len(history))
        client = CLIENT.after(loaded[of_client])
        require_registered(client, place.client_id)
        episodes = intake.episodes_of(tx, [place.client_id])[place.client_id]

        def said_anew(others: Sequence[Recorded], now: Any) -> Iterable[Any]:
            state = kind.decider.after(others)
            locked = LockedClient(tx=tx, client=client, episodes=episodes, state=state)
            kept = {name: getattr(now, name) for name in kind.kept}
            said: Any = asked.said
            command = kind.fill(intake, locked, replace(said, **kept), context)
            return kind.decider.decide(command, state)

        remark = remark_document(str(asked.amendment.statement))
        version = tx.documents.put(of_client, remark, asked.remark.encode())
        amendment = replace(asked.amendment, remark_version=version)
        facts = amended(history, amendment, said_anew if asked.said else None)
        return record(context, place.stream, len(history), facts)

    return intake.executor.transact(context, decide, locks=[of_client])
