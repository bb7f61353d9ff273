"""A client's sites, by public facts: published here, or heard from others."""

from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Connection

from kernel.messaging.public_facts import public_facts
from kernel.rpc.translate import date_of
from kernel.sites import Stay, sites_of_client


def sites_by_facts(
    connection: Connection,
    client_id: str,
    *,
    registered: type[Message] | None,
    admitted: type[Message],
    ended: type[Message],
    on: str,
) -> frozenset[str]:
    """By these facts of the client: a registration's and an admission's `site_id`, an end's day.

    `on` is the field with the day; `registered` None: only who was admitted is known here.
    """
    kinds = (*((registered,) if registered else ()), admitted, ended)
    registered_at: str | None = None
    admissions: list[Any] = []
    ends: dict[str, Any] = {}
    for fact in public_facts(connection, kinds, subject=f"client/{client_id}"):
        if isinstance(fact.message, admitted):
            admissions.append(fact.message)
        elif isinstance(fact.message, ended):
            ends[fact.message.episode_id] = fact.message  # type: ignore[attr-defined]
        else:
            registered_at = fact.message.site_id
    stays = [
        Stay(
            site_id=admission.site_id,
            closed_on=date_of(ends[admission.episode_id], on)
            if admission.episode_id in ends
            else None,
        )
        for admission in admissions
    ]
    return sites_of_client(stays, registered_at)
