"""Intake's use cases of coverages: recorded with their numbers, and put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.statements import Statement, retold, statements
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, LockedClient, PutRightAt, on_own_stream
from services.intake.app.recognition import recognise, recognised
from services.intake.app.sealing import make_newest, sealed_once
from services.intake.app.streams import client_stream, member_stream, membership_document
from services.intake.domain import coverage
from services.intake.domain.client import CLIENT, Client
from services.intake.domain.coverage import (
    AddCoverage,
    CoverageAdded,
    CoverageConfirmed,
    CoverageEnded,
    CoverageVerified,
)
from services.intake.domain.episode import label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNumberedCoverage(AddCoverage):
    """With its member and group number, as they are sealed."""

    membership: bytes


def add_coverage(intake: Intake, asked: AddNumberedCoverage, context: Context) -> Outcome:
    """Records a coverage, its member and group number sealed; refuses an unknown client or payer.

    Whose member it is, is recognised with it.
    """

    def command(locked: LockedClient[Client]) -> AddCoverage:
        return numbered(intake, locked, asked, context)

    def recognised(locked: LockedClient[Client]) -> Sequence[Recorded]:
        return recognise(intake, locked.tx, asked, locked.label, context)

    return on_own_stream(intake, asked.client_id, command, context, beside=recognised)


def numbered(
    intake: Intake, locked: LockedClient[Any], asked: AddNumberedCoverage, _: Context
) -> AddCoverage:
    """The command, its numbers sealed; refuses a payer that nobody told of (Unknown)."""
    require_payer(intake, locked.tx, asked.payer_id)
    owner, kind = client_stream(asked.client_id), membership_document(asked.coverage_id)
    version = sealed_once(locked.tx, owner, kind, asked.membership)
    return replace(asked, membership_version=version)


def require_payer(intake: Intake, tx: Transaction, payer_id: str) -> None:
    """Refuses (Unknown) a payer of which nothing was heard from billing."""
    if not intake.is_payer_registered(tx, payer_id):
        raise Unknown("payer", payer_id)


def confirmed(others: Sequence[Recorded], now: CoverageAdded) -> None:
    """Refuses to take back one of which a payer's word stands (CoverageConfirmed)."""
    for other in others:
        fact = other.fact
        if isinstance(fact, CoverageVerified | CoverageEnded) and (
            fact.coverage_id == now.coverage_id
        ):
            raise CoverageConfirmed(now.coverage_id)


def what_it_is_now(intake: Intake, at: PutRightAt) -> Mapping[str, Sequence[Any]]:
    """What follows of a coverage that was put right: what its payer said of it is said of the payer
    and at the order that stand, others hear which numbers are as they were, and whose member it is.
    """
    tx, found = at.tx, statements(at.history)
    [put_right] = [said for said in found if said.first.id == at.asked.amendment.statement]
    if put_right.voided:
        return {}
    added: CoverageAdded = put_right.now.fact
    owner = client_stream(at.client_id)
    label = label_of(intake.episodes_of(tx, [at.client_id])[at.client_id])
    kind = membership_document(added.coverage_id)
    sealed = make_newest(tx, owner, kind, added.membership_version)
    parts = [intake.membership_parts_of(membership) for membership in sealed]
    words = [
        fact
        for said in found
        for fact in retold(said, _of_its_payer(said, added), at.asked.amendment)
    ]
    numbers = coverage.amended(added, CLIENT.after(at.history).coverages, parts, label)
    return {
        owner: [*words, *numbers],
        member_stream(added.coverage_id): recognised(intake, tx, added, label),
    }


def _of_its_payer(said: Statement, added: CoverageAdded) -> Any | None:
    """A payer's word on the coverage, as its payer's; whatever else was said, as it stands."""
    now = said.now.fact
    if said.voided:
        return None
    if isinstance(now, CoverageVerified | CoverageEnded) and now.coverage_id == added.coverage_id:
        now = replace(now, payer_id=added.payer_id)
        return replace(now, order=added.order) if isinstance(now, CoverageVerified) else now
    return now
