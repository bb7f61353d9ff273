"""Credentials of staff, and where sites are, as they were heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Connection, text

from kernel.credentials import NOWHERE, Credential, Jurisdiction
from kernel.messaging.public_facts import public_facts, zone_known
from kernel.rpc.translate import date_of, optional
from kernel.store.store import Transaction

HEARD = """
SELECT subject, type, body FROM heard_fact
WHERE type IN ('{credentialed}', '{ended}') ORDER BY subject, sequence
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardCredentials:
    """The Credentials port on these facts of staff members and sites."""

    credentialed: type[Message]
    ended: type[Message]
    opened: type[Message]

    def of(self, tx: Transaction, person: str) -> Sequence[Credential]:
        return credentials_of(
            tx.connection, person, credentialed=self.credentialed, ended=self.ended
        )

    def jurisdiction(self, tx: Transaction, site_id: str) -> Jurisdiction:
        facts = public_facts(tx.connection, (self.opened,), subject=f"site/{site_id}")
        if not facts:
            return NOWHERE
        site = facts[-1].message
        return Jurisdiction(state=site.address.state, time_zone=zone_known(site.time_zone))


def credentials_of(
    connection: Connection, person: str, *, credentialed: type[Message], ended: type[Message]
) -> Sequence[Credential]:
    """Those that are for the token of this subject, by these facts of staff members.

    An end is about what was told before it, of the same kind and state; of several the last one
    counts. The types stand in the statement as literals: that is what the indexes of them are for.
    """
    of_staff: dict[str, list[tuple[Any, date | None]]] = {}
    statement = HEARD.format(
        credentialed=credentialed.DESCRIPTOR.full_name, ended=ended.DESCRIPTOR.full_name
    )
    for row in connection.execute(text(statement)):
        held = of_staff.setdefault(row.subject, [])
        if row.type == credentialed.DESCRIPTOR.full_name:
            held.append((credentialed.FromString(bytes(row.body)), None))
            continue
        end: Any = ended.FromString(bytes(row.body))
        last_day = date_of(end, "last_day")
        held[:] = [
            (fact, last_day if _kind(fact) == _kind(end) else before) for fact, before in held
        ]
    return [
        _credential(fact, last_day)
        for subject, held in of_staff.items()
        for fact, last_day in held
        if person == (fact.token_subject or subject)
    ]


def _credential(fact: Any, ended: date | None) -> Credential:
    credential = Credential(
        text=fact.credential,
        effective_from=date_of(fact, "effective_from"),
        effective_to=optional(date_of, fact, "effective_to"),
        type=_type_of(fact),
        state=fact.state,
    )
    if ended is None:
        return credential
    return replace(credential, effective_to=min(credential.effective_to or ended, ended))


def _kind(fact: Any) -> tuple[str, str]:
    """What an end names: the abbreviation, and the state."""
    return _type_of(fact) or fact.credential.strip().upper(), fact.state


def _type_of(fact: Any) -> str:
    """Its abbreviation; empty: none was told. One of a later release is for nothing here."""
    if not fact.type:
        return ""
    names = fact.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
    name = names.get(fact.type)
    return str(name.name).removeprefix("CREDENTIAL_TYPE_") if name else str(fact.type)
