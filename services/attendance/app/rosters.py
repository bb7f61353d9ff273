"""A whole roster at once: who came, who left, a group's note, and what is added to notes.

Each client's presence is a stream of its own, so these append to several in one transaction: a
roster's check-ins are one act of the front desk, and half of one would be a wrong record. What a
single command would refuse is refused for the whole call, naming the clients.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kernel.execute import Outcome, decided
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, Malformed
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide
from services.attendance.app.streams import (
    addenda_of,
    client_subject,
    encounter_of,
    group_note_of,
    note_of,
    presence_stream,
    refuse_version,
    require_registered,
    require_signer,
    session_stream,
)
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.note import AddAddendum, AddendumAdded, SignNote, require_individual
from services.attendance.domain.presence import PRESENCE, CheckIn, CheckOut, PresenceCommand
from services.attendance.domain.refusals import naming
from services.attendance.domain.session import SESSION, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterMoments:
    """Client → when they came, or left."""

    session_id: str
    moments: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNote:
    """`parts`: client → what the note says of them alone."""

    session_id: str
    group_text: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """One text, to the notes of these clients."""

    session_id: str
    client_ids: tuple[str, ...]
    text: str


def as_decided(_: Transaction, facts: Sequence[Recorded]) -> Sequence[Recorded]:
    """For what seals nothing."""
    return facts


def check_in_roster(
    attendance: AttendanceWriteSide, asked: RosterMoments, context: Context
) -> Outcome:
    """Records that these clients came, on the roster or not; who is there already stays there.

    Refuses all where nobody registered one of them (Unknown).
    """

    def command(encounter: Encounter) -> CheckIn:
        came = asked.moments[encounter.client_id]
        return CheckIn(encounter=encounter, came=came, now=context.now)

    def registered(tx: Transaction, _: Session) -> None:
        require_registered(tx, attendance.schedule, asked.moments)

    return _on_roster(
        attendance, asked.session_id, asked.moments, command, context, first=registered
    )


def check_out_roster(
    attendance: AttendanceWriteSide, asked: RosterMoments, context: Context
) -> Outcome:
    """Records that these clients left; refuses all where one isn't there (NOT_CHECKED_IN)."""

    def command(encounter: Encounter) -> CheckOut:
        left = asked.moments[encounter.client_id]
        return CheckOut(encounter=encounter, left=left, now=context.now)

    return _on_roster(attendance, asked.session_id, asked.moments, command, context)


def sign_group_note(attendance: AttendanceWriteSide, asked: GroupNote, context: Context) -> Outcome:
    """Signs a group's note as the caller, now, for each client who has a part.

    Under each client's key the group's text and the client's own part are sealed, and nobody
    else's. Refuses who holds no credential for it (NOT_CREDENTIALED), parts that are the same
    (NOTE_PARTS_IDENTICAL) and signed notes.
    """

    def command(encounter: Encounter) -> SignNote:
        return SignNote(encounter=encounter, signed_by=context.actor, signed_at=context.now)

    def signer(tx: Transaction, session: Session) -> None:
        if session.scheduled:
            require_signer(tx, attendance.schedule, context, session.scheduled.site_id)

    def seal(tx: Transaction, facts: Sequence[Recorded]) -> Sequence[Recorded]:
        for client_id, part in sorted(asked.parts.items()):
            owner = client_subject(client_id)
            tx.documents.put(owner, group_note_of(asked.session_id), asked.group_text.encode())
            tx.documents.put(owner, note_of(asked.session_id), part.encode())
        return facts

    require_individual(asked.group_text, asked.parts)
    return _on_roster(
        attendance, asked.session_id, asked.parts, command, context, first=signer, sealing=seal
    )


def add_addendum(attendance: AttendanceWriteSide, asked: Addendum, context: Context) -> Outcome:
    """Adds to signed notes, as the caller, now; the text is sealed under each client's key.

    Refuses who holds no credential for it (NOT_CREDENTIALED), and all where one of the notes isn't
    signed (NOTE_NOT_SIGNED).
    """

    def command(encounter: Encounter) -> AddAddendum:
        return AddAddendum(encounter=encounter, added_by=context.actor, added_at=context.now)

    def signer(tx: Transaction, session: Session) -> None:
        if session.scheduled:
            require_signer(tx, attendance.schedule, context, session.scheduled.site_id)

    def seal(tx: Transaction, facts: Sequence[Recorded]) -> Sequence[Recorded]:
        return [
            replace(recorded, fact=with_text(tx, recorded.fact, asked.text)) for recorded in facts
        ]

    return _on_roster(
        attendance, asked.session_id, asked.client_ids, command, context, first=signer, sealing=seal
    )


def with_text(tx: Transaction, added: AddendumAdded, words: str) -> AddendumAdded:
    """The addendum, with its words sealed."""
    owner, document = client_subject(added.client_id), addenda_of(added.session_id)
    return replace(added, text_version=tx.documents.put(owner, document, words.encode()))


def _on_roster(
    attendance: AttendanceWriteSide,
    session_id: str,
    client_ids: Collection[str],
    command_of: Callable[[Encounter], PresenceCommand],
    context: Context,
    *,
    first: Callable[[Transaction, Session], None] = lambda _, __: None,
    sealing: Callable[[Transaction, Sequence[Recorded]], Sequence[Recorded]] = as_decided,
) -> Outcome:
    """A command on each client's presence, sorted, so that two such calls don't wait in a ring.

    `sealing`: gives the facts with what of them was sealed.
    """
    refuse_version(context)
    group = session_stream(session_id)
    streams = {client_id: presence_stream(session_id, client_id) for client_id in client_ids}

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load_many([group, *streams.values()])
        session = SESSION.after(history[group])
        first(tx, session)
        facts: list[Recorded] = []
        refused: dict[str, AgainstTheRules | Malformed] = {}
        for client_id, stream in sorted(streams.items()):
            command = command_of(encounter_of(session, session_id, client_id))
            try:
                facts += decided(context, PRESENCE, stream, history[stream], command)
            except (AgainstTheRules, Malformed) as refusal:
                refused[client_id] = refusal
        _refuse_together(refused)
        return sealing(tx, facts)

    return attendance.executor.transact(context, decide, shared=[group])


def _refuse_together(refused: Mapping[str, AgainstTheRules | Malformed]) -> None:
    """One refusal for all: the first rule broken, with the clients who break it."""
    for refusal in refused.values():
        if isinstance(refusal, AgainstTheRules):
            same = [
                client_id for client_id, other in refused.items() if other.reason == refusal.reason
            ]
            details = {**refusal.details, **naming(same)}
            raise AgainstTheRules(refusal.reason, refusal.message, **details)
    if refused:
        raise Malformed(
            **{
                f"clients.{client_id}.{field}": what
                for client_id, malformed in refused.items()
                for field, what in malformed.details.items()
            }
        )
