"""Reading the published log: what its owner answers.

Whoever follows it reads in the order of its making: nothing is left out, nothing twice. Positions
are given before transactions commit, and commit in another order. A gap is therefore waited for
until every transaction that could fill it is over; then it stays one. The price: a long writing
transaction delays what was published after its first fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from kernel.messaging.envelope import Envelope
from kernel.refusal import AgainstTheRules, Malformed
from kernel.store.statements import text

DIGEST = "sha256(convert_to(type || '|' || (headers->>'label') || '|', 'UTF8') || body)"
PAGE_BYTES = 2 * 1024 * 1024  # with one more fact and all headers, less than a gRPC message


def epoch_of(connection: Connection) -> int:
    """The log's epoch: raised when the database was restored to an earlier point."""
    return int(connection.execute(text("SELECT epoch FROM epoch")).scalar_one())


def raise_epoch(connection: Connection) -> int:
    """State that the database was restored: the log goes on in an epoch that there never was.

    Seconds since 1970, so that it is also above one that was raised after what is restored here.
    Once more is as after another restore.
    """
    raised = connection.execute(
        text(
            "UPDATE epoch SET epoch = greatest(epoch + 1,"
            " CAST(extract(epoch FROM clock_timestamp()) AS bigint)) RETURNING epoch"
        )
    )
    return int(raised.scalar_one())


@dataclass(frozen=True, slots=True)
class Seal:
    """Up to which position facts of this log may stand unsigned; `for_good`: that was stated.

    Until it is, an older release may be at work, and it is as far as the log goes now.
    """

    unsigned_to: int
    for_good: bool


def seal_of(connection: Connection) -> Seal:
    """What this log's owner says of its signatures."""
    stated = connection.execute(text("SELECT unsigned_to FROM seal")).scalar()
    if stated is not None:
        return Seal(stated, True)
    last = connection.execute(text("SELECT coalesce(max(position), 0) FROM published"))
    return Seal(int(last.scalar_one()), False)


def seal(connection: Connection, *, again: bool = False) -> Seal:
    """State that whoever appends from now on signs: what stands unsigned so far is the last.

    For good: a log that is sealed stays as it is, but `again`. The transaction waits for those that
    are appending.
    """
    connection.execute(text("LOCK TABLE published IN SHARE MODE"))
    connection.execute(
        text(
            "INSERT INTO seal (unsigned_to)"
            " SELECT coalesce(max(position), 0) FROM published WHERE signature IS NULL"
            " ON CONFLICT (only_one) DO UPDATE SET sealed_at = excluded.sealed_at,"
            " unsigned_to = excluded.unsigned_to WHERE :again"
        ),
        {"again": again},
    )
    return seal_of(connection)


def read(
    connection: Connection, subject: str, after: int, limit: int
) -> tuple[Sequence[Row[Any]], bool]:
    """The subject's rows after a sequence, oldest first, while they fit; whether more follow."""
    rows = connection.execute(
        text(
            "SELECT * FROM (SELECT *, sum(length(body)) OVER (ORDER BY sequence) AS total"
            " FROM published WHERE subject = :subject AND sequence > :after"
            " ORDER BY sequence LIMIT :limit) AS page"
            " WHERE total - length(body) < :bytes ORDER BY sequence"
        ),
        {"subject": subject, "after": after, "limit": limit + 1, "bytes": PAGE_BYTES},
    ).all()
    page = rows[:limit]
    if not page:
        return page, False
    last = connection.execute(
        text("SELECT last FROM sequence WHERE subject = :subject"), {"subject": subject}
    ).scalar_one()
    return page, bool(last > page[-1].sequence)


# What is in a place's log and how much is known before any fact is read.
READ_WHOLE = text(
    "WITH wanted AS (SELECT n, subject, sequence AS after, coalesce(last, 0) AS last,"
    "  sum(greatest(coalesce(last, 0) - sequence, 0)) OVER (ORDER BY n) AS facts"
    "  FROM unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]))"
    "   WITH ORDINALITY AS place(subject, sequence, n) LEFT JOIN sequence AS s USING (subject)) "
    "SELECT * FROM (SELECT n, wanted.last, fact.*,"
    "  coalesce(sum(length(body)) OVER (ORDER BY n, sequence), 0) AS total"
    "  FROM wanted LEFT JOIN published AS fact ON fact.subject = wanted.subject"
    "   AND sequence > after AND sequence <= wanted.last WHERE facts <= :limit) AS page"
    " WHERE total <= :bytes ORDER BY n, sequence"
)


def read_whole(
    connection: Connection, places: Sequence[tuple[str, int]], limit: int, most_bytes: int
) -> tuple[Sequence[Row[Any]], int]:
    """All that follows these places (subject, sequence), place by place: of as many as fit.

    Gives the rows, and of how many places, from the first on, they are all that there is.
    """
    found = connection.execute(
        READ_WHOLE,
        {
            "subjects": [subject for subject, _ in places],
            "sequences": [sequence for _, sequence in places],
            "limit": limit,
            "bytes": most_bytes,
        },
    ).all()
    whole: list[Row[Any]] = []
    read = 0
    for n, group in groupby(found, key=attrgetter("n")):
        of_place = list(group)
        if n != read + 1 or of_place[-1].sequence not in (None, of_place[-1].last):
            break
        whole += [row for row in of_place if row.sequence is not None]
        read = n
    return whole, read


def heads(connection: Connection, after: str, limit: int) -> Sequence[Row[Any]]:
    """The last sequence and id of each subject after one, in byte order."""
    return connection.execute(
        text(
            'SELECT subject, last, last_id FROM sequence WHERE subject > :after COLLATE "C"'
            ' ORDER BY subject COLLATE "C" LIMIT :limit'
        ),
        {"after": after, "limit": limit},
    ).all()


def count(connection: Connection) -> dict[str, int]:
    """How many rows of each type."""
    rows = connection.execute(text("SELECT type, count(*) AS n FROM published GROUP BY type"))
    return {row.type: row.n for row in rows}


def envelope_of(row: Any, *, source: str, epoch: int) -> Envelope:
    """The row's envelope: the same whether Kafka carries it or its owner is asked."""
    return Envelope(
        id=row.id,
        type=row.type,
        source=source,
        subject=row.subject,
        time=row.recorded_at,
        signed_at=row.signed_at or row.recorded_at,
        epoch=epoch,
        sequence=row.sequence,
        network=row.headers["network"],
        label=row.headers["label"],
        may_ignore=row.headers["mayignore"] == "true",
        causation=row.headers["causationid"],
        correlation=row.headers["correlationid"],
        traceparent=row.headers["traceparent"],
        signature=row.signature or "",
    )


def fingerprints_at(
    connection: Connection, subjects: Sequence[str], sequences: Sequence[int]
) -> Sequence[Row[Any]]:
    """As `fingerprints`, of what stands at these places; one without a fact is left out."""
    return connection.execute(
        text(
            f"SELECT subject, sequence, id, {DIGEST} AS digest FROM published"  # noqa: S608
            " JOIN unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]))"
            " AS x(subject, sequence) USING (subject, sequence)"
        ),
        {"subjects": list(subjects), "sequences": list(sequences)},
    ).all()


def fingerprints(
    connection: Connection, types: Sequence[str], after: int, limit: int
) -> Sequence[Row[Any]]:
    """Subject, sequence, id, hash and position of the facts of these types after a position.

    In the order of positions, which isn't that of commits: what was committed before the first of
    such questions is given, of what was since perhaps not all.
    """
    return connection.execute(
        text(
            f"SELECT subject, sequence, id, position, {DIGEST} AS digest FROM published"  # noqa: S608
            " WHERE type = ANY(CAST(:types AS text[])) AND position > :after"
            " ORDER BY position LIMIT :limit"
        ),
        {"types": list(types), "after": after, "limit": limit},
    ).all()


# A transaction's id belongs to its database for its life, and others' show by the lock that each
# holds on its own id. One that shows nowhere, since it just began or ended, counts as ours. What
# the statement reads is of the moment of its snapshot, and locks are looked at later: whoever is
# left out was another's then.
OLDEST_OPEN = """
(SELECT coalesce(min(CAST(CAST(open AS text) AS bigint)),
                 CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))
 FROM pg_snapshot_xip(pg_current_snapshot()) AS open
 WHERE NOT EXISTS (
     SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock'
       AND transactionid = xid(open)
       AND datid <> (SELECT oid FROM pg_database WHERE datname = current_database())))
"""


# Every position is looked at, for gaps; only what is wanted is read. One by one (OFFSET 0): joined,
# all of the log might be read for a page of it.
PAGE = text(
    f"SELECT log.position AS reached, fact.*, {OLDEST_OPEN} AS oldest_open"  # noqa: S608 - of ours
    " FROM (SELECT position FROM published WHERE position > :after"
    "  ORDER BY position LIMIT :limit) AS log"
    " LEFT JOIN LATERAL (SELECT * FROM published WHERE published.position = log.position"
    "  AND (:every_type OR type = ANY(CAST(:types AS text[])))"
    "  AND (:subject = '' OR subject = :subject)"
    "  AND (written_by, position)"
    "      > (CAST(CAST(:listed_transaction AS text) AS xid8), CAST(:listed_position AS bigint))"
    "  OFFSET 0) AS fact ON true"
    " ORDER BY log.position"
)
MOST_LOOKED_AT, MOST_LOOKS = 5000, 20  # positions in one look for changes; looks in one question
LARGEST, DIGITS = 2**63 - 1, 19
OWN_ID = text("SELECT pg_current_xact_id()::text::bigint")
# What it reads is of before the id is given.
LAST_AND_OWN_ID = text(
    "SELECT coalesce(max(position), 0) AS last, pg_current_xact_id()::text::bigint AS own_id"
    " FROM published"
)


class Followed(NamedTuple):
    """Published rows in order, where the next question goes on, and whether more stand ready."""

    rows: Sequence[Row[Any]]
    cursor: "Cursor"
    more: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """All up to `after` was given, in one epoch.

    Gaps up to `settled_to` stay gaps, once `horizon` is closed.

    The horizon is an id taken after a page was read. Who holds a position below one of that page
    has had an id before its position (appending counts sequences first), so a lower one. A
    snapshot's own bound won't do: it is that of the transactions that are over, and one that began
    later may hold the lower position.

    `listed_…`: of a cursor that lists gave before v2, which counted by the transactions that wrote
    (`published.written_by`), and by position within each. What it stands behind isn't given again.
    """

    epoch: int
    after: int = 0
    settled_to: int = 0
    horizon: int = 0
    listed_transaction: int = 0
    listed_position: int = 0

    @classmethod
    def read(cls, connection: Connection, told: str, field: str = "cursor") -> Self:
        """As `str` wrote it; empty: the beginning.

        Refuses anything else as Malformed (`field`), and one from before the database was restored:
        what stands behind its position now is another past (CURSOR_OF_ANOTHER_EPOCH).
        """
        epoch = epoch_of(connection)
        if not told:
            return cls(epoch)
        numbers = _numbers(told)
        if len(numbers) not in (4, 6):
            raise Malformed(**{field: "is none that an answer gave"})
        if numbers[0] != epoch:
            raise AgainstTheRules(
                "CURSOR_OF_ANOTHER_EPOCH",
                "the database was restored since; forget what was read, begin with an empty cursor",
            )
        return cls(*numbers)

    @classmethod
    def read_of_list(cls, connection: Connection, field: str, told: str) -> Self:
        """As `read`; until v2 also what lists gave before: `epoch.transaction.position`.

        Behind such a one the log is looked through from its beginning, once: a position that isn't
        committed yet may be lower than any that was given.
        """
        numbers = _numbers(told)
        if len(numbers) == 3:
            epoch, transaction, position = numbers
            told = str(cls(epoch, 0, 0, 0, transaction, position))
        return cls.read(connection, told, field)

    def __str__(self) -> str:
        numbers = [self.epoch, self.after, self.settled_to, self.horizon]
        if self.listed_transaction:
            numbers += [self.listed_transaction, self.listed_position]
        return ".".join(map(str, numbers))


def _numbers(told: str) -> list[int]:
    """None where it isn't numbers that PostgreSQL can hold, between dots."""
    parts = told.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= DIGITS for part in parts):
        return []
    numbers = [int(part) for part in parts]
    return numbers if max(numbers) <= LARGEST else []


def end_of(connection: Connection) -> Cursor:
    """Where the log ends now."""
    last = connection.execute(text("SELECT coalesce(max(position), 0) FROM published"))
    return Cursor(epoch_of(connection), int(last.scalar_one()))


def before_the_last(connection: Connection, facts: int) -> Cursor:
    """Behind which so many facts stand in the log now; its beginning where there are fewer."""
    before = connection.execute(
        text("SELECT position FROM published ORDER BY position DESC OFFSET :facts LIMIT 1"),
        {"facts": facts},
    ).scalar()
    return Cursor(epoch_of(connection), int(before or 0))


class _Look(NamedTuple):
    """What a look at some positions found: up to where, and at which position a gap stops it.

    `stopped_at` 0: at none. `last`: the last position looked at. `more`: more follow behind it.
    """

    rows: list[Row[Any]]
    reached: Cursor
    stopped_at: int = 0
    last: int = 0
    more: bool = False


def follow(
    connection: Connection,
    cursor: Cursor,
    limit: int,
    types: Sequence[str] = (),
    subject: str = "",
) -> Followed:
    """What there is among the next positions, of these types (none: all) and this subject.

    `subject` empty: of every one.
    """
    look = _look(connection, cursor, limit, types, subject)
    if not look.stopped_at:
        reached = replace(look.reached, settled_to=0, horizon=0)
        return Followed(look.rows, reached, look.more)
    if look.stopped_at <= cursor.settled_to:  # waiting goes on: a later horizon might never be over
        return Followed(look.rows, look.reached, False)
    horizon = connection.execute(OWN_ID).scalar_one()
    waiting = replace(look.reached, settled_to=look.last, horizon=int(horizon))
    return Followed(look.rows, waiting, False)


def changes(
    connection: Connection, since: Cursor, types: Sequence[str], subject: str, limit: int
) -> Followed:
    """At most `limit` rows of these types after the cursor; `subject` empty: of all.

    A gap that nobody can fill any more needs no second question: looked at once again, with a
    horizon of its own, it is passed where nobody else is at work. A transaction has one id, so one
    question takes one horizon, for all that stood there then; what came later is asked for anew.
    """
    found: list[Row[Any]] = []
    cursor, looked_at, has_horizon = since, limit + 1, False
    for _ in range(MOST_LOOKS):
        look = _look(connection, cursor, looked_at, types, subject)
        looked_at = min(2 * looked_at, MOST_LOOKED_AT)  # where few are of these types
        found += look.rows
        if len(found) > limit:
            after = max(cursor.after, found[limit - 1].position)
            return Followed(found[:limit], replace(cursor, after=after), True)
        cursor = look.reached
        if look.more:
            continue
        if not look.stopped_at:
            return Followed(found, replace(cursor, settled_to=0, horizon=0), False)
        if look.stopped_at <= cursor.settled_to:
            return Followed(found, cursor, False)
        if has_horizon:
            return Followed(found, replace(cursor, settled_to=0, horizon=0), True)
        there = connection.execute(LAST_AND_OWN_ID).one()
        cursor = replace(cursor, settled_to=there.last, horizon=there.own_id)
        has_horizon = True
    return Followed(found, cursor, True)


def _look(
    connection: Connection, cursor: Cursor, limit: int, types: Sequence[str], subject: str
) -> _Look:
    rows = connection.execute(
        PAGE,
        {
            "after": cursor.after,
            "limit": limit,
            "every_type": not types,
            "types": [*types],
            "subject": subject,
            "listed_transaction": str(cursor.listed_transaction),
            "listed_position": cursor.listed_position,
        },
    ).all()
    if not rows:
        return _Look([], cursor)
    closed = cursor.settled_to if rows[0].oldest_open >= cursor.horizon else 0
    after, passed, stopped_at = cursor.after, [], 0
    for row in rows:
        if row.reached != after + 1 and row.reached > closed:
            stopped_at = row.reached
            break
        passed.append(row)
        after = row.reached
    # At the end all that a list's cursor of before stood behind is passed.
    at_the_end = not stopped_at and len(rows) < limit
    reached = Cursor(cursor.epoch, after) if at_the_end else replace(cursor, after=after)
    return _Look(
        rows=[row for row in passed if row.position is not None],
        reached=reached,
        stopped_at=stopped_at,
        last=rows[-1].reached,
        more=not stopped_at and not at_the_end,
    )
