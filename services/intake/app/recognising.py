"""Who may be whom: members and people of before are recognised, doubles are named and judged."""

from collections.abc import Collection, Sequence

from kernel.execute import Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, Seen, on_client
from services.intake.app.streams import (
    IDENTITY,
    client_stream,
    doubles_stream,
    judged_of,
    membership_of,
)
from services.intake.domain.client import CLIENT, Client, require_registered
from services.intake.domain.coverage import RecogniseMember
from services.intake.domain.episode import HIPAA, PART2, label_of
from services.intake.domain.recognition import DOUBLES, JudgeDoubles


def recognise_member(intake: Intake, client_id: str, coverage_id: str, context: Context) -> Outcome:
    """Recognises whose member a coverage is, if it isn't; of who was forgotten nothing is known."""

    def command(seen: Seen[Client]) -> RecogniseMember:
        owner, key = client_stream(client_id), ""
        identity = seen.tx.documents.open(owner, IDENTITY)
        membership = seen.tx.documents.open(owner, membership_of(coverage_id))
        added = seen.client.coverages.added.get(coverage_id)
        if added and identity and membership:
            key = intake.recognition.member(
                seen.tx, added.payer_id, membership.content, identity.content
            )
        return RecogniseMember(
            client_id=client_id, coverage_id=coverage_id, key=key, label=seen.label
        )

    return on_client(intake, client_id, command, context)


def recognise_person(intake: Intake, client_id: str, context: Context) -> Outcome:
    """Notes by what a client of before is recognised; there is no fact of it."""

    def note(tx: Transaction) -> Sequence[Recorded]:
        identity = tx.documents.open(client_stream(client_id), IDENTITY)
        if identity is not None:
            intake.recognition.note_person(tx, client_id, identity.content, context.now)
        return ()

    return intake.book.transact(context, note, locks=[client_stream(client_id)])


def judge_doubles(intake: Intake, asked: JudgeDoubles, reason: str, context: Context) -> Outcome:
    """A named person says that two clients are one person, or two; the reason is sealed.

    Refuses an unknown client (Unknown), and one with themselves (Malformed).
    """
    clients = (asked.client_id, asked.other_client_id)
    subjects = [client_stream(client_id) for client_id in clients]
    stream = doubles_stream(*clients)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load_many([*subjects, stream])
        refuse_stale(context, len(history[stream]))
        for client_id, subject in zip(clients, subjects, strict=True):
            require_registered(CLIENT.fold(each.fact for each in history[subject]), client_id)
        known = intake.episodes.known_of(tx, clients)
        labels = {label_of(episodes) for episodes in known.values()}
        command = JudgeDoubles(
            client_id=asked.client_id,
            other_client_id=asked.other_client_id,
            verdict=asked.verdict,
            label=PART2 if PART2 in labels else HIPAA,
        )
        judged = DOUBLES.fold(each.fact for each in history[stream])
        facts = DOUBLES.decide(command, judged)
        recorded = record(context, stream, len(history[stream]), facts)
        tx.documents.put(subjects[0], judged_of(asked.other_client_id), reason.encode())
        return recorded

    # Both: who issues claims of either one, on a permit, knows whether this came before.
    return intake.book.transact(context, decide, locks=subjects)


def possible_doubles(intake: Intake, client_id: str, sites: Collection[str]) -> Sequence[str]:
    """Clients of these sites who may be the same person as this one."""
    with intake.book.store.transaction() as tx:
        return intake.recognition.doubles(tx, client_id, sites)
