"""The difference between what was derived before and what is derived now, written as revisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from kernel.facts import Row
from kernel.ids import derived_id
from kernel.messaging.subscriptions import Projection


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A new revision of a row."""

    id: UUID
    revision: int
    row: Row
    withdrawn: bool
    # As it is stored: what is withdrawn keeps what another release wrote, to the letter.
    stored: str


def difference(
    connection: Connection, projection: Projection, key: str, rows: Sequence[Row]
) -> list[NewRevision]:
    """Write what changed as new revisions; a change of provenance alone is written silently."""
    current = {
        row.id: row
        for row in connection.execute(
            text(
                "SELECT id, revision, kind, row_key, content, provenance, withdrawn FROM derived"
                " WHERE derivation = :name AND key = :key AND current"
            ),
            {"name": projection.name, "key": key},
        )
    }
    changes: list[NewRevision] = []
    seen: set[UUID] = set()
    for row in rows:
        row_id = derived_id(projection.name, row.kind, row.key)
        if row_id in seen:
            raise ValueError("a derivation gave two rows of one key")
        seen.add(row_id)
        was = current.get(row_id)
        if was is None or was.withdrawn or not projection.says(row, was.content):
            revision = 1 if was is None else was.revision + 1
            changes.append(NewRevision(row_id, revision, row, False, projection.encode(row)))
        elif was.provenance != (provenance := _provenance(projection, row)):
            _write_provenance(connection, row_id, was.revision, provenance)
    for row_id, was in current.items():
        if row_id in seen:
            continue
        gone = Row(
            kind=was.kind,
            key=was.row_key,
            content=None if was.withdrawn else projection.decode(was.kind, was.content),
            rests_on=frozenset(was.provenance["facts"]),
            rules=was.provenance["rules"],
        )
        if not was.withdrawn:
            stored = json.dumps(was.content)
            changes.append(NewRevision(row_id, was.revision + 1, gone, True, stored))
        elif was.provenance != (provenance := _provenance(projection, gone)):
            _write_provenance(connection, row_id, was.revision, provenance)
    _write(connection, projection, key, changes)
    return changes


def _write(
    connection: Connection, projection: Projection, key: str, changes: Sequence[NewRevision]
) -> None:
    if not changes:
        return
    connection.execute(
        text("UPDATE derived SET current = false WHERE current AND id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": [change.id for change in changes]},
    )
    connection.execute(
        text(
            "INSERT INTO derived (id, revision, derivation, key, kind, row_key, content,"
            " provenance, withdrawn, current) VALUES (:id, :revision, :derivation, :key, :kind,"
            " :row_key, CAST(:content AS jsonb), CAST(:provenance AS jsonb), :withdrawn, true)"
        ),
        [
            {
                "id": change.id,
                "revision": change.revision,
                "derivation": projection.name,
                "key": key,
                "kind": change.row.kind,
                "row_key": change.row.key,
                "content": change.stored,
                "provenance": json.dumps(_provenance(projection, change.row)),
                "withdrawn": change.withdrawn,
            }
            for change in changes
        ],
    )


def _write_provenance(
    connection: Connection, row_id: UUID, revision: int, provenance: Mapping[str, Any]
) -> None:
    connection.execute(
        text(
            "UPDATE derived SET provenance = CAST(:provenance AS jsonb)"
            " WHERE id = :id AND revision = :revision"
        ),
        {"provenance": json.dumps(provenance), "id": row_id, "revision": revision},
    )


def _provenance(projection: Projection, row: Row) -> dict[str, Any]:
    return {"facts": sorted(row.rests_on), "rules": row.rules, "code": projection.code}
