"""Identity, free text and files: sealed under a key of their owner's own, with their history."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from kernel.vault import Vault


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
        """Seal the next version of this document, and give it. Repeating the content adds none."""
        digest = self._vault.digest(content)
        key = self._key(owner)
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
                "sealed": self._vault.seal(key, content, _context(owner, kind, version)),
                "digest": digest,
            },
        )
        return version

    def open(self, owner: str, kind: str, version: int | None = None) -> Document | None:
        """This version, or the newest; None when there is none."""
        row = self._connection.execute(
            text(
                "SELECT version, sealed, wrapped FROM document JOIN data_key USING (owner)"
                " WHERE owner = :owner AND kind = :kind"
                " AND (CAST(:version AS bigint) IS NULL OR version = :version)"
                " ORDER BY version DESC LIMIT 1"
            ),
            {"owner": owner, "kind": kind, "version": version},
        ).one_or_none()
        if row is None:
            return None
        content = self._vault.open(
            bytes(row.wrapped), bytes(row.sealed), _context(owner, kind, row.version)
        )
        return Document(owner, kind, row.version, content)

    def _key(self, owner: str) -> bytes:
        """The owner's own key, made at first use; its row is locked: versions don't collide."""
        self._connection.execute(
            text("INSERT INTO data_key VALUES (:owner, :wrapped) ON CONFLICT DO NOTHING"),
            {"owner": owner, "wrapped": self._vault.new_wrapped_key()},
        )
        wrapped = self._connection.execute(
            text("SELECT wrapped FROM data_key WHERE owner = :owner FOR UPDATE"), {"owner": owner}
        ).scalar_one()
        return bytes(wrapped)


def _context(owner: str, kind: str, version: int) -> bytes:
    return f"{owner}|{kind}|{version}".encode()
