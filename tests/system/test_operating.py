"""Operators on the played story: each wrong done to it is found and named; and their commands.

While a wrong is looked for the streams are frozen: alive, they would mend some of it. (Slow: the
system starts once more.)
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import operating_service_pb2 as pb
from typer.testing import CliRunner, Result

from kernel.rpc.translate import to_date
from kernel.services import SERVICES
from ninehours.cli.app import app
from ninehours.cli.connection import Services
from ninehours.local.system import PROCESSES, LocalSystem
from ninehours.story.catching_up import HEARS
from tests.harness.kernel.counters import until
from tests.system.played import Played, connect
from tests.system.verified import findings_of
from tests.system.wrongs import WRONGS, Connection


@pytest.fixture(scope="module")
def system(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """The story's system, started again on a copy: others look at the story after these."""
    copy = tmp_path_factory.mktemp("operated") / "data"
    shutil.copytree(calm.data, copy)
    with LocalSystem(copy, progress=lambda _: None) as system:
        yield system


@pytest.fixture
def services(system: LocalSystem) -> Iterator[Services]:
    """On connections of this test's own: a server ends old ones, and what streams on them."""
    with closing(Services(system.addresses, system.people_dir)) as services:
        yield services


@contextmanager
def frozen_streams(system: LocalSystem) -> Iterator[None]:
    streams = [pid for name, pid in system.processes.items() if name.endswith("-stream")]
    assert len(streams) == 4
    for pid in streams:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in streams:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def database(system: LocalSystem, service: str) -> Iterator[Connection]:
    with connect(system, service) as connection:
        connection.autocommit = True
        yield connection


@dataclass(frozen=True, kw_only=True)
class Done:
    """Wrongs done to a service at once: what must be named of each, and what verify found."""

    named: Mapping[str, str]
    found: Sequence[str]


@pytest.fixture(scope="module")
def done(system: LocalSystem) -> Mapping[str, Done]:
    """By service. To look through one takes a while: all of its wrongs are looked for at once."""
    looked: dict[str, Done] = {}
    for service in sorted({wrong.service for wrong in WRONGS.values()}):
        with (
            closing(Services(system.addresses, system.people_dir)) as services,
            frozen_streams(system),
            database(system, service) as connection,
            ExitStack() as undone,
        ):
            named = {
                name: undone.enter_context(wrong.do(connection))
                for name, wrong in WRONGS.items()
                if wrong.service == service
            }
            looked[service] = Done(named=named, found=findings_of(services, service))
    return looked


@pytest.mark.parametrize("name", WRONGS)
def test_each_wrong_is_found_and_named(done: Mapping[str, Done], name: str) -> None:
    wrong = WRONGS[name]
    of_service = done[wrong.service]
    named = f"{wrong.reason} {of_service.named[name]}"
    assert [found for found in of_service.found if found.startswith(named)], of_service.found


def test_a_lost_due_key_is_found_and_a_rebuild_mends_it(
    system: LocalSystem, services: Services
) -> None:
    """A new fee makes everybody due; the keys are deleted before anybody derives."""
    with database(system, "billing") as connection:
        with frozen_streams(system):
            set_fee(system, services)
            lost = connection.execute("DELETE FROM due RETURNING key").fetchall()
            assert len(lost) > 50
            found = findings_of(services, "billing")
        assert found
        assert {finding.split(" ")[0] for finding in found} == {"DUE_LOST"}
        clients = {row["key"] for row in lost}
        assert {finding.split(" ")[1].rstrip(":") for finding in found} <= clients
        begun = services.ask("operator", pb.RebuildRequest(), service="billing")
        assert begun.due >= len(clients)  # whom a fee doesn't concern, too: they were declined

        def derived() -> bool:
            counted = services.ask("operator", pb.CountDerivedRequest(), service="billing")
            return bool(counted.due == 0)

        until(derived)
        assert findings_of(services, "billing") == []


def test_what_was_undone_left_nothing_to_find(services: Services) -> None:
    for service in SERVICES:
        assert findings_of(services, service) == []


def ninehours(system: LocalSystem, *arguments: str) -> Result:
    """The command line, asking the running system."""
    command, *rest = arguments
    words = [command, *rest[:1]] if command == "parked" else [command]
    words += ["--data", str(system.servers.folder.path), *arguments[len(words) :]]
    return CliRunner().invoke(app, words)


def test_status_is_well_and_names_every_process(system: LocalSystem) -> None:
    shown = ninehours(system, "status")
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (0, "all is well"), shown.output
    told = json.loads(ninehours(system, "status", "--json").stdout)
    up = {
        f"{service['service']}-{process['name']}": process["up"]
        for service in told["services"]
        for process in service["processes"]
    }
    assert up == dict.fromkeys(set(system.processes) - {"kafka", "postgres"}, True)
    heard = {
        (service["service"], lag["topic"].split(".")[1])
        for service in told["services"]
        for lag in service["lags"]
    }
    assert heard == {(name, owner) for name, owners in HEARS.items() for owner in owners}
    sign = {
        (service["service"], key["use"]): key["seconds"]
        for service in told["services"]
        for key in service["signing_keys"]
        if key["signs"] and not key["unpublished"]
    }
    assert {*sign} == {(name, use) for name in PROCESSES for use in ("tokens", "facts")}
    assert all(0 <= seconds < 86_400 for seconds in sign.values())


def test_what_is_parked_is_listed_shown_and_released(system: LocalSystem) -> None:
    with database(system, "plans") as connection:
        row = connection.execute(
            "WITH held AS (UPDATE heard_head SET stopped = 'PARKED' WHERE (topic, subject) ="
            " (SELECT topic, subject FROM heard_head WHERE subject LIKE 'client/%' LIMIT 1)"
            " RETURNING *) INSERT INTO parked (topic, partition, record_offset, subject, type,"
            " headers, body, error) SELECT topic, 0, 1, subject, 'made.v1.Unheard', '{}', 'body',"
            " 'UnknownType at hearing.py:1' FROM held RETURNING *"
        ).fetchone()
    assert row is not None
    status = ninehours(system, "status")
    assert status.exit_code == 1
    assert "`ninehours parked list --service plans`" in status.stdout
    record = f"record:{row['id']}"
    listed = ninehours(system, "parked", "list")
    assert record in listed.stdout and f"subject:{row['topic']}:{row['subject']}" in listed.stdout
    shown = ninehours(system, "parked", "show", record, "--service", "plans")
    assert "UnknownType at hearing.py:1" in shown.stdout and "4 bytes, not shown" in shown.stdout
    assert (
        ninehours(
            system, "parked", "release", record, "--service", "plans", "--reason", "why"
        ).exit_code
        == 0
    )
    with database(system, "plans") as connection:

        def set_aside() -> list[int]:
            """Its owner never had it: it holds up nobody, and isn't lost."""
            rows = connection.execute("SELECT id FROM parked WHERE subject IS NULL").fetchall()
            return [row["id"] for row in rows]

        until(lambda: bool(set_aside()))
        [number] = set_aside()
    assert ninehours(system, "parked", "show", record, "--service", "plans").exit_code == 3
    gone = ("parked", "give-up", f"record:{number}", "--service", "plans", "--reason", "a test")
    assert ninehours(system, *gone).exit_code == 0
    until(lambda: ninehours(system, "status").exit_code == 0)


def test_a_rebuild_changes_nothing(system: LocalSystem) -> None:
    told = json.loads(ninehours(system, "rebuild", "--json").stdout)
    assert {name: numbers["changed"] for name, numbers in told.items()} == dict.fromkeys(
        SERVICES, 0
    )
    assert told["plans"]["keys"] > 50 and told["billing"]["keys"] > 50


def test_tail_shows_every_fact_once_and_no_value_unless_asked(
    system: LocalSystem,
) -> None:
    with database(system, "attendance") as connection:
        rows = connection.execute("SELECT id FROM published ORDER BY position").fetchall()
    asked = ("tail", "--from-start", "--service", "attendance", "-n", str(len(rows)), "--json")
    lines = [json.loads(line) for line in ninehours(system, *asked).stdout.splitlines()]
    assert [line["id"] for line in lines] == [str(row["id"]) for row in rows]
    assert {"payload"} & {key for line in lines for key in line} == set()
    [one] = ninehours(
        system, "tail", "--from-start", "--type", "SessionAttended", "-n", "1", "--payload"
    ).stdout.splitlines()
    assert '"minutes": ' in one


def set_fee(system: LocalSystem, services: Services) -> None:
    """A provider's fee, from the middle of the story on."""
    with database(system, "billing") as connection:
        row = connection.execute(
            "SELECT body FROM fact WHERE type = 'billing.fee_set.v1'"
            " AND body->>'code' = 'H0015' ORDER BY stream LIMIT 1"
        ).fetchone()
    assert row is not None
    services.ask(
        "biller",
        billing.SetFeeRequest(
            meta=common.CommandMeta(command_id=str(uuid4())),
            provider_id=row["body"]["provider_id"],
            code="H0015",
            charge=common.Money(currency_code="USD", minor_units=12_345),
            effective_from=to_date(date(2026, 1, 2)),
        ),
    )
