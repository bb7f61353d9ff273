"""Whose each client is, by the table of episodes and where they were registered."""

from collections.abc import Collection, Mapping
from uuid import UUID

from kernel.facts import Recorded
from kernel.messaging.persons import ids_of_each
from kernel.refusal import Unknown
from kernel.rpc.policy import BindingKind
from kernel.statements import StatementAmended
from kernel.store.store import Transaction
from services.intake.app.statements import first_said
from services.intake.domain.client import ClientRegistered


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a registration, and at which site it stands, in the transaction that records it."""
    match recorded.fact:
        case ClientRegistered() as fact:
            tx.execute(
                "INSERT INTO registration VALUES (:client, CAST(nullif(:site, '') AS uuid))",
                client=fact.client_id,
                site=fact.site_id,
            )
        case StatementAmended(content=ClientRegistered() as fact):
            tx.execute(
                "UPDATE registration SET site_id = CAST(nullif(:site, '') AS uuid)"
                " WHERE client_id = :client",
                client=fact.client_id,
                site=fact.site_id,
            )


def sites_of(tx: Transaction, client_id: str) -> frozenset[str]:
    """The client's, as whichever of the person's ids they are known there; none of one whom nobody
    registered, or registered without a site."""
    return sites_of_each(tx, [client_id])[client_id]


def sites_of_each(tx: Transaction, client_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Client → as `sites_of`."""
    persons = ids_of_each(tx.connection, client_ids)
    rows = tx.execute(
        "SELECT client_id, site_id FROM client_site"
        " WHERE client_id = ANY(CAST(:clients AS uuid[]))",
        clients=list({each for ids in persons.values() for each in ids}),
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row.client_id), set()).add(str(row.site_id))
    return {
        client_id: frozenset().union(*(found.get(each, ()) for each in ids))
        for client_id, ids in persons.items()
    }


def sites_of_statement(tx: Transaction, statement_id: str) -> frozenset[str]:
    """Of the client about whom it was said; none of what nobody said here, or can't put right."""
    try:
        return sites_of(tx, first_said(tx, UUID(statement_id)).fact.client_id)
    except Unknown:
        return frozenset()


KINDS = {"client": BindingKind(sites_of), "statement": BindingKind(sites_of_statement)}
