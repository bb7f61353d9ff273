"""Whom intake registered and admitted, of what was heard."""

from collections.abc import Collection
from typing import Any

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.rpc.translate import date_of
from kernel.store.store import Transaction
from services.attendance.app.streams import client_subject
from services.attendance.domain.admission import Admission


def unregistered(tx: Transaction, client_ids: Collection[str]) -> list[str]:
    """Those of whom intake told nothing, sorted."""
    registered = {fact.client_id for fact in _heard(tx, client_ids, intake.ClientRegistered)}
    return sorted(set(client_ids) - registered)


def admissions(tx: Transaction, client_ids: Collection[str]) -> dict[str, list[Admission]]:
    """Client → their admissions, each until its end."""
    ended = {
        closed.episode_id: date_of(closed, "closed_on")
        for closed in _heard(tx, client_ids, intake.EpisodeClosed)
    }
    found: dict[str, list[Admission]] = {client_id: [] for client_id in client_ids}
    for admitted in _heard(tx, client_ids, intake.ClientAdmitted):
        admission = Admission(
            site_id=admitted.site_id,
            first=date_of(admitted, "admitted_on"),
            last=ended.get(admitted.episode_id),
        )
        found[admitted.client_id].append(admission)
    return found


def _heard(tx: Transaction, client_ids: Collection[str], kind: Any) -> list[Any]:
    """Facts of one type about these clients, each client's in their order."""
    rows = tx.execute(
        "SELECT body FROM heard_fact WHERE subject = ANY(CAST(:subjects AS text[]))"
        " AND type = :type ORDER BY subject, sequence",
        subjects=sorted(map(client_subject, client_ids)),
        type=kind.DESCRIPTOR.full_name,
    )
    return [kind.FromString(bytes(row.body)) for row in rows]
