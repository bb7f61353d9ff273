"""Real parts for every test that asks: PostgreSQL with fresh, migrated databases, and Kafka."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.scheduler import LoadScopeScheduling

with warnings.catch_warnings():
    # kafka-python 3.0.12 reads its schemas by deprecated functions, on every import.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    import kafka.admin  # noqa: F401

from kernel.keys.privileges import KEY_STORE
from kernel.keys.store import migrate_keys
from kernel.process import Service
from kernel.services import topic_of
from kernel.store.database import migrate, open_database
from kernel.store.privileges import RECORD
from kernel.store.roles import RoledDatabase, act_as_owner, grant
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from tests.harness.kernel.keys import vault_on
from tests.harness.kernel.owner import MIGRATIONS
from tests.harness.signing import make_everybodys, signer_of, write_keys_of_facts

pytest_plugins = ["tests.harness.pure"]

NewStore = Callable[[Service], Store]

STORY = "tests/system/"

# That a machine is busy is no finding; and a finding is told without a long look for its lines.
settings.register_profile(
    "busy",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("fast", settings.get_profile("busy"), max_examples=10)
settings.load_profile("busy")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A worker takes whole files; everything about the played story is for one of them."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return STORY if file.startswith(STORY) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins."""
    items.sort(key=lambda item: not item.nodeid.startswith(STORY))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests counted, for people to see."""
    for report in terminalreporter.stats.get("passed", []):
        for name, counted in report.user_properties:
            terminalreporter.write_line(f"{name}: {counted}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """An embedded PostgreSQL for the whole run. Nobody pulls its plug: it waits for no disk."""
    with LocalServers(tmp_path_factory.mktemp("postgres") / "data", kafka=False) as servers:
        with psycopg.connect(servers.admin_url, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        yield servers


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """An embedded Kafka, for the whole run, started when the first test asks."""
    with LocalServers(tmp_path_factory.mktemp("kafka") / "data", postgres=False) as servers:
        yield servers


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of every service and of people."""
    folder: Path = tmp_path_factory.mktemp("secrets")
    make_everybodys(folder)
    write_keys_of_facts(folder)
    return folder


@pytest.fixture(scope="session")
def templates() -> dict[Path, str]:
    """Migrations of a service → a migrated, empty database, that others are copied from."""
    return {}


@pytest.fixture
def new_store(
    postgres: LocalServers, secrets_dir: Path, templates: dict[Path, str]
) -> Iterator[NewStore]:
    """Makes a service's store on a fresh database of its own, gone after the test."""
    with stores(postgres, secrets_dir, templates) as make:
        yield make


@pytest.fixture(scope="module")
def new_store_of_module(
    postgres: LocalServers, secrets_dir: Path, templates: dict[Path, str]
) -> Iterator[NewStore]:
    """The same, gone after the tests of a module."""
    with stores(postgres, secrets_dir, templates) as make:
        yield make


@contextmanager
def stores(
    postgres: LocalServers, secrets_dir: Path, templates: dict[Path, str]
) -> Iterator[NewStore]:
    """Makes stores on fresh databases; at its end they are gone."""
    opened: list[tuple[Store, str]] = []

    def make(service: Service) -> Store:
        # By its migrations: a test's own service may have the name of a real one.
        if service.migrations not in templates:
            template = f"template_{len(templates)}"
            engine = open_database(postgres.create_database(template).migrations.url)
            privileges = {**RECORD, **service.privileges, **KEY_STORE}
            database = RoledDatabase(engine, template, privileges)
            act_as_owner(database)
            templates[service.migrations] = template
            migrate(engine, [service.migrations])
            # For speed a test's key store lies in the same database, where nothing is claimed of
            # lying apart: it has connections and tables of its own.
            migrate_keys(engine)
            grant(database)
            engine.dispose()
        name = f"{service.name}_{next(NUMBERS)}"
        logins = postgres.create_database(name, template=templates[service.migrations])
        MIGRATIONS[name] = logins.migrations
        url = logins.processes.url
        store = Store(
            open_database(url, pool=10),
            codec=service.codec,
            topic=topic_of(service.name),
            network="local",
            vault=vault_on(url, secrets_dir, service.name),
            signer=signer_of(service.name),
        )
        opened.append((store, name))
        return store

    yield make
    for store, name in opened:
        store.close()
        postgres.drop_database(name)


NUMBERS = count(1)
