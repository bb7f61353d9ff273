"""What changed since a cursor, as billing teams follow it: every revision and every step once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol

from kernel.store.published import Cursor
from kernel.store.store import Transaction
from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.projection import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRow(Generic[Content]):
    """A revision of a derived row; `before`: the content it had, None: it wasn't there."""

    content: Content
    revision: int
    withdrawn: bool
    before: Content | None


@dataclass(frozen=True, slots=True)
class ChangedRows(Generic[Content]):
    """Revisions in order, where the next question goes on, and whether there are more."""

    rows: Sequence[ChangedRow[Content]]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True)
class ChangedClaims:
    """Drafts as they were revised, issued claims as each step left them; else as ChangedRows."""

    claims: Sequence[ChangedRow[DraftRow] | IssuedClaimState]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is asked: `cursor` as the caller gave it; `client_id` empty: all clients."""

    cursor: str
    client_id: str
    limit: int


class Following(Protocol):
    """Reads changes. The transaction must see what was committed until now (READ COMMITTED)."""

    def rows(self, tx: Transaction, kind: type[Content], since: Since) -> ChangedRows[Content]:
        """Revisions of derived rows of one kind."""
        ...

    def claims(self, tx: Transaction, since: Since) -> ChangedClaims:
        """Revisions of drafts, and what befell issued claims."""
        ...
