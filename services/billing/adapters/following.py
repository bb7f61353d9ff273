"""The Following port: each published row leads to the revision, or the step, that made it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ninehours.billing.v1 import billing_events_pb2 as public
from sqlalchemy import text
from sqlalchemy.engine import Row

from kernel.facts import derived_id
from kernel.store.published import Cursor, changes
from kernel.store.store import Transaction
from services.billing.adapters.publication import publish
from services.billing.adapters.rows import content_of
from services.billing.app.changes import ChangedClaims, ChangedRow, ChangedRows, Since
from services.billing.domain.claims.claim import CLAIM, IssuedClaimState
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.projection import Content

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
OF_CLAIMS = {message.DESCRIPTOR.full_name: message for message in STEPS}
FIELD = "changed_since"


class SqlFollowing:
    """On the published log: a change of content and its row stand in one transaction."""

    def rows(self, tx: Transaction, kind: type[Content], since: Since) -> ChangedRows[Content]:
        cursor = Cursor.read_of_list(tx.connection, FIELD, since.cursor)
        found = changes(tx.connection, cursor, [TYPES[kind]], _subject(since), since.limit)
        revisions = _revisions(tx, kind, found.rows)
        return ChangedRows([revisions[row.id] for row in found.rows], found.cursor, found.more)

    def claims(self, tx: Transaction, since: Since) -> ChangedClaims:
        cursor = Cursor.read_of_list(tx.connection, FIELD, since.cursor)
        types = [DRAFTED, *OF_CLAIMS]
        found = changes(tx.connection, cursor, types, _subject(since), since.limit)
        told: dict[UUID, ChangedRow[DraftRow] | IssuedClaimState] = {
            **_revisions(tx, DraftRow, [row for row in found.rows if row.type == DRAFTED]),
            **_steps(tx, [row for row in found.rows if row.type != DRAFTED]),
        }
        return ChangedClaims([told[row.id] for row in found.rows], found.cursor, found.more)


def _subject(since: Since) -> str:
    return f"client/{since.client_id}" if since.client_id else ""


def _revisions(
    tx: Transaction, kind: type[Content], published: Sequence[Row[Any]]
) -> dict[UUID, ChangedRow[Content]]:
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
        derived_id(row.id, row.revision): ChangedRow(
            content=content_of(kind, row.content),
            revision=row.revision,
            withdrawn=row.withdrawn,
            before=None if row.before is None else content_of(kind, row.before),
        )
        for row in rows
    }


def _steps(tx: Transaction, published: Sequence[Row[Any]]) -> dict[UUID, IssuedClaimState]:
    """Published row → the claim as that fact left it."""
    claims = {OF_CLAIMS[row.type].FromString(bytes(row.body)).claim_id for row in published}
    streams: Mapping[str, Iterable[Any]] = tx.load_many([f"claim/{claim}" for claim in claims])
    found: dict[UUID, IssuedClaimState] = {}
    for facts in streams.values():
        state = CLAIM.initial
        for recorded in facts:
            state = CLAIM.evolve(state, recorded.fact)
            found |= {publication.id: state for publication in publish(recorded)}
    return found
