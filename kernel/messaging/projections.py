"""Projections: pending keys become current rows and public facts, one transaction a client."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kernel.facts import HeardFact, Publication, Row, derived_id
from kernel.messaging import time_limits
from kernel.messaging.envelope import LABELS, strictest
from kernel.messaging.pending import Barrier, Pending, PendingTable, mark_pending
from kernel.messaging.subscriptions import Projection, Subscriptions
from kernel.store.database import is_cancelled
from kernel.store.statements import text
from kernel.store.store import Store, Transaction
from kernel.tracing import spans
from kernel.watching.metrics import PROJECTION_SECONDS, PROJECTIONS

BATCH = 25

# While a topic is heard anew its facts are of two pasts.
EXCHANGED = "NOT EXISTS (SELECT FROM heard_topic WHERE exchanging)"


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


class _ReferencesGrew(Exception):
    """Between the first reading and the second a reference was added: start over, with its lock."""


class Projections:
    """Recomputes a client's rows; a kind of pending work."""

    def __init__(self, store: Store, subscriptions: Subscriptions, barrier: Barrier) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._by_name = {projection.name: projection for projection in subscriptions.projections}
        self._barrier = barrier  # tests hold a transaction here
        self._begun = False
        for name in self._by_name:  # told from the beginning, at 0
            PROJECTION_SECONDS.labels(name)
            for outcome in ("changed", "unchanged", "parked"):
                PROJECTIONS.labels(name, outcome)

    def mark_all(self) -> int:
        """Mark every client, in every projection."""
        with self._store.transaction() as tx:
            keys = _every_key(tx, self._subscriptions.projections)
            mark_pending(tx, keys)
        return len(keys)

    def mark_outdated(self) -> int:
        """Mark what other code than today's derived: rows of it, and clients it gave no row.

        So is what is parked because a fact couldn't be read: this release may know its words.

        From then on consumers with other code leave these projections alone: whoever started last
        derives, so that a roll-out and a roll-back end with the release that stays.
        """
        with self._store.transaction() as tx:
            # First: it waits for drains that other code began, and holds up those to come. A
            # client that they derived is seen below; one heard later is raised by its hearing.
            taken_over = [d for d in self._subscriptions.projections if _take_over(tx, d)]
            keys = {
                (projection.name, key)
                for projection in self._subscriptions.projections
                for (key,) in tx.execute(
                    "SELECT DISTINCT key FROM derived WHERE derivation = :name AND current"
                    " AND provenance->>'code' <> :code",
                    name=projection.name,
                    code=projection.code,
                )
            }
            keys |= _every_key(tx, taken_over) | _unreadable(tx, self._by_name)
            mark_pending(tx, keys)
            self._barrier("outdated")
        return len(keys)

    def pending(self) -> list[Pending]:
        """A few keys of projections that are this code's to derive, longest pending first."""
        ours = {
            "names": list(self._by_name),
            "codes": [projection.code for projection in self._by_name.values()],
        }
        with self._store.by_statement() as tx:
            if not self._begun:  # what nobody ever derived here is for whoever comes first
                tx.connection.execute(
                    text(
                        "INSERT INTO derivation_code SELECT * FROM unnest("
                        "CAST(:names AS text[]), CAST(:codes AS text[])) ON CONFLICT DO NOTHING"
                    ),
                    ours,
                )
            rows = tx.connection.execute(
                text(
                    "SELECT derivation, key, mark FROM due"  # noqa: S608 - a condition of ours
                    " JOIN unnest(CAST(:names AS text[]), CAST(:codes AS text[]))"
                    "   AS ours(derivation, code) USING (derivation)"
                    f" WHERE error IS NULL AND {EXCHANGED}"
                    " AND NOT EXISTS (SELECT FROM derivation_code AS d"
                    "   WHERE d.derivation = due.derivation AND d.code <> ours.code)"
                    " ORDER BY raised_at LIMIT :batch"
                ),
                {**ours, "batch": BATCH},
            ).all()
        self._begun = True
        return [
            Pending(PendingTable.PROJECTIONS, row.derivation, row.key, row.key, row.mark)
            for row in rows
        ]

    def work(self, pending: Pending) -> bool:
        """False when another consumer has the client or the projection, or nothing is pending."""
        began = time.perf_counter()
        changed = self._work(pending)
        if changed is None:
            return False
        PROJECTIONS.labels(pending.name, "changed" if changed else "unchanged").inc()
        PROJECTION_SECONDS.labels(pending.name).observe(time.perf_counter() - began)
        return True

    def _work(self, pending: Pending) -> int | None:
        while True:
            began = time.monotonic()
            try:
                with self._store.transaction() as tx:
                    return self._derive(tx, self._by_name[pending.name], pending)
            except _ReferencesGrew:
                continue
            except DBAPIError as error:
                # Sooner, it was another's limit, or a person: the client is derived again.
                lasted = time.monotonic() - began
                if is_cancelled(error) and lasted >= time_limits.STATEMENT_SECONDS:
                    raise time_limits.TookTooLong().with_traceback(error.__traceback__) from None
                raise

    def _derive(self, tx: Transaction, projection: Projection, pending: Pending) -> int | None:
        """How many rows changed; None where the client isn't this worker's to project."""
        client, began = pending.subject, spans.now()
        _limit_statements(tx)
        if not _is_ours(tx, projection):
            return None
        # References before clients, as everybody locks; shared, for many clients lead to one site.
        # Who hears of a reference locks it alone, then marks the clients that lead to it: so it
        # either waits until this client's rows are written, and marks it again, or was first, and
        # is read here. A reference that was added while the locks were waited for is not locked:
        # then it starts over.
        references = self._subscriptions.references_of(tx.connection, client)
        tx.lock(references, share=True)
        if not tx.lock([client], skip=True):
            return None
        due = tx.execute(
            "SELECT mark, traces FROM due WHERE derivation = :name AND key = :key"  # noqa: S608
            f" AND error IS NULL AND {EXCHANGED}",
            name=projection.name,
            key=client,
        ).one_or_none()
        if due is None:
            return None
        pending.mark = due.mark  # what it was marked for since it was found, is read below
        facts = self._subscriptions.read_history(tx.connection, client)
        if facts.keys() - {client} - references:
            raise _ReferencesGrew
        self._barrier("read")
        with spans.deriving(projection.name, due.traces or "", began) as traceparent:
            rows = time_limits.derive(projection, client, facts)
            changes = difference(tx.connection, projection, client, rows)
            tx.publish(_publications(projection, client, changes, facts), traceparent)
        self._barrier("derived")
        pending.settle(tx.connection)
        return len(changes)


def _every_key(tx: Transaction, projections: Sequence[Projection]) -> set[tuple[str, str]]:
    if not projections:
        return set()
    clients = tx.execute("SELECT DISTINCT subject FROM heard_fact WHERE subject LIKE 'client/%'")
    return {(projection.name, client) for (client,) in clients for projection in projections}


def _unreadable(tx: Transaction, names: Collection[str]) -> set[tuple[str, str]]:
    """What is parked for a fact that says what a release before didn't know."""
    parked = tx.connection.execute(
        text(
            "SELECT derivation, key FROM due WHERE derivation = ANY(CAST(:names AS text[]))"
            " AND split_part(error, ' ', 1) LIKE '%.UnreadableFact'"
        ),
        {"names": sorted(names)},
    )
    return {(name, client) for name, client in parked}


def _take_over(tx: Transaction, projection: Projection) -> bool:
    """Whether another release's code derived last, according to the record; from now on ours."""
    return bool(
        tx.execute(
            "INSERT INTO derivation_code AS d (derivation, code) VALUES (:name, :code)"
            " ON CONFLICT (derivation) DO UPDATE SET code = excluded.code"
            " WHERE d.code <> excluded.code",
            name=projection.name,
            code=projection.code,
        ).rowcount
    )


def _limit_statements(tx: Transaction) -> None:
    """One that takes too long is refused, and parks the client: others wait for its locks."""
    milliseconds = int(time_limits.STATEMENT_SECONDS * 1000)
    tx.execute(f"SET LOCAL statement_timeout = {milliseconds}")


def _is_ours(tx: Transaction, projection: Projection) -> bool:
    """Whether this code may derive; until the transaction ends, no other takes over."""
    code = tx.execute(
        "SELECT code FROM derivation_code WHERE derivation = :name FOR SHARE", name=projection.name
    ).scalar()
    return bool(code == projection.code)


def _publications(
    projection: Projection,
    client: str,
    changes: Sequence[NewRevision],
    facts: Mapping[str, Sequence[HeardFact]],
) -> list[Publication]:
    read = {str(fact.id): fact for about in facts.values() for fact in about}
    latest = max((fact.signed_at for fact in read.values()), default=None)
    published = []
    for change in changes:
        row = change.row
        message = projection.publish(row.kind, row.content, change.revision, change.withdrawn)
        if message is not None:
            rests_on = [read[fact] for fact in row.rests_on if fact in read]
            published.append(
                Publication(
                    id=derived_id(change.id, change.revision),
                    subject=client,
                    message=message,
                    # A fact that is not read any more (withdrawn rows) counts as the strictest.
                    label=strictest(
                        read[fact].label if fact in read else LABELS[-1] for fact in row.rests_on
                    ),
                    causation=str(change.id),
                    # A row that is gone rests on what took it away, which it doesn't name.
                    signed_at=latest
                    if change.withdrawn
                    else max((fact.signed_at for fact in rests_on), default=latest),
                )
            )
    return published
