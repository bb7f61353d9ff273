"""Gap repair: holes and contradictions are asked of the owner of the log; nobody else waits."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kernel import logs
from kernel.messaging.checkpoints import (
    BEYOND_OWNER,
    EPOCH_LOWERED,
    EPOCH_RAISED,
    Checkpoint,
    Checkpoints,
    SubjectLog,
)
from kernel.messaging.comparison import Lag, contradicting, lag_behind
from kernel.messaging.envelope import Record
from kernel.messaging.exchange import LogExchange
from kernel.messaging.inbox import Inbox
from kernel.messaging.owners import Owner, OwnerHead
from kernel.messaging.pauses import Pauses
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.watching.metrics import (
    BEHIND_SECONDS,
    COMPARED_AT,
    HEAD_FACTS,
    HEARD_FACTS,
    REPAIRED,
)

log = logs.get("kernel.healing")

AT_ONCE = 1000  # subjects of a topic whose owner is asked for them in one turn
PAUSE_OF_DOUBT = 1.0  # seconds between two questions for an epoch that records told of

# Of which topics there may be anything to do: most of the time of none.
WAITING = text(
    "SELECT topic FROM heard_topic t WHERE doubted OR exchanging"
    " OR EXISTS (SELECT FROM heard_head h WHERE h.topic = t.topic AND behind_to IS NOT NULL)"
    " OR EXISTS (SELECT FROM heard_head h WHERE h.topic = t.topic AND anew)"
    " OR EXISTS (SELECT FROM asked_for a WHERE a.topic = t.topic)"
)
# Rows are locked as they are inserted: in the order in which batches lock checkpoints. Among many
# subjects few are late, and an insert that changes nothing locks its row all the same.
MARK_BEHIND = text(
    "INSERT INTO heard_head AS h (topic, subject, sequence, behind_to)"
    " SELECT :topic, x.subject, 0, x.sequence"
    " FROM unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[])) AS x(subject, sequence)"
    " LEFT JOIN heard_head AS heard ON heard.topic = :topic AND heard.subject = x.subject"
    " WHERE coalesce(heard.sequence, 0) < x.sequence"
    " ORDER BY x.subject LIKE 'client/%', x.subject COLLATE \"C\""
    " ON CONFLICT (topic, subject) DO UPDATE"
    " SET behind_to = greatest(h.behind_to, excluded.behind_to)"
    " WHERE h.sequence < excluded.behind_to"
)
# `known`: heard by now, or nothing is fetched of it for a reason of its own.
ASKED_FOR = text(
    "SELECT a.subject, a.sequence, coalesce(h.sequence, 0) AS heard, h.id::text AS id,"
    " coalesce(h.sequence >= a.sequence OR h.stopped IS NOT NULL OR h.anew, false) AS known"
    " FROM asked_for a JOIN heard_topic t USING (topic)"
    " LEFT JOIN heard_head h USING (topic, subject)"
    " WHERE topic = :topic AND t.stopped IS NULL ORDER BY a.subject LIMIT :most"
)
ANSWERED = text(
    "DELETE FROM asked_for a USING unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]))"
    " AS x(subject, sequence) WHERE a.topic = :topic AND a.subject = x.subject"
    " AND a.sequence <= x.sequence"
)


class GapRepair:
    """Finds what is missing or contradicts, and fetches it.

    Who could not be helped rests, and comes last. Owners are asked outside of any transaction.
    """

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        owners: Mapping[str, Owner],
        *,
        clock: Callable[[], float] = time.monotonic,
        gets_on: Callable[[], None] = lambda: None,
    ) -> None:
        """`gets_on` is told of each page that an owner gave."""
        self._gets_on = gets_on
        self._store = store
        self._inbox = inbox
        self._owners = owners
        self._clock = clock
        self._pauses: Pauses[SubjectLog] = Pauses(clock)  # of whom a fetch moved nothing
        self._asked: dict[str, float] = {}  # topic → when its owner was last asked for its epoch
        for owner in owners.values():
            REPAIRED.labels(owner.topic)  # told from the beginning, at 0
        self.log_exchange = LogExchange(store, inbox.subscriptions, inbox.signatures)

    def compare(self) -> int:
        """Mark behind what owners have and this service hasn't heard, a lost last fact included.

        Stop what contradicts: other epochs, other ids, and what was heard beyond an owner's log.
        Of its own facts, hear those that another release published without hearing them.
        """
        self._inbox.own.catch_up()
        return self._each(self._compare, self._owners)

    def _compare(self, owner: Owner) -> int:
        """Checkpoints are noted before the owner is asked, who knows at least as much by then."""
        self._asked[owner.topic] = self._clock()
        with self._store.transaction() as tx:
            noted = Checkpoints(tx.connection).of_topic(owner.topic)
        epoch, heads = owner.epoch_and_heads()
        sealed_to = owner.sealed_to()
        with self._store.transaction() as tx:
            _note_seal(tx.connection, owner.topic, sealed_to)
            if not _is_of_epoch(tx.connection, owner.topic, epoch):
                return 0
            found = tx.connection.execute(
                MARK_BEHIND,
                {
                    "topic": owner.topic,
                    "subjects": [head.subject for head in heads],
                    "sequences": [head.sequence for head in heads],
                },
            ).rowcount
            for subject, why in contradicting(noted, heads).items():
                _stop(tx.connection, (owner.topic, subject), noted[subject], why)
        _tell(owner.topic, heads, lag_behind(owner, epoch, heads, noted))
        return int(found)

    def repair(self) -> int:
        """Fetch what subjects miss, or all of them; gives how many records were fetched."""
        with self._store.by_statement() as tx:
            waiting = set(tx.connection.execute(WAITING).scalars())
        return self._each(self._repair_topic, waiting)

    def _repair_topic(self, owner: Owner) -> int:
        topic = owner.topic
        if self._is_doubted(topic):
            self._compare(owner)
        asked = self._to_ask(topic)
        if any(checkpoint.anew for checkpoint in asked.values()):
            self._compare(owner)  # of another epoch, or another history, nothing is exchanged
            asked = self._to_ask(topic)
        fetched = self._fetch_all(owner, asked)
        self._rest(topic, asked)
        self._end_exchanging(topic)
        fetched += self._fetch_asked_for(owner)
        REPAIRED.labels(topic).inc(fetched)
        return fetched

    def _fetch_asked_for(self, owner: Owner) -> int:
        """What somebody waits for, where nothing else is known of it; its owner is asked once."""
        asked = {"topic": owner.topic, "most": AT_ONCE}
        with self._store.transaction() as tx:
            rows = tx.connection.execute(ASKED_FOR, asked).all()
        fetched = 0
        for row in rows:
            if not row.known:
                fetched += self._fetch(owner, row.subject, Checkpoint(row.heard, row.id))
        if rows:
            with self._store.transaction() as tx:
                tx.connection.execute(
                    ANSWERED,
                    {
                        "topic": owner.topic,
                        "subjects": [row.subject for row in rows],
                        "sequences": [row.sequence for row in rows],
                    },
                )
        return fetched

    def _is_doubted(self, topic: str) -> bool:
        """Whether a record told of another epoch; whoever sends such is asked for once a second."""
        if self._clock() - self._asked.get(topic, -PAUSE_OF_DOUBT) < PAUSE_OF_DOUBT:
            return False
        with self._store.transaction() as tx:
            return bool(
                tx.execute(
                    "SELECT doubted FROM heard_topic WHERE topic = :topic", topic=topic
                ).scalar()
            )

    def _to_ask(self, topic: str) -> dict[str, Checkpoint]:
        """Of whom the owner is asked now, as this service has them."""
        tried = [subject for its_topic, subject in self._pauses if its_topic == topic]
        resting = [subject for subject in tried if self._pauses.lasts((topic, subject))]
        with self._store.transaction() as tx:
            rows = tx.connection.execute(
                text(
                    "SELECT h.* FROM heard_head h JOIN heard_topic t USING (topic)"
                    " WHERE topic = :topic AND t.stopped IS NULL AND ("
                    "  behind_to IS NOT NULL AND h.stopped IS NULL"
                    "  OR anew AND coalesce(h.stopped, 'PARKED') = 'PARKED')"
                    " AND subject <> ALL(CAST(:resting AS text[]))"
                    " ORDER BY subject = ANY(CAST(:tried AS text[])), subject LIMIT :most"
                ),
                {"topic": topic, "resting": resting, "tried": tried, "most": AT_ONCE},
            ).all()
        return {row.subject: Checkpoint.of(row) for row in rows}

    def _rest(self, topic: str, before: Mapping[str, Checkpoint]) -> None:
        """Those who are as they were before."""
        if not before:
            return
        with self._store.transaction() as tx:
            rows = tx.execute(
                "SELECT * FROM heard_head WHERE topic = :topic"
                " AND subject = ANY(CAST(:subjects AS text[]))"
                " AND (behind_to IS NOT NULL AND stopped IS NULL OR anew)",
                topic=topic,
                subjects=list(before),
            ).all()
        stuck = {row.subject for row in rows if Checkpoint.of(row) == before[row.subject]}
        for subject in before:
            if subject in stuck:
                self._pauses.begin((topic, subject))
            else:
                self._pauses.end((topic, subject))

    def _end_exchanging(self, topic: str) -> None:
        """What is pending may be projected again, once every subject was exchanged."""
        with self._store.transaction() as tx:
            tx.execute(
                "UPDATE heard_topic SET exchanging = false WHERE topic = :topic AND exchanging"
                " AND stopped IS NULL AND NOT EXISTS (SELECT FROM heard_head"
                "  WHERE topic = :topic AND anew AND coalesce(stopped, 'PARKED') = 'PARKED')",
                topic=topic,
            )

    def _each(self, of_topic: Callable[[Owner], int], topics: Collection[str]) -> int:
        """Each of the topics, even if the owner of one is away; then say so."""
        found = 0
        away: Exception | None = None
        for owner in self._owners.values():
            if owner.topic not in topics:
                continue
            try:
                found += of_topic(owner)
            except DBAPIError:
                raise
            except Exception as error:
                away = error
        if away is not None:
            raise away
        return found

    def _fetch_all(self, owner: Owner, asked: Mapping[str, Checkpoint]) -> int:
        """Of many subjects at once: as many as one answer of the owner holds are heard together."""
        fetched = 0
        left = list(asked.items())
        while left:
            given = owner.read_whole([(subject, _reached(head)) for subject, head in left])
            self._gets_on()
            if not given:
                [(subject, checkpoint), *left] = left
                fetch = self._exchange if checkpoint.anew else self._fetch
                fetched += fetch(owner, subject, checkpoint)
                continue
            some, left = left[: len(given)], left[len(given) :]
            self._inbox.hear(
                record
                for (_, checkpoint), records in zip(some, given, strict=True)
                for record in records
                if not checkpoint.anew
            )
            for (subject, checkpoint), records in zip(some, given, strict=True):
                if checkpoint.anew:
                    self.log_exchange.exchange((owner.topic, subject), records)
                    fetched += len(records)
                else:
                    fetched += self._end_fetching(owner, subject, checkpoint, len(records))
        return fetched

    def _exchange(self, owner: Owner, subject: str, _: Checkpoint) -> int:
        records = [record for page in self._pages(owner, subject, 0) for record in page]
        self.log_exchange.exchange((owner.topic, subject), records)
        return len(records)

    def _fetch(self, owner: Owner, subject: str, checkpoint: Checkpoint) -> int:
        fetched = self._hear_after(owner, subject, _reached(checkpoint))
        return self._end_fetching(owner, subject, checkpoint, fetched)

    def _end_fetching(
        self, owner: Owner, subject: str, checkpoint: Checkpoint, fetched: int
    ) -> int:
        """So many were heard, all that the owner had; gives how many of them were new."""
        end = _reached(checkpoint) + fetched
        subject_log = (owner.topic, subject)
        if not fetched and checkpoint.sequence:
            with self._store.transaction() as tx:
                _stop(tx.connection, subject_log, checkpoint, BEYOND_OWNER)
            return 0
        told = checkpoint.behind_to
        # Hearing what it was behind has ended that; where there was nothing to hear, nothing has.
        is_ended = told is None or checkpoint.sequence < told <= end
        if not is_ended and self._clear(subject_log, checkpoint, end):
            # What came since is behind no longer; nobody but the owner would tell of it.
            fetched += self._hear_after(owner, subject, end)
        return fetched - (1 if checkpoint.sequence else 0)

    def _hear_after(self, owner: Owner, subject: str, after: int) -> int:
        fetched = 0
        for page in self._pages(owner, subject, after):
            self._inbox.hear(page)
            fetched += len(page)
        return fetched

    def _pages(self, owner: Owner, subject: str, after: int) -> Iterator[Sequence[Record]]:
        more = True
        while more:
            records, more = owner.read(subject, after)
            if not records:
                return
            self._gets_on()
            yield records
            after = records[-1].offset

    def _clear(self, subject_log: SubjectLog, asked: Checkpoint, end: int) -> bool:
        """Its owner has nothing after `end`: whatever told of more was wrong."""
        with self._store.transaction() as tx:
            checkpoints = Checkpoints(tx.connection)
            now = checkpoints.lock_one(subject_log)
            if now.stopped or now.anew or now.behind_to is None or now.sequence < end:
                return False
            if now.behind_to != asked.behind_to:
                return False
            if now.sequence:
                checkpoints.write({subject_log: replace(now, behind_to=None)})
            else:
                checkpoints.forget(subject_log)
        return True


def _reached(checkpoint: Checkpoint) -> int:
    """Behind which its owner is asked for more: the last fact heard must be the owner's, too."""
    return 0 if checkpoint.anew else max(checkpoint.sequence - 1, 0)


def _tell(topic: str, heads: Sequence[OwnerHead], lag: Lag) -> None:
    """As metrics, how far this service was."""
    published = sum(head.sequence for head in heads)
    HEAD_FACTS.labels(topic).set(published)
    HEARD_FACTS.labels(topic).set(published - lag.facts)
    BEHIND_SECONDS.labels(topic).set(lag.seconds)
    COMPARED_AT.labels(topic).set_to_current_time()


def _stop(connection: Connection, subject_log: SubjectLog, noted: Checkpoint, why: str) -> None:
    """If it still stands where it was noted."""
    stopped = connection.execute(
        text(
            "UPDATE heard_head SET stopped = :why WHERE topic = :topic AND subject = :subject"
            " AND sequence = :sequence AND id = CAST(:id AS uuid) AND stopped IS NULL"
        ),
        {
            "why": why,
            "topic": subject_log[0],
            "subject": subject_log[1],
            "sequence": noted.sequence,
            "id": noted.id,
        },
    ).rowcount
    if stopped:
        log.warning("subject_stopped", topic=subject_log[0], subject=subject_log[1], reason=why)


def _note_seal(connection: Connection, topic: str, sealed_to: int | None) -> None:
    """What its owner states for good; a later statement counts if it lets less stand unsigned.

    Where it would let more, or takes the statement back, a person is to look: `resync` takes it.
    """
    known = connection.execute(
        text("SELECT unsigned_to FROM heard_topic WHERE topic = :topic"), {"topic": topic}
    ).scalar_one()
    if known is not None and (sealed_to is None or sealed_to > known):
        log.warning("seal_raised", topic=topic, heard=known, told=sealed_to)
    elif sealed_to != known:
        connection.execute(
            text(
                "UPDATE heard_topic SET unsigned_to = least(unsigned_to, :sealed_to)"
                " WHERE topic = :topic"
            ),
            {"topic": topic, "sealed_to": sealed_to},
        )


def _is_of_epoch(connection: Connection, topic: str, epoch: int) -> bool:
    """Whether the owner's epoch is the one that is heard; one of which nothing was is taken over.

    What was heard before its owner said so is exchanged. Any other stops the topic.
    """
    known = connection.execute(
        text("SELECT epoch, stopped, doubted FROM heard_topic WHERE topic = :topic"),
        {"topic": topic},
    ).one()
    if (known.epoch, known.stopped, known.doubted) == (epoch, None, False):
        return True
    # In the order of every transaction: the topic, then its checkpoints.
    known = connection.execute(
        text(
            "SELECT epoch, EXISTS (SELECT FROM heard_head h WHERE h.topic = t.topic"
            "  AND h.id IS NOT NULL) AS heard FROM heard_topic t WHERE topic = :topic FOR UPDATE"
        ),
        {"topic": topic},
    ).one()
    if known.epoch == 0 or not known.heard:
        Checkpoints(connection).forget_topic(topic)
    is_same = known.epoch in (0, epoch) or not known.heard
    why = None if is_same else EPOCH_RAISED if epoch > known.epoch else EPOCH_LOWERED
    connection.execute(
        text(
            "UPDATE heard_topic SET epoch = CASE WHEN CAST(:why AS text) IS NULL THEN :epoch"
            " ELSE epoch END, stopped = :why, doubted = false WHERE topic = :topic"
        ),
        {"why": why, "epoch": epoch, "topic": topic},
    )
    if why:
        log.warning("topic_stopped", topic=topic, reason=why, epoch=epoch)
    return is_same
