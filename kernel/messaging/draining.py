"""Draining: due keys become current rows and public facts, one transaction a client. Knows nothing of Faust."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from kernel.facts import HeardFact, Publication, Row
from kernel.ids import derived_id
from kernel.messaging.envelope import strictest
from kernel.messaging.interests import Derivation, Interests
from kernel.messaging.parking import what_failed
from kernel.store.store import Store, Transaction


class _ReferencesGrew(Exception):
    """Between the first reading and the second a reference was added: start over, with its lock."""


class Draining:
    """Recomputes what is due. `drain` goes on until nothing is, or what is left is somebody else's."""

    def __init__(
        self,
        store: Store,
        interests: Interests,
        *,
        barrier: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._interests = interests
        self._barrier = barrier  # tests hold a drain here

    def drain(self) -> int:
        """Drain until nothing due is left to take; gives how many keys were derived."""
        done = 0
        while keys := self._due():
            taken = sum(self._drain_key(derivation, client) for derivation, client in keys)
            if not taken:
                break
            done += taken
        return done

    def raise_all(self) -> int:
        """Make every client due, in every derivation: new code, or a rebuild."""
        with self._store.transaction() as tx:
            clients = tx.connection.execute(
                text("SELECT DISTINCT subject FROM heard_fact WHERE subject LIKE 'client/%'")
            )
            keys = {(d.name, c) for (c,) in clients for d in self._interests.derivations}
            tx.raise_due(keys)
        return len(keys)

    def raise_outdated(self) -> int:
        """Make those keys due whose rows were derived by other code than today's."""
        with self._store.transaction() as tx:
            keys = {
                (derivation.name, key)
                for derivation in self._interests.derivations
                for (key,) in tx.connection.execute(
                    text(
                        "SELECT DISTINCT key FROM derived WHERE derivation = :name AND current"
                        " AND provenance->>'code' <> :code"
                    ),
                    {"name": derivation.name, "code": derivation.code},
                )
            }
            tx.raise_due(keys)
        return len(keys)

    def _due(self) -> list[tuple[Derivation, str]]:
        by_name = {derivation.name: derivation for derivation in self._interests.derivations}
        with self._store.transaction() as tx:
            rows = tx.connection.execute(
                text(
                    "SELECT derivation, key FROM due WHERE error IS NULL ORDER BY raised_at LIMIT 100"
                )
            ).all()
        return [(by_name[row.derivation], row.key) for row in rows if row.derivation in by_name]

    def _drain_key(self, derivation: Derivation, client: str) -> bool:
        """False when another worker has this client, or nothing of it is due any more."""
        while True:
            try:
                with self._store.transaction() as tx:
                    return self._derive(tx, derivation, client)
            except _ReferencesGrew:
                continue
            except OperationalError:
                raise  # the database is away, or chose us in a deadlock: the key stays due
            except Exception as error:
                self._set_aside(derivation, client, error)
                return True

    def _derive(self, tx: Transaction, derivation: Derivation, client: str) -> bool:
        references = self._interests.gather(tx.connection, client).keys() - {client}
        tx.lock(references, share=True)
        if not tx.lock([client], skip=True):
            return False
        mark = tx.connection.execute(
            text("SELECT mark FROM due WHERE derivation = :name AND key = :key AND error IS NULL"),
            {"name": derivation.name, "key": client},
        ).scalar()
        if mark is None:
            return False
        facts = self._interests.gather(tx.connection, client)
        if facts.keys() - {client} - references:
            raise _ReferencesGrew
        self._barrier("read")
        rows = derivation.derive(client, facts)
        changes = difference(tx.connection, derivation, client, rows)
        tx.publish(_publications(derivation, client, changes, facts))
        self._barrier("derived")
        tx.connection.execute(
            text("DELETE FROM due WHERE derivation = :name AND key = :key AND mark = :mark"),
            {"name": derivation.name, "key": client, "mark": mark},
        )
        return True

    def _set_aside(self, derivation: Derivation, client: str, error: Exception) -> None:
        """A derivation that fails parks its key, with the error's class and place; hearing goes on."""
        with self._store.transaction() as tx:
            tx.connection.execute(
                text("UPDATE due SET error = :error WHERE derivation = :name AND key = :key"),
                {"error": what_failed(error), "name": derivation.name, "key": client},
            )


Change = tuple[UUID, int, Row, bool]  # id, revision, row, withdrawn


def difference(
    connection: Connection, derivation: Derivation, key: str, rows: Sequence[Row]
) -> list[Change]:
    """Write what changed as new revisions; a change of provenance alone is written silently."""
    current = {
        row.id: row
        for row in connection.execute(
            text(
                "SELECT id, revision, kind, row_key, content, provenance, withdrawn FROM derived"
                " WHERE derivation = :name AND key = :key AND current"
            ),
            {"name": derivation.name, "key": key},
        )
    }
    changes: list[Change] = []
    silent: list[tuple[UUID, int, str]] = []
    seen: set[UUID] = set()
    for row in rows:
        row_id = derived_id(derivation.name, row.kind, row.key)
        if row_id in seen:
            raise ValueError("a derivation gave two rows of one key")
        seen.add(row_id)
        was = current.get(row_id)
        if was is None or was.withdrawn or was.content != _normal(row.content):
            changes.append((row_id, 1 if was is None else was.revision + 1, row, False))
        elif was.provenance != (provenance := _provenance(derivation, row)):
            silent.append((row_id, was.revision, json.dumps(provenance)))
    for row_id, was in current.items():
        if row_id not in seen and not was.withdrawn:
            gone = Row(
                kind=was.kind,
                key=was.row_key,
                content=was.content,
                rests_on=frozenset(was.provenance["facts"]),
                rules=was.provenance["rules"],
            )
            changes.append((row_id, was.revision + 1, gone, True))
    _write(connection, derivation, key, changes)
    for row_id, revision, provenance_json in silent:
        connection.execute(
            text(
                "UPDATE derived SET provenance = CAST(:provenance AS jsonb)"
                " WHERE id = :id AND revision = :revision"
            ),
            {"provenance": provenance_json, "id": row_id, "revision": revision},
        )
    return changes


def _write(
    connection: Connection, derivation: Derivation, key: str, changes: Sequence[Change]
) -> None:
    if not changes:
        return
    connection.execute(
        text("UPDATE derived SET current = false WHERE current AND id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": [row_id for row_id, *_ in changes]},
    )
    connection.execute(
        text(
            "INSERT INTO derived (id, revision, derivation, key, kind, row_key, content, provenance,"
            " withdrawn, current) VALUES (:id, :revision, :derivation, :key, :kind, :row_key,"
            " CAST(:content AS jsonb), CAST(:provenance AS jsonb), :withdrawn, true)"
        ),
        [
            {
                "id": row_id,
                "revision": revision,
                "derivation": derivation.name,
                "key": key,
                "kind": row.kind,
                "row_key": row.key,
                "content": json.dumps(row.content),
                "provenance": json.dumps(_provenance(derivation, row)),
                "withdrawn": withdrawn,
            }
            for row_id, revision, row, withdrawn in changes
        ],
    )


def _publications(
    derivation: Derivation,
    client: str,
    changes: Sequence[Change],
    facts: Mapping[str, Sequence[HeardFact]],
) -> list[Publication]:
    labels = {str(fact.id): fact.label for about in facts.values() for fact in about}
    published = []
    for row_id, revision, row, withdrawn in changes:
        message = derivation.publish(row.kind, row.content, revision, withdrawn)
        if message is not None:
            published.append(
                Publication(
                    id=derived_id(row_id, revision),
                    subject=client,
                    message=message,
                    # A fact that was dropped since (withdrawn rows) counts as the strictest.
                    label=strictest(labels.get(fact, "PART2") for fact in row.rests_on),
                    causation=str(row_id),
                    correlation="",
                )
            )
    return published


def _provenance(derivation: Derivation, row: Row) -> dict[str, Any]:
    return {"facts": sorted(row.rests_on), "rules": row.rules, "code": derivation.code}


def _normal(content: Mapping[str, Any]) -> Any:
    """As JSON gives it back, so that a tuple and a list are the same."""
    return json.loads(json.dumps(content))
