"""Credentials of staff as they were heard: told, and ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Connection, text

from kernel.credentials import Credential
from kernel.rpc.translate import date_of, optional

HEARD = """
SELECT subject, type, body FROM heard_fact
WHERE type IN ('{credentialed}', '{ended}') ORDER BY subject, sequence
"""


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
        told = of_staff.setdefault(row.subject, [])
        if row.type == credentialed.DESCRIPTOR.full_name:
            told.append((credentialed.FromString(bytes(row.body)), None))
            continue
        end: Any = ended.FromString(bytes(row.body))
        last_day = date_of(end, "last_day")
        told[:] = [
            (fact, last_day if _kind(fact) == _kind(end) else before) for fact, before in told
        ]
    return [
        _credential(fact, last_day)
        for subject, told in of_staff.items()
        for fact, last_day in told
        if person == (fact.token_subject or subject)
    ]


def _credential(told: Any, ended: date | None) -> Credential:
    credential = Credential(
        text=told.credential,
        effective_from=date_of(told, "effective_from"),
        effective_to=optional(date_of, told, "effective_to"),
        type=_type_of(told),
        state=told.state,
    )
    if ended is None:
        return credential
    return replace(credential, effective_to=min(credential.effective_to or ended, ended))


def _kind(told: Any) -> tuple[str, str]:
    """What an end names: the abbreviation, and the state."""
    return _type_of(told) or told.credential.strip().upper(), told.state


def _type_of(told: Any) -> str:
    """Its abbreviation; empty: none was told. One of a later release is for nothing here."""
    if not told.type:
        return ""
    names = told.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
    name = names.get(told.type)
    return str(name.name).removeprefix("CREDENTIAL_TYPE_") if name else str(told.type)
