"""Who may be whom: members and people of before are recognised, doubles are named and judged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kernel.execute import Outcome, decided, record_beside, refuse_stale
from kernel.facts import Recorded
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake
from services.intake.app.streams import (
    IDENTITY,
    client_stream,
    doubles_stream,
    judgement_document,
    member_stream,
    membership_document,
)
from services.intake.domain.client import CLIENT, require_registered
from services.intake.domain.coverage import AddCoverage, CoverageAdded
from services.intake.domain.episode import Label, label_of
from services.intake.domain.recognition import (
    DOUBLES,
    MEMBER,
    DoublesVerdict,
    JudgeDoubles,
    MemberRecognised,
    RecogniseMember,
)


def recognise(
    intake: Intake,
    tx: Transaction,
    coverage: AddCoverage | CoverageAdded,
    label: Label,
    context: Context,
) -> Sequence[Recorded]:
    """Whose member the coverage is, if that wasn't recognised: of who was forgotten never.

    The client must be locked.
    """
    stream = member_stream(coverage.coverage_id)
    return tuple(record_beside(context, tx, (), {stream: recognised(intake, tx, coverage, label)}))


def recognised(
    intake: Intake, tx: Transaction, coverage: AddCoverage | CoverageAdded, label: Label
) -> Sequence[MemberRecognised]:
    """What `recognise` records."""
    owner, stream = client_stream(coverage.client_id), member_stream(coverage.coverage_id)
    identity = tx.documents.open(owner, IDENTITY)
    membership = tx.documents.open(owner, membership_document(coverage.coverage_id))
    if identity is None or membership is None:
        return ()
    command = RecogniseMember(
        client_id=coverage.client_id,
        coverage_id=coverage.coverage_id,
        key=intake.member_key(tx, coverage.payer_id, membership.content, identity.content),
        label=label,
    )
    return tuple(MEMBER.decide(command, MEMBER.after(tx.load(stream))))


def recognise_member(intake: Intake, client_id: str, coverage_id: str, context: Context) -> Outcome:
    """Recognises whose member a coverage of before is; one that isn't the client's is nobody's."""
    subject = client_stream(client_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        client = CLIENT.after(tx.load(subject))
        added = client.coverages.added.get(coverage_id)
        label = label_of(intake.episodes_of(tx, [client_id])[client_id])
        return () if added is None else recognise(intake, tx, added, label, context)

    return intake.executor.transact(context, decide, locks=[subject])


def recognise_person(intake: Intake, client_id: str, context: Context) -> Outcome:
    """Notes by what a client of before is recognised; there is no fact of it."""

    def note(tx: Transaction) -> Sequence[Recorded]:
        identity = tx.documents.open(client_stream(client_id), IDENTITY)
        if identity is not None:
            intake.note_person(tx, client_id, identity.content, context.now)
        return ()

    return intake.executor.transact(context, note, locks=[client_stream(client_id)])


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeDoublesInWords(JudgeDoubles):
    """With the reason, which is sealed."""

    reason: str


def judge_doubles(intake: Intake, asked: JudgeDoublesInWords, context: Context) -> Outcome:
    """A named person says that two clients are one person, or two; the reason is sealed.

    Refuses an unknown client (Unknown), and one with themselves (Malformed).
    """
    clients = (asked.client_id, asked.other_client_id)
    subjects = [client_stream(client_id) for client_id in clients]

    def decide(tx: Transaction) -> Sequence[Recorded]:
        refuse_stale(context, len(tx.load(doubles_stream(*clients))))
        for client_id in clients:
            _require_client(tx, client_id)
        return _judged(intake, tx, asked, context)

    # Both: who issues claims of either one, on a permit, knows whether this came before.
    return intake.executor.transact(context, decide, locks=subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPerson:
    """A client who looks like the one that is registered, and isn't; the reason is sealed."""

    other_client_id: str
    reason: str


def another_person(
    intake: Intake, tx: Transaction, client_id: str, other: OtherPerson, context: Context
) -> Sequence[Recorded]:
    """Judges that whoever is registered just now isn't that client, whom nobody else registered
    (Unknown). Both must be locked."""
    _require_client(tx, other.other_client_id)
    asked = JudgeDoublesInWords(
        client_id=client_id,
        other_client_id=other.other_client_id,
        verdict=DoublesVerdict.TWO_PEOPLE,
        reason=other.reason,
    )
    return _judged(intake, tx, asked, context)


def _require_client(tx: Transaction, client_id: str) -> None:
    require_registered(CLIENT.after(tx.load(client_stream(client_id))), client_id)


def _judged(
    intake: Intake, tx: Transaction, asked: JudgeDoublesInWords, context: Context
) -> Sequence[Recorded]:
    clients = (asked.client_id, asked.other_client_id)
    stream = doubles_stream(*clients)
    found = intake.episodes_of(tx, clients)
    labels = {label_of(episodes) for episodes in found.values()}
    command = replace(asked, label=Label.PART2 if Label.PART2 in labels else Label.HIPAA)
    facts = decided(context, DOUBLES, stream, tx.load(stream), command, expected=False)
    if facts:
        document = judgement_document(asked.other_client_id)
        tx.documents.put(client_stream(asked.client_id), document, asked.reason.encode())
    return facts
