"""Two clients are said to be one person, or two after all; nothing is moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kernel.execute import Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.messaging.persons import refuse_absorbed
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, lock_persons, of_person
from services.intake.app.streams import (
    IDENTITY,
    client_stream,
    doubles_stream,
    judgement_document,
    merge_document,
    merge_stream,
)
from services.intake.domain.client import CLIENT, require_ever_registered
from services.intake.domain.episode import Label, label_of
from services.intake.domain.forgetting import AlreadyForgotten
from services.intake.domain.merging import MERGING, Difference, MergeClients, UnmergeClients
from services.intake.domain.recognition import DOUBLES, DoublesVerdict, JudgeDoubles


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInWords(MergeClients):
    """With the remark, which is sealed under the survivor's key."""

    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergeInWords(UnmergeClients):
    """With the remark, which is sealed under the survivor's key."""

    remark: str


def merge_clients(intake: Intake, asked: MergeInWords, context: Context) -> Outcome:
    """Merges the absorbed client into the survivor, and judges with it that they are one person.

    Refuses an unknown client (Unknown), a survivor who was forgotten, one of them who was merged
    into another already (CLIENT_MERGED), one with themselves (Malformed), and by its name what
    differs of them and isn't settled (domain/merging.py).
    """
    clients = (asked.survivor_client_id, asked.absorbed_client_id)
    stream, judged = merge_stream(*clients), doubles_stream(*clients)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load_many([stream, judged])
        refuse_stale(context, len(history[stream]))
        merging = MERGING.after(history[stream])
        if not merging.is_as(asked):
            refuse_absorbed(tx.connection, clients)
        verdict = DOUBLES.after(history[judged])
        differs = list(_differences(intake, tx, clients))
        if verdict is not None and verdict.verdict == DoublesVerdict.TWO_PEOPLE:
            differs.append(Difference.JUDGED_TWO_PEOPLE)
        command = replace(asked, differs=tuple(differs), label=_label(intake, tx, clients))
        decided = list(MERGING.decide(command, merging))
        if not decided:
            return ()
        version = _seal(tx, clients, asked.remark)
        decided = [replace(fact, remark_version=version) for fact in decided]
        one = JudgeDoubles(
            client_id=clients[0],
            other_client_id=clients[1],
            verdict=DoublesVerdict.ONE_PERSON,
            label=command.label,
        )
        judgement = list(DOUBLES.decide(one, verdict))
        if judgement:
            owner, kind = client_stream(clients[0]), judgement_document(clients[1])
            tx.documents.put(owner, kind, asked.remark.encode())
        return (
            *record(context, stream, len(history[stream]), decided),
            *record(context, judged, len(history[judged]), judgement),
        )

    return lock_persons(intake, clients, context, decide)


def unmerge_clients(intake: Intake, asked: UnmergeInWords, context: Context) -> Outcome:
    """Takes them apart; refuses two who aren't merged so (NOT_MERGED).

    What was judged of them stands, until it is judged anew.
    """
    clients = (asked.survivor_client_id, asked.absorbed_client_id)
    stream = merge_stream(*clients)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        command = replace(asked, label=_label(intake, tx, clients))
        decided = list(MERGING.decide(command, MERGING.after(history)))
        version = _seal(tx, clients, asked.remark)
        return record(
            context,
            stream,
            len(history),
            [replace(fact, remark_version=version) for fact in decided],
        )

    return lock_persons(intake, clients, context, decide)


def _differences(intake: Intake, tx: Transaction, clients: Sequence[str]) -> Iterator[Difference]:
    """Of two clients, or of all who are one with them."""
    programs = [
        {episode.program_id for episode in episodes if episode.closed_on is None}
        for client_id in clients
        for episodes in intake.episodes_of(tx, [client_id]).values()
    ]
    if programs[0] & programs[1]:
        yield Difference.OPEN_EPISODES
    for client_id in clients:
        require_ever_registered(CLIENT.after(of_person(tx, client_id)), client_id)
    own, other = (tx.documents.open(client_stream(each), IDENTITY) for each in clients)
    if own is None:
        raise AlreadyForgotten(clients[0])
    if other is None:
        yield Difference.KEY_DESTROYED
        return
    if intake.born_on(own.content) != intake.born_on(other.content):
        yield Difference.BIRTH_DATE
    if intake.sex_of(own.content) != intake.sex_of(other.content):
        yield Difference.SEX


def _label(intake: Intake, tx: Transaction, clients: Sequence[str]) -> Label:
    found = intake.episodes_of(tx, clients)
    labels = {label_of(episodes) for episodes in found.values()}
    return Label.PART2 if Label.PART2 in labels else Label.HIPAA


def _seal(tx: Transaction, clients: Sequence[str], remark: str) -> int:
    survivor, absorbed = clients
    return tx.documents.put(client_stream(survivor), merge_document(absorbed), remark.encode())
