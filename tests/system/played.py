"""A whole system that has played the story, or its beginning, as its databases show it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from ninehours.billing.v1.billing_events_pb2 import AuthorizationRecorded, ClaimIssued
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.exchange.v1 import drafts_service_pb2 as drafts
from ninehours.exchange.v1 import views_service_pb2 as views
from ninehours.intake.v1 import search_service_pb2 as search
from psycopg import sql
from psycopg.rows import dict_row

from kernel.services import SERVICES
from kernel.store.database import open_database
from kernel.store.documents import Documents
from kernel.store.statements import text
from ninehours.cli.connection import Services
from ninehours.cli.issue import export_batch
from ninehours.local.databases import Logins, plain
from ninehours.local.secrets import MachineSecrets
from ninehours.local.system import keys_database
from ninehours.story.catching_up import HEARS
from ninehours.story.courses import StoryName
from ninehours.story.gateway import BILLER
from ninehours.story.people import InventedPeople
from ninehours.story.plot import SCENES, Scene, go_on
from ninehours.story.story import DemoStory
from ninehours.story.summary import Summary, summarize
from tests.harness.kernel.keys import vault_on
from tests.harness.rehearsing import RecordingGateway
from tests.system.answers import WhyAnswer, take_answers
from tests.system.evidence import Evidence, evidence_of
from tests.system.verified import checks_of

THIRD_WEEK = [scene.title for scene in SCENES].index("week 3: groups meet, notes are signed")
BEGINNING, REST = SCENES[:THIRD_WEEK], SCENES[THIRD_WEEK:]

# A derived row as everybody sees it: kind, key, content.
Contents = dict[str, list[tuple[str, str, Any]]]


class System(Protocol):
    """Whatever runs the services of one network, as far as they are looked at from here."""

    @property
    def addresses(self) -> Mapping[str, str]: ...

    @property
    def databases(self) -> Mapping[str, Logins]: ...

    @property
    def secrets(self) -> MachineSecrets: ...

    @property
    def people_dir(self) -> Path: ...


@dataclass(kw_only=True)
class Played:
    """What is left of a story, or of its beginning."""

    data: Path
    client_ids: dict[str, str]
    """By the names of those who have a story of their own, and the keys of all others."""
    summary: Summary
    files: list[Path]
    acknowledged: dict[str, str]
    """The service of every command that was answered, by its id."""
    left_out: set[str]
    """Why claims were left out of what was issued."""
    evidence: dict[str, Evidence] = field(default_factory=dict)
    """What the API said of everybody with a story of their own, before the system stopped."""
    answers: dict[str, WhyAnswer] = field(default_factory=dict)
    """To why, by the name of their golden file."""
    contents: Contents = field(default_factory=dict)
    commands: dict[str, set[str]] = field(default_factory=dict)
    private_facts: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    """The command, type and stream of every fact, by service."""
    issued: list[ClaimIssued] = field(default_factory=list)
    """In the order they were published in."""
    authorized: list[AuthorizationRecorded] = field(default_factory=list)
    published_ids: dict[str, set[str]] = field(default_factory=dict)
    """Of all facts of a type, by the type's full name."""
    put_right: dict[str, set[str]] = field(default_factory=dict)
    """Ids of the amendments of facts of a type, by the type's full name."""
    published_heads: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)
    heard_heads: dict[tuple[str, str], dict[str, tuple[int, str]]] = field(default_factory=dict)
    unsent: int = 0
    due: int = 0
    behind: int = 0
    verified: dict[str, int] = field(default_factory=dict)
    """Check, by service → how much `verify` looked at."""
    findings: list[str] = field(default_factory=list)
    rows_read: dict[str, bytes] = field(default_factory=dict)
    tables_read: dict[str, set[str]] = field(default_factory=dict)
    """Those that hold anything, by service."""
    opened: dict[str, bytes] = field(default_factory=dict)
    """What every sealed document of a service says, with its key: what must be found nowhere."""
    begun: "Played | None" = None
    """As it was when its beginning was told, if somebody looked."""


def play_on(
    system: System,
    data: Path,
    gateway: RecordingGateway,
    story: DemoStory,
    scenes: Sequence[Scene] = SCENES,
) -> Played:
    """Play these scenes, settle, and take down what the databases say."""
    go_on(story, scenes)
    ask = partial(gateway.ask, BILLER)
    files = [export_batch(ask, batch_id, data / "exports") for batch_id in story.batches]
    gateway.catch_up()
    client_ids = {key: chart.client_id for key, chart in story.charts.items()}
    played = Played(
        data=data,
        client_ids=client_ids,
        summary=summarize(gateway, [*story.network.site_ids.values()]),
        files=files,
        acknowledged={given.request.meta.command_id: given.service for given in gateway.given},
        left_out={
            claim.reason
            for given in gateway.given
            for claim in getattr(given.answer, "left_out", ())
        },
    )
    for service in SERVICES:
        with connect(system, service) as connection:
            _take_down(played, service, connection)
    return played


def verify(played: Played, system: System) -> None:
    """Take down what each service says of its own records."""
    with closing(Services(system.addresses, system.people_dir)) as services:
        for service in SERVICES:
            for check in checks_of(services, service):
                played.verified[f"{service}: {check.check}"] = check.looked_at
                played.findings += [f"{found.reason} {found.about}" for found in check.findings]


def hear_of_everybody(played: Played, gateway: RecordingGateway) -> None:
    """Take down what services say of those with a story of their own, who have all come."""
    played.evidence = {name: evidence_of(gateway, played.client_ids[name]) for name in StoryName}


def look_into(played: Played, system: System) -> None:
    """Take down what is asked about one play alone: answers to why, and all that it holds."""
    with closing(Services(system.addresses, system.people_dir)) as services:
        played.answers = take_answers(services, played.client_ids)
    for service in SERVICES:
        with connect(system, service) as connection:
            tables = {name: b"".join(_every_row(connection, name)) for name in _tables(connection)}
        played.tables_read[service] = {name for name, content in tables.items() if content}
        played.rows_read[service] = b"".join(tables.values())
        played.opened[service] = b"\n".join(_every_document(system, service))


def type_names(gateway: RecordingGateway, people: InventedPeople) -> None:
    """Where people type them beside what they record: to find somebody, in drafts, in views."""
    for client in people.clients:
        words = f"{client.given_name} {client.family_name} {client.birth_date}"
        assert gateway.ask(BILLER, search.FindClientsRequest(text=words)).clients, client.key
    names = ", ".join(client.family_name for client in people.clients)
    for service in SERVICES:
        draft = drafts.SaveDraftRequest(form="RegisterClient", content=names.encode())
        gateway.ask(BILLER, draft, service=service)
        view = views.SavedView(
            view_id=str(uuid4()), page="clients", name=names[:100], filters=names.encode()
        )
        gateway.ask(BILLER, views.SaveViewRequest(view=view), service=service)


def connect(system: System, service: str) -> psycopg.Connection[dict[str, Any]]:
    """A service's database, as whoever migrates it: all may be read, and altered."""
    return psycopg.connect(plain(system.databases[service].migrations.url), row_factory=dict_row)


def _take_down(played: Played, service: str, connection: psycopg.Connection[Any]) -> None:
    def rows(query: str) -> list[dict[str, Any]]:
        return connection.execute(query.encode()).fetchall()

    played.contents[service] = [
        (row["kind"], row["row_key"], row["content"])
        for row in rows(
            "SELECT kind, row_key, content FROM derived WHERE current AND NOT withdrawn"
            " ORDER BY kind, row_key"
        )
    ]
    played.commands[service] = {str(row["id"]) for row in rows("SELECT id FROM command")}
    played.private_facts[service] = {
        (str(row["command_id"]), row["type"], row["stream"])
        for row in rows("SELECT command_id, type, stream FROM fact")
    }
    for row in rows("SELECT type, id, body FROM published ORDER BY position"):
        played.published_ids.setdefault(row["type"], set()).add(str(row["id"]))
        if row["type"] == StatementAmended.DESCRIPTOR.full_name:
            amended = StatementAmended.FromString(row["body"]).type
            played.put_right.setdefault(amended, set()).add(str(row["id"]))
        if row["type"] == ClaimIssued.DESCRIPTOR.full_name:
            played.issued.append(ClaimIssued.FromString(row["body"]))
        if row["type"] == AuthorizationRecorded.DESCRIPTOR.full_name:
            played.authorized.append(AuthorizationRecorded.FromString(row["body"]))
    played.published_heads[service] = {
        row["subject"]: (row["last"], str(row["last_id"])) for row in rows("SELECT * FROM sequence")
    }
    for heard in HEARS.get(service, ()):
        played.heard_heads[service, heard] = {
            row["subject"]: (row["sequence"], str(row["id"]))
            for row in rows(f"SELECT * FROM heard_head WHERE topic = 'ninehours.{heard}.v1'")
        }
    played.due += rows("SELECT count(*) AS n FROM owed")[0]["n"]
    played.behind += rows(
        "SELECT count(*) AS n FROM heard_head WHERE behind_to IS NOT NULL OR stopped IS NOT NULL"
    )[0]["n"]
    played.unsent += rows("SELECT count(*) AS n FROM published WHERE sent_at IS NULL")[0]["n"]


def _every_document(system: System, service: str) -> Iterator[bytes]:
    engine = open_database(system.databases[service].processes.url)
    with engine.connect() as connection:
        keys = system.databases[keys_database(service)].processes.url
        vault = vault_on(keys, system.secrets.folder_of(service), service)
        documents = Documents(connection, vault)
        for row in connection.execute(text("SELECT owner, kind, version FROM document")).all():
            document = documents.open(row.owner, row.kind, row.version)
            assert document is not None
            yield document.content
    engine.dispose()
    vault.keys.close()


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    ).fetchall()
    return [row["tablename"] for row in rows]


def _every_row(connection: psycopg.Connection[Any], table: str) -> Iterator[bytes]:
    """Every row of a table, bytes as they are: what a leak would stand in."""
    copy = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        yield from (bytes(row) for row in rows)
