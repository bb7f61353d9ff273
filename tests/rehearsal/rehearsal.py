"""`overlays/production` runs on this machine as its manifests say; `make rehearsal` alone names it.

What stands in for a cluster (tests/harness/deploy/machine) knows manifests, and nothing of
Ninehours: what is the network's own, its keys and its people, is in here.
"""

import secrets
import shutil
import sys
import time
import venv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.exchange.v1 import listener_service_pb2 as listener

from kernel.rpc.channel import Channel
from kernel.rpc.connections import Connections
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.services import CONSOLE, SERVICES
from kernel.tls.identity import ISSUED, Identity
from ninehours.console.provider.registration import SECRET
from ninehours.local.jars import KAFKA, fetched
from ninehours.local.postgres_tls import binaries
from ninehours.local.secrets import PUBLISHED, MachineSecrets
from ninehours.local.signals import ending_in_order
from ninehours.story import summary, weeks
from ninehours.story.blocks import admit_clients, schedule_sessions
from ninehours.story.catching_up import parked
from ninehours.story.gateway import BILLER, OPERATOR
from ninehours.story.network import PAYERS
from ninehours.story.opening import open_network
from ninehours.story.people import invent_people
from ninehours.story.story import DemoStory
from tests.harness.commands import begin
from tests.harness.deploy.cell import Cell
from tests.harness.deploy.dockerfile import Stage, carried_out
from tests.harness.deploy.kubectl import ROOT
from tests.harness.deploy.machine.broker import Broker
from tests.harness.deploy.machine.cluster import Cluster
from tests.harness.deploy.machine.container import Engine
from tests.harness.deploy.machine.databases import Database, Servers
from tests.harness.deploy.machine.gateway import Answered, led
from tests.harness.deploy.machine.issuing import Secret, certificates, external_secrets, mounted
from tests.harness.deploy.machine.scraping import scraped
from tests.harness.deploy.monitoring import asked, selectors
from tests.rehearsal.commanding import Commanding, of_every_service
from tests.rehearsal.provider import Provider
from tests.rehearsal.today import DAY, Today, later_by

SEED = 7
BEGAN = time.monotonic()


def tell(what: str) -> None:
    """What is done by now, for who waits."""
    sys.stderr.write(f"{time.monotonic() - BEGAN:6.1f} s  {what}\n")


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What was seen."""

    cluster: Cluster
    days: Sequence[events.ServiceDayResolved]
    claims: Sequence[billing.Claim]
    commanding: Commanding
    recorded: Mapping[str, set[str]]
    replaced: Mapping[str, tuple[set[str], set[str]]]
    parked: Mapping[str, Sequence[listener.Parked]]
    verified: str
    shown: Answered
    metrics: set[str]


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    folder = tmp_path_factory.mktemp("rehearsal")
    with ending_in_order(), ExitStack() as stack:
        yield Rehearsal(folder, stack).played()


class Rehearsal:
    """One cell, from its manifests to its end; `stack` ends what is begun, whatever happens."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        stack.callback(shutil.rmtree, folder / "image", ignore_errors=True)
        self._cell = Cell.of("production")
        self._programs, self._jars = binaries(tell), fetched(KAFKA, tell)
        network = self._network = self._cell.environment(self._cell.running[0])
        issuer, audience = network["NINEHOURS_OIDC_ISSUER"], network["NINEHOURS_OIDC_AUDIENCE"]
        here = "127.0.2.2"
        self._provider = Provider(issuer, audience, here, folder / "provider")
        authorities = self._provider.authority.pem.decode()
        self._engine = stack.enter_context(Engine(folder / "engine", authorities))
        stack.enter_context(self._provider)
        self._engine.names.put({self._provider.host: [here]})

    def played(self) -> Rehearsed:
        """Everything in order, until everything ended."""
        cell, engine = self._cell, self._engine
        made = self._secrets()
        starting = engine.soon(self._servers, made)
        stage = self._image()
        tell("the image is made, as the Dockerfile says")
        databases: Mapping[str, Database] = starting.result()
        cluster = Cluster(engine, stage, cell, made, tell)
        engine.together(partial(cluster.run, each) for each in cell.workloads if each.kind == "Job")
        engine.together(partial(cluster.start, each) for each in cell.running)
        tell("everything is ready by its own probes")
        identity = self._entry(made)
        later = later_by(datetime.now(UTC))
        connect = partial(self._connections, identity)
        with Today(connect(), self._provider, later, seed=SEED) as gateway:
            story = DemoStory(gateway=gateway, people=invent_people(SEED))
            for scene in (
                open_network,
                partial(admit_clients, block=1),
                partial(schedule_sessions, block=1),
                partial(weeks.play_day, day=DAY),
            ):
                scene(story)
            gateway.catch_up()
            tell(f"a day of the story was played: {DAY}, as {DAY + later}")
            with Commanding(connect, partial(of_every_service, story)) as commanding:
                replaced = self._rolled_out(cluster)
            gateway.catch_up()
            for payer in PAYERS:
                order = billing.IssueClaimsRequest(
                    payer_id=story.network.payer_ids[payer.key], through=to_date(DAY)
                )
                gateway.give(BILLER, f"issue claims to {payer.key}", order, datetime.now(UTC))
            gateway.catch_up()
            listed, claims = [*summary.service_days(gateway)], [*summary.claims(gateway)]
            waiting = parked(gateway.ask_operator)
        tell("everything is heard")
        verified = self._verified(identity)
        tell("verified")
        shown = self._shown(made)
        metrics = {name for pod in cluster.pods for name in scraped(cell, made, pod)}
        recorded = {name: commands_of(database) for name, database in databases.items()}
        cluster.check()
        engine.together(partial(cluster.stop, each) for each in cell.running)
        tell("everything ended")
        return Rehearsed(
            cluster=cluster,
            days=listed,
            claims=claims,
            commanding=commanding,
            recorded=recorded,
            replaced=replaced,
            parked=waiting,
            verified=verified,
            shown=shown,
            metrics=metrics,
        )

    def _image(self) -> Stage:
        python = self._folder / "python"
        venv.create(python, with_pip=True)  # as a base image has it
        dockerfile = ROOT / "deploy" / "Dockerfile"
        return carried_out(dockerfile, ROOT, self._folder / "image", python / "bin" / "python")

    def _secrets(self) -> dict[str, Secret]:
        """Of all operators; what pods mount has been made by one of them."""
        self._broker = Broker(self._engine, self._cell, self._jars, "127.0.2.1")
        stored = external_secrets(self._cell, store_of_secrets(self._folder / "cell-keys"))
        made = certificates(self._cell) | stored | self._broker.secrets()
        assert not mounted(self._cell, made)
        return made

    def _servers(self, made: Mapping[str, Secret]) -> dict[str, Database]:
        """By service, its record."""
        servers = Servers(self._engine, self._programs)
        servers.initialize()
        databases = {
            each["metadata"]["name"]: Database(servers, each, made, f"127.0.3.{number}")
            for number, each in enumerate(self._cell.all("Cluster"), 1)
        }
        for database in databases.values():
            self._stack.callback(database.stop)
        self._stack.callback(self._broker.stop)
        self._engine.together([self._broker.start, *(each.start for each in databases.values())])
        tell(f"Kafka and {len(databases)} PostgreSQLs are up, under TLS")
        return {service: databases[f"{service}-record"] for service in SERVICES}

    def _entry(self, made: Mapping[str, Secret]) -> Identity:
        """What who asks as a person shows: docs/operations.md, step 6."""
        folder = self._folder / "entry"
        folder.mkdir()
        for name, content in made["entry-tls"].items():
            (folder / name).write_bytes(content)
        return Identity(folder, ISSUED)

    def _connections(self, identity: Identity) -> Connections[Actor]:
        def channel_to(service: str) -> Channel:
            return Channel(address_of(service), service, identity)

        return Connections(channel_to, self._provider.tokens_of)

    def _rolled_out(self, cluster: Cluster) -> dict[str, tuple[set[str], set[str]]]:
        """As docs/operations.md says: streams, then all others; by workload, pods before, after."""
        running = self._cell.running
        before = {each.name: {pod.address for pod in cluster.of(each)} for each in running}
        for kinds in ({"StatefulSet"}, {"Deployment"}):
            these = [each for each in running if each.kind in kinds]
            self._engine.together(partial(cluster.roll_out, each) for each in these)
        return {
            each.name: (before[each.name], {pod.address for pod in cluster.of(each)})
            for each in running
        }

    def _shown(self, made: Mapping[str, Secret]) -> Answered:
        """Where a browser begins, under the address that the console is told."""
        web = self._cell.workload(f"{CONSOLE}-web")
        address = urlsplit(self._cell.environment(web)["NINEHOURS_PUBLIC_ADDRESS"])
        authority = {"ca.crt": made["entry-tls"]["ca.crt"].decode()}  # docs/operations.md, step 6
        host = address.hostname or ""
        return led(self._cell, {f"{CONSOLE}-authority": authority}, host, "/sign-in")

    def _verified(self, identity: Identity) -> str:
        settings = {
            "NINEHOURS_PEERS": ",".join(f"{name}={address_of(name)}" for name in SERVICES),
            "NINEHOURS_RPC_TLS_DIR": str(self._folder / "entry"),
            "NINEHOURS_TOKEN": self._provider.tokens_of(OPERATOR)(),
        }
        with begin("verify", **settings) as command:
            said, wrong = command.communicate()
        return "" if command.returncode == 0 else said + wrong


def store_of_secrets(folder: Path) -> dict[str, Secret]:
    """What docs/operations.md puts into the network's store of secrets."""
    machine = MachineSecrets(folder)
    machine.make()
    store = {"public-keys": files_in(folder / PUBLISHED)}
    roles = ("record-migrations", "record-processes", "keys-migrations", "keys-processes")
    for service in SERVICES:
        store[f"{service}-secrets"] = files_in(machine.folder_of(service))
    own = files_in(machine.folder_of(CONSOLE))
    store[f"{CONSOLE}-secrets"] = {**own, SECRET: secrets.token_hex(24).encode()}
    for service, theirs in {**dict.fromkeys(SERVICES, roles), CONSOLE: roles[:2]}.items():
        for role in theirs:
            store[f"{service}-{role}"] = {"password": secrets.token_hex(24).encode()}
    return store


def files_in(folder: Path) -> Secret:
    """Links left out."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.is_symlink()}


def address_of(service: str) -> str:
    return f"{service}-api:8443"


def commands_of(database: Database) -> set[str]:
    with database.connect("record") as record:
        return {str(found) for (found,) in record.execute("SELECT id FROM command")}


def test_a_day_was_played_and_claims_left(rehearsed: Rehearsed) -> None:
    assert rehearsed.days
    assert rehearsed.claims, Counter(summary.outcome_name(day) for day in rehearsed.days)


def test_each_workload_was_rolled_out_to_the_last_pod(rehearsed: Rehearsed) -> None:
    for name, (before, after) in rehearsed.replaced.items():
        assert len(after) == len(before) == 2, name
        assert not before & after, name


def test_no_command_was_lost_meanwhile_and_none_refused_for_good(rehearsed: Rehearsed) -> None:
    assert rehearsed.commanding.refused == []
    for service in SERVICES:
        given = rehearsed.commanding.ids[service]
        assert len(given) > 10
        assert given <= rehearsed.recorded[service]


def test_nothing_is_parked_and_verify_finds_nothing(rehearsed: Rehearsed) -> None:
    assert not any(rehearsed.parked.values())
    assert rehearsed.verified == ""


def test_browsers_are_led_to_a_page_where_one_signs_in(rehearsed: Rehearsed) -> None:
    assert rehearsed.shown.status == 200
    assert 'action="/sign-in"' in rehearsed.shown.body


def test_every_metric_that_an_alert_or_the_dashboard_names_is_scraped(rehearsed: Rehearsed) -> None:
    named = {each.name for _, expression in asked() for each in selectors(expression)}
    assert named - rehearsed.metrics == set()


def test_every_container_ended_within_its_grace(rehearsed: Rehearsed) -> None:
    ended = rehearsed.cluster.ended
    assert len(ended) == 4 * len(rehearsed.replaced)
    for pod in ended:
        pod.check()
        assert pod.took < pod.grace, pod.name


def test_no_container_took_more_memory_than_it_may(rehearsed: Rehearsed) -> None:
    for pod in rehearsed.cluster.ended:
        assert 0 < pod.most_memory < pod.memory_limit, pod.name
