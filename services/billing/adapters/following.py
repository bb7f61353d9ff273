"""What changed since a cursor, as billing teams follow it: every revision and every step once.

Each published row leads to the revision, or the step, that made it: a change of content and its row
stand in one transaction, which must see what was committed until now (READ COMMITTED).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from ninehours.billing.v1 import billing_events_pb2 as public
from sqlalchemy.engine import Row

from kernel.facts import Recorded, derived_id
from kernel.messaging.amendments import AMENDED
from kernel.store.published import Cursor, Followed, changes
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.publication import publish
from services.billing.adapters.rows import content_of
from services.billing.domain.claims.claim import CLAIM, IssuedClaimState
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.projection import Content

T = TypeVar("T")

DRAFTED = public.ClaimDrafted.DESCRIPTOR.full_name
TYPES: Mapping[type, str] = {
    DayRow: public.ServiceDayResolved.DESCRIPTOR.full_name,
    DraftRow: DRAFTED,
    ProposalRow: public.CorrectionProposed.DESCRIPTOR.full_name,
}
STEPS = (
    public.ClaimIssued,
    public.ClaimAdjudicated,
    public.ClaimReplaced,
    public.ClaimVoided,
)
OF_CLAIMS = [AMENDED, *(message.DESCRIPTOR.full_name for message in STEPS)]
FIELD = "changed_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisedRow(Generic[Content]):
    """A row as it is, or a revision of it; `before`: what it said then, None: it wasn't there."""

    content: Content
    revision: int
    withdrawn: bool = False
    before: Content | None = None


@dataclass(frozen=True, slots=True)
class Changes(Generic[T]):
    """What changed, in order; where the next question goes on, and whether there is more."""

    items: Sequence[T]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is asked: `cursor` as the caller gave it; `client_id` empty: all clients."""

    cursor: str
    client_id: str
    limit: int


def changed_rows(
    tx: Transaction, kind: type[Content], since: Since
) -> Changes[RevisedRow[Content]]:
    """Revisions of derived rows of one kind."""
    found = _published(tx, [TYPES[kind]], since)
    revisions = _revisions(tx, kind, found.rows)
    return Changes([revisions[row.id] for row in found.rows], found.cursor, found.more)


def changed_claims(
    tx: Transaction, since: Since
) -> Changes[RevisedRow[DraftRow] | IssuedClaimState]:
    """Drafts as they were revised, issued claims as each step left them."""
    found = _published(tx, [DRAFTED, *OF_CLAIMS], since)
    by_fact: dict[UUID, RevisedRow[DraftRow] | IssuedClaimState] = {
        **_revisions(tx, DraftRow, [row for row in found.rows if row.type == DRAFTED]),
        **_steps(tx, [row for row in found.rows if row.type != DRAFTED]),
    }
    # What puts right something else than an answer of a payer is no step of a claim.
    items = [by_fact[row.id] for row in found.rows if row.id in by_fact]
    return Changes(items, found.cursor, found.more)


def _published(tx: Transaction, types: Sequence[str], since: Since) -> Followed:
    cursor = Cursor.read_of_list(tx.connection, FIELD, since.cursor)
    subject = f"client/{since.client_id}" if since.client_id else ""
    return changes(tx.connection, cursor, types, subject, since.limit)


def _revisions(
    tx: Transaction, kind: type[Content], published: Sequence[Row[Any]]
) -> dict[UUID, RevisedRow[Content]]:
    """Published row → the revision it tells of, with the content before it."""
    rows = tx.connection.execute(
        text(
            "SELECT id, revision, content, withdrawn,"
            " lag(CASE WHEN NOT withdrawn THEN content END)"
            " OVER (PARTITION BY id ORDER BY revision) AS before"
            " FROM derived WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": [row.headers["causationid"] for row in published]},
    )
    return {
        derived_id(row.id, row.revision): RevisedRow(
            content=content_of(kind, row.content),
            revision=row.revision,
            withdrawn=row.withdrawn,
            before=None if row.before is None else content_of(kind, row.before),
        )
        for row in rows
    }


def _steps(tx: Transaction, published: Sequence[Row[Any]]) -> dict[UUID, IssuedClaimState]:
    """Published row → the claim as that fact left it."""
    causes = [row.headers["causationid"] for row in published]
    of_claims = tx.execute(
        "SELECT DISTINCT stream FROM fact WHERE id = ANY(CAST(:ids AS uuid[]))"
        " AND stream LIKE 'claim/%'",
        ids=causes,
    )
    streams: Mapping[str, Sequence[Recorded]] = tx.load_many([row.stream for row in of_claims])
    found: dict[UUID, IssuedClaimState] = {}
    for facts in streams.values():
        for number, recorded in enumerate(facts, start=1):
            state = CLAIM.after(facts[:number])
            found |= {publication.id: state for publication in publish(recorded)}
    return found
