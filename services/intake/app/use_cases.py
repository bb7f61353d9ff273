"""Intake's use cases before and at admission, and until it ends: one function a command.

Each decides under the lock of the client it is about, so that what is filled in there (the label,
the client's other episodes) is true when the fact is recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from kernel.decider import filled
from kernel.execute import Outcome, decided, record
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of
from kernel.refusal import Malformed
from kernel.statements import Amendment, CorrectionReason, retold, statements
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import (
    Intake,
    LockedClient,
    about_client,
    lock_persons,
    on_own_stream,
)
from services.intake.app.membership import require_payer
from services.intake.app.streams import (
    client_stream,
    episode_stream,
    safety_reason_document,
)
from services.intake.domain.client import Client, EndDiagnosis, RecordDiagnosis
from services.intake.domain.consent import GiveConsent, RestrictDisclosure, RevokeConsent
from services.intake.domain.coverage import EndCoverage, VerifyCoverage
from services.intake.domain.episode import (
    EPISODE,
    AdmitClient,
    ClientAdmitted,
    CloseEpisode,
    Episode,
    EpisodeClosed,
    EpisodeSummary,
    TransferClient,
    label_of,
)
from services.intake.domain.programs import StatedProgram
from services.intake.domain.screening import ScreenClient

Labelled = TypeVar(
    "Labelled",
    bound=ScreenClient
    | RevokeConsent
    | VerifyCoverage
    | EndCoverage
    | RecordDiagnosis
    | EndDiagnosis
    | CloseEpisode,
)


def on_client(
    intake: Intake,
    asked: ScreenClient
    | RevokeConsent
    | VerifyCoverage
    | EndCoverage
    | RecordDiagnosis
    | EndDiagnosis,
    context: Context,
) -> Outcome:
    """Records what is said of a client; refuses an unknown client.

    To decline in a screening takes a referral. Only what was given or recorded is ended or
    verified, no consent before it was given, and no coverage ends that nobody verified. A diagnosis
    has a code and a rank of the right shape.
    """
    return on_own_stream(intake, asked.client_id, _labelled(asked), context)


def give_consent(intake: Intake, asked: GiveConsent, context: Context) -> Outcome:
    """Records a consent; refuses an unknown client or payer, and one that expires before it was
    given."""

    def command(locked: LockedClient[Client]) -> GiveConsent:
        require_payer(intake, locked.tx, asked.recipient_payer_id)
        return replace(asked, label=locked.label)

    return on_own_stream(intake, asked.client_id, command, context)


def restrict_disclosure(intake: Intake, asked: RestrictDisclosure, context: Context) -> Outcome:
    """Keeps dates from a payer; refuses an unknown client or payer, and dates in the wrong order.

    The client needs no coverage with the payer: one may be recorded later.
    """

    def command(locked: LockedClient[Client]) -> RestrictDisclosure:
        require_payer(intake, locked.tx, asked.payer_id)
        return replace(asked, label=locked.label)

    return on_own_stream(intake, asked.client_id, command, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRequest:
    """To which program of a site; `stated`: what the caller says of the program beside its id.

    `open_safety_reason`: why over an open safety task, in words that are sealed; empty: none.
    """

    client_id: str
    episode_id: str
    site_id: str
    program_id: str
    level_of_care: str
    admitted_on: date
    stated: StatedProgram
    open_safety_reason: str


def admit_client(intake: Intake, asked: AdmissionRequest, context: Context) -> Outcome:
    """Admits a client, linked to the episode closed last, if there was one.

    What the program is, attendance's fact says. Refuses an unknown client, a site or a program of
    it that wasn't heard of, what is said of the program and isn't so (PROGRAM_DIFFERS), one who is
    in the program already, and one whom the latest screening declined; one whom nobody screened is
    admitted. Over an open safety task of HIGH risk it takes a reason (SAFETY_TASK_OPEN), which is
    sealed.
    """

    def command(locked: LockedClient[Episode]) -> AdmitClient:
        return admission_to_judge(intake, locked, asked, context)

    where = (EPISODE, episode_stream(asked.episode_id))
    return about_client(intake, asked.client_id, where, command, context)


def admission_to_judge(
    intake: Intake, locked: LockedClient[Episode], asked: AdmissionRequest, context: Context
) -> AdmitClient:
    """The command, with all that it is judged by; a reason is sealed."""
    reason_version = 0
    if reason := asked.open_safety_reason:
        owner, kind = client_stream(asked.client_id), safety_reason_document(asked.episode_id)
        reason_version = locked.tx.documents.put(owner, kind, reason.encode())
    programs = intake.programs(locked.tx, [asked.site_id])
    program = programs.at(asked.site_id, asked.program_id)
    asked.stated.require_of(program)
    return filled(
        AdmitClient,
        asked,
        program=program,
        now=context.now,
        admitted_by=context.actor,
        reason_version=reason_version,
        others=tuple(locked.episodes),
        declined=locked.client.screening.declined,
        open_high=tuple(intake.open_high(locked.tx, asked.client_id)),
    )


def admission_said_anew(
    intake: Intake, locked: LockedClient[Episode], asked: AdmissionRequest, context: Context
) -> AdmitClient:
    """As `admission_to_judge`, among the client's other episodes.

    Refuses a day after the episode ended. What was admitted later bears on it only while both are
    open.
    """
    earlier: list[EpisodeSummary] = []
    later: list[EpisodeSummary] = []
    closed_on = None
    others = earlier
    for episode in locked.episodes:
        if episode.episode_id == asked.episode_id:
            closed_on, others = episode.closed_on, later
        else:
            others.append(episode)
    if closed_on is not None and asked.admitted_on > closed_on:
        raise Malformed(admitted_on="is after the day on which the episode ended")
    still_open = [episode for episode in later if episode.closed_on is None]
    beside = (*earlier, *(still_open if closed_on is None else ()))
    return admission_to_judge(intake, replace(locked, episodes=beside), asked, context)


def admission_of(outcome: Outcome) -> ClientAdmitted:
    """The admission just made, as recorded."""
    [recorded] = outcome.facts
    fact: ClientAdmitted = recorded.fact
    return fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """To which program of a site, from which day on."""

    client_id: str
    episode_id: str
    site_id: str
    program_id: str
    transferred_on: date


def transfer_client(intake: Intake, asked: TransferRequest, context: Context) -> Outcome:
    """Moves an episode to another place from a day on.

    Refuses an unknown client, an episode that is not the client's, a site or a program of it that
    wasn't heard of (Unknown), days on which the client isn't in the episode; and where the client
    is then already (ALREADY_THERE), or in the program by another episode (ALREADY_IN_PROGRAM).
    """

    def command(locked: LockedClient[Episode]) -> TransferClient:
        return transfer_to_judge(intake, locked, asked, context)

    where = (EPISODE, episode_stream(asked.episode_id))
    return about_client(intake, asked.client_id, where, command, context)


def transfer_to_judge(
    intake: Intake, locked: LockedClient[Episode], asked: TransferRequest, _: Context
) -> TransferClient:
    """The command, with all that it is judged by; of whichever client of the person it is."""
    program = intake.programs(locked.tx, [asked.site_id]).at(asked.site_id, asked.program_id)
    client_id = locked.state.client_id
    there = filled(EpisodeSummary, asked, program, closed_on=None)
    return filled(
        TransferClient,
        asked,
        client_id=client_id if client_id in locked.ids else asked.client_id,
        program=program,
        others=tuple(each for each in locked.episodes if each.episode_id != asked.episode_id),
        label=label_of([*locked.episodes, there]),
    )


def close_episode(intake: Intake, asked: CloseEpisode, context: Context) -> Outcome:
    """Closes an episode, once; refuses one that is not the client's."""

    def command(locked: LockedClient[Episode]) -> CloseEpisode:
        return replace(_of_its_client(asked, locked.state, locked.ids), label=locked.label)

    where = (EPISODE, episode_stream(asked.episode_id))
    return about_client(intake, asked.client_id, where, command, context)


def follow_discharge(
    intake: Intake,
    asked: CloseEpisode,
    closed_on: Callable[[Transaction], date | None],
    reason: CorrectionReason,
    context: Context,
) -> Outcome:
    """The episode is closed on that day: as the discharge that stands says; None: it is open.

    Refuses an episode that is not the client's.
    """
    stream = episode_stream(asked.episode_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        day, said = closed_on(tx), statements(history)
        closings = [each for each in said if isinstance(each.first.fact, EpisodeClosed)]
        if not closings and day is not None:
            episodes = intake.episodes_of(tx, [asked.client_id])[asked.client_id]
            ids = ids_of(tx.connection, asked.client_id)
            command = _of_its_client(asked, EPISODE.after(history), ids)
            command = replace(command, closed_on=day, label=label_of(episodes))
            return decided(context, EPISODE, stream, history, command)
        facts: list[Any] = []
        for closing in closings[-1:]:
            content = None if day is None else replace(closing.now.fact, closed_on=day)
            amendment = Amendment(
                statement=closing.first.id, revision=closing.revision, reason=reason
            )
            facts += retold(closing, content, amendment)
        return record(context, stream, len(history), facts)

    return lock_persons(intake, [asked.client_id], context, decide)


def _of_its_client(asked: CloseEpisode, episode: Episode, ids: Sequence[str]) -> CloseEpisode:
    """Of whichever client of the person the episode is."""
    client_id = episode.client_id
    return asked if client_id not in ids else replace(asked, client_id=client_id or "")


def _labelled(asked: Labelled) -> Callable[[LockedClient[Any]], Labelled]:
    """The command, with its fact's label."""
    return lambda locked: replace(asked, label=locked.label)
