"""Billing's rows as they are stored, and read back typed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from kernel.codec import Codec
from kernel.facts import id_of
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.app.draft_id import draft_id
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.history.history import ClaimLine
from services.billing.domain.projection import KINDS, Content

ROWS = Codec(
    KINDS,
    left_out={
        ClaimLine: {"site_id", "provider_id", "diagnosis_pointers"},
        DraftRow: {"awaits_voids", "frequency", "patient_status"},
        ProposalRow: {"patient_status"},
    },
)
"""The kinds of rows; views in SQL read some of the same fields."""


def content_of(kind: type[Content], stored: Mapping[str, Any]) -> Content:
    """What a stored row of this kind says."""
    found: Content = ROWS.decode(ROWS.name_of(kind), stored)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRow(Generic[Content]):
    """A row that holds now. `facts`: ids of what it rests on."""

    client_id: str
    key: str
    content: Content
    revision: int
    facts: frozenset[str]


def current_rows(
    tx: Transaction,
    kind: type[Content],
    conditions: str = "",
    *,
    order: str = "row_key",
    withdrawn: bool = False,
    **parameters: Any,
) -> Iterator[CurrentRow[Content]]:
    """Rows of this kind in order, of which the conditions hold; `withdrawn`: those that are gone
    too."""
    rows = tx.connection.execute(
        text(
            "SELECT key, row_key, content, revision, provenance FROM derived"  # noqa: S608 - ours
            f" WHERE kind = :kind AND current{'' if withdrawn else ' AND NOT withdrawn'}"
            f"{conditions} ORDER BY {order}"
        ),
        {"kind": ROWS.name_of(kind), **parameters},
    )
    for row in rows:
        yield CurrentRow(
            client_id=id_of(row.key),
            key=row.row_key,
            content=content_of(kind, row.content),
            revision=row.revision,
            facts=frozenset(row.provenance["facts"]),
        )


def draft_with(tx: Transaction, claim_id: str) -> DraftRow | None:
    """The draft of this id, or what it said before it was withdrawn."""
    keys = tx.connection.execute(
        text("SELECT row_key FROM derived WHERE kind = :kind AND current"),
        {"kind": ROWS.name_of(DraftRow)},
    )
    found = [key for (key,) in keys if draft_id(key) == claim_id]
    rows = current_rows(
        tx, DraftRow, " AND row_key = ANY(CAST(:keys AS text[]))", withdrawn=True, keys=found
    )
    return next((row.content for row in rows), None)
