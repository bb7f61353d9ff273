"""One command about a client, made and decided under the lock of the client it is about."""

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from kernel.decider import Decider
from kernel.execute import CommandExecutor, Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of, ids_of_each
from kernel.statements import PutRight
from kernel.store.store import Conflict, Context, Transaction
from services.intake.app.streams import client_stream
from services.intake.domain.client import CLIENT, Client, ClientCommand, require_registered
from services.intake.domain.coverage import MembershipParts
from services.intake.domain.episode import EpisodeSummary, Label, label_of
from services.intake.domain.forgetting import Retention
from services.intake.domain.instruments.score import Sex
from services.intake.domain.person import IdentityParts
from services.intake.domain.programs import Programs

C = TypeVar("C")
F = TypeVar("F")
S = TypeVar("S")
EpisodesOf = Callable[[Transaction, Sequence[str]], Mapping[str, tuple[EpisodeSummary, ...]]]


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a client's published log ends: the last sequence and its fact's id; 0, none at all."""

    sequence: int = 0
    fact_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who asked for one client's identity. `outcome`: GIVEN, or why it was withheld.

    `correlation` leads from the service that asked to the command, and so to the person.
    """

    at: datetime
    actor: str
    purpose: str
    client_id: str
    recipient_payer_id: str
    consent_id: str | None
    identity_version: int | None
    outcome: str
    correlation: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What every use case works with: the executor of commands, and what is known beside."""

    executor: CommandExecutor
    # Client → their episodes in the order of admission. To decide by it, lock the client.
    episodes_of: EpisodesOf
    # What attendance told of these sites, or (None) of all, and of their programs. It stands for
    # good: nothing has to be locked.
    programs: Callable[[Transaction, Collection[str] | None], Programs]
    # Whether billing told of the payer, which stands for good too.
    is_payer_registered: Callable[[Transaction, str], bool]
    # The assessment that opened this safety task of the client's; None: there is no such task.
    task_assessment: Callable[[Transaction, str, str], str | None]
    # Whether attendance told of a credential for the token of this subject.
    is_credentialed: Callable[[Transaction, str], bool]
    # Ids of the client's open safety tasks of HIGH risk.
    open_high: Callable[[Transaction, str], Sequence[str]]
    # Client → where their published log ends. The clients must be locked.
    log_ends: Callable[[Transaction, Sequence[str]], Mapping[str, LogEnd]]
    # Of a payer's membership and an identity a keyed hash, the same for the same member number and
    # birth date. The key is made once, and outlives master keys.
    member_key: Callable[[Transaction, str, bytes, bytes], str]
    # Enters, with when it was noted, by what a client is recognised now; no more by what before.
    note_person: Callable[[Transaction, str, bytes, datetime], None]
    # Reads, part by part, what of a sealed identity claims say.
    parts_of: Callable[[bytes], IdentityParts]
    # And of a sealed membership.
    membership_parts_of: Callable[[bytes], MembershipParts]
    # Reads the sex in a sealed identity.
    sex_of: Callable[[bytes], Sex]
    # And the birth date.
    born_on: Callable[[bytes], date]
    # The day of the last fact that was signed about a client, here or where it was heard.
    last_contact: Callable[[Transaction, str], date]
    # How long records are kept; None: nobody said.
    retention: Retention | None
    # Enters who asked for identities, in the transaction that answers.
    audit: Callable[[Transaction, Sequence[AuditEntry]], None]


@dataclass(frozen=True)  # no slots: they keep a generic class from being called with its types
class LockedClient(Generic[S]):
    """What a command is filled in with: true until the transaction ends.

    `ids`: every client of the person, the survivor first; all that is known is known of them.
    """

    tx: Transaction
    ids: Sequence[str]
    client: Client
    episodes: Sequence[EpisodeSummary]
    state: S

    @property
    def label(self) -> Label:
        """Of a fact about this client, now."""
        return label_of(self.episodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRightAt:
    """What was put right of a client, under their lock; `history`: of its stream, with that."""

    tx: Transaction
    client_id: str
    history: Sequence[Recorded]
    asked: PutRight
    context: Context


def nothing_beside(_: "LockedClient[Any]") -> Sequence[Recorded]:
    """For commands that are recorded in one stream."""
    return ()


def on_own_stream(
    intake: Intake,
    client_id: str,
    command_of: Callable[[LockedClient[Client]], ClientCommand],
    context: Context,
    *,
    beside: Callable[[LockedClient[Client]], Sequence[Recorded]] = nothing_beside,
) -> Outcome:
    """As `about_client`, on the client's own stream, whose decider refuses unknown clients."""
    where = (CLIENT, client_stream(client_id))
    return about_client(intake, client_id, where, command_of, context, beside=beside)


def about_client(
    intake: Intake,
    client_id: str,
    where: tuple[Decider[C, F, S], str],
    command_of: Callable[[LockedClient[S]], C],
    context: Context,
    *,
    beside: Callable[[LockedClient[S]], Sequence[Recorded]] = nothing_beside,
) -> Outcome:
    """Decides the command that `command_of` makes; what that sealed is undone by a refusal.

    `beside` gives what follows of it in other streams, and seals what belongs to it, where anything
    was decided.

    Refuses a client who is not registered, unless the stream is the client's own: then its decider
    does.
    """
    decider, stream = where
    of_client = client_stream(client_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        known = of_person(tx, client_id)
        client = CLIENT.after(known)
        if stream != of_client:
            require_registered(client, client_id)
        locked = LockedClient(
            tx=tx,
            ids=ids_of(tx.connection, client_id),
            client=client,
            episodes=intake.episodes_of(tx, [client_id])[client_id],
            state=decider.after(known if stream == of_client else history),
        )
        facts = record(
            context, stream, len(history), decider.decide(command_of(locked), locked.state)
        )
        return (*facts, *beside(locked)) if facts else ()

    return lock_persons(intake, [client_id], context, decide)


def of_person(
    tx: Transaction, client_id: str, own: Sequence[Recorded] | None = None
) -> list[Recorded]:
    """What was recorded in the streams of every client of the person, by time.

    `own`: in place of what stands in this one's.
    """
    streams = [client_stream(each) for each in ids_of(tx.connection, client_id)]
    history = dict(tx.load_many(streams))
    if own is not None:
        history[client_stream(client_id)] = list(own)
    return list(heapq.merge(*history.values(), key=lambda recorded: recorded.at))


def lock_persons(
    intake: Intake,
    client_ids: Sequence[str],
    context: Context,
    decide: Callable[[Transaction], Sequence[Recorded]],
) -> Outcome:
    """Decides under the locks of these clients, and of whoever is one person with one of them."""

    def of_them(tx: Transaction) -> set[str]:
        persons = ids_of_each(tx.connection, client_ids)
        return {client_stream(each) for ids in persons.values() for each in ids}

    def decide_locked(tx: Transaction) -> Sequence[Recorded]:
        if not of_them(tx) <= tx.locked:
            raise Conflict  # merged since they were looked for
        return decide(tx)

    with intake.executor.store.transaction() as tx:
        locks = sorted(of_them(tx))
    return intake.executor.transact(context, decide_locked, locks=locks)
