"""Fourteen wrongs, each done to a played system's databases by SQL, and undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended
from ninehours.intake.v1.intake_events_pb2 import MemberRecognised
from psycopg.rows import DictRow

Connection = psycopg.Connection[DictRow]


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """`do` makes it, until the end of its block, and gives what must be named in the finding."""

    service: str
    reason: str
    do: Callable[[Connection], Any]


@contextmanager
def changed(connection: Connection, table: str, where: str, change: str) -> Iterator[None]:
    """Rows of a table are changed, and are as they were afterwards."""
    saved = f"saved_{uuid4().hex}"
    run(connection, f"CREATE TEMP TABLE {saved} AS SELECT * FROM {table} WHERE {where}")
    run(connection, change)
    try:
        yield
    finally:
        run(connection, f"DELETE FROM {table} WHERE {where}")
        run(connection, f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {saved}")
        run(connection, f"DROP TABLE {saved}")


@contextmanager
def done(connection: Connection, *statements: str, undo: str) -> Iterator[None]:
    for statement in statements:
        run(connection, statement)
    try:
        yield
    finally:
        run(connection, undo)


def run(connection: Connection, statement: str) -> None:
    connection.execute(statement.encode())


def one(connection: Connection, query: str) -> DictRow:
    found = connection.execute(query.encode()).fetchone()
    assert found is not None, query
    return found


@contextmanager
def published_row_removed(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT subject FROM sequence WHERE subject LIKE 'client/%' AND last > 9 LIMIT 1")
    where = f"subject = '{row['subject']}' AND sequence = 5"
    with changed(db, "published", where, f"DELETE FROM published WHERE {where}"):
        yield f"{row['subject']} 5"


@contextmanager
def heard_fact_altered(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM heard_fact WHERE type LIKE '%SessionAttended' ORDER BY id LIMIT 1")
    message = SessionAttended.FromString(row["body"])
    message.minutes += 60
    where = f"id = '{row['id']}'"
    body = message.SerializeToString().hex()
    change = f"UPDATE heard_fact SET body = '\\x{body}' WHERE {where}"
    with changed(db, "heard_fact", where, change):
        yield f"{row['topic']} {row['subject']} {row['sequence']}"


@contextmanager
def derived_row_altered(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM derived WHERE kind = 'service_day' AND current LIMIT 1")
    where = f"id = '{row['id']}' AND revision = {row['revision']}"
    change = f"UPDATE derived SET content = content || '{{\"minutes\": 1}}' WHERE {where}"
    with changed(db, "derived", where, change):
        yield f"{row['key']}: service_day {row['id']} revision {row['revision']}"


USED_UP = """
SELECT a.body->>'authorization_id' AS id, a.body->>'client_id' AS client_id, min(c.stream) AS stream
FROM fact a JOIN fact c ON c.type = 'billing.claim_issued.v1'
    AND c.body->>'authorization_id' = a.body->>'authorization_id' AND c.body->>'frequency' = '1'
WHERE a.type = 'billing.authorization_recorded.v1'
GROUP BY 1, 2, a.body->>'units'
HAVING sum((c.body->>'authorized_units')::int) = (a.body->>'units')::int ORDER BY 1 LIMIT 1
"""


@contextmanager
def unit_too_many(db: Connection) -> Iterator[str]:
    row = one(db, USED_UP)
    where = f"stream = '{row['stream']}' AND version = 1"
    units = "to_jsonb((body->>'authorized_units')::int + 1)"
    change = (
        f"UPDATE fact SET body = jsonb_set(body, '{{authorized_units}}', {units}) WHERE {where}"
    )
    with changed(db, "fact", where, change):
        yield f"client/{row['client_id']}: authorization {row['id']}"


@contextmanager
def second_per_diem(db: Connection) -> Iterator[str]:
    row = one(
        db,
        "SELECT *, body->'lines'->0 AS line FROM fact f WHERE type = 'billing.claim_issued.v1'"
        " AND body->'lines'->0->>'code' = 'H0015' AND NOT EXISTS (SELECT FROM fact c"
        " WHERE c.body->>'corrects_claim_id' = f.body->>'claim_id') ORDER BY stream LIMIT 1",
    )
    again = uuid4()
    insert = (
        "INSERT INTO fact SELECT 'claim/{0}', 1, '{0}', type, body || '{{\"claim_id\": \"{0}\"}}',"
        " at, actor, command_id, correlation FROM fact WHERE id = '{1}'"
    ).format(again, row["id"])
    with done(db, insert, undo=f"DELETE FROM fact WHERE id = '{again}'"):
        client = f"client/{row['body']['client_id']}"
        yield f"{client}: H0015 more than once on {row['line']['service_date']}"


BILLED_ON_ONE_DAY = """
SELECT a.body->>'client_id' AS one, b.body->>'client_id' AS other,
       a.body->>'coverage_id' AS of_one, b.body->>'coverage_id' AS of_other,
       a.body->'lines'->0->>'service_date' AS service_date
FROM fact a JOIN fact b ON a.body->>'payer_id' = b.body->>'payer_id'
    AND a.body->'lines'->0->>'service_date' = b.body->'lines'->0->>'service_date'
    AND a.body->>'client_id' COLLATE "C" < b.body->>'client_id'
WHERE a.type = 'billing.claim_issued.v1' AND b.type = a.type
  AND NOT EXISTS (SELECT FROM fact c WHERE c.body->>'corrects_claim_id' <> ''
      AND (c.body->>'corrects_claim_id' IN (a.body->>'claim_id', b.body->>'claim_id')
           OR c.id IN (a.id, b.id)))
ORDER BY a.stream, b.stream LIMIT 1
"""


@contextmanager
def member_twice(db: Connection) -> Iterator[str]:
    """Two clients with a date in common are one member, as it turns out."""
    row = one(db, BILLED_ON_ONE_DAY)
    kept = _recognised(db, row["one"], row["of_one"])
    altered = _recognised(db, row["other"], row["of_other"])
    message = MemberRecognised.FromString(altered["body"])
    message.key = MemberRecognised.FromString(kept["body"]).key
    where = f"id = '{altered['id']}'"
    body = message.SerializeToString().hex()
    change = f"UPDATE heard_fact SET body = '\\x{body}' WHERE {where}"
    with changed(db, "heard_fact", where, change):
        yield f"client/{row['one']}: {row['service_date']} is billed of client {row['other']} too"


def _recognised(db: Connection, client_id: str, coverage_id: str) -> DictRow:
    return one(
        db,
        f"SELECT * FROM heard_fact WHERE subject = 'client/{client_id}'"
        " AND type = 'ninehours.intake.v1.MemberRecognised'"
        f" AND position(convert_to('{coverage_id}', 'UTF8') IN body) > 0",
    )


@contextmanager
def revoked_before(db: Connection) -> Iterator[str]:
    """A claim that left on a consent whose revocation intake's log has before the permit."""
    row = one(
        db,
        "SELECT f.id, f.stream, f.body->>'client_id' AS client, h.sequence FROM fact f"
        " JOIN heard_fact h ON h.subject = 'client/' || (f.body->>'client_id')"
        " WHERE f.type = 'billing.claim_issued.v1' AND f.body->>'consent_id' <> ''"
        " AND h.type = 'ninehours.intake.v1.ConsentRevoked' AND f.at > h.signed_at - interval"
        " '60 days' AND position(convert_to(f.body->>'consent_id', 'UTF8') IN h.body) > 0"
        " ORDER BY f.stream LIMIT 1",
    )
    where = f"id = '{row['id']}'"
    known = f'\'{{"permit_sequence": {row["sequence"]}, "permit_fact_id": ""}}\''
    change = f"UPDATE fact SET at = at + interval '1 year', body = body || {known} WHERE {where}"
    with changed(db, "fact", where, change):
        yield f"client/{row['client']}: claim {row['stream'].removeprefix('claim/')} left on"


@contextmanager
def marked_as_sent(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM sequence WHERE subject LIKE 'client/%' ORDER BY 1 LIMIT 1")
    subject, last = row["subject"], row["last"]
    insert = (
        "INSERT INTO published (subject, sequence, id, type, body, headers, command_id, sent_at)"
        f" SELECT subject, sequence + 1, gen_random_uuid(), type, body, headers, command_id, now()"
        f" FROM published WHERE subject = '{subject}' AND sequence = {last}"
    )
    count = (
        "UPDATE sequence SET last = last + 1, last_id = (SELECT id FROM published"
        f" WHERE subject = '{subject}' AND sequence = {last + 1}) WHERE subject = '{subject}'"
    )
    where = f"subject = '{subject}'"
    with (
        done(db, insert, undo=f"DELETE FROM published WHERE {where} AND sequence = {last + 1}"),
        changed(db, "sequence", where, count),
    ):
        yield f"{subject} {last + 1}"


@contextmanager
def head_moved(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM heard_head WHERE subject LIKE 'client/%' ORDER BY 1, 2 LIMIT 1")
    where = f"topic = '{row['topic']}' AND subject = '{row['subject']}'"
    change = f"UPDATE heard_head SET sequence = sequence + 1 WHERE {where}"
    with changed(db, "heard_head", where, change):
        yield f"{row['topic']} {row['subject']}"


@contextmanager
def parked_row_hidden(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM heard_head WHERE subject LIKE 'client/%' ORDER BY 2, 1 LIMIT 1")
    where = f"topic = '{row['topic']}' AND subject = '{row['subject']}'"
    change = f"UPDATE heard_head SET stopped = 'PARKED' WHERE {where}"
    with changed(db, "heard_head", where, change):
        yield f"{row['topic']} {row['subject']}"


@contextmanager
def document_exchanged(db: Connection) -> Iterator[str]:
    row = one(db, "SELECT * FROM document WHERE owner LIKE 'batch/%' ORDER BY owner LIMIT 1")
    where = f"owner = '{row['owner']}'"
    change = f"UPDATE document SET digest = sha256(digest) WHERE {where}"
    with changed(db, "document", where, change):
        yield row["owner"]


@contextmanager
def file_hash_altered(db: Connection) -> Iterator[str]:
    row = one(
        db,
        "SELECT * FROM fact WHERE type = 'billing.batch_issued.v1' AND body->>'digest' <> ''"
        " ORDER BY stream LIMIT 1",
    )
    where = f"stream = '{row['stream']}'"
    change = f"UPDATE fact SET body = jsonb_set(body, '{{digest}}', '\"00\"') WHERE {where}"
    with changed(db, "fact", where, change):
        yield row["stream"]


@contextmanager
def search_token_lost(connection: Connection) -> Iterator[str]:
    client_id = one(connection, "SELECT client_id FROM search_token LIMIT 1")["client_id"]
    where = f"client_id = '{client_id}'"
    with changed(connection, "search_token", where, f"DELETE FROM search_token WHERE {where}"):
        yield f"client/{client_id}"


WRONGS = {
    "a published row removed": Wrong(
        service="attendance", reason="PUBLISHED_MISSING", do=published_row_removed
    ),
    "a heard fact altered": Wrong(
        service="billing", reason="HEARD_FACT_ALTERED", do=heard_fact_altered
    ),
    "a derived row altered": Wrong(
        service="billing", reason="DERIVED_ALTERED", do=derived_row_altered
    ),
    "a unit too many": Wrong(service="billing", reason="AUTHORIZATION_OVERDRAWN", do=unit_too_many),
    "a second per diem": Wrong(service="billing", reason="TWO_PER_DIEMS", do=second_per_diem),
    "a member billed twice": Wrong(
        service="billing", reason="MEMBER_BILLED_TWICE", do=member_twice
    ),
    "a claim that left after its revocation": Wrong(
        service="billing", reason="LEFT_WITHOUT_CONSENT", do=revoked_before
    ),
    "an outbox row marked sent that never was": Wrong(
        service="attendance", reason="SENT_NOT_IN_KAFKA", do=marked_as_sent
    ),
    "a head moved": Wrong(service="billing", reason="HEAD_MOVED", do=head_moved),
    "a parked row hidden": Wrong(service="plans", reason="PARKED_HIDDEN", do=parked_row_hidden),
    "a document whose hash differs": Wrong(
        service="billing", reason="DOCUMENT_ALTERED", do=document_exchanged
    ),
    "a client whom nobody finds": Wrong(
        service="intake", reason="SEARCH_TOKENS_MISSING", do=search_token_lost
    ),
    "a file that isn't as it was issued": Wrong(
        service="billing", reason="DOCUMENT_HASH", do=file_hash_altered
    ),
}
"""All but the lost due key, which takes a command."""
