"""Intake's use cases, in the order in which things happen: one function a command.

Each decides under the lock of the client it is about, so that what is filled in there (the label,
the client's other episodes) is true when the fact is recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kernel.decider import Decider
from kernel.execute import Book, Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.store.store import Context, Transaction
from services.intake.app.ports import Episodes
from services.intake.app.streams import IDENTITY, client_stream, membership_of
from services.intake.domain.assessment import ASSESSMENT, AssessmentCompleted, CompleteAssessment
from services.intake.domain.client import (
    CLIENT,
    ClientCommand,
    GiveConsent,
    RecordDiagnosis,
    RegisterClient,
    require_registered,
)
from services.intake.domain.coverage import AddCoverage, VerifyCoverage
from services.intake.domain.episode import EPISODE, AdmitClient, OpenEpisode, label_of

C = TypeVar("C")
F = TypeVar("F")
S = TypeVar("S")
OpenEpisodes = Sequence[OpenEpisode]


@dataclass(frozen=True, slots=True)
class Intake:
    """What every use case works with: the book of record, and who is in which program."""

    book: Book
    episodes: Episodes


def register_client(intake: Intake, client_id: str, identity: bytes, context: Context) -> Outcome:
    """Registers a client; the identity is sealed under a key of the client's own."""

    def command(tx: Transaction, _: OpenEpisodes) -> RegisterClient:
        version = tx.documents.put(client_stream(client_id), IDENTITY, identity)
        return RegisterClient(client_id=client_id, identity_version=version)

    return _on_client(intake, client_id, command, context)


def give_consent(intake: Intake, asked: GiveConsent, context: Context) -> Outcome:
    """Records a consent; refuses an unknown client, and one that expires before it was given."""

    def command(_: Transaction, episodes: OpenEpisodes) -> GiveConsent:
        return replace(asked, label=label_of(episodes))

    return _on_client(intake, asked.client_id, command, context)


def add_coverage(
    intake: Intake, asked: AddCoverage, membership: bytes, context: Context
) -> Outcome:
    """Records a coverage, its member and group number sealed; refuses an unknown client."""

    def command(tx: Transaction, _: OpenEpisodes) -> AddCoverage:
        owner, kind = client_stream(asked.client_id), membership_of(asked.coverage_id)
        return replace(asked, membership_version=tx.documents.put(owner, kind, membership))

    return _on_client(intake, asked.client_id, command, context)


def verify_coverage(intake: Intake, asked: VerifyCoverage, context: Context) -> Outcome:
    """Records for which dates the payer confirmed; refuses an unknown client or coverage."""

    def command(_: Transaction, episodes: OpenEpisodes) -> VerifyCoverage:
        return replace(asked, label=label_of(episodes))

    return _on_client(intake, asked.client_id, command, context)


def admit_client(intake: Intake, asked: AdmitClient, context: Context) -> Outcome:
    """Admits a client; refuses an unknown one, and one who is in the program already."""

    def command(_: Transaction, episodes: OpenEpisodes) -> AdmitClient:
        return replace(asked, others=tuple(episodes))

    stream = f"episode/{asked.episode_id}"
    return _about_client(intake, asked.client_id, (EPISODE, stream), command, context)


def complete_assessment(intake: Intake, asked: CompleteAssessment, context: Context) -> Outcome:
    """Records an instrument's answers with their score; refuses an unknown client."""

    def command(_: Transaction, episodes: OpenEpisodes) -> CompleteAssessment:
        return replace(asked, label=label_of(episodes))

    stream = f"assessment/{asked.assessment_id}"
    return _about_client(intake, asked.client_id, (ASSESSMENT, stream), command, context)


def assessment_of(outcome: Outcome) -> AssessmentCompleted:
    """The assessment just completed, as recorded."""
    [recorded] = outcome.facts
    fact: AssessmentCompleted = recorded.fact
    return fact


def record_diagnosis(intake: Intake, asked: RecordDiagnosis, context: Context) -> Outcome:
    """Records a diagnosis; refuses an unknown client, and a code or rank of the wrong shape."""

    def command(_: Transaction, episodes: OpenEpisodes) -> RecordDiagnosis:
        return replace(asked, label=label_of(episodes))

    return _on_client(intake, asked.client_id, command, context)


def _on_client(
    intake: Intake,
    client_id: str,
    command_of: Callable[[Transaction, OpenEpisodes], ClientCommand],
    context: Context,
) -> Outcome:
    where = (CLIENT, client_stream(client_id))
    return _about_client(intake, client_id, where, command_of, context)


def _about_client(
    intake: Intake,
    client_id: str,
    where: tuple[Decider[C, F, S], str],
    command_of: Callable[[Transaction, OpenEpisodes], C],
    context: Context,
) -> Outcome:
    """One command on one stream, made and decided under the lock of the client it is about.

    `command_of` is told the client's open episodes; what it seals is undone when the command is
    refused. Refuses a client who is not registered, unless the stream is the client's own: then
    its decider does.
    """
    decider, stream = where
    of_client = client_stream(client_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load_many([of_client, stream])
        version = len(history[stream])
        refuse_stale(context, version)
        if stream != of_client:
            client = CLIENT.fold(recorded.fact for recorded in history[of_client])
            require_registered(client, client_id)
        command = command_of(tx, intake.episodes.open_of(tx, [client_id])[client_id])
        state = decider.fold(recorded.fact for recorded in history[stream])
        return record(context, stream, version, decider.decide(command, state))

    return intake.book.transact(context, decide, locks=[of_client])
