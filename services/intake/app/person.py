"""Intake's use cases of who a client is: registered, changed from a day on, put right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.decider import filled
from kernel.execute import Outcome, decided, record_beside, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, Malformed
from kernel.sites import not_of_your_sites, speaks_for
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, LockedClient
from services.intake.app.recognition import OtherPerson, another_person, recognised
from services.intake.app.sealing import make_newest, sealed_once
from services.intake.app.streams import CONTACTS, IDENTITY, client_stream, member_stream
from services.intake.domain import person
from services.intake.domain.client import (
    CLIENT,
    ClientCommand,
    ClientRegistered,
    RegisterClient,
    require_registered,
)
from services.intake.domain.episode import Label, label_of
from services.intake.domain.person import ChangePerson


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsOfPerson:
    """As they are sealed; `contacts` empty: none were said."""

    client_id: str
    identity: bytes
    contacts: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(WordsOfPerson):
    site_id: str
    other_people: tuple[OtherPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange(WordsOfPerson):
    changed_from: date


class RegistrationStands(AgainstTheRules):
    """Nobody can be unregistered: what else was recorded of the client would be nobody's."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            "REGISTRATION_STANDS",
            "a registration is put right, never taken back; who is registered twice is merged",
            client_id=client_id,
        )


def register_client(intake: Intake, asked: Registration, context: Context) -> Outcome:
    """Registers a client at a site; the identity is sealed under a key of the client's own.

    Who is another person is judged with it. Refuses a site that wasn't heard of (SITE_UNKNOWN), and
    an other person whom nobody registered (Unknown).
    """

    def judged(tx: Transaction) -> Sequence[Recorded]:
        return [
            recorded
            for other in asked.other_people
            for recorded in another_person(intake, tx, asked.client_id, other, context)
        ]

    others = [client_stream(other.other_client_id) for other in asked.other_people]
    return _say(intake, asked, _registering, context, beside=judged, also_locked=others)


def change_person(intake: Intake, asked: PersonChange, context: Context) -> Outcome:
    """Says who a client is from a day on, in words that are sealed; refuses an unknown client."""
    return _say(intake, asked, _changing, context)


def registration_said_anew(
    intake: Intake, locked: LockedClient[Any], asked: Registration, context: Context
) -> RegisterClient:
    """The command, its words sealed. Refuses (SITE_NOT_ALLOWED) a site of others than the caller's.

    At another one than was said first, the client is that one's.
    """
    if asked.other_people:
        raise Malformed(other_people="is said when registering")
    if not speaks_for(context.sites, asked.site_id):
        raise not_of_your_sites()
    return _registering(intake, locked.tx, asked, locked.label)


def change_said_anew(
    intake: Intake, locked: LockedClient[Any], asked: PersonChange, _: Context
) -> ChangePerson:
    """The command, its words sealed."""
    return _changing(intake, locked.tx, asked, locked.label)


def registered_once(_: Sequence[Recorded], now: ClientRegistered) -> None:
    """Refuses to take a registration back (RegistrationStands)."""
    raise RegistrationStands(now.client_id)


def who_they_are_now(
    intake: Intake, tx: Transaction, client_id: str, history: Sequence[Recorded], context: Context
) -> Mapping[str, Sequence[Any]]:
    """What follows of what was said of a person: who they are now is the newest that is sealed, by
    which they are recognised, and others hear which parts of it are as they were.

    `history`: the client's, with what was said.
    """
    client, owner = CLIENT.after(history), client_stream(client_id)
    require_registered(client, client_id)
    label = _label(intake, tx, client_id)
    said = make_newest(tx, owner, IDENTITY, client.person.version)
    parts = [intake.parts_of(identity) for identity in said]
    intake.note_person(tx, client_id, said[-1], context.now)
    return {
        owner: list(person.amended(client_id, client.person, parts, label)),
        **{
            member_stream(coverage.coverage_id): recognised(intake, tx, coverage, label)
            for coverage in client.coverages.added.values()
        },
    }


Sealing = Callable[[Intake, Transaction, Any, Label], ClientCommand]
"""Of the words the command, with the versions under which they are sealed."""


def _registering(intake: Intake, tx: Transaction, asked: Registration, _: Label) -> RegisterClient:
    intake.programs(tx, [asked.site_id]).require_site(asked.site_id)
    return filled(RegisterClient, asked, **_sealed(tx, asked))


def _changing(_: Intake, tx: Transaction, asked: PersonChange, label: Label) -> ChangePerson:
    return filled(ChangePerson, asked, label=label, **_sealed(tx, asked))


def _sealed(tx: Transaction, asked: WordsOfPerson) -> dict[str, int]:
    owner, contacts = client_stream(asked.client_id), asked.contacts
    return {
        "identity_version": sealed_once(tx, owner, IDENTITY, asked.identity),
        "contacts_version": sealed_once(tx, owner, CONTACTS, contacts) if contacts else 0,
    }


def _nothing_beside(_: Transaction) -> Sequence[Recorded]:
    """For what is said of one client."""
    return ()


def _say(
    intake: Intake,
    asked: WordsOfPerson,
    seal: Sealing,
    context: Context,
    *,
    beside: Callable[[Transaction], Sequence[Recorded]] = _nothing_beside,
    also_locked: Sequence[str] = (),
) -> Outcome:
    """Whatever the words say first is decided with them sealed: a refusal undoes that.

    `beside`: what is recorded with it in other streams, of the subjects that are locked, too.
    """
    stream = client_stream(asked.client_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        if not isinstance(asked, Registration):
            require_registered(CLIENT.after(history), asked.client_id)
        command = seal(intake, tx, asked, _label(intake, tx, asked.client_id))
        facts = decided(context, CLIENT, stream, history, command)
        if not facts:
            return ()
        then = [*history, *facts]
        follows = who_they_are_now(intake, tx, asked.client_id, then, context)
        return (*facts, *record_beside(context, tx, then, follows), *beside(tx))

    return intake.executor.transact(context, decide, locks=[stream, *also_locked])


def _label(intake: Intake, tx: Transaction, client_id: str) -> Label:
    return label_of(intake.episodes_of(tx, [client_id])[client_id])
