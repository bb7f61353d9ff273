"""What others hear of intake's facts: the one place where private facts become public ones."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as public
from ninehours.intake.v1 import intake_service_pb2 as words

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date, to_timestamp
from services.intake.domain import (
    areas,
    assessment,
    client,
    consent,
    coverage,
    dimensions,
    episode,
    recognition,
    screening,
)


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public fact of one private fact; an added coverage has none until it is verified."""
    fact = recorded.fact
    if isinstance(fact, recognition.DoublesJudged):
        yield from _judged(recorded, fact)
    elif type(fact) in PUBLIC:
        # A client just registered has no label yet: before any admission the strict one holds.
        label = getattr(fact, "label", episode.label_of(()))
        message = PUBLIC[type(fact)](fact)
        yield publication_of(recorded, f"client/{fact.client_id}", message, label=label)


def _judged(recorded: Recorded, fact: recognition.DoublesJudged) -> Iterable[Publication]:
    """Told of both, to each as the other's."""
    pair = (fact.client_id, fact.other_client_id)
    for client_id, other_client_id in (pair, pair[::-1]):
        message = public.DoublesJudged(
            client_id=client_id,
            other_client_id=other_client_id,
            verdict=f"DOUBLES_VERDICT_{fact.verdict}",
        )
        yield publication_of(recorded, f"client/{client_id}", message, label=fact.label)


def _registered(fact: client.ClientRegistered) -> Message:
    return public.ClientRegistered(client_id=fact.client_id, site_id=fact.site_id)


def _screened(fact: screening.ClientScreened) -> Message:
    """What was found stays here."""
    return public.ClientScreened(client_id=fact.client_id, screened_on=to_date(fact.screened_on))


def _declined(fact: screening.AdmissionDeclined) -> Message:
    return public.AdmissionDeclined(
        client_id=fact.client_id,
        reasons=fact.reasons,
        referred_to=f"REFERRAL_TARGET_{fact.referred_to}",
        declined_on=to_date(fact.declined_on),
    )


def _consent_given(fact: consent.ConsentGiven) -> Message:
    return public.ConsentGiven(
        client_id=fact.client_id,
        consent_id=fact.consent_id,
        recipient_payer_id=fact.recipient_payer_id,
        given_on=to_date(fact.given_on),
        expires_on=_optional_date(fact.expires_on),
    )


def _consent_revoked(fact: consent.ConsentRevoked) -> Message:
    return public.ConsentRevoked(
        client_id=fact.client_id,
        consent_id=fact.consent_id,
        revoked_on=to_date(fact.revoked_on),
    )


def _disclosure_restricted(fact: consent.DisclosureRestricted) -> Message:
    dates = {"from": to_date(fact.first), "to": to_date(fact.last)}
    return public.DisclosureRestricted(
        client_id=fact.client_id,
        restriction_id=fact.restriction_id,
        payer_id=fact.payer_id,
        **dates,
    )


def _coverage_verified(fact: coverage.CoverageVerified) -> Message:
    return public.CoverageVerified(
        client_id=fact.client_id,
        coverage_id=fact.coverage_id,
        payer_id=fact.payer_id,
        verified_from=to_date(fact.verified_from),
        verified_to=_optional_date(fact.verified_to),
        order=fact.order,
    )


def _coverage_ended(fact: coverage.CoverageEnded) -> Message:
    return public.CoverageEnded(
        client_id=fact.client_id,
        coverage_id=fact.coverage_id,
        payer_id=fact.payer_id,
        last_day=to_date(fact.last_day),
        reason=f"COVERAGE_END_REASON_{fact.reason}",
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
        previous_episode_id=fact.previous_episode_id or "",
    )


def _episode_closed(fact: episode.EpisodeClosed) -> Message:
    return public.EpisodeClosed(
        client_id=fact.client_id,
        episode_id=fact.episode_id,
        closed_on=to_date(fact.closed_on),
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
        subscales=fact.subscales,
        incomplete=fact.incomplete,
    )


def _safety_task_opened(fact: assessment.SafetyTaskOpened) -> Message:
    return public.SafetyTaskOpened(
        client_id=fact.client_id,
        task_id=fact.task_id,
        assessment_id=fact.assessment_id,
        due_at=to_timestamp(fact.due_at),
        risk=f"SAFETY_RISK_{fact.risk or 'UNSPECIFIED'}",
    )


def _safety_task_closed(fact: assessment.SafetyTaskClosed) -> Message:
    return public.SafetyTaskClosed(
        client_id=fact.client_id,
        task_id=fact.task_id,
        action=f"SAFETY_ACTION_{fact.action}",
        closed_at=to_timestamp(fact.closed_at),
    )


def _areas_assessed(fact: areas.AreasAssessed) -> Message:
    return public.AreasAssessed(
        client_id=fact.client_id,
        assessment_id=fact.assessment_id,
        occasion=f"ASSESSMENT_OCCASION_{fact.occasion}",
        needs=[f"ASSESSMENT_AREA_{area}" for area in fact.needs],
        assessed_on=to_date(fact.assessed_on),
    )


def _dimensions_rated(fact: dimensions.DimensionsRated) -> Message:
    reason = fact.discrepancy_reason or "UNSPECIFIED"
    return public.DimensionsRated(
        client_id=fact.client_id,
        rating_id=fact.rating_id,
        edition=f"CRITERIA_EDITION_{fact.edition}",
        ratings=[
            words.DimensionRating(dimension=dimension, rating=rating)
            for dimension, rating in fact.ratings.items()
        ],
        indicated_level=fact.indicated_level,
        chosen_level=fact.chosen_level,
        discrepancy_reason=f"DISCREPANCY_REASON_{reason}",
        rated_on=to_date(fact.rated_on),
    )


def _diagnosis_recorded(fact: client.DiagnosisRecorded) -> Message:
    return public.DiagnosisRecorded(
        client_id=fact.client_id,
        code=fact.code,
        rank=fact.rank,
        effective_from=to_date(fact.effective_from),
    )


def _diagnosis_ended(fact: client.DiagnosisEnded) -> Message:
    return public.DiagnosisEnded(
        client_id=fact.client_id,
        code=fact.code,
        last_day=to_date(fact.last_day),
        reason=f"DIAGNOSIS_END_REASON_{fact.reason}",
    )


def _member_recognised(fact: recognition.MemberRecognised) -> Message:
    return public.MemberRecognised(
        client_id=fact.client_id, coverage_id=fact.coverage_id, key=fact.key
    )


def _optional_date(value: date | None) -> common.Date | None:
    return None if value is None else to_date(value)


PUBLIC: Mapping[type, Callable[[Any], Message]] = {
    client.ClientRegistered: _registered,
    screening.ClientScreened: _screened,
    screening.AdmissionDeclined: _declined,
    consent.ConsentGiven: _consent_given,
    consent.ConsentRevoked: _consent_revoked,
    consent.DisclosureRestricted: _disclosure_restricted,
    coverage.CoverageVerified: _coverage_verified,
    coverage.CoverageEnded: _coverage_ended,
    episode.ClientAdmitted: _admitted,
    episode.EpisodeClosed: _episode_closed,
    assessment.AssessmentCompleted: _assessment_completed,
    assessment.SafetyTaskOpened: _safety_task_opened,
    assessment.SafetyTaskClosed: _safety_task_closed,
    areas.AreasAssessed: _areas_assessed,
    dimensions.DimensionsRated: _dimensions_rated,
    client.DiagnosisRecorded: _diagnosis_recorded,
    client.DiagnosisEnded: _diagnosis_ended,
    recognition.MemberRecognised: _member_recognised,
}
