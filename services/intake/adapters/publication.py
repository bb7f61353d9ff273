"""What others hear of intake's facts: the one place where private facts become public ones."""

from collections.abc import Iterable, Iterator
from datetime import date

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as public

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date, to_timestamp
from services.intake.domain import assessment, client, coverage, episode


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public fact of one private fact; an added coverage has none until it is verified."""
    for client_id, message, label in _public(recorded.fact):
        yield publication_of(recorded, f"client/{client_id}", message, label=label)


def _public(fact: object) -> Iterator[tuple[str, Message, str]]:
    match fact:
        case client.ClientRegistered():
            # Before any admission the strict label holds.
            yield fact.client_id, _registered(fact), episode.label_of(())
        case client.ConsentGiven():
            yield fact.client_id, _consent_given(fact), fact.label
        case coverage.CoverageVerified():
            yield fact.client_id, _coverage_verified(fact), fact.label
        case episode.ClientAdmitted():
            yield fact.client_id, _admitted(fact), fact.label
        case assessment.AssessmentCompleted():
            yield fact.client_id, _assessment_completed(fact), fact.label
        case client.DiagnosisRecorded():
            yield fact.client_id, _diagnosis_recorded(fact), fact.label


def _registered(fact: client.ClientRegistered) -> Message:
    return public.ClientRegistered(client_id=fact.client_id)


def _consent_given(fact: client.ConsentGiven) -> Message:
    return public.ConsentGiven(
        client_id=fact.client_id,
        consent_id=fact.consent_id,
        recipient_payer_id=fact.recipient_payer_id,
        given_on=to_date(fact.given_on),
        expires_on=_optional_date(fact.expires_on),
    )


def _coverage_verified(fact: coverage.CoverageVerified) -> Message:
    return public.CoverageVerified(
        client_id=fact.client_id,
        coverage_id=fact.coverage_id,
        payer_id=fact.payer_id,
        verified_from=to_date(fact.verified_from),
        verified_to=_optional_date(fact.verified_to),
    )


def _admitted(fact: episode.ClientAdmitted) -> Message:
    return public.ClientAdmitted(
        client_id=fact.client_id,
        episode_id=fact.episode_id,
        site_id=fact.site_id,
        program=common.Program(
            program_id=fact.program.program_id,
            kind=f"PROGRAM_KIND_{fact.program.kind}",
            under_part2=fact.program.under_part2,
        ),
        level_of_care=fact.level_of_care,
        admitted_on=to_date(fact.admitted_on),
    )


def _assessment_completed(fact: assessment.AssessmentCompleted) -> Message:
    """The answers stay here."""
    return public.AssessmentCompleted(
        client_id=fact.client_id,
        assessment_id=fact.assessment_id,
        instrument=fact.instrument,
        score=fact.score,
        band=fact.band,
        partial=fact.partial,
        safety_flag=fact.safety_flag,
        completed_at=to_timestamp(fact.completed_at),
    )


def _diagnosis_recorded(fact: client.DiagnosisRecorded) -> Message:
    return public.DiagnosisRecorded(
        client_id=fact.client_id,
        code=fact.code,
        rank=fact.rank,
        effective_from=to_date(fact.effective_from),
    )


def _optional_date(value: date | None) -> common.Date | None:
    return None if value is None else to_date(value)
