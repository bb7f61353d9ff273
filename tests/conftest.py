"""Real parts for every test that asks: PostgreSQL with fresh, migrated databases, and Kafka."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from xdist.scheduler import LoadScopeScheduling

with warnings.catch_warnings():
    # kafka-python 3.0.12 reads its schemas by deprecated functions, on every import.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    import kafka.admin  # noqa: F401

from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore
from kernel.process import Service
from kernel.services import topic_of
from kernel.store.store import Store
from kernel.vault import Vault
from ninehours.local.servers import LocalServers
from tests.harness.kernel.databases import Database, Databases
from tests.harness.kernel.owner import MIGRATIONS
from tests.harness.signing import make_everybodys, signer_of, write_keys_of_facts

pytest_plugins = ["tests.harness.pure", "tests.harness.console.chromium", "tests.system.calm"]

NewStore = Callable[[Service], Store]

PAGES = "tests/browsed/"  # of one system
# What takes longest, in this order; whoever looks at the calm story finds it played.
FIRST = (
    *("tests/system/test_asking.py", "tests/system/test_tls.py"),
    *("tests/kernel/watching/", "tests/billing/test_convergence.py"),
    *("tests/system/test_chaos.py", PAGES, "tests/system/", "tests/billing/"),
)

# That a machine is busy is no finding; and a finding is told without a long look for its lines.
settings.register_profile(
    "busy",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("fast", settings.get_profile("busy"), max_examples=10)
settings.load_profile("busy")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A worker takes whole files; all about pages is for one of them."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return PAGES if file.startswith(PAGES) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins."""

    def place(item: pytest.Item) -> int:
        begin = (number for number, path in enumerate(FIRST) if item.nodeid.startswith(path))
        return next(begin, len(FIRST))

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests counted, for people to see."""
    for report in terminalreporter.stats.get("passed", []):
        for name, counted in report.user_properties:
            terminalreporter.write_line(f"{name}: {counted}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """An embedded PostgreSQL for the whole run. Nobody pulls its plug or guesses a password."""
    with LocalServers(tmp_path_factory.mktemp("postgres") / "data", kafka=False) as servers:
        with psycopg.connect(servers.admin_url, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("ALTER SYSTEM SET scram_iterations = 1")
            admin.execute("SELECT pg_reload_conf()")
            # Its own password was hashed before.
            admin.execute("SET scram_iterations = 1")
            password = sql.Literal(conninfo_to_dict(servers.admin_url)["password"])
            admin.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))
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
def databases(postgres: LocalServers) -> Iterator[Databases]:
    """What stores lie in; who asks twice gets what the last one no longer needs."""
    with closing(Databases(postgres)) as databases:
        yield databases


@pytest.fixture
def new_store(databases: Databases, secrets_dir: Path) -> Iterator[NewStore]:
    """Makes a service's store on a fresh database of its own, gone after the test."""
    with stores(databases, secrets_dir) as make:
        yield make


@pytest.fixture(scope="module")
def new_store_of_module(databases: Databases, secrets_dir: Path) -> Iterator[NewStore]:
    """The same, gone after the tests of a module."""
    with stores(databases, secrets_dir) as make:
        yield make


@contextmanager
def stores(databases: Databases, secrets_dir: Path) -> Iterator[NewStore]:
    """Makes stores on fresh databases; at its end they are gone."""
    opened: list[tuple[Service, Database]] = []

    def make(service: Service) -> Store:
        database = databases.take(service)
        opened.append((service, database))
        MIGRATIONS[database.name] = database.logins.migrations
        # By views of the engines: what a test listens to there is its own.
        keys = SqlKeyStore(
            database.keys.execution_options(), MountedMasterKeys(secrets_dir, service.name)
        )
        return Store(
            database.engine.execution_options(),
            codec=service.codec,
            topic=topic_of(service.name),
            network="local",
            vault=Vault(keys),
            signer=signer_of(service.name),
        )

    yield make
    for service, database in opened:
        databases.give_back(service, database)
