"""A database is restored to a point in the middle of the story, and the story goes on.

By the commands of docs/operations.md: billing's alone, while the others are ahead and Kafka has
later facts; and all four, Kafka lost too. Named by `make recovery` alone, for it takes a while.
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from ninehours.billing.v1.billing_service_pb2 import IssueClaimsRequest

from kernel.services import SERVICES, topic_of
from ninehours.cli.connection import Services
from ninehours.local.servers import LocalServers
from ninehours.local.system import LocalSystem
from ninehours.story.catching_up import HEARS, parked
from ninehours.story.gateway import connect
from ninehours.story.people import InventedPeople, invent_people
from ninehours.story.plot import ONCE_ISSUED, SCENES, Scene
from ninehours.story.story import DemoStory
from tests.harness.commands import ninehours
from tests.harness.rehearsing import Given, RecordingGateway
from tests.recovery.backup import ROOT, SEND_AGAIN, BackedUp, backed_up, run, said
from tests.recovery.entering import (
    Again,
    FilesSent,
    Left,
    Recalled,
    Tempted,
    exported,
    sent_twice,
)
from tests.system.verified import findings_of

SEED = 7
POINT = "before the roll-out"
BY = "person/biller-1"
BASE = 2  # scenes before the base backup
NAMED = SCENES.index(ONCE_ISSUED[2]) + 1
"""Scenes before the point: claims were issued once, and some were found wrong since."""
LOST, END = (
    1 + next(n for n, scene in enumerate(SCENES) if scene.title.startswith(f"after week {week}:"))
    for week in (4, 6)
)
"""Scenes before the database is lost, and before it is looked at: claims left again each time."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What there was when the database was lost. `files`: by batch, as they were sent."""

    given: list[Given]
    known: set[str]
    files: dict[str, Path]

    @property
    def orders(self) -> list[Given]:
        """By which originals left that the restored database doesn't know of."""
        return [
            given
            for given in self.given
            if isinstance(given.request, IssueClaimsRequest)
            and given.step not in self.known
            and given.answer.batch_ids
        ]


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What was found when the story had gone on."""

    lost: Lost
    tempted: Tempted
    shown: str
    after: dict[str, Path]
    findings: Sequence[str]
    parked: Sequence[object]


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One loss: of which services' databases, and whether of Kafka too."""

    folder: Path
    services: Sequence[str]
    kafka_lost: bool
    people: InventedPeople = field(default_factory=lambda: invent_people(SEED))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def played(self) -> Recovered:
        with backed_up(self.folder / "server") as backed:
            lost = self._until_lost(backed)
            backed.servers.stop()
            if self.kafka_lost:
                shutil.rmtree(self.data / "kafka")
            with backed.restored(self.folder / "restored", POINT) as servers:
                return self._recovered(servers, lost)

    def _system(self, servers: LocalServers) -> LocalSystem:
        apart = dict.fromkeys(self.services, servers)
        return LocalSystem(self.data, progress=lambda _: None, clock="caller", apart=apart)

    def _until_lost(self, backed: BackedUp) -> Lost:
        with (
            self._system(backed.servers) as system,
            RecordingGateway(connect(system.channel_to, system.people_dir), seed=SEED) as gateway,
        ):
            story = DemoStory(gateway=gateway, people=self.people)
            _play(story, SCENES[:BASE])
            backed.back_up()
            _play(story, SCENES[BASE:NAMED])
            known = {given.step for given in gateway.given}
            backed.name_point(POINT)
            _play(story, SCENES[NAMED:LOST])
            files = exported(gateway, story.batches, self.folder / "sent")
            return Lost(given=gateway.given, known=known, files=files)

    def _recovered(self, servers: LocalServers, lost: Lost) -> Recovered:
        logins = servers.create_databases(*self.services)
        for service in self.services:
            self._say_restored(service, logins[service].migrations.url)
            if self.kafka_lost:
                with psycopg.connect(servers.admin_url, dbname=service) as database:
                    database.execute(SEND_AGAIN.encode())
        with self._system(servers) as system:
            for service in self.services:
                for listener in (name for name, heard in HEARS.items() if service in heard):
                    self._say(f"resync {topic_of(service)} --service {listener}")
            shown = self._say("restored show")
            connections = connect(system.channel_to, system.people_dir)
            left = self._left(lost)
            with Again(connections, lost.given, left, seed=SEED) as again:
                return self._gone_on(system, again, left, lost, shown)

    def _left(self, lost: Lost) -> Left:
        if self.kafka_lost:
            return FilesSent(files=lost.files, people=self.people, known=lost.known)
        return Recalled()

    def _gone_on(
        self, system: LocalSystem, again: Again, left: Left, lost: Lost, shown: str
    ) -> Recovered:
        """What was lost is entered again; then the story goes on."""
        again.catch_up()
        if not self.kafka_lost:
            for given in lost.orders:
                left.tempted.issue(again, given)
            self._say("restored recover --reason", "billing was restored")
        story = DemoStory(gateway=again, people=self.people)
        left.story = story
        _play(story, SCENES[:LOST])
        self._say("restored reconcile --reason", "every file was looked at")
        _play(story, SCENES[LOST:END])
        new = {*story.batches} - lost.files.keys() - left.batches
        after = exported(again, new, self.folder / "after")
        services = Services(system.addresses, system.people_dir)
        findings = [
            f"{service}: {finding}"
            for service in SERVICES
            for finding in findings_of(services, service)
        ]
        services.close()
        return Recovered(
            lost=lost,
            tempted=left.tempted,
            shown=shown,
            after=after,
            findings=findings,
            parked=[item for items in parked(again.ask_operator).values() for item in items],
        )

    def _say(self, command: str, *more: str) -> str:
        """To the command line, as the page says it of billing."""
        if "resync" not in command or "billing.v1" in command:
            said(f"ninehours {command}")
        ran = ninehours(*command.split(), *more, "--data", str(self.data))
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def _say_restored(self, service: str, url: str) -> None:
        command = said("python -m services.billing restored").replace("billing", service)
        run(
            [sys.executable, *command.split()[1:]],
            {
                "PYTHONPATH": f"{ROOT}:{ROOT / 'build' / 'generated'}",
                "NINEHOURS_SERVICE": service,
                "NINEHOURS_DATABASE_URL": url,
                "NINEHOURS_SECRETS_DIR": str(self.data / "secrets" / service),
                "NINEHOURS_KAFKA": "127.0.0.1:1",
                "NINEHOURS_ENVIRONMENT": "local",
            },
        )


def _play(story: DemoStory, scenes: Sequence[Scene]) -> None:
    for scene in scenes:
        scene.play(story)
    story.gateway.catch_up()


LOSSES = {"billing alone": (("billing",), False), "all four, and Kafka": (SERVICES, True)}
"""Which services' databases are lost, and whether Kafka is."""


@pytest.fixture(scope="module", params=LOSSES)
def recovered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Recovered:
    services, kafka_lost = LOSSES[request.param]
    folder = tmp_path_factory.mktemp("recovery")
    return Recovery(folder=folder, services=services, kafka_lost=kafka_lost).played()


def test_claims_left_before_the_point_after_it_and_when_all_was_recovered(
    recovered: Recovered,
) -> None:
    assert any(given.step in recovered.lost.known for given in recovered.lost.given)
    assert recovered.lost.orders
    assert recovered.after


def test_until_a_person_said_what_had_left_nothing_leaves(recovered: Recovered) -> None:
    assert recovered.tempted.reasons == {"RESTORED_NOT_RECONCILED"}
    assert recovered.tempted.batches == []
    assert "claims are held" in recovered.shown


def test_no_claim_is_sent_twice(recovered: Recovered) -> None:
    files = [*recovered.lost.files.values(), *recovered.after.values()]
    assert sent_twice(files) == []


def test_everything_is_as_it_must_be(recovered: Recovered) -> None:
    assert recovered.findings == []
    assert recovered.parked == []
