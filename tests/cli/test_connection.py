"""Which system a command asks, as whom, and how it ends: every exit code provoked for real."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.config import Settings
from kernel.process import Service
from kernel.rpc.policy import Scope
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.rpc.verifier import Verifier
from kernel.store.store import Store
from kernel.watching.health import Health
from ninehours.local.folder import Running, forget_running, keep_running, running_on
from ninehours.local.probes import LOOPBACK, free_ports
from services.billing.__main__ import SERVICE as BILLING
from services.billing.api.work import SERVICE as WORK
from services.intake.__main__ import SERVICE, servicers
from tests.billing.test_put_right import said
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import Desk
from tests.harness.kernel.tables import every_table

ROOT = Path(__file__).resolve().parents[2]
PURPOSES = {"clinician": "TREATMENT", "front_desk": "OPERATIONS", "administrator": "OPERATIONS"}
TokenOf = Callable[[str], str]


def ninehours(
    *arguments: str, stdin: str = "", **settings: str
) -> "subprocess.CompletedProcess[str]":
    """The command line with these settings and none of the test's own."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "build" / "generated")))
    inherited = {name: value for name, value in os.environ.items() if "NINEHOURS" not in name}
    return subprocess.run(
        [sys.executable, "-m", "ninehours.cli", *arguments],
        env={**inherited, "PYTHONPATH": paths, **settings},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def token_of(secrets_dir: Path) -> TokenOf:
    issuer = Issuer(secrets_dir, "people")
    return lambda role: issuer.token(
        "staff/ada", [role], ["*"], PURPOSES[role], timedelta(minutes=5)
    )


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> Desk:
    return Desk(new_store(SERVICE))


@contextmanager
def answering(
    service: Service, store: Store, answers: Mapping[Any, object], settings: Settings
) -> Iterator[str]:
    """Where in NINEHOURS_PEERS it answers, on this machine."""
    server = Server(
        answers,
        verifier=Verifier(settings.secrets_dir),
        scope=Scope(store, service.kinds()),
        settings=settings,
        health=Health(lambda: True),
    )
    server.start()
    yield f"{service.name}={LOOPBACK}:{server.port}"
    server.stop(0)


@pytest.fixture
def settings(secrets_dir: Path) -> Settings:
    return Settings(
        service="intake",
        database_url="postgresql://nobody:hush@127.0.0.1:1/none",  # type: ignore[arg-type]
        secrets_dir=secrets_dir,
        environment="test",
        network="test",
        listen=f"{LOOPBACK}:0",
    )


@pytest.fixture
def peers(desk: Desk, settings: Settings) -> Iterator[str]:
    """NINEHOURS_PEERS of an intake that answers on this machine."""
    with answering(SERVICE, desk.store, servicers(desk.store, settings), settings) as peer:
        yield peer


def test_a_system_far_away_is_asked_by_its_addresses_and_a_token(
    desk: Desk, peers: str, token_of: TokenOf
) -> None:
    client_id = desk.registered()
    ran = ninehours(
        "clients", "--json", NINEHOURS_PEERS=peers, NINEHOURS_TOKEN=token_of("front_desk")
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert [client["client_id"] for client in told["clients"]] == [client_id]


def test_any_rpc_is_called_by_its_name_with_json_from_stdin(
    desk: Desk, peers: str, token_of: TokenOf
) -> None:
    desk.registered()
    far = {"NINEHOURS_PEERS": peers, "NINEHOURS_TOKEN": token_of("front_desk")}
    body = '{"page_size": 1}'
    ran = ninehours("rpc", "call", "intake", "ListClients", "--json-body", "-", stdin=body, **far)
    assert (ran.returncode, len(json.loads(ran.stdout)["clients"])) == (0, 1), ran.stderr
    wrong = ninehours("rpc", "call", "intake", "ListClients", "--json-body", '{"no": 1}', **far)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Its fields: site_id, program_id" in wrong.stderr
    refused = ninehours(
        "rpc", "call", "intake", "ListClients", "--json-body", '{"page_size": -1}', **far
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "  page_size: is not between 0 and 1000\n" in refused.stderr
    unknown = ninehours("rpc", "call", "intake", "Nothing", **far)
    assert (unknown.returncode, unknown.stdout) == (3, "")


def test_a_dry_run_prints_what_billing_foresees_of_it_and_records_nothing(
    new_store: Callable[[Service], Store], settings: Settings, token_of: TokenOf
) -> None:
    house = House(Desk(new_store(SERVICE)), Office(new_store(BILLING)))
    client_id = house.admit()
    admission = said(house, client_id, "admission")
    body = {
        "statement": {"statement_id": admission.statement_id, "revision": 1},
        "correction": {"reason": "CORRECTION_REASON_WRONG_CLIENT", "remark": "of somebody else"},
    }
    before = every_table(house.desk.store)
    desk, office = house.desk.store, house.office
    with (
        answering(SERVICE, desk, servicers(desk, settings), settings) as intake,
        answering(BILLING, office.store, {WORK: office.work}, settings) as billing,
    ):
        ran = ninehours(
            "rpc",
            "call",
            "intake",
            "VoidStatement",
            "--dry-run",
            "--json-body",
            json.dumps(body),
            NINEHOURS_PEERS=f"{intake},{billing}",
            NINEHOURS_TOKEN=token_of("clinician"),
        )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["label"] == "HYPOTHETICAL"
    assert [fact["subject"] for fact in told["facts"]] == [f"client/{client_id}"]
    [foreseen] = told["foreseen"]
    assert len(foreseen["client"]["days"]) == 3
    assert every_table(house.desk.store) == before


def test_what_an_rpc_takes_is_shown_to_be_filled_in(peers: str, token_of: TokenOf) -> None:
    far = {"NINEHOURS_PEERS": peers, "NINEHOURS_TOKEN": token_of("front_desk")}
    ran = ninehours("rpc", "show", "intake", "EndCoverage", **far)
    assert ran.returncode == 0, ran.stderr
    assert "front_desk, biller; for " in ran.stderr
    shape = json.loads(ran.stdout)
    assert shape["client_id"] == "id"
    assert shape["reason"].startswith("COVERAGE_END_REASON_TERMINATED or ")


def test_a_command_that_names_no_id_of_its_own_is_given_one(
    desk: Desk, peers: str, token_of: TokenOf
) -> None:
    client_id = desk.registered()
    far = {"NINEHOURS_PEERS": peers, "NINEHOURS_TOKEN": token_of("administrator")}
    body = json.dumps({"client_id": client_id})
    ran = ninehours("rpc", "call", "intake", "AskToForget", "--json-body", body, **far)
    assert (ran.returncode, "RETENTION_UNSET" in ran.stderr) == (1, True)


def test_a_question_has_no_dry_run(peers: str, token_of: TokenOf) -> None:
    far = {"NINEHOURS_PEERS": peers, "NINEHOURS_TOKEN": token_of("front_desk")}
    ran = ninehours("rpc", "call", "intake", "ListClients", "--dry-run", **far)
    assert (ran.returncode, "only a command has a dry run" in ran.stderr) == (2, True)


def test_what_no_person_may_call_is_told_from_the_servers_own_description(
    peers: str, token_of: TokenOf
) -> None:
    far = {"NINEHOURS_PEERS": peers, "NINEHOURS_TOKEN": token_of("front_desk")}
    listed = ninehours("rpc", "ls", "intake", "--json", **far)
    roles = {rpc["method"]: rpc["roles"] for rpc in json.loads(listed.stdout)["rpcs"]}
    assert roles["ReadIdentities"] == ["service:billing"]
    ran = ninehours("rpc", "call", "intake", "ReadIdentities", **far)
    assert (ran.returncode, ran.stdout) == (5, "")
    assert "it takes service:billing" in ran.stderr


def test_usage_ends_with_2(peers: str, token_of: TokenOf, tmp_path: Path) -> None:
    nobody = ninehours("clients", NINEHOURS_PEERS=peers)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "who is asking?" in nobody.stderr
    elsewhere = ninehours("census", NINEHOURS_PEERS=peers, NINEHOURS_TOKEN="any")
    assert (elsewhere.returncode, "names no plans" in elsewhere.stderr) == (2, True)
    assert ninehours("client", "Ada", NINEHOURS_PEERS=peers, NINEHOURS_TOKEN="any").returncode == 2
    somebody = ("rpc", "call", "intake", "ListClients", "--as", "staff/ada")
    far = ninehours(*somebody, NINEHOURS_PEERS=peers, NINEHOURS_TOKEN=token_of("front_desk"))
    assert (far.returncode, "who asks is told by NINEHOURS_TOKEN" in far.stderr) == (2, True)
    far = ninehours(
        *somebody[:-2],
        "--purpose",
        "TREATMENT",
        NINEHOURS_PEERS=peers,
        NINEHOURS_TOKEN=token_of("front_desk"),
    )
    assert (far.returncode, "for what is told by NINEHOURS_TOKEN" in far.stderr) == (2, True)
    unheard_of = ninehours("token", "janitor", "--data", str(tmp_path))
    assert (unheard_of.returncode, unheard_of.stdout) == (2, "")
    assert "front_desk, clinician, biller, administrator, operator" in unheard_of.stderr


def test_nothing_there_ends_with_3(tmp_path: Path) -> None:
    for command in (["clients"], ["token", "biller"]):
        ran = ninehours(*command, "--data", str(tmp_path / "nothing"))
        assert (ran.returncode, ran.stdout) == (3, "")
        assert "there is no system in" in ran.stderr
    assert not (tmp_path / "nothing").exists()


def test_denied_ends_with_5(peers: str, token_of: TokenOf) -> None:
    unbelieved = ninehours("clients", NINEHOURS_PEERS=peers, NINEHOURS_TOKEN="nobody's")
    assert (unbelieved.returncode, "TOKEN_INVALID" in unbelieved.stderr) == (5, True)
    wrong_role = ninehours(
        "clients", NINEHOURS_PEERS=peers, NINEHOURS_TOKEN=token_of("administrator")
    )
    assert (wrong_role.returncode, "ROLE_NOT_ALLOWED" in wrong_role.stderr) == (5, True)


def test_nobody_there_ends_with_6(token_of: TokenOf) -> None:
    [port] = free_ports(1)
    ran = ninehours(
        "rpc",
        "ls",
        "intake",
        NINEHOURS_PEERS=f"intake={LOOPBACK}:{port}",
        NINEHOURS_TOKEN=token_of("front_desk"),
    )
    assert (ran.returncode, ran.stdout) == (6, ""), ran.stderr


def test_a_token_is_for_one_role_its_sites_and_its_time(secrets_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "people").symlink_to(secrets_dir)
    site = "51000000-0000-4000-8000-000000000001"
    ran = ninehours(
        "token", "clinician", "--site", site, "--lifetime", "5m", "--data", str(tmp_path)
    )
    assert ran.returncode == 0, ran.stderr
    actor = Verifier(secrets_dir).actor(ran.stdout.strip())
    assert (actor.roles, actor.sites, actor.purpose) == ({"clinician"}, {site}, "TREATMENT")
    named = ninehours("token", "clinician", "--as", "staff/ada", "--data", str(tmp_path))
    assert Verifier(secrets_dir).actor(named.stdout.strip()).id == "staff/ada"
    for wrong in (
        ["--as", "service/plans"],
        ["--lifetime", "forever"],
        ["--lifetime", "31d"],
        ["--purpose", "FUN"],
    ):
        assert ninehours("token", "biller", *wrong, "--data", str(tmp_path)).returncode == 2


def test_addresses_are_those_of_a_launcher_that_lives(tmp_path: Path) -> None:
    running = Running({"intake": f"{LOOPBACK}:1"})
    assert running_on(tmp_path) is None
    with (tmp_path / "launcher.lock").open("wb") as lock:
        keep_running(tmp_path, running)
        assert running_on(tmp_path) is None, "left behind by one that was killed"
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert running_on(tmp_path) == running
        forget_running(tmp_path)
        assert running_on(tmp_path) is None, "still starting"


def test_the_invented_names_are_told_without_starting_anything(tmp_path: Path) -> None:
    ran = ninehours("demo", "--names", "--json", "--seed", "8", "--data", str(tmp_path / "data"))
    told = json.loads(ran.stdout)
    assert (told["seed"], len({client["family_name"] for client in told["clients"]})) == (8, 60)
    assert not (tmp_path / "data").exists()
