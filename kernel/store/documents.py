"""Identity, free text and files: sealed under a key of their owner's own, with their history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kernel.keys.ports import KeyLost, OwnerForgotten
from kernel.store.statements import text
from kernel.vault import Vault

DOCUMENTS = 905_006  # the advisory locks of writing owners' documents, by the owner's hash


@dataclass(frozen=True, slots=True)
class Document:
    """An opened document; `version` counts from 1 within (owner, kind)."""

    owner: str
    kind: str
    version: int
    content: bytes


class Documents:
    """Documents of one database, within one transaction."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def put(self, owner: str, kind: str, content: bytes) -> int:
        """Seal the next version of this document, and give it. Repeating the content adds none.

        The owner's key is made at first use, and kept before anything is sealed under it: whatever
        becomes of this transaction, a key is at most unused. Refuses an owner who was forgotten
        (OwnerForgotten), and one whose key is lost (KeyLost).
        """
        digest = self._vault.digest(content)
        if not self._vault.has_key(owner) and self._any_of(owner):
            raise KeyLost(owner)
        # Until this transaction ends: versions of one owner's documents don't collide.
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(:documents, hashtext(:owner))"),
            {"documents": DOCUMENTS, "owner": owner},
        )
        last = self._connection.execute(
            text(
                "SELECT version, digest FROM document WHERE owner = :owner AND kind = :kind"
                " ORDER BY version DESC LIMIT 1"
            ),
            {"owner": owner, "kind": kind},
        ).one_or_none()
        if last is not None and bytes(last.digest) == digest:
            return int(last.version)
        version = 1 if last is None else last.version + 1
        self._connection.execute(
            text("INSERT INTO document VALUES (:owner, :kind, :version, :sealed, :digest)"),
            {
                "owner": owner,
                "kind": kind,
                "version": version,
                "sealed": self._vault.seal(owner, content, context_of(owner, kind, version)),
                "digest": digest,
            },
        )
        return version

    def open(self, owner: str, kind: str, version: int | None = None) -> Document | None:
        """This version, or the newest; None when there is none, or its owner was forgotten.

        Refuses what is there and has no key (KeyLost).
        """
        row = self._connection.execute(
            text(
                "SELECT version, sealed FROM document WHERE owner = :owner AND kind = :kind"
                " AND (CAST(:version AS bigint) IS NULL OR version = :version)"
                " ORDER BY version DESC LIMIT 1"
            ),
            {"owner": owner, "kind": kind, "version": version},
        ).one_or_none()
        return None if row is None else self._opened(owner, kind, row)

    def newest(self, owners: Collection[str], kind: str) -> Mapping[str, Document]:
        """Owner → the newest version, of those who have one and weren't forgotten; as `open`."""
        found = self._newest(owners, "kind = :kinds", kind)
        return {document.owner: document for document in found}

    def newest_like(self, owners: Collection[str], kinds: Collection[str]) -> list[Document]:
        """As `newest`, of each kind that is like one of these, as LIKE has it."""
        return self._newest(owners, "kind LIKE ANY(CAST(:kinds AS text[]))", list(kinds))

    def _newest(self, owners: Collection[str], of_kinds: str, kinds: Any) -> list[Document]:
        rows = self._connection.execute(
            text(
                "SELECT DISTINCT ON (owner, kind) owner, kind, version, sealed FROM document"  # noqa: S608 - the condition is code
                f" WHERE owner = ANY(CAST(:owners AS text[])) AND {of_kinds}"
                " ORDER BY owner, kind, version DESC"
            ),
            {"owners": list(owners), "kinds": kinds},
        ).all()
        self._vault.keys.fetch({row.owner for row in rows})
        found = (self._opened(row.owner, row.kind, row) for row in rows)
        return [document for document in found if document is not None]

    def require_remembered(self, owner: str) -> None:
        """Refuses an owner who was forgotten (OwnerForgotten)."""
        self._vault.has_key(owner)

    def _opened(self, owner: str, kind: str, row: Any) -> Document | None:
        """None: the owner was forgotten."""
        context = context_of(owner, kind, row.version)
        try:
            content = self._vault.open(owner, bytes(row.sealed), context)
        except OwnerForgotten:
            return None
        return Document(owner, kind, row.version, content)

    def _any_of(self, owner: str) -> bool:
        return bool(
            self._connection.execute(
                text("SELECT EXISTS (SELECT FROM document WHERE owner = :owner)"),
                {"owner": owner},
            ).scalar_one()
        )


def context_of(owner: str, kind: str, version: int) -> bytes:
    """What a document is sealed in: it opens in no other place."""
    return f"{owner}|{kind}|{version}".encode()
