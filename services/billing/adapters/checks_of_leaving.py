"""Whether each claim left on a permit that came before what took its consent or its dates away."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import HeardFact, Recorded, id_of
from kernel.rpc.translate import date_of
from operations.verifying.examination import Examination, Finding
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.x12.t837.claim import VOID

M = TypeVar("M")

KINDS = (intake.ConsentGiven, intake.ConsentRevoked, intake.DisclosureRestricted)


def claims_left_on_their_permits(examination: Examination) -> Iterator[Finding]:
    """What intake's log said before the permit, and what was heard of it, must let the claim go.

    A claim of before permits is judged by the time at which it was issued.
    """
    heard = _heard(examination)
    heads = {
        id_of(row.subject): row.sequence
        for row in examination.rows(
            "SELECT subject, sequence FROM heard_head WHERE topic = :topic",
            topic=intake.DESCRIPTOR.package,
        )
    }
    rows = examination.paged(
        "SELECT id, stream, version, type, body, at, actor FROM fact"
        " WHERE type = 'billing.claim_issued.v1' ORDER BY stream"
    )
    for recorded in examination.recorded(rows):
        examination.count()
        claim: ClaimIssued = recorded.fact
        about = f"client/{claim.client_id}"
        if claim.permit_sequence > heads.get(claim.client_id, 0):
            says = f"claim {claim.claim_id} left on permit {claim.permit_id}, which knew "
            says += f"{claim.permit_sequence} facts of intake's; fewer were heard"
            yield Finding("PERMIT_NOT_HEARD", about, says)
        elif (heard_as := _heard_as(examination, claim)) not in (None, claim.permit_fact_id):
            says = f"claim {claim.claim_id} left on permit {claim.permit_id}, which knew "
            says += f"{claim.permit_fact_id} as number {claim.permit_sequence}; heard is {heard_as}"
            yield Finding("PERMIT_OF_ANOTHER_HISTORY", about, says)
        before = [fact for fact in heard[claim.client_id] if _is_before(fact, recorded)]
        if says := _revoked(claim, before, recorded.at.date()):
            yield Finding("LEFT_WITHOUT_CONSENT", about, says)
        if says := _restricted(claim, before):
            yield Finding("LEFT_RESTRICTED", about, says)


def _heard_as(examination: Examination, claim: ClaimIssued) -> str | None:
    """Id of the fact that stands where the permit's last one did; None: nobody kept it, or told."""
    if not claim.permit_fact_id:
        return None
    place = {
        "topic": intake.DESCRIPTOR.package,
        "subject": f"client/{claim.client_id}",
        "sequence": claim.permit_sequence,
    }
    found = examination.rows(
        "SELECT id FROM heard_fact WHERE (topic, subject, sequence) = (:topic, :subject, :sequence)"
        " UNION ALL SELECT id FROM heard_head"
        " WHERE (topic, subject, sequence) = (:topic, :subject, :sequence)",
        **place,
    )
    return str(found[0].id) if found else None


def _is_before(fact: HeardFact, issued: Recorded) -> bool:
    claim: ClaimIssued = issued.fact
    if claim.permit_id:
        return fact.sequence <= claim.permit_sequence
    return fact.signed_at <= issued.at


def _revoked(claim: ClaimIssued, before: Sequence[HeardFact], on: date) -> str:
    if not claim.consent_id:
        return ""
    about = f"claim {claim.claim_id} left on consent {claim.consent_id}"
    for fact_id, revoked in _of(before, intake.ConsentRevoked):
        if revoked.consent_id == claim.consent_id and date_of(revoked, "revoked_on") <= on:
            return f"{about}, revoked before by fact {fact_id}"
    given = {message.consent_id for _, message in _of(before, intake.ConsentGiven)}
    if claim.permit_id and claim.consent_id not in given:
        return f"{about}, which was not given before its permit {claim.permit_id}"
    return ""


def _restricted(claim: ClaimIssued, before: Sequence[HeardFact]) -> str:
    """Of a date that the client kept from the payer; a void takes back what was told of it."""
    if claim.frequency == VOID:
        return ""
    dates = {line.service_date for line in claim.lines}
    for fact_id, restricted in _of(before, intake.DisclosureRestricted):
        first, last = date_of(restricted, "from"), date_of(restricted, "to")
        if restricted.payer_id == claim.payer_id and any(first <= on <= last for on in dates):
            return f"claim {claim.claim_id} tells a date that was restricted before, by {fact_id}"
    return ""


def _of(facts: Sequence[HeardFact], kind: type[M]) -> list[tuple[UUID, M]]:
    """Ids and messages of one kind."""
    return [(fact.id, fact.message) for fact in facts if isinstance(fact.message, kind)]


def _heard(examination: Examination) -> Mapping[str, list[HeardFact]]:
    read: dict[str, Callable[[bytes], Any]] = {
        kind.DESCRIPTOR.full_name: kind.FromString for kind in KINDS
    }
    found: dict[str, list[HeardFact]] = defaultdict(list)
    for row in examination.paged(
        "SELECT * FROM heard_fact WHERE type = ANY(CAST(:types AS text[]))"
        " ORDER BY subject, sequence",
        types=sorted(read),
    ):
        found[id_of(row.subject)].append(
            HeardFact(
                id=row.id,
                topic=row.topic,
                subject=row.subject,
                sequence=row.sequence,
                type=row.type,
                message=read[row.type](bytes(row.body)),
                label=row.label,
                signed_at=row.signed_at,
            )
        )
    return found
