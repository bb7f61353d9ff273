"""Intake's use cases before and at admission, and until it ends: one function a command.

Each decides under the lock of the client it is about, so that what is filled in there (the label,
the client's other episodes) is true when the fact is recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from kernel.decider import filled
from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, LockedClient, about_client, on_client
from services.intake.app.recognition import recognise
from services.intake.app.streams import (
    IDENTITY,
    client_stream,
    episode_stream,
    membership_document,
    safety_reason_document,
)
from services.intake.domain.client import Client, EndDiagnosis, RecordDiagnosis, RegisterClient
from services.intake.domain.consent import GiveConsent, RestrictDisclosure, RevokeConsent
from services.intake.domain.coverage import AddCoverage, EndCoverage, VerifyCoverage
from services.intake.domain.episode import (
    EPISODE,
    AdmitClient,
    ClientAdmitted,
    CloseEpisode,
    Episode,
)
from services.intake.domain.programs import StatedProgram
from services.intake.domain.screening import ScreenClient

C = TypeVar(
    "C",
    bound=ScreenClient
    | RevokeConsent
    | VerifyCoverage
    | EndCoverage
    | RecordDiagnosis
    | EndDiagnosis
    | CloseEpisode,
)


def register_client(
    intake: Intake, client_id: str, site_id: str, identity: bytes, context: Context
) -> Outcome:
    """Registers a client at a site; the identity is sealed under a key of the client's own.

    Refuses a site that wasn't heard of (SITE_UNKNOWN).
    """

    def command(locked: LockedClient[Client]) -> RegisterClient:
        intake.programs.of_sites(locked.tx, [site_id]).require_site(site_id)
        version = locked.tx.documents.put(client_stream(client_id), IDENTITY, identity)
        intake.recognition.note_person(locked.tx, client_id, identity, context.now)
        return RegisterClient(client_id=client_id, site_id=site_id, identity_version=version)

    return on_client(intake, client_id, command, context)


def screen_client(intake: Intake, asked: ScreenClient, context: Context) -> Outcome:
    """Records a screening; refuses an unknown client, and to decline one without a referral."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


def give_consent(intake: Intake, asked: GiveConsent, context: Context) -> Outcome:
    """Records a consent; refuses an unknown client or payer, and one that expires before it was
    given."""

    def command(locked: LockedClient[Client]) -> GiveConsent:
        _require_payer(intake, locked.tx, asked.recipient_payer_id)
        return replace(asked, label=locked.label)

    return on_client(intake, asked.client_id, command, context)


def revoke_consent(intake: Intake, asked: RevokeConsent, context: Context) -> Outcome:
    """Ends a consent; refuses one the client didn't give, and a day before it was given."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


def restrict_disclosure(intake: Intake, asked: RestrictDisclosure, context: Context) -> Outcome:
    """Keeps dates from a payer; refuses an unknown client or payer, and dates in the wrong order.

    The client needs no coverage with the payer: one may be recorded later.
    """

    def command(locked: LockedClient[Client]) -> RestrictDisclosure:
        _require_payer(intake, locked.tx, asked.payer_id)
        return replace(asked, label=locked.label)

    return on_client(intake, asked.client_id, command, context)


def add_coverage(
    intake: Intake, asked: AddCoverage, membership: bytes, context: Context
) -> Outcome:
    """Records a coverage, its member and group number sealed; refuses an unknown client or payer.

    Whose member it is, is recognised with it.
    """

    def command(locked: LockedClient[Client]) -> AddCoverage:
        _require_payer(intake, locked.tx, asked.payer_id)
        owner, kind = client_stream(asked.client_id), membership_document(asked.coverage_id)
        return replace(asked, membership_version=locked.tx.documents.put(owner, kind, membership))

    def recognised(locked: LockedClient[Client]) -> Sequence[Recorded]:
        return recognise(intake, locked.tx, asked, locked.label, context)

    return on_client(intake, asked.client_id, command, context, beside=recognised)


def verify_coverage(intake: Intake, asked: VerifyCoverage, context: Context) -> Outcome:
    """Records for which dates the payer confirmed; refuses an unknown client or coverage."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


def end_coverage(intake: Intake, asked: EndCoverage, context: Context) -> Outcome:
    """Records a coverage's last day; refuses one that is unknown, or that nobody verified."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


def record_diagnosis(intake: Intake, asked: RecordDiagnosis, context: Context) -> Outcome:
    """Records a diagnosis; refuses an unknown client, and a code or rank of the wrong shape."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


def end_diagnosis(intake: Intake, asked: EndDiagnosis, context: Context) -> Outcome:
    """Records a diagnosis's last day; refuses one that was never recorded."""
    return on_client(intake, asked.client_id, _labelled(asked), context)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRequest:
    """To which program of a site; `stated`: what the caller says of the program beside its id."""

    client_id: str
    episode_id: str
    site_id: str
    program_id: str
    level_of_care: str
    admitted_on: date
    stated: StatedProgram


def admit_client(intake: Intake, asked: AdmissionRequest, reason: str, context: Context) -> Outcome:
    """Admits a client, linked to the episode closed last, if there was one.

    What the program is, attendance's fact says. Refuses an unknown client, a site or a program of
    it that wasn't heard of, what is said of the program and isn't so (PROGRAM_DIFFERS), one who is
    in the program already, and one whom the latest screening declined; one whom nobody screened is
    admitted. Over an open safety task of HIGH risk it takes a reason (SAFETY_TASK_OPEN), which is
    sealed.
    """

    def command(locked: LockedClient[Episode]) -> AdmitClient:
        programs = intake.programs.of_sites(locked.tx, [asked.site_id])
        program = programs.at(asked.site_id, asked.program_id)
        asked.stated.require_of(program)
        return filled(
            AdmitClient,
            asked,
            program=program,
            now=context.now,
            admitted_by=context.actor,
            reasoned=bool(reason),
            others=tuple(locked.episodes),
            declined=locked.client.screening.declined is not None,
            open_high=tuple(intake.tasks.open_high(locked.tx, asked.client_id)),
        )

    def sealed(locked: LockedClient[Episode]) -> Sequence[Recorded]:
        if reason:
            owner, kind = client_stream(asked.client_id), safety_reason_document(asked.episode_id)
            locked.tx.documents.put(owner, kind, reason.encode())
        return ()

    where = (EPISODE, episode_stream(asked.episode_id))
    return about_client(intake, asked.client_id, where, command, context, beside=sealed)


def admission_of(outcome: Outcome) -> ClientAdmitted:
    """The admission just made, as recorded."""
    [recorded] = outcome.facts
    fact: ClientAdmitted = recorded.fact
    return fact


def close_episode(intake: Intake, asked: CloseEpisode, context: Context) -> Outcome:
    """Closes an episode, once; refuses one that is not the client's."""
    where = (EPISODE, episode_stream(asked.episode_id))
    return about_client(intake, asked.client_id, where, _labelled(asked), context)


def _require_payer(intake: Intake, tx: Transaction, payer_id: str) -> None:
    """Refuses (Unknown) a payer of which nothing was heard from billing."""
    if not intake.payers.is_registered(tx, payer_id):
        raise Unknown("payer", payer_id)


def _labelled(asked: C) -> Callable[[LockedClient[Any]], C]:
    """The command, with its fact's label."""
    return lambda locked: replace(asked, label=locked.label)
