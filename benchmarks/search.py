"""How long FindClients takes at the RPC, its audit included, over many clients.

`python -m benchmarks.search --lists FOLDER [--clients 100000] [--sites 12] [--rounds 100]
[--seed 7]`, on an embedded PostgreSQL of its own. The clients are laid into the tables at once,
sealed and hashed as intake does it; then an api of intake's is asked over gRPC, by one caller,
kinds of question in turns. Beside them stands how long it takes to name one client by id, audited
as well: what a machine needs for any such answer. Figures are on stdout, the api's log on stderr.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as pb

from benchmarks.name_lists import InventedPerson, read_lists
from kernel.config import Settings
from kernel.facts import derived_id
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.sealing import KEY_BYTES, encrypt
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.signatures import FactSigner
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.policy import Scope
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.server import CONNECTIONS, Server
from kernel.rpc.tokens import Issuer
from kernel.rpc.translate import to_date
from kernel.rpc.verifier import Verifier
from kernel.secrets import OF_FACTS, PEOPLE
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store.database import migrate, open_database
from kernel.store.documents import context_of
from kernel.store.store import Store
from kernel.vault import Vault
from kernel.watching.health import Health
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from services.intake.__main__ import SERVICE, servicers
from services.intake.adapters import sealed
from services.intake.adapters.search import SearchTokens
from services.intake.api.chart import SERVICE as CHART
from services.intake.api.search import SERVICE as SEARCH
from services.intake.app.streams import IDENTITY, client_stream, membership_document
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
Ask = Callable[[Message, Sequence[str]], tuple[Any, float]]
"""The answer, and in how many seconds it came."""
Question = Callable[[InventedPerson], pb.FindClientsRequest]


def text(words: Callable[[InventedPerson], str]) -> Question:
    return lambda person: pb.FindClientsRequest(text=words(person))


QUESTIONS: Mapping[str, Question] = {
    "both names": text(lambda person: f"{person.given_name} {person.family_name}"),
    "a family name": text(lambda person: person.family_name),
    "three letters": text(lambda person: person.family_name[:3]),
    "three letters of each": text(
        lambda person: f"{person.given_name[:3]} {person.family_name[:3]}"
    ),
    "misspelled": text(lambda person: f"{person.given_name} {_misspelled(person.family_name)}"),
    "a name and a birth date": text(
        lambda person: f"{person.family_name} {person.birth_date.isoformat()}"
    ),
    "a member number": text(lambda person: person.member_number),
    "the most common beginning": text(lambda _: "mar"),
}


@dataclass(frozen=True, slots=True)
class Laid:
    """The invented clients, each with the site where they are."""

    people: Sequence[InventedPerson]
    sites: Sequence[str]

    def site_of(self, number: int) -> str:
        return self.sites[number % len(self.sites)]


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--lists", type=Path, required=True)
    reading.add_argument("--clients", type=int, default=100_000)
    reading.add_argument("--sites", type=int, default=12)
    reading.add_argument("--rounds", type=int, default=100)
    reading.add_argument("--seed", type=int, default=7)
    wanted = reading.parse_args()
    chance = random.Random(wanted.seed)  # noqa: S311 - the same each time
    laid = Laid(
        read_lists(wanted.lists).people(chance, wanted.clients),
        [str(UUID(int=(0x51 << 120) + number)) for number in range(wanted.sites)],
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServers(Path(folder) / "data", kafka=False) as servers,
    ):
        secrets = MachineSecrets(Path(folder) / "secrets")
        secrets.make()
        store = _store(servers, secrets)
        _lay(store, laid, chance)
        with _asking(store, secrets) as ask:
            _measure(ask, laid, chance, wanted.rounds)


def _measure(
    ask: Ask,
    laid: Laid,
    chance: random.Random,
    rounds: int,
) -> None:
    callers: Mapping[str, Callable[[int], Sequence[str]]] = {
        "one site": lambda number: [laid.site_of(number)],
        "the network": lambda _: ["*"],
    }
    times: dict[tuple[str, str], list[float]] = {}
    answered: dict[tuple[str, str], int] = {}
    floor: list[float] = []
    for round_number in range(rounds + 1):  # the first warms up
        named = _client_id(chance.randrange(len(laid.people)))
        _, took = ask(chart.NameClientsRequest(client_ids=[named]), ["*"])
        floor.append(took)
        for name, question in QUESTIONS.items():
            for caller, sites_of in callers.items():
                number = chance.randrange(len(laid.people))
                request = question(laid.people[number])
                answer, took = ask(request, sites_of(number))
                if round_number:
                    times.setdefault((name, caller), []).append(took)
                    found = answered.get((name, caller), 0)
                    answered[name, caller] = found + len(answer.clients)
    print(f"{len(laid.people)} clients at {len(laid.sites)} sites, milliseconds")
    print(f"{'':44}{'median':>8}{'p95':>8}{'answers':>9}")
    by_id = "one client named by id, the network"
    print(f"{by_id:44}{_ms(floor, 50):8.1f}{_ms(floor, 95):8.1f}{1:9.1f}")
    for (name, caller), each in times.items():
        of = answered[name, caller] / rounds
        print(f"{f'{name}, {caller}':44}{_ms(each, 50):8.1f}{_ms(each, 95):8.1f}{of:9.1f}")
    for caller in callers:
        together = [one for (_, by), each in times.items() if by == caller for one in each]
        print(f"{f'all, {caller}':44}{_ms(together, 50):8.1f}{_ms(together, 95):8.1f}")


def _ms(seconds: Sequence[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000


def _misspelled(name: str) -> str:
    """One vowel is another one."""
    for at, letter in enumerate(name):
        if at and letter in "aeiou":
            return f"{name[:at]}{'e' if letter != 'e' else 'a'}{name[at + 1 :]}"
    return name


def _store(servers: LocalServers, secrets: MachineSecrets) -> Store:
    engine = open_database(servers.create_database("search").migrations.url, pool=CONNECTIONS)
    migrate(engine, [SERVICE.migrations])
    keys = open_database(servers.create_database("search_keys").migrations.url)
    migrate_keys(keys)
    folder = secrets.folder_of("intake")
    return Store(
        engine,
        codec=SERVICE.codec,
        topic=topic_of("intake"),
        network="local",
        vault=Vault(SqlKeyStore(keys, MountedMasterKeys(folder, "intake"))),
        signer=FactSigner(SigningKey(folder, "intake", keys=OF_FACTS).current),
    )


def _lay(store: Store, laid: Laid, chance: random.Random) -> None:
    """As commands would have left them: each sealed, with a coverage, and an episode, most open."""
    with store.transaction() as tx:
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
        owners = {client_stream(_client_id(number)): token_bytes(KEY_BYTES) for number in some}
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
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does in a day


def _add(
    rows: Mapping[str, list[tuple[Any, ...]]],
    tokens: SearchTokens,
    laid: Laid,
    number: int,
    *,
    seal: Callable[[str, bytes], tuple[Any, ...]],
    chance: random.Random,
) -> None:
    person, client_id, site_id = laid.people[number], _client_id(number), laid.site_of(number)
    identity = intake.Identity(
        family_name=person.family_name,
        given_name=person.given_name,
        birth_date=to_date(person.birth_date),
        sex=intake.SEX_UNKNOWN,
        address=common.PostalAddress(line="12 Row", city="Denver", state="CO", zip="80202"),
    )
    content = sealed.person_bytes(identity)
    membership = sealed.membership_bytes(person.member_number, "")
    rows["document"].append(seal(IDENTITY, content))
    rows["document"].append(seal(membership_document(str(uuid4())), membership))
    rows["registration"].append((client_id, site_id))
    closed_on = None if chance.random() < IN_CARE else date(2026, 3, 1)
    program_id = str(uuid4())
    episode = (client_id, program_id, str(uuid4()), True, site_id, "DUAL", "2.1", ADMITTED_ON)
    rows["episode"].append((*episode, closed_on))
    for clue in clues_of(sealed.findable(content, [membership])):
        rows["search_token"].append((tokens.token(site_id, clue), client_id))


def _sealed(vault: Vault, owner: str, key: bytes, kind: str, content: bytes) -> tuple[Any, ...]:
    """A row of documents: as the vault seals, which asks the key store each time."""
    hidden = encrypt(AESGCM(key), content, context_of(owner, kind, 1))
    return owner, kind, 1, hidden, vault.digest(content)


def _client_id(number: int) -> str:
    """As commands make them: in no order."""
    return str(derived_id("benchmark", number))


@contextmanager
def _asking(store: Store, secrets: MachineSecrets) -> Iterator[Ask]:
    folder = secrets.folder_of("intake")
    given: dict[str, Any] = {
        "service": "intake",
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "secrets_dir": folder,
        "environment": "test",
    }
    settings = Settings(**given)
    server = Server(
        servicers(store, settings),
        verifier=Verifier(folder),
        scope=Scope(store, SERVICE.kinds()),
        settings=settings,
        health=Health(lambda: True),
    )
    server.start()
    issuer = Issuer(secrets.folder_of(PEOPLE), PEOPLE)
    token = ""
    clients = {
        service: RpcClient(Channel(f"127.0.0.1:{server.port}"), service, token=lambda: token)
        for service in (SEARCH, CHART)
    }

    def ask(request: Message, sites: Sequence[str]) -> tuple[Any, float]:
        nonlocal token
        lasts = timedelta(minutes=5)
        token = issuer.token("person/ada", ["front_desk"], sites, "OPERATIONS", lasts)
        rpc = rpc_of(request)
        ask_it = getattr(clients[rpc.containing_service], rpc.name)
        began = time.perf_counter()
        answer = ask_it(request)
        return answer, time.perf_counter() - began

    try:
        yield ask
    finally:
        for client in clients.values():
            client.close()
        server.stop(0)


if __name__ == "__main__":
    main()
