"""How a service is doing: its processes, how far behind it is, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from kernel.messaging.checkpoints import Checkpoints
from kernel.messaging.comparison import Lag, lag_behind
from kernel.messaging.owners import Owner
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.tls.certificates import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A process's last committed heartbeat: how long ago, and what it showed then."""

    seconds: float
    certificates: Sequence[Certificate]


def heartbeats(connection: Connection) -> Mapping[tuple[str, int], Beat]:
    """By process and ordinal."""
    rows = connection.execute(
        text(
            "SELECT process, ordinal, certificates,"
            " extract(epoch FROM clock_timestamp() - at) AS seconds FROM heartbeat"
        )
    )
    return {
        (row.process, row.ordinal): Beat(
            seconds=float(row.seconds),
            certificates=[Certificate.of_json(kept) for kept in row.certificates],
        )
        for row in rows
    }


def topics(connection: Connection) -> Mapping[str, tuple[int, str]]:
    """Topic → the epoch in which it is heard, and why it stands still (empty: it doesn't)."""
    rows = connection.execute(text("SELECT topic, epoch, stopped FROM heard_topic"))
    return {row.topic: (row.epoch, row.stopped or "") for row in rows}


def lag_now(store: Store, owner: Owner) -> Lag:
    """What the owner published and this service hasn't heard, by asking the owner."""
    with store.transaction() as tx:
        noted = Checkpoints(tx.connection).of_topic(owner.topic)
    epoch, heads = owner.epoch_and_heads()  # after: it knows at least what was heard
    return lag_behind(owner, epoch, heads, noted)
