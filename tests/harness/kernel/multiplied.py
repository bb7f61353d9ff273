"""A database as it is with many more clients: every row of it again and again, of other ids."""

import re
from collections.abc import Collection, Iterator
from hashlib import md5
from typing import Any
from uuid import UUID

import psycopg

from kernel.store.store import Store
from ninehours.local.servers import LocalServers

# As text, and as the letters of such within bytes, which COPY tells in hexadecimal.
IN_TEXT = rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
LETTER = rb"(?:3[0-9]|6[1-6])"
IN_BYTES = b"2d".join(LETTER + b"{%d}" % length for length in (8, 4, 4, 4, 12))
ID = re.compile(IN_TEXT + b"|" + IN_BYTES)
OF_CLIENTS = re.compile(rb"client/(" + IN_TEXT + rb")")
# Of these there are as many as before: a network grows by its clients.
REFERENCE = re.compile(
    rb"(?:site|staff|payer|provider|program|template|network|rules\w*|level_rules)/("
    + IN_TEXT
    + rb")"
    rb'|"(?:site|program|payer|staff|facilitator|template|account)_id": "(' + IN_TEXT + rb')"'
)
# What is said of such a thing itself is said once, too.
OF_REFERENCE = re.compile(rb"(?:site|staff|payer|provider|network|rules\w*|level_rules)/" + IN_TEXT)
# Of digests that clients share: were they copied, everybody would be taken for everybody else.
ONCE = {"likeness"}
WHOSE = ("subject", "stream")  # the columns that say whose a row is
COLUMNS = """
SELECT c.relname AS name, string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0
  AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
  AND relname NOT LIKE 'alembic%'
GROUP BY c.relname ORDER BY c.relname
"""


def multiply(
    servers: LocalServers, store: Store, logs: Collection[str], most: int
) -> dict[str, int]:
    """Until one of the logs has that many rows more: table → its rows afterwards. What names no
    thing of its own stays as it is.

    Of what is not a reference every id is another in each copy, the same in all its tables.
    """
    name = str(store.engine.url.database)
    with psycopg.connect(servers.admin_url, dbname=name) as admin, admin.cursor() as cursor:
        admin.execute("SET session_replication_role = replica")  # no trigger, no reference
        tables: dict[str, Any] = dict(admin.execute(COLUMNS).fetchall())
        lines = {name: _lines(cursor, name, columns) for name, columns in tables.items()}
        kept = {
            found
            for of_table in lines.values()
            for line in of_table
            for pair in REFERENCE.findall(line)
            for found in pair
        }
        again = {
            name: [*_of_their_own(of_table, tables[name].split(", "))]
            for name, of_table in lines.items()
            if name not in ONCE
        }
        times = most // max(len(again[log]) for log in logs) + 1
        for name, of_their_own in again.items():
            _copy(cursor, name, tables[name], _renamed(of_their_own, kept, times))
        admin.execute("ANALYZE")
        return {
            name: admin.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # type: ignore[index]
            for name in tables
        }


def _lines(cursor: Any, table: str, columns: str) -> list[bytes]:
    with cursor.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as copy:
        return b"".join(bytes(some) for some in copy).splitlines(keepends=True)


def _of_their_own(lines: list[bytes], columns: list[str]) -> Iterator[bytes]:
    whose = [number for number, column in enumerate(columns) if column in WHOSE]
    for line in lines:
        said = line.split(b"\t")
        if ID.search(line) and not any(OF_REFERENCE.fullmatch(said[number]) for number in whose):
            yield line


def _renamed(lines: list[bytes], kept: Collection[bytes], times: int) -> Iterator[bytes]:
    for number in range(times):
        named: dict[bytes, bytes] = {}

        def other(found: re.Match[bytes], number: int = number, named: Any = named) -> bytes:
            told = found[0]
            if told not in named:
                named[told] = _other(told, kept, number)
            return named[told]  # type: ignore[no-any-return]

        for line in lines:
            yield ID.sub(other, line)


def _other(told: bytes, kept: Collection[bytes], number: int) -> bytes:
    plain = told if b"-" in told else bytes.fromhex(told.decode())
    if plain in kept:
        return told
    made = str(UUID(bytes=md5(b"%d" % number + plain, usedforsecurity=False).digest())).encode()
    return made if b"-" in told else made.hex().encode()


def _copy(cursor: Any, table: str, columns: str, lines: Iterator[bytes]) -> None:
    cursor.execute(f"CREATE TEMP TABLE more AS SELECT {columns} FROM {table} LIMIT 0")
    with cursor.copy(f"COPY more ({columns}) FROM STDIN") as copy:
        for line in lines:
            copy.write(line)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM more ON CONFLICT DO NOTHING"
    )
    cursor.execute("DROP TABLE more")
