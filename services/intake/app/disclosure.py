"""Who is disclosed to a payer, and why not: each disclosure by a permit, audited either way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import uuid4

from kernel.decider import filled
from kernel.execute import record
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of_each
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import (
    AuditEntry,
    Intake,
    LogEnd,
    lock_persons,
    of_person,
)
from services.intake.app.sealing import every_version
from services.intake.app.streams import IDENTITY, client_stream, membership_document, permit_stream
from services.intake.domain.client import CLIENT, Client
from services.intake.domain.permit import DisclosureBasis, DisclosurePermitted
from services.intake.domain.programs import Programs

MOST_LOCKED = 50  # clients in one transaction: those who come for one of them wait no longer
NOTHING_YET = LogEnd()


class WithheldReason(StrEnum):
    """Why an identity is not told."""

    NOT_REGISTERED = "NOT_REGISTERED"
    NO_COVERAGE = "NO_COVERAGE"
    NO_CONSENT = "NO_CONSENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesRequest:
    """By whom and why, of which clients, to be disclosed to which payer on which date.

    Of `settled_client_ids` a named person settled what their revocation means for dates before it:
    they are given without a consent in force, if there once was one, and the audit says so.
    `programs`: client → of which programs the lines are that the client is to be named for; of one
    left out nobody knows, and an empty id says the same.
    """

    actor: str
    purpose: str
    now: datetime
    client_ids: tuple[str, ...]
    recipient_payer_id: str
    on: date
    settled_client_ids: frozenset[str] = frozenset()
    programs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # What the asking is part of: the command of a person, in the service that asks.
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedIdentity:
    """What a claim needs. `consent_id` None: no consent is needed, or none is in force.

    `programs`: of those asked for, the ones about whose lines the client may be named.
    `memberships`: of every coverage by the payer, since claims are for dates gone by, among them
    `coverage_id`: each version of its numbers, of which the last is disclosed. `end`: what of the
    client's published log the permit knew, `other_ends`: of every other one of the person's.
    """

    client_id: str
    identity: bytes
    identity_version: int
    coverage_id: str
    memberships: Mapping[str, Sequence[bytes]]
    consent_id: str | None
    programs: frozenset[str]
    basis: DisclosureBasis = DisclosureBasis.GIVEN
    permit_id: str = ""
    end: LogEnd = NOTHING_YET
    other_ends: tuple[tuple[str, LogEnd], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldIdentity:
    client_id: str
    reason: WithheldReason


def read_identities(
    intake: Intake, request: IdentitiesRequest
) -> list[DisclosedIdentity | WithheldIdentity]:
    """Each client's identity or why it is withheld; audited either way, before it is answered.

    What is given has a permit, of this asking alone. It is judged and recorded under the client's
    lock: whatever the client's log says later comes after it, what it said before was known to it.
    """
    client_ids = list(dict.fromkeys(request.client_ids))
    answers: list[DisclosedIdentity | WithheldIdentity] = []
    for start in range(0, len(client_ids), MOST_LOCKED):
        answers += _permit(intake, request, client_ids[start : start + MOST_LOCKED])
    return answers


def recipient_of(intake: Intake, client_id: str, consent_id: str) -> str:
    """The payer to whom the client gave a consent."""
    with intake.executor.store.transaction() as tx:
        client = CLIENT.after(of_person(tx, client_id))
    return client.consents.recipients[consent_id]


def _permit(
    intake: Intake, request: IdentitiesRequest, client_ids: Sequence[str]
) -> list[DisclosedIdentity | WithheldIdentity]:
    answers: list[DisclosedIdentity | WithheldIdentity] = []
    command_id = uuid4()  # of this asking: another one may be answered otherwise
    context = Context(
        command_id=command_id,
        digest=intake.executor.store.vault.digest(command_id.bytes),
        actor=request.actor,
        now=request.now,
        correlation=request.correlation,
    )

    def decide(tx: Transaction) -> Sequence[Recorded]:
        network = intake.programs(tx, None)
        persons = ids_of_each(tx.connection, client_ids)
        ends = intake.log_ends(tx, sorted({each for ids in persons.values() for each in ids}))
        answers.clear()
        for client_id in client_ids:
            ids = persons[client_id]
            answer = _answer(tx, client_id, network, request)
            if isinstance(answer, DisclosedIdentity):
                answer = replace(
                    answer,
                    permit_id=context.new_id("permit", client_id),
                    end=ends[client_id],
                    other_ends=tuple((each, ends[each]) for each in ids if each != client_id),
                )
            answers.append(answer)
        intake.audit(tx, [_entry(answer, request) for answer in answers])
        return [
            recorded
            for answer in answers
            if isinstance(answer, DisclosedIdentity)
            for recorded in record(
                context, permit_stream(answer.permit_id), 0, [_permitted(answer, request)]
            )
        ]

    lock_persons(intake, client_ids, context, decide)
    return answers


def _permitted(given: DisclosedIdentity, request: IdentitiesRequest) -> DisclosurePermitted:
    return filled(DisclosurePermitted, given, given.end, request)


def _answer(
    tx: Transaction,
    client_id: str,
    network: Programs,
    request: IdentitiesRequest,
) -> DisclosedIdentity | WithheldIdentity:
    """With all that is known of the person, named as the client is who was asked for."""
    client: Client = CLIENT.after(of_person(tx, client_id))
    if not client.registered or client.forgetting.done:
        return WithheldIdentity(client_id=client_id, reason=WithheldReason.NOT_REGISTERED)
    coverage_id = client.coverages.to_disclose(request.recipient_payer_id, request.on)
    if coverage_id is None:
        return WithheldIdentity(client_id=client_id, reason=WithheldReason.NO_COVERAGE)
    programs = request.programs.get(client_id) or frozenset({""})
    free = network.outside_part2(programs)
    consent_id, basis = None, DisclosureBasis.GIVEN
    if free != programs:
        consent_id = client.consents.for_payment_on(request.recipient_payer_id, request.on)
        if consent_id is None:
            settled = client_id in request.settled_client_ids
            if settled and client.consents.was_given_for_payment(request.recipient_payer_id):
                basis = DisclosureBasis.REVOCATION_SETTLED
            elif free:
                programs = free  # the lines of these programs alone
            else:
                return WithheldIdentity(client_id=client_id, reason=WithheldReason.NO_CONSENT)
    identity = tx.documents.open(client_stream(client_id), IDENTITY)
    memberships = {
        covering: numbers
        for covering in client.coverages.of_payer(request.recipient_payer_id)
        if (
            numbers := tuple(
                every_version(
                    tx,
                    client_stream(client.coverages.added[covering].client_id),
                    membership_document(covering),
                )
            )
        )
    }
    if identity is None or coverage_id not in memberships:
        # Their key was deleted: nobody knows any more who this was.
        return WithheldIdentity(client_id=client_id, reason=WithheldReason.NOT_REGISTERED)
    return DisclosedIdentity(
        client_id=client_id,
        identity=identity.content,
        identity_version=identity.version,
        coverage_id=coverage_id,
        memberships=memberships,
        consent_id=consent_id,
        programs=programs,
        basis=basis,
    )


def _entry(answer: DisclosedIdentity | WithheldIdentity, request: IdentitiesRequest) -> AuditEntry:
    given = answer if isinstance(answer, DisclosedIdentity) else None
    return filled(
        AuditEntry,
        answer,
        request,
        at=request.now,
        consent_id=given.consent_id if given else None,
        identity_version=given.identity_version if given else None,
        outcome=answer.reason if isinstance(answer, WithheldIdentity) else answer.basis,
    )
