"""Whether a service is caught up: heard, and nothing behind, stopped, parked or pending."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from kernel.facts import Position, kind_of
from kernel.messaging.persons import persons_of
from kernel.patience import wait_for
from kernel.refusal import AgainstTheRules, NotYet
from kernel.store.bells import PENDING
from kernel.store.statements import text
from kernel.store.store import Store

MOST_ASKED_FOR = 20  # subjects that one waiting question has asked for


def wait_until_heard(store: Store, positions: Sequence[Position], deadline: float) -> None:
    """Wait until each position was heard here, and nothing of its clients is pending here.

    What the service published itself it needn't hear; what is still missing after a second is
    asked of its owner, for Kafka may be away. Refuses with NotYet (NOT_HEARD_YET) after
    `deadline` seconds, or when nobody waits any more; with DERIVATION_PARKED when what follows from
    them failed here: a person or a new fact mends that, waiting doesn't.
    """
    if not positions:
        return
    elsewhere = [position for position in positions if position.topic != store.topic]
    clients = {p.subject for p in positions if kind_of(p.subject) == "client"}

    def caught_up() -> bool:
        with store.transaction() as tx:
            if not heard_all(tx.connection, elsewhere):
                return False
            persons = persons_of(tx.connection, clients)  # what is derived is the survivor's
            if pending_count(tx.connection, set(persons.linked)):
                return False
            if _any_failed(tx.connection, set(persons.linked)):
                raise AgainstTheRules(
                    "DERIVATION_PARKED",
                    "what this rests on was heard, but what follows from it could not be "
                    "derived; an operator finds it with ListParked",
                )
            return True

    def ask_owners() -> None:
        with store.transaction() as tx:
            ask_for(tx.connection, elsewhere[:MOST_ASKED_FOR])

    if not wait_for(caught_up, deadline, ask_owners):
        raise NotYet("NOT_HEARD_YET", "what this rests on was not heard in time; retry")


def ask_for(connection: Connection, positions: Sequence[Position]) -> None:
    """Have the owners asked for these, where they were not heard.

    That they exist is only what somebody says: nobody is behind for it.
    """
    connection.execute(text(PENDING.ring))
    connection.execute(
        text(
            "INSERT INTO asked_for AS a (topic, subject, sequence)"
            " SELECT topic, x.subject, max(x.sequence)"
            " FROM unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]),"
            "   CAST(:sequences AS bigint[])) AS x(topic, subject, sequence)"
            " JOIN heard_topic USING (topic) LEFT JOIN heard_head h USING (topic, subject)"
            " WHERE x.sequence > coalesce(h.sequence, 0) GROUP BY topic, x.subject"
            " ORDER BY topic, x.subject"
            " ON CONFLICT (topic, subject) DO UPDATE"
            " SET sequence = greatest(a.sequence, excluded.sequence)"
        ),
        _columns(positions),
    )


def _columns(positions: Sequence[Position]) -> dict[str, list[str] | list[int]]:
    return {
        "topics": [position.topic for position in positions],
        "subjects": [position.subject for position in positions],
        "sequences": [position.sequence for position in positions],
    }


def heard_all(connection: Connection, positions: Sequence[Position]) -> bool:
    """Whether each position was heard here."""
    missing = connection.execute(
        text(
            "SELECT count(*) FROM unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]),"
            " CAST(:sequences AS bigint[])) AS x(topic, subject, sequence)"
            " LEFT JOIN heard_head h ON h.topic = x.topic AND h.subject = x.subject"
            " WHERE h.sequence IS NULL OR h.sequence < x.sequence"
        ),
        _columns(positions),
    ).scalar_one()
    return bool(missing == 0)


def pending_count(connection: Connection, clients: set[str] | None = None) -> int:
    """How many projections and reactions are pending: of these clients, or (None) of all."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM owed WHERE error IS NULL"
                " AND (CAST(:all AS boolean) OR subject = ANY(CAST(:keys AS text[])))"
            ),
            {"all": clients is None, "keys": sorted(clients or ())},
        ).scalar_one()
    )


def is_caught_up(connection: Connection, positions: Sequence[Position]) -> bool:
    """Whether each position was heard, nothing is pending, and no subject waits for gap repair."""
    behind = text(
        "SELECT count(*) FROM heard_head WHERE (behind_to IS NOT NULL AND stopped IS NULL) OR anew"
    )
    return (
        heard_all(connection, positions)
        and not pending_count(connection)
        and not connection.execute(behind).scalar_one()
    )


def _any_failed(connection: Connection, clients: set[str]) -> bool:
    """Whether anything derived of these clients is parked."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM owed WHERE error IS NOT NULL"
                " AND subject = ANY(CAST(:keys AS text[])))"
            ),
            {"keys": sorted(clients)},
        ).scalar_one()
    )


def clients_not_caught_up(connection: Connection, clients: Sequence[str]) -> set[str]:
    """Those of these clients of whom something is pending or failed, or not heard.

    What holds of one client of a person holds of all.
    """
    persons = persons_of(connection, clients)
    owed = connection.execute(
        text("SELECT subject FROM owed WHERE subject = ANY(CAST(:clients AS text[]))"),
        {"clients": sorted(persons.linked)},
    )
    late = {*owed.scalars(), *_unheard(connection, persons.linked)}
    return {client for client in clients if not late.isdisjoint(persons.clients_of(client))}


def unheard_clients(connection: Connection, clients: Sequence[str]) -> set[str]:
    """Those of these clients of whom something is behind, stopped or parked here.

    What holds of a reference holds of every client whose facts lead to it, and what holds of one
    client of a person, of all; where a whole topic is stopped, nothing is known of anybody.
    """
    persons = persons_of(connection, clients)
    late = _unheard(connection, persons.linked)
    return {client for client in clients if not late.isdisjoint(persons.clients_of(client))}


def _unheard(connection: Connection, clients: Collection[str]) -> set[str]:
    """Those of whom themselves it holds, or of a reference of theirs."""
    # From the few that are held up to the clients whose facts lead to them, by the index on `refs`:
    # the other way round every client's facts would be read. One UNION for each partial index.
    return {
        subject
        for (subject,) in connection.execute(
            text(
                "WITH RECURSIVE halted(subject) AS ("
                " (SELECT subject FROM heard_head WHERE behind_to IS NOT NULL"
                "  UNION SELECT subject FROM heard_head WHERE stopped IS NOT NULL"
                "  UNION SELECT subject FROM heard_head WHERE anew)"
                " UNION SELECT f.subject FROM halted"
                "  JOIN heard_fact f ON f.refs @> ARRAY[halted.subject]"
                "  WHERE halted.subject NOT LIKE 'client/%'"
                ") SELECT subject FROM halted WHERE subject = ANY(CAST(:clients AS text[]))"
                " UNION SELECT client FROM unnest(CAST(:clients AS text[])) AS x(client)"
                "  WHERE EXISTS (SELECT FROM heard_topic WHERE stopped IS NOT NULL)"
            ),
            {"clients": list(clients)},
        )
    }
