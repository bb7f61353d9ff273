"""What is heard is its owner's word: forged, altered and stripped records are refused."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import OKPKey
from kafka import KafkaProducer
from ninehours.exchange.v1 import published_log_service_pb2 as pb

from kernel import secrets
from kernel.config import Settings
from kernel.messaging.envelope import HEADERS, SIGNATURE, Record, read_envelope
from kernel.messaging.inbox import Inbox
from kernel.messaging.relay import Relay
from kernel.messaging.signatures import NOT_SIGNED, FactSigner, FalselySigned, Signatures
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.policy import Scope
from kernel.rpc.published_log import SERVICE, PublishedLogServicer, RemoteOwner
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.server import Server
from kernel.rpc.tokens import service_tokens
from kernel.rpc.verifier import Verifier
from kernel.secrets import OF_FACTS
from kernel.signing_key import PUBLISHED_BEFORE, SigningKey
from kernel.store import published as log_of
from kernel.store.store import Store
from kernel.watching.health import Health
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from operations.parked import resync
from tests.harness.kernel import consumers
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    TALLYING,
    TOPIC,
    Listener,
    Log,
    ask,
    attended,
    published,
    subject_of,
    until,
)
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import key_of, signatures_of, signed, unsigned

NewStore = Callable[[str], Store]


def with_headers(record: Record, **headers: bytes) -> Record:
    """Altered under the signature that it has."""
    return replace(record, headers={**record.headers, **headers})


def named(key: OKPKey, kid: str) -> OKPKey:
    """A key that says it is another."""
    return OKPKey.import_key({**key.as_dict(private=True), "kid": kid})


def forgeries(subject: str, topic: str = TOPIC) -> Mapping[str, Record]:
    """What somebody who may write the topic can make of facts, each as the subject's next one."""
    log = Log(topic)
    client = {"client": subject}
    true = log.tell(subject, attended("true", 1, **client), id=uuid4())
    second = log.tell(subject, attended("true", 2, **client), id=uuid4())
    others = log.tell(BOB, attended("true", 3, client=BOB), id=uuid4())
    owner = topic.split(".")[1]
    unknown = FactSigner(lambda: named(key_of("nobody"), owner))
    by_nobody = unknown.sign(topic, read_envelope(true.headers), true.body).encode()
    return {
        "signed with another key": with_headers(true, **{SIGNATURE: by_nobody}),
        "signed by another service": signed(true, "intake"),
        "signed under a key that nobody published": signed(true, f"{owner}/never"),
        "another body": replace(true, body=attended("forged", 9).SerializeToString()),
        "another label": with_headers(true, ce_label=b"PART2"),
        "another sequence": with_headers(second, ce_sequence=b"1"),
        "another subject": with_headers(others, ce_subject=subject.encode()),
        "another type": with_headers(true, ce_type=b"ninehours.attendance.v1.SessionMissed"),
        "another time": with_headers(true, ce_time=b"2026-03-01T15:00:00+00:00"),
        "no signature": unsigned(true),
        "a signature that is none": with_headers(true, **{SIGNATURE: b"?"}),
        "a type that is ignored": with_headers(
            true, ce_type=b"ninehours.tomorrow.v1.Invented", ce_mayignore=b"true"
        ),
    }


FORGERIES = tuple(forgeries(ADA))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log)


def parked(listener: Listener) -> list[tuple[str | None, str]]:
    """Subject, and the class of the error."""
    rows = listener.ask("SELECT subject, error FROM parked ORDER BY id")
    return [(row.subject, row.error.split()[0].rpartition(".")[2]) for row in rows]


# What a signature binds


@pytest.mark.parametrize("field", [*sorted(HEADERS.keys() - NOT_SIGNED), "topic", "body"])
def test_a_signature_binds_every_field_but_the_epoch_and_the_source(field: str) -> None:
    record = Log().tell(ADA, attended("s", 1))
    envelope = read_envelope(record.headers)
    signatures_of().check(record, envelope, 0)
    match field:
        case "topic" | "body":
            other = {"topic": "counting", "body": b""}[field]
            altered, said = replace(record, **{field: other}), envelope  # type: ignore[arg-type]
        case _:
            was = getattr(envelope, field)
            others: dict[type, Any] = {str: "x", int: 7, bool: True, type(envelope.id): uuid4()}
            now = others[type(was)] if type(was) in others else was.replace(year=2025)
            altered, said = record, replace(envelope, **{field: now})
    with pytest.raises(FalselySigned):
        signatures_of().check(altered, said, 0)


def test_what_is_signed_can_not_be_cut_otherwise() -> None:
    """A byte that moves from one field into the next makes another text."""
    record = Log().tell(ADA, attended("s", 1), causation="ab", correlation="c")
    moved = replace(read_envelope(record.headers), causation="a", correlation="bc")
    with pytest.raises(FalselySigned):
        signatures_of().check(record, moved, 0)


def test_a_fact_is_signed_in_the_transaction_that_appends_it_and_told_alike_by_its_owner(
    counting: Store, remote: "Serve"
) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA, n=1), published(BOB), published(ADA, n=2)])
        assert tx.execute("SELECT count(*) FROM published WHERE signature IS NULL").scalar() == 0
    records, _ = remote(counting).read(ADA, 0)
    assert [read_envelope(record.headers).sequence for record in records] == [1, 2]
    for record in records:
        signatures_of().check(record, read_envelope(record.headers), 0)
    kept = [row.signature for row in ask(counting, "SELECT * FROM published ORDER BY position")]
    assert [record.headers[SIGNATURE].decode() for record in records] == [kept[0], kept[2]]


# What is refused


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_its_owner_did_not_sign_is_set_aside_and_the_true_one_heard_of_the_owner(
    listener: Listener, log: Log, forgery: str
) -> None:
    true = log.tell(ADA, attended("true", 1))
    listener.hear(forgeries(ADA)[forgery])
    assert (listener.head(ADA), listener.heard(ADA)) == ((0, None, "PARKED"), [])
    [(subject, error)] = parked(listener)
    assert subject == ADA
    assert error in ("FalselySigned", "Unsigned", "UnknownKey")
    listener.gap_repair.repair()
    assert (listener.head(ADA), listener.heard(ADA)) == ((1, None, None), [1])
    assert parked(listener) == [(None, error)]  # told, and holds up nobody
    [held] = listener.ask("SELECT body FROM heard_fact")
    assert bytes(held.body) == true.body


def test_its_own_record_stripped_on_the_way_is_told_and_heard_of_the_owner(
    listener: Listener, log: Log
) -> None:
    listener.hear(unsigned(log.tell(ADA, attended("s", 1))))
    assert listener.heard(ADA) == []
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1]
    assert parked(listener) == [(None, "Unsigned")]


def test_what_its_owner_gives_forged_stops_its_subject_and_waits_for_a_person(
    listener: Listener, log: Log
) -> None:
    """Somebody wrote to the owner's database, and has no key."""
    log.records[ADA] = [forgeries(ADA)["another body"]]
    log.tell(BOB, attended("s", 1, client=BOB))
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    assert listener.head(ADA) == (0, 1, "PARKED")
    assert parked(listener) == [(ADA, "FalselySigned")]
    assert listener.heard(BOB) == [1]


def test_on_a_real_topic_forgeries_are_told_by_status_and_what_the_relay_sends_is_heard(
    *,
    new_of_kernel: NewStore,
    tallying: Store,
    remote: "Serve",
    broker: LocalServers,
    secrets_dir: Path,
    tmp_path: Path,
) -> None:
    topic = "ninehours.other.v1"  # nobody else's in this run
    broker.declare_topics(topic)
    other = new_of_kernel("other")
    owner = remote(other)
    clients = {name: subject_of("client", n) for n, name in enumerate(FORGERIES, 100)}
    listener = Listener(tallying, asks=False)
    listener.inbox.begin([topic])
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    relay = Relay(other, producer, "other", ready=lambda: None)
    with consumers.consumer(
        tallying,
        secrets_dir,
        tmp_path,
        kafka=broker.bootstrap,
        peer=owner.address,
        service="intake",  # of whose group nobody hears another topic on this broker
        hears="other",
    ) as process:

        def aside() -> int:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return sum(1 for subject, _ in parked(listener) if subject is None)

        until(lambda: listener.ask("SELECT FROM heard_topic WHERE unsigned_to = 0"))
        for name, client in clients.items():
            forged = forgeries(client, topic)[name]
            headers = list(forged.headers.items())
            producer.send(topic, value=forged.body, key=b"?", headers=headers).get(60)
        until(lambda: aside() == len(FORGERIES))
        assert listener.ask("SELECT FROM heard_fact") == []
        with other.transaction() as tx:
            tx.publish([published(client, attended("s", 1)) for client in clients.values()])
        with other.engine.connect() as connection:
            assert relay.send_batch(connection) == (len(clients), len(clients))
        until(lambda: len(listener.ask("SELECT FROM heard_fact")) == len(clients) and aside())
    producer.close()
    assert {error for _, error in parked(listener)} == {"FalselySigned", "Unsigned", "UnknownKey"}


# What is older


def test_a_log_of_before_is_heard_up_to_where_it_was_sealed_and_not_after(
    counting: Store, tallying: Store, remote: "Serve"
) -> None:
    with as_owner(counting) as tx:
        tx.publish([published(ADA, n=1), published(BOB, n=2)])
        tx.execute("UPDATE published SET signature = NULL")
        tx.execute("DELETE FROM seal")  # as a database that an older release wrote
        assert log_of.seal(tx.connection) == log_of.Seal(2, True)
        tx.publish([published(ADA, n=3), published(EVE, n=4)])
    listener = Listener(tallying, remote(counting))
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 2]
    with as_owner(counting) as tx:
        tx.publish([published(BOB, n=5), published(ADA, n=6)])
        tx.execute(
            "UPDATE published SET signature = NULL WHERE sequence = 2 AND subject = :s", s=BOB
        )
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    assert (listener.heard(BOB), listener.head(BOB)) == ([1], (1, 2, "PARKED"))
    assert (listener.heard(ADA), listener.heard(EVE)) == ([1, 2, 3], [1])
    assert parked(listener) == [(BOB, "Unsigned")]


def test_until_a_log_is_sealed_what_is_unsigned_is_heard_of_its_owner_alone(
    tallying: Store, log: Log
) -> None:
    """An older release appends, and the next does, by turns."""
    log.sealed = None
    unsealed = Listener(tallying, log)
    for n in range(1, 5):
        told = log.tell(ADA, attended("s", n))
        if n % 2:
            told = log.records[ADA][-1] = unsigned(told)
        unsealed.hear(told)
        if n % 2:
            assert unsealed.head(ADA) == (n - 1, n, None)
        unsealed.gap_repair.repair()
        assert unsealed.head(ADA) == (n, None, None)
    forged = unsigned(Log().tell(ADA, attended("forged", 9), sequence=5, id=uuid4()))
    unsealed.hear(forged)
    unsealed.gap_repair.repair()
    assert (unsealed.head(ADA), unsealed.heard(ADA)) == ((4, None, None), [1, 2, 3, 4])
    assert parked(unsealed) == []


def test_a_new_database_is_sealed_from_its_first_fact(counting: Store) -> None:
    assert log_of.seal_of(counting.engine.connect()) == log_of.Seal(0, True)


def test_a_seal_stays_as_it_is_unless_it_is_made_again(counting: Store) -> None:
    with as_owner(counting) as tx:
        tx.publish([published(ADA)])
        tx.execute("UPDATE published SET signature = NULL")
        assert log_of.seal(tx.connection) == log_of.Seal(0, True)
        assert log_of.seal(tx.connection, again=True) == log_of.Seal(1, True)


def test_a_seal_that_its_owner_lowers_is_taken_and_one_that_it_raises_when_a_person_says_so(
    listener: Listener, log: Log
) -> None:
    def held() -> int | None:
        listener.gap_repair.compare()
        [row] = listener.ask("SELECT unsigned_to FROM heard_topic WHERE topic = :t", t=TOPIC)
        unsigned_to: int | None = row.unsigned_to
        return unsigned_to

    listener.ask("UPDATE heard_topic SET unsigned_to = NULL RETURNING 1")
    for told, taken in ((None, None), (9, 9), (5, 5), (7, 5), (None, 5), (5, 5), (4, 4)):
        log.sealed = told
        assert held() == taken
    log.sealed = 8
    with listener.store.transaction() as tx:
        resync(tx.connection, TOPIC, 1, [])
    assert held() == 8


class OfOlderRelease(PublishedLogServicer):
    """Its answers say nothing of signatures, nor do its envelopes."""

    def Read(self, request: pb.ReadRequest, call: Call) -> pb.ReadResponse:
        answer = super().Read(request, call)
        answer.ClearField("seal")
        for fact in answer.facts:
            del fact.headers[SIGNATURE]
        return answer

    def Heads(self, request: pb.HeadsRequest, call: Call) -> pb.HeadsResponse:
        answer = super().Heads(request, call)
        answer.ClearField("seal")
        return answer


def test_an_owner_of_an_older_release_is_waited_for_and_nothing_is_lost(
    counting: Store, tallying: Store, remote: "Serve"
) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA, n=1)])
    older = remote(counting, OfOlderRelease)
    waiting = Listener(tallying, older, asks=False)
    for question in (waiting.gap_repair.compare, lambda: older.read(ADA, 0)):
        with pytest.raises(RemoteRefusal, match="OWNER_OF_OLDER_RELEASE"):
            question()
    assert (waiting.heard(ADA), parked(waiting)) == ([], [])
    listener = Listener(tallying, remote(counting))
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1]


def test_an_older_release_appends_under_the_new_schema(counting: Store) -> None:
    ask(
        counting,
        "INSERT INTO published (subject, sequence, id, type, body, headers) VALUES"
        " (:subject, 1, gen_random_uuid(), 't', '', '{}') RETURNING 1",
        subject=ADA,
    )
    [row] = ask(counting, "SELECT signature FROM published")
    assert row.signature is None


# Keys are replaced while they sign


@pytest.fixture
def machine(tmp_path: Path) -> MachineSecrets:
    made = MachineSecrets(tmp_path)
    made.make()
    return made


@pytest.fixture
def folder(machine: MachineSecrets) -> Path:
    """Attendance's."""
    return machine.folder_of("attendance")


def test_facts_under_a_key_and_under_the_one_after_it_are_heard(
    new_of_kernel: NewStore, tallying: Store, machine: MachineSecrets, folder: Path
) -> None:
    now = [1_000.0]
    key = SigningKey(folder, "attendance", keys=OF_FACTS, clock=lambda: now[0])
    heard_by = secrets.published_keys(folder, lambda: now[0], OF_FACTS)
    attendance = replace(new_of_kernel("attendance"), signer=FactSigner(key.current))
    inbox = Inbox(tallying, TALLYING, Signatures.of(heard_by))
    inbox.begin([attendance.topic])
    for n in range(1, 4):
        with attendance.transaction() as tx:
            tx.publish([published(ADA, n=n)])
            [row] = tx.execute("SELECT * FROM published ORDER BY position DESC LIMIT 1")
        inbox.hear([as_sent(attendance, row)])
        machine.rotate("attendance", OF_FACTS)
        for _ in range(2):
            now[0] += PUBLISHED_BEFORE
            key.current()
    rows = ask(attendance, "SELECT signature FROM published ORDER BY position")
    assert len({row.signature.split()[1] for row in rows}) == 3
    assert [row.sequence for row in ask(tallying, "SELECT sequence FROM heard_fact")] == [1, 2, 3]
    assert ask(tallying, "SELECT FROM parked") == []


def test_a_token_key_signs_no_fact(folder: Path) -> None:
    tokens = secrets.private_key(folder, "attendance")
    signer = FactSigner(lambda: tokens)
    record = Log("ninehours.attendance.v1").tell(ADA, attended("s", 1))
    signature = signer.sign(record.topic, read_envelope(record.headers), record.body)
    record = with_headers(record, **{SIGNATURE: signature.encode()})
    believed = Signatures.of(secrets.published_keys(folder, keys=OF_FACTS))
    with pytest.raises(FalselySigned):
        believed.check(record, read_envelope(record.headers), 0)


def test_a_fact_under_a_key_that_is_not_known_here_yet_waits_for_it_and_nothing_stops(
    tallying: Store, log: Log
) -> None:
    known = ["counting"]
    believed = Signatures(lambda _: {kid: key_of(kid) for kid in known})

    def begun() -> Listener:
        """Nobody rests: what was asked a moment ago is asked again."""
        return Listener(tallying, log, signatures=believed)

    log.tell(ADA, attended("s", 1))
    log.records[ADA].append(signed(log.tell(ADA, attended("s", 2)), "counting/next"))
    _, fresh = log.records[ADA] = [log.records[ADA][0], log.records[ADA][2]]
    for from_kafka in (False, True, False):
        listener = begun()
        if from_kafka:
            listener.hear(fresh)
        listener.gap_repair.repair()
        assert (listener.head(ADA), parked(listener)) == ((1, 2, None), [])
    known.append("counting/next")
    listener = begun()
    listener.gap_repair.repair()
    assert (listener.head(ADA), listener.heard(ADA)) == ((2, None, None), [1, 2])


def as_sent(store: Store, row: Any) -> Record:
    envelope = log_of.envelope_of(row, source="/services/attendance", epoch=1)
    return Record(
        topic=store.topic,
        partition=0,
        offset=row.position,
        headers=envelope.headers(),
        body=bytes(row.body),
    )


# An owner's api


class Owner(RemoteOwner):
    """Over gRPC, at its address."""

    def __init__(self, topic: str, address: str, token: Callable[[], str]) -> None:
        super().__init__(topic, Channel(address), token)
        self.address = address


Serve = Callable[..., Owner]


@pytest.fixture
def remote(secrets_dir: Path) -> Iterator[Serve]:
    servers: list[Server] = []

    def start(store: Store, release: type[PublishedLogServicer] = PublishedLogServicer) -> Owner:
        settings = Settings(
            service="intake",
            database_url="postgresql://nobody:hush@127.0.0.1:1/none",  # type: ignore[arg-type]
            secrets_dir=secrets_dir,
            environment="test",
        )
        server = Server(
            {SERVICE: release(store, store.topic.split(".")[1])},
            verifier=Verifier(secrets_dir),
            scope=Scope(store, {}),
            settings=settings,
            health=Health(lambda: True),
        )
        servers.append(server)
        server.start()
        token = service_tokens(secrets_dir, "plans")
        return Owner(store.topic, f"127.0.0.1:{server.port}", token)

    yield start
    for server in servers:
        server.stop(0)
