"""Whom intake registered and admitted, of what was heard."""

from collections.abc import Collection
from typing import Any

from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import text

from kernel.rpc.translate import date_of
from kernel.store.store import Transaction
from services.attendance.app.streams import client_subject
from services.attendance.domain.admission import Stay


def unregistered(tx: Transaction, client_ids: Collection[str]) -> list[str]:
    """Those of whom intake told nothing, sorted."""
    registered = {told.client_id for told in _heard(tx, client_ids, intake.ClientRegistered)}
    return sorted(set(client_ids) - registered)


def stays(tx: Transaction, client_ids: Collection[str]) -> dict[str, list[Stay]]:
    """Client → their admissions, each until its end."""
    ended = {
        told.episode_id: date_of(told, "closed_on")
        for told in _heard(tx, client_ids, intake.EpisodeClosed)
    }
    found: dict[str, list[Stay]] = {client_id: [] for client_id in client_ids}
    for told in _heard(tx, client_ids, intake.ClientAdmitted):
        stay = Stay(
            site_id=told.site_id,
            first=date_of(told, "admitted_on"),
            last=ended.get(told.episode_id),
        )
        found[told.client_id].append(stay)
    return found


def _heard(tx: Transaction, client_ids: Collection[str], kind: Any) -> list[Any]:
    """Facts of one type about these clients, each client's in their order."""
    rows = tx.connection.execute(
        text(
            "SELECT body FROM heard_fact WHERE subject = ANY(CAST(:subjects AS text[]))"
            " AND type = :type ORDER BY subject, sequence"
        ),
        {
            "subjects": sorted(map(client_subject, client_ids)),
            "type": kind.DESCRIPTOR.full_name,
        },
    )
    return [kind.FromString(bytes(row.body)) for row in rows]
