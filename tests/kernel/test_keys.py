"""Where owners' keys are kept, how they came there, and what brings nobody back."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql
from sqlalchemy import URL, Engine, event, make_url

from kernel.keys import moving
from kernel.keys.forgetting import apply_registers, forget
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.moving import KeysNotMoved, move_keys
from kernel.keys.ports import KeyLost, KeyStore, OwnerForgotten
from kernel.keys.privileges import KEY_STORE
from kernel.keys.sealing import encrypt
from kernel.keys.store import KEPT_SECONDS, SqlKeyStore, migrate_keys
from kernel.secrets import master_keys
from kernel.store.database import open_database
from kernel.store.documents import context_of
from kernel.store.privileges import OWNER, PROCESSES
from kernel.store.roles import RoledDatabase, act_as_owner, grant
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.vault import Vault
from ninehours.local.databases import Logins, plain
from ninehours.local.servers import LocalServers
from tests.harness.kernel.consumers import consumer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    COUNTER,
    EVE,
    Count,
    ask,
    context,
    executor_of,
    until,
)
from tests.harness.kernel.databases import send_away
from tests.harness.kernel.keys import KeysInMemory, keys_of, keys_url
from tests.harness.kernel.owner import as_owner, owning

AT = datetime(2026, 11, 29, tzinfo=UTC)
OPENED: list[Store] = []
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Master keys of `counting`, of this test alone."""
    (tmp_path / "counting.master").write_bytes(b64encode(bytes(range(32))))
    return tmp_path


def other_process(store: Store, folder: Path) -> Store:
    """The same record, opened by another process with the keys of this folder."""
    return opened_on(store, store.engine, keys_url(store), folder)


def opened_on(store: Store, data: Engine, url: str, folder: Path) -> Store:
    masters = MountedMasterKeys(folder, "counting")
    other = Store(
        data,
        codec=store.codec,
        topic=store.topic,
        network=store.network,
        vault=Vault(SqlKeyStore(open_database(url, pool=4), masters)),
        signer=store.signer,
    )
    OPENED.append(other)
    return other


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every process that a test opens gives its connections back."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture(scope="module")
def apart(postgres: LocalServers) -> Iterator[Logins]:
    """A key store's database, apart from all data."""
    logins = postgres.create_database("apart")
    database = RoledDatabase(open_database(logins.migrations.url), "apart", KEY_STORE)
    act_as_owner(database)
    migrate_keys(database.engine)
    grant(database)
    database.engine.dispose()
    yield logins
    postgres.drop_database("apart")


@pytest.fixture
def record(counting: Store, folder: Path, apart: Logins) -> Store:
    """A record whose key store lies apart, and is empty."""
    with psycopg.connect(plain(apart.migrations.url)) as connection:
        connection.execute("TRUNCATE owner_key, destroyed_key, master_key")
    with as_owner(counting) as tx:
        tx.execute("DROP TABLE owner_key, destroyed_key, master_key")
    return opened_on(counting, counting.engine, apart.processes.url, folder)


def opened(store: Store, owner: str, kind: str = "note") -> bytes | None:
    with store.transaction() as tx:
        document = tx.documents.open(owner, kind)
    return document and document.content


def put(store: Store, owner: str, content: bytes, kind: str = "note") -> int:
    with store.transaction() as tx:
        return tx.documents.put(owner, kind, content)


# The port's contract, of the real one and of the one in memory


@pytest.fixture(params=["real", "in memory"])
def keys(request: pytest.FixtureRequest) -> KeyStore:
    if request.param == "in memory":
        return KeysInMemory()
    real: Store = request.getfixturevalue("record")
    return real.vault.keys


def test_an_owner_has_one_key_however_often_it_is_made(keys: KeyStore) -> None:
    assert keys.find(ADA) is None
    made = keys.make(ADA)
    assert len(made) == 32
    assert keys.make(ADA) == keys.find(ADA) == made
    assert keys.make(BOB) != made
    assert keys.digesting() == keys.digesting()
    assert keys.digesting() not in (made, keys.make(BOB))


def test_a_destroyed_key_is_never_made_again(keys: KeyStore) -> None:
    keys.make(ADA)
    keys.destroy({ADA: AT, EVE: AT})
    keys.destroy({ADA: datetime.now(UTC)})
    assert keys.destroyed() == {ADA: AT, EVE: AT}
    for owner in (ADA, EVE):
        with pytest.raises(OwnerForgotten):
            keys.find(owner)
        with pytest.raises(OwnerForgotten):
            keys.make(owner)
    keys.make(BOB)


def test_keys_that_were_fetched_are_those_that_are_found(keys: KeyStore) -> None:
    made = {owner: keys.make(owner) for owner in (ADA, BOB)}
    keys.destroy({EVE: AT})
    keys.fetch([ADA, BOB, EVE, "client/nobody"])
    assert {owner: keys.find(owner) for owner in made} == made
    assert keys.find("client/nobody") is None
    with pytest.raises(OwnerForgotten):
        keys.find(EVE)


def test_the_newest_documents_of_many_take_one_question_to_the_key_store(record: Store) -> None:
    owners = [f"client/{number}" for number in range(5)]
    for owner in owners:
        put(record, owner, b"first")
        put(record, owner, f"of {owner}".encode())
    keys = record.vault.keys
    assert isinstance(keys, SqlKeyStore)
    fresh = replace(record, vault=Vault(SqlKeyStore(keys.engine, keys.masters)))
    asked: list[str] = []
    event.listen(keys.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with fresh.transaction() as tx:
        found = tx.documents.newest([*owners, "client/none"], "note")
    assert {owner: document.content for owner, document in found.items()} == {
        owner: f"of {owner}".encode() for owner in owners
    }
    assert len(asked) == 1
    keys.destroy({owners[0]: AT})
    with record.transaction() as tx:
        assert set(tx.documents.newest(owners, "note")) == set(owners[1:])


# Kept apart


def test_of_two_processes_that_make_a_key_at_once_one_holds(record: Store, folder: Path) -> None:
    stores = [other_process(record, folder) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda store: store.vault.keys.make(ADA), stores))
    assert len(made) == 1


def test_a_key_is_kept_before_anything_is_sealed_under_it(record: Store, folder: Path) -> None:
    """Whatever becomes of the transaction, at most an unused key is left."""
    with pytest.raises(ZeroDivisionError), record.transaction() as tx:
        tx.documents.put(ADA, "note", b"text")
        assert other_process(record, folder).vault.keys.find(ADA) is not None
        raise ZeroDivisionError
    assert opened(record, ADA) is None
    put(record, ADA, b"text")
    assert opened(other_process(record, folder), ADA) == b"text"


def test_the_database_of_the_data_holds_nothing_that_opens_it(record: Store) -> None:
    put(record, ADA, b"text")
    tables = ask(record, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = {row.tablename for row in tables}
    assert "document" in names
    assert "owner_key" not in names
    key = record.vault.keys.find(ADA)
    assert key is not None
    with keys_of(record).engine.begin() as connection:
        [row] = connection.execute(text("SELECT * FROM owner_key WHERE owner = :o"), {"o": ADA})
    assert key not in bytes(row.wrapped)


def test_a_key_store_that_lost_a_key_makes_no_other_in_its_place(record: Store) -> None:
    put(record, ADA, b"text")
    keys = keys_of(record)
    with keys.engine.begin() as connection:
        connection.execute(text("DELETE FROM owner_key WHERE owner = :o"), {"o": ADA})
    assert keys.read_back(ADA) is None
    for attempt in (lambda: opened(record, ADA), lambda: put(record, ADA, b"more")):
        with pytest.raises(KeyLost):
            attempt()
    assert keys.find(ADA) is None


def test_another_process_opens_nothing_of_whom_was_forgotten_after_the_time_it_remembers(
    record: Store, folder: Path
) -> None:
    now = [0.0]
    masters = MountedMasterKeys(folder, "counting")
    slow = SqlKeyStore(keys_of(record).engine, masters, clock=lambda: now[0])
    key = slow.make(ADA)
    record.vault.keys.destroy({ADA: AT})
    assert slow.find(ADA) == key
    now[0] += KEPT_SECONDS
    with pytest.raises(OwnerForgotten):
        slow.find(ADA)


# Moved out of the data


def of_before(store: Store, folder: Path, owners: list[str]) -> None:
    """Documents and keys as the release before kept them, wrapped under the first master key."""
    master = master_keys(folder, "counting").files["first"].key
    wrapping = AESGCM(wrapping_of(master))
    with store.engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE data_key (owner text PRIMARY KEY, wrapped bytea NOT NULL)")
        )
        for owner in owners:
            key = AESGCM.generate_key(256)
            wrapped = encrypt(wrapping, key, b"ninehours data key/1")
            content = encrypt(AESGCM(key), owner.encode(), context_of(owner, "note", 1))
            connection.execute(
                text("INSERT INTO data_key VALUES (:o, :w)"), {"o": owner, "w": wrapped}
            )
            connection.execute(
                text("INSERT INTO document VALUES (:o, 'note', 1, :sealed, :digest)"),
                {"o": owner, "sealed": content, "digest": b""},
            )


def wrapping_of(master: bytes) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ninehours wrapping/1")
    return hkdf.derive(master)


def is_gone(store: Store) -> bool:
    [[table]] = ask(store, "SELECT to_regclass('data_key')")
    return table is None


@pytest.fixture
def moved_by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 2)


@pytest.mark.usefixtures("moved_by_two")
def test_keys_of_before_are_moved_and_open_what_they_sealed(
    moving_record: Store, folder: Path
) -> None:
    owners = [f"client/{n}" for n in range(5)]
    of_before(moving_record, folder, owners)
    assert move_keys(moving_record.engine, keys_of(moving_record)) == 5
    assert is_gone(moving_record)
    assert [opened(moving_record, owner) for owner in owners] == [o.encode() for o in owners]
    assert move_keys(moving_record.engine, keys_of(moving_record)) == 0


@pytest.mark.usefixtures("moved_by_two")
def test_moving_that_is_broken_off_anywhere_goes_on(
    moving_record: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [f"client/{n}" for n in range(5)]
    of_before(moving_record, folder, owners)
    keys = keys_of(moving_record)
    put_whole, left = keys.put, [2]

    def broken(them: dict[str, bytes]) -> None:
        put_whole(them)
        left[0] -= 1
        if not left[0]:
            raise ConnectionError  # copied, and not deleted yet

    monkeypatch.setattr(keys, "put", broken)
    with pytest.raises(ConnectionError):
        move_keys(moving_record.engine, keys)
    assert len(ask(moving_record, "SELECT * FROM data_key")) > 2
    move_keys(moving_record.engine, keys)
    assert is_gone(moving_record)
    assert [opened(moving_record, owner) for owner in owners] == [o.encode() for o in owners]


def test_keys_that_no_master_key_opens_stay_where_they_are(
    moving_record: Store, folder: Path
) -> None:
    of_before(moving_record, folder, [ADA])
    ask(moving_record, "UPDATE data_key SET wrapped = wrapped || '\\x00' RETURNING 1")
    with pytest.raises(KeysNotMoved, match="another master key") as refused:
        move_keys(moving_record.engine, keys_of(moving_record))
    assert ADA not in str(refused.value)
    assert len(ask(moving_record, "SELECT * FROM data_key")) == 1


def test_a_key_that_the_key_store_has_otherwise_is_not_moved(
    moving_record: Store, folder: Path
) -> None:
    of_before(moving_record, folder, [ADA])
    keys_of(moving_record).make(ADA)
    with pytest.raises(KeysNotMoved, match="another key of an owner"):
        move_keys(moving_record.engine, keys_of(moving_record))
    assert len(ask(moving_record, "SELECT * FROM data_key")) == 1


def test_whom_was_forgotten_an_old_backup_does_not_bring_back(
    moving_record: Store, folder: Path
) -> None:
    """The backup is of before this release: the key lies in it, and the register doesn't."""
    of_before(moving_record, folder, [ADA, BOB])
    keys_of(moving_record).destroy({ADA: AT})
    move_keys(moving_record.engine, keys_of(moving_record))
    apply_registers(moving_record.engine, keys_of(moving_record))
    assert (opened(moving_record, ADA), opened(moving_record, BOB)) == (None, BOB.encode())
    assert ask(moving_record, "SELECT owner FROM document") == [(BOB,)]


def test_commands_of_before_are_not_digested_anew_without_the_first_master_key(
    moving_record: Store, folder: Path
) -> None:
    executor_of(moving_record).execute(COUNTER, "counter/1", Count(ADA, 1), context())
    (folder / "counting.master").rename(folder / "counting.master.2027")
    later = other_process(moving_record, folder)
    with pytest.raises(KeysNotMoved, match="first master key"):
        move_keys(later.engine, keys_of(later))


@pytest.fixture
def moving_record(record: Store) -> Store:
    """As the migrations leave it before keys are moved, for whoever migrates."""
    with as_owner(record) as tx:
        tx.execute("DROP TABLE IF EXISTS data_key")
    return owning(record)


# Wrapped anew


def use(folder: Path, master: str) -> None:
    (folder / f"counting.master.{master}").write_bytes(b64encode(AESGCM.generate_key(256)))
    (folder / "counting.master-in-use").write_text(master)


WRAPPING = """
import sys
from pathlib import Path
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore
from kernel.store.database import open_database
keys = SqlKeyStore(open_database(sys.argv[1]), MountedMasterKeys(Path(sys.argv[2]), "counting"))
while True:
    print(keys.rewrap(1), flush=True)
"""


def killed_while_wrapping(store: Store, folder: Path, *, after: int) -> None:
    """A process that wraps key by key, and is killed at some moment after so many."""
    url = keys_of(store).engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", WRAPPING, url, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(after)] == ["1\n"] * after
        process.kill()


def test_everything_is_wrapped_anew_while_others_write_and_the_old_master_key_removed(
    record: Store, folder: Path
) -> None:
    command = context()
    executor = executor_of(record)
    first = executor.execute(COUNTER, "counter/1", Count(ADA, 5), command)
    owners = [f"client/{n}" for n in range(30)]
    for owner in owners:
        put(record, owner, owner.encode())
    digest = record.vault.digest(b"Jane")
    use(folder, "2027")
    processes = [other_process(record, folder) for _ in range(3)]

    def write(n: int) -> None:
        put(processes[n % 3], f"client/{n % 60}", b"more", kind=f"note/{n}")

    with ThreadPoolExecutor(3) as threads:
        written = threads.map(write, range(120))
        killed_while_wrapping(record, folder, after=7)
        while keys_of(processes[0]).rewrap(4):
            pass
        list(written)
    (folder / "counting.master").unlink()
    later = other_process(record, folder)
    [only] = later.vault.keys.uses()
    assert (only.master, only.wraps, only.in_use, only.is_here) == ("2027", 61, True, True)
    assert [opened(later, owner) for owner in owners] == [owner.encode() for owner in owners]
    for n in range(120):
        assert opened(later, f"client/{n % 60}", f"note/{n}") == b"more"
    # Who remembers a key as it was wrapped before asks for it again.
    assert [opened(processes[1], owner) for owner in owners] == [o.encode() for o in owners]
    assert later.vault.digest(b"Jane") == digest
    assert executor_of(later).execute(COUNTER, "counter/1", Count(ADA, 5), command) == first


def test_rewrapping_that_is_broken_off_within_a_batch_leaves_every_key_readable(
    record: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [f"client/{n}" for n in range(6)]
    for owner in owners:
        put(record, owner, owner.encode())
    use(folder, "2027")
    store = other_process(record, folder)
    keys = keys_of(store)
    wrap, left = keys.masters.wrap, [3]

    def interrupted(key: bytes, owner: str) -> object:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return wrap(key, owner)

    monkeypatch.setattr(keys.masters, "wrap", interrupted)
    with pytest.raises(KeyboardInterrupt):
        keys.rewrap(100)
    monkeypatch.undo()
    assert [opened(store, owner) for owner in owners] == [owner.encode() for owner in owners]
    assert keys.rewrap(100) == 7
    assert keys.rewrap(100) == 0


def test_a_master_key_that_is_gone_while_keys_are_under_it_is_told(
    record: Store, folder: Path
) -> None:
    put(record, ADA, b"text")
    use(folder, "2027")
    (folder / "counting.master").unlink()
    uses = other_process(record, folder).vault.keys.uses()
    assert {use.master: (use.wraps, use.is_here) for use in uses} == {
        "first": (2, False),
        "2027": (0, True),
    }


# Forgotten


def test_who_is_forgotten_opens_nowhere_and_everybody_else_does(record: Store) -> None:
    put(record, ADA, b"ada")
    put(record, BOB, b"bob")
    forget(record.engine, record.vault.keys, {ADA: AT})
    assert (opened(record, ADA), opened(record, BOB)) == (None, b"bob")
    with pytest.raises(OwnerForgotten) as refused:
        put(record, ADA, b"again")
    assert refused.value.reason == "CLIENT_FORGOTTEN"
    assert ask(record, "SELECT count(*) FROM document") == [(1,)]


def copied(postgres: LocalServers, of: URL) -> str:
    """A copy of a quiet database as it is now, for the same roles."""
    name = f"{of.database}_backup"
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        owner = str(of.username).replace(PROCESSES, OWNER)
        names = [sql.Identifier(str(each)) for each in (name, of.database, owner)]
        send_away(admin, str(of.database))
        admin.execute(create.format(*names))
    return of.set(database=name).render_as_string(hide_password=False)


@pytest.mark.parametrize("restored", ["the data", "the key store"])
def test_a_backup_of_before_the_forgetting_does_not_bring_anybody_back(
    restored: str, record: Store, folder: Path, postgres: LocalServers
) -> None:
    put(record, ADA, b"ada")
    put(record, BOB, b"bob")
    record.close()
    backups = [copied(postgres, engine.url) for engine in (record.engine, keys_of(record).engine)]
    forget(record.engine, record.vault.keys, {ADA: AT})
    data = open_database(backups[0]) if restored == "the data" else record.engine
    its_keys = backups[1] if restored == "the key store" else keys_url(record)
    later = opened_on(record, data, its_keys, folder)
    if restored == "the key store":
        # Nobody could open with it what is in a backup of the data, once that is restored too.
        assert later.vault.keys.find(ADA) is not None
    assert apply_registers(later.engine, later.vault.keys) == 1
    assert (opened(later, ADA), opened(later, BOB)) == (None, b"bob")
    with pytest.raises(OwnerForgotten):
        later.vault.keys.find(ADA)
    with keys_of(later).engine.begin() as connection:
        owners = connection.execute(text("SELECT owner FROM owner_key ORDER BY 1")).scalars().all()
    assert ADA not in owners
    with data.begin() as connection:
        assert connection.execute(text("SELECT owner FROM forgotten_owner")).scalars().all() == [
            ADA
        ]
        assert connection.execute(text("SELECT owner FROM document")).scalars().all() == [BOB]
    data.dispose()
    later.close()
    for url in backups:
        postgres.drop_database(str(make_url(url).database))


def test_a_forgetting_that_was_broken_off_is_done_at_the_next_start(record: Store) -> None:
    put(record, ADA, b"ada")
    ask(record, "INSERT INTO forgotten_owner VALUES (:o, now()) RETURNING 1", o=ADA)
    apply_registers(record.engine, record.vault.keys)
    assert opened(record, ADA) is None
    assert set(record.vault.keys.destroyed()) == {ADA}


def test_a_process_forgets_again_before_it_does_anything(
    new_of_kernel: Callable[[str], Store], secrets_dir: Path, tmp_path: Path
) -> None:
    """Its key store was restored from before the forgetting."""
    store = new_of_kernel("plans")
    put(store, ADA, b"ada")
    ask(store, "INSERT INTO forgotten_owner VALUES (:o, now()) RETURNING 1", o=ADA)
    with consumer(store, secrets_dir, tmp_path):
        until(lambda: ADA in store.vault.keys.destroyed())
    assert ask(store, "SELECT FROM document") == []
