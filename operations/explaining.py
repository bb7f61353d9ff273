"""What the record tells of a public fact: its place, its times, who signed it, what it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from kernel.facts import derived_id
from kernel.store.rows import from_row
from kernel.store.statements import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of a derived row. `facts`: ids of what it rests on."""

    row_id: UUID
    kind: str
    revision: int
    withdrawn: bool
    current: bool
    content: Mapping[str, Any]
    facts: tuple[str, ...]
    rules: str
    code: str

    @property
    def fact_id(self) -> UUID:
        """Of the public fact that tells this revision."""
        return derived_id(self.row_id, self.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A public fact. `actor`, `command_id`: empty of one that no command made (`derived`)."""

    id: UUID
    type: str
    subject: str
    sequence: int
    signed_at: datetime
    recorded_at: datetime
    label: str
    correlation: str
    actor: str = ""
    command_id: str = ""
    derived: Revision | None = None


def explain(
    connection: Connection, ids: Sequence[UUID], until: datetime | None = None
) -> list[Explained]:
    """The facts of these ids, in their order; a row's id means its last revision's fact.

    Those nobody published here are left out, and with `until` those signed later.
    """
    of_rows: dict[UUID, list[UUID]] = {}
    for revision in revisions(connection, ids):
        of_rows.setdefault(revision.row_id, []).append(revision.fact_id)
    wanted = [*ids, *(fact for told in of_rows.values() for fact in told)]
    rows = connection.execute(
        text(
            "SELECT id, type, subject, sequence, headers, recorded_at,"
            " coalesce(signed_at, recorded_at) AS signed_at FROM published"
            " WHERE id = ANY(CAST(:ids AS uuid[]))"
            " AND (CAST(:until AS timestamptz) IS NULL"
            "      OR coalesce(signed_at, recorded_at) <= :until)"
        ),
        {"ids": wanted, "until": until},
    ).all()
    causes = [row.headers["causationid"] for row in rows]
    signed = _signed(connection, causes)
    derived = {revision.fact_id: revision for revision in revisions(connection, causes)}
    by_id = {}
    for row in rows:
        actor, command_id = signed.get(row.headers["causationid"], ("", ""))
        by_id[row.id] = from_row(
            Explained,
            row,
            label=row.headers["label"],
            correlation=row.headers["correlationid"],
            actor=actor,
            command_id=command_id,
            derived=derived.get(row.id),
        )
    last = {
        row_id: told[-1]
        for row_id, facts in of_rows.items()
        if (told := [fact for fact in facts if fact in by_id])
    }
    meant = dict.fromkeys(last.get(fact_id, fact_id) for fact_id in ids)
    return [by_id[fact_id] for fact_id in meant if fact_id in by_id]


def revisions(connection: Connection, row_ids: Iterable[object]) -> list[Revision]:
    """All revisions of these derived rows, oldest first."""
    rows = connection.execute(
        text(
            "SELECT id, revision, kind, content, provenance, withdrawn, current FROM derived"
            " WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id, revision"
        ),
        {"ids": _uuids(row_ids)},
    )
    return [
        from_row(
            Revision,
            row,
            row_id=row.id,
            facts=tuple(row.provenance["facts"]),
            rules=row.provenance["rules"],
            code=row.provenance["code"],
        )
        for row in rows
    ]


def _signed(connection: Connection, causes: Iterable[object]) -> dict[str, tuple[str, str]]:
    """Private fact → who commanded it, by which command."""
    rows = connection.execute(
        text("SELECT id, actor, command_id FROM fact WHERE id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": _uuids(causes)},
    )
    return {str(row.id): (row.actor, str(row.command_id)) for row in rows}


def _uuids(ids: Iterable[object]) -> list[UUID]:
    """What among them are ids: of imported facts nobody knows the cause."""
    found = set()
    for row_id in ids:
        try:
            found.add(UUID(str(row_id)))
        except ValueError:
            continue
    return sorted(found)
