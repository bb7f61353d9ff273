"""What is derived: as it would be derived anew, and as it was published."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from google.protobuf.message import DecodeError, Message
from sqlalchemy.engine import Row as SqlRow

from kernel.facts import Row, derived_id
from kernel.messaging import time_limits
from kernel.messaging.parking import what_failed
from kernel.messaging.subscriptions import Projection
from operations.verifying.examination import BATCH, Examination, Finding, Positions, batches
from operations.verifying.outbox import contradicts

SAME, OTHER, MORE = "SAME", "OTHER", "MORE"
CLIENTS = (
    "SELECT subject FROM heard_fact WHERE subject LIKE 'client/%'"
    " UNION SELECT key FROM derived WHERE derivation = :name AND current ORDER BY 1"
)


def rows_are_derived_anew(examination: Examination) -> Iterator[Finding]:
    """Each client's rows, derived again from what was heard, without writing anything.

    A row that is as it was published, yet not as it would be today, was not derived since: its due
    key is lost. Any other difference was made to the row itself. What is due is left out.
    """
    for projection in examination.subscriptions.projections:
        for (client,) in examination.rows(CLIENTS, name=projection.name):
            if (projection.name, client) not in examination.due:
                yield from _of_client(examination, projection, client)


def revisions_are_published(examination: Examination) -> Iterator[Finding]:
    """Every revision has its public fact, and every public fact that no command made a revision."""
    by_name = {projection.name: projection for projection in examination.subscriptions.projections}
    made = Positions(examination)
    before: SqlRow[Any] | None = None
    rows = examination.paged("SELECT * FROM derived ORDER BY id, revision")
    for batch in batches(rows, BATCH):
        examination.count(len(batch))
        published = {
            row.id: row.position
            for row in examination.rows(
                "SELECT id, position FROM published"
                " WHERE command_id IS NULL AND id = ANY(CAST(:ids AS uuid[]))",
                ids=[derived_id(row.id, row.revision) for row in batch],
            )
        }
        for row in batch:
            if before is not None and _says_the_same(before, row):
                says = (
                    f"revision {row.revision} of {row.kind} {row.id} says what the one before said"
                )
                yield Finding("REVISION_SAYS_NOTHING", row.key, says)
            before = row
            if row.derivation not in by_name or not _is_told(by_name[row.derivation], row):
                continue
            position = published.get(derived_id(row.id, row.revision))
            if position is None:
                says = f"revision {row.revision} of {row.kind} {row.id} was never published"
                yield Finding("DERIVED_NOT_PUBLISHED", row.key, says)
            else:
                made.note(position)
    for row in examination.paged(
        "SELECT id, subject, sequence, type, position FROM published WHERE command_id IS NULL"
    ):
        if row.position not in made:
            says = f"{row.type} {row.id} is published, and no derived row says so"
            yield Finding("PUBLISHED_NOT_DERIVED", f"{row.subject} {row.sequence}", says)


def _of_client(examination: Examination, projection: Projection, client: str) -> Iterator[Finding]:
    held = {
        row.id: row
        for row in examination.rows(
            "SELECT * FROM derived WHERE derivation = :name AND key = :key AND current",
            name=projection.name,
            key=client,
        )
    }
    try:
        facts = examination.subscriptions.read_history(examination.connection, client)
        anew = {
            derived_id(projection.name, row.kind, row.key): row
            for row in time_limits.derive(projection, client, facts)
        }
    except Exception as error:  # what a projection raises is its own affair
        says = f"{projection.name} can't be derived: {what_failed(error)}"
        yield Finding("DERIVATION_FAILS", client, says)
        return
    examination.count(len(held.keys() | anew.keys()))
    published = _told(examination, held)
    for row_id in sorted(held.keys() | anew.keys()):
        row, today = held.get(row_id), anew.get(row_id)
        if row is None:
            name = f"{today.kind} {row_id}" if today else str(row_id)
            says = f"{name} follows from what was heard, was never derived, and isn't due"
            yield Finding("DUE_LOST", client, says)
            continue
        name = f"{row.kind} {row_id} revision {row.revision}"
        as_told = _as_told(projection, row, published)
        follows = _follows(projection, row, today)
        if not follows and as_told == SAME:
            says = f"{name} doesn't follow from what was heard, and isn't due"
            yield Finding("DUE_LOST", client, says)
        elif as_told == OTHER or not follows:
            yield Finding("DERIVED_ALTERED", client, f"{name} is not what was published of it")
        elif today is not None and set(row.provenance["facts"]) != set(today.rests_on):
            says = f"{name} names other facts than it rests on"
            yield Finding("DERIVED_PROVENANCE", client, says)


def _follows(projection: Projection, row: SqlRow[Any], today: Row | None) -> bool:
    """Whether it says what would be derived today; withdrawn, that there is nothing."""
    if today is None or row.withdrawn:
        return today is None and bool(row.withdrawn)
    return projection.says(today, row.content)


def _told(examination: Examination, held: Mapping[UUID, SqlRow[Any]]) -> dict[UUID, bytes]:
    rows = examination.rows(
        "SELECT id, body FROM published WHERE id = ANY(CAST(:ids AS uuid[]))",
        ids=[derived_id(row.id, row.revision) for row in held.values()],
    )
    return {row.id: bytes(row.body) for row in rows}


def _as_told(projection: Projection, row: SqlRow[Any], bodies: Mapping[UUID, bytes]) -> str:
    """What the row says beside what was published of it: the same, other, or only more."""
    was = bodies.get(derived_id(row.id, row.revision))
    try:
        message = _message(projection, row)
    except Exception:  # not a row that this code could have written
        return OTHER
    if message is None or was is None:
        return SAME
    try:
        published = type(message).FromString(was)
    except DecodeError:
        return OTHER
    if published == message:
        return SAME
    return OTHER if contradicts(published, message) else MORE


def _says_the_same(before: SqlRow[Any], row: SqlRow[Any]) -> bool:
    return bool(
        before.id == row.id and before.content == row.content and before.withdrawn == row.withdrawn
    )


def _is_told(projection: Projection, row: SqlRow[Any]) -> bool:
    try:
        return _message(projection, row) is not None
    except Exception:
        return True


def _message(projection: Projection, row: SqlRow[Any]) -> Message | None:
    content = projection.decode(row.kind, row.content)
    return projection.publish(row.kind, content, row.revision, row.withdrawn)
