"""Invented clients in intake's tables: sealed and hashed as commands would have left them."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from secrets import token_bytes
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake

from benchmarks.name_lists import InventedPerson
from kernel.facts import derived_id
from kernel.keys.sealing import KEY_BYTES, encrypt
from kernel.rpc.translate import to_date
from kernel.store.documents import context_of
from kernel.store.store import Store
from kernel.vault import Vault
from services.intake.adapters import sealed
from services.intake.adapters.search_tokens import SearchTokens
from services.intake.app.streams import CONTACTS, IDENTITY, client_stream, membership_document
from services.intake.domain.search import clues_of

AT_ONCE = 5000
IN_CARE = 0.1  # of all that were ever registered
ADMITTED_ON = date(2026, 1, 5)
COPIES = {
    "document": "owner, kind, version, sealed, digest",
    "registration": "client_id, site_id",
    "episode": "client_id, program_id, episode_id, under_part2, site_id, program_kind,"
    " level_of_care, admitted_on, closed_on",
    "search_token": "token, client_id",
}


@dataclass(frozen=True, slots=True)
class LaidClients:
    """The invented clients, each with the site where they are."""

    people: Sequence[InventedPerson]
    sites: Sequence[str]

    def site_of(self, number: int) -> str:
        return self.sites[number % len(self.sites)]


def client_id_of(number: int) -> str:
    """As commands make them: in no order."""
    return str(derived_id("benchmark", number))


def phone_of(number: int) -> str:
    return f"303{number:07d}"


def lay(store: Store, laid: LaidClients, chance: random.Random) -> None:
    """Each with an identity, a phone, a coverage, and an episode, of which few are open."""
    with store.transaction() as tx:
        if tx.execute("SELECT EXISTS (SELECT FROM registration)").scalar_one():
            return  # by a run before
        tokens = SearchTokens(tx)
        for site_id in laid.sites:
            opened = attendance.SiteOpened(site_id=site_id)
            tx.execute(
                "INSERT INTO heard_fact (id, topic, subject, sequence, type, body, label,"
                " recorded_at, refs) VALUES (:id, 'ninehours.attendance.v1', :subject, 1, :type,"
                " :body, 'HIPAA', now(), '{}')",
                id=uuid4(),
                subject=f"site/{site_id}",
                type=opened.DESCRIPTOR.full_name,
                body=opened.SerializeToString(),
            )
    keys: Any = store.vault.keys
    for first in range(0, len(laid.people), AT_ONCE):
        some = range(first, min(first + AT_ONCE, len(laid.people)))
        owners = {client_stream(client_id_of(number)): token_bytes(KEY_BYTES) for number in some}
        keys.put(owners)
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COPIES}
        for number, (owner, key) in zip(some, owners.items(), strict=True):
            seal = partial(_sealed, store.vault, owner, key)
            _add(rows, tokens, laid, number, seal=seal, chance=chance)
        with store.engine.begin() as connection:
            cursor: Any = connection.connection.cursor()
            for table, columns in COPIES.items():
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in rows[table]:
                        copy.write_row(row)
    for engine in (store.engine, keys.engine):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does in a day


def _add(
    rows: Mapping[str, list[tuple[Any, ...]]],
    tokens: SearchTokens,
    laid: LaidClients,
    number: int,
    *,
    seal: Callable[[str, bytes], tuple[Any, ...]],
    chance: random.Random,
) -> None:
    person, client_id, site_id = laid.people[number], client_id_of(number), laid.site_of(number)
    identity = intake.Identity(
        family_name=person.family_name,
        given_name=person.given_name,
        birth_date=to_date(person.birth_date),
        sex=intake.SEX_UNKNOWN,
        address=common.PostalAddress(line="12 Row", city="Denver", state="CO", zip="80202"),
    )
    content = sealed.person_bytes(identity)
    contacts = sealed.person_bytes(intake.Contacts(phone=phone_of(number)))
    membership = sealed.membership_bytes(person.member_number, "")
    rows["document"].append(seal(IDENTITY, content))
    rows["document"].append(seal(CONTACTS, contacts))
    rows["document"].append(seal(membership_document(str(uuid4())), membership))
    rows["registration"].append((client_id, site_id))
    closed_on = None if chance.random() < IN_CARE else date(2026, 3, 1)
    program_id = str(uuid4())
    episode = (client_id, program_id, str(uuid4()), True, site_id, "DUAL", "2.1", ADMITTED_ON)
    rows["episode"].append((*episode, closed_on))
    clues = clues_of(sealed.findable(content, [membership], contacts))
    rows["search_token"] += [(token, client_id) for token in tokens.tokens(site_id, clues)]


def _sealed(vault: Vault, owner: str, key: bytes, kind: str, content: bytes) -> tuple[Any, ...]:
    """A row of documents: as the vault seals, which asks the key store each time."""
    hidden = encrypt(AESGCM(key), content, context_of(owner, kind, 1))
    return owner, kind, 1, hidden, vault.digest(content)
