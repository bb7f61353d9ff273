"""Intake's questions: one function a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kernel.store.store import Store, Transaction
from services.intake.app.ports import Audit, AuditEntry, Episodes, Place, SafetyTask, SafetyTasks
from services.intake.app.streams import IDENTITY, client_stream, membership_of
from services.intake.domain.client import CLIENT, Client
from services.intake.domain.episode import KnownEpisode, is_under_part2

GIVEN = "GIVEN"
REVOCATION_SETTLED = "REVOCATION_SETTLED"
NOT_REGISTERED = "NOT_REGISTERED"
NO_COVERAGE = "NO_COVERAGE"
NO_CONSENT = "NO_CONSENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesAsked:
    """By whom and why, of which clients, to be disclosed to which payer on which date.

    Of `settled_client_ids` a named person settled what their revocation means for dates before it:
    they are given without a consent in force, if there once was one, and the audit says so.
    """

    actor: str
    purpose: str
    now: datetime
    client_ids: tuple[str, ...]
    recipient_payer_id: str
    on: date
    settled_client_ids: frozenset[str] = frozenset()
    # What the asking is part of: the command of a person, in the service that asks.
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a claim needs. `consent_id` None: the client's programs need no consent for payment.

    `memberships`: of every coverage by the payer, since claims are for dates gone by; among them
    that of `coverage_id`.
    """

    client_id: str
    identity: bytes
    identity_version: int
    coverage_id: str
    memberships: Mapping[str, bytes]
    consent_id: str | None
    outcome: str = GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """`reason`: NOT_REGISTERED, NO_COVERAGE or NO_CONSENT."""

    client_id: str
    reason: str


def read_identities(
    store: Store, episodes: Episodes, audit: Audit, asked: IdentitiesAsked
) -> list[Identified | Withheld]:
    """Each client's identity or why it is withheld; audited either way, before it is answered."""
    client_ids = list(dict.fromkeys(asked.client_ids))
    with store.transaction() as tx:
        history = tx.load_many([client_stream(client_id) for client_id in client_ids])
        known = episodes.known_of(tx, client_ids)
        answers = []
        for client_id in client_ids:
            client = CLIENT.fold(r.fact for r in history[client_stream(client_id)])
            answers.append(_answer(tx, client_id, client, known[client_id], asked))
        audit.write(tx, [_entry(answer, asked) for answer in answers])
    return answers


def list_safety_tasks(
    store: Store,
    tasks: SafetyTasks,
    *,
    client_id: str | None,
    open_only: bool,
    after: Place | None,
    most: int,
) -> Sequence[SafetyTask]:
    """Safety tasks of one client or (None) of all, open ones first, by deadline."""
    with store.transaction() as tx:
        return tasks.listed(tx, client_id=client_id, open_only=open_only, after=after, most=most)


def _answer(
    tx: Transaction,
    client_id: str,
    client: Client,
    episodes: Sequence[KnownEpisode],
    asked: IdentitiesAsked,
) -> Identified | Withheld:
    if not client.registered:
        return Withheld(client_id=client_id, reason=NOT_REGISTERED)
    coverage_id = client.coverages.to_disclose(asked.recipient_payer_id, asked.on)
    if coverage_id is None:
        return Withheld(client_id=client_id, reason=NO_COVERAGE)
    consent_id, outcome = None, GIVEN
    if is_under_part2(episodes):
        consent_id = client.consents.for_payment_on(asked.recipient_payer_id, asked.on)
        if consent_id is None:
            settled = client_id in asked.settled_client_ids
            if not (settled and client.consents.was_given_for_payment(asked.recipient_payer_id)):
                return Withheld(client_id=client_id, reason=NO_CONSENT)
            outcome = REVOCATION_SETTLED
    owner = client_stream(client_id)
    identity = tx.documents.open(owner, IDENTITY)
    memberships = {
        each: document.content
        for each in client.coverages.of_payer(asked.recipient_payer_id)
        if (document := tx.documents.open(owner, membership_of(each))) is not None
    }
    if identity is None or coverage_id not in memberships:
        # Their key was deleted: nobody knows any more who this was.
        return Withheld(client_id=client_id, reason=NOT_REGISTERED)
    return Identified(
        client_id=client_id,
        identity=identity.content,
        identity_version=identity.version,
        coverage_id=coverage_id,
        memberships=memberships,
        consent_id=consent_id,
        outcome=outcome,
    )


def _entry(answer: Identified | Withheld, asked: IdentitiesAsked) -> AuditEntry:
    given = answer if isinstance(answer, Identified) else None
    return AuditEntry(
        at=asked.now,
        actor=asked.actor,
        purpose=asked.purpose,
        client_id=answer.client_id,
        recipient_payer_id=asked.recipient_payer_id,
        consent_id=given.consent_id if given else None,
        identity_version=given.identity_version if given else None,
        correlation=asked.correlation,
        outcome=answer.reason if isinstance(answer, Withheld) else answer.outcome,
    )
