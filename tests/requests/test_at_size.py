"""With many clients no question reads a log from its beginning: the plans of all that is asked.

Every question of each service's API, and of one what all of them answer, is asked over gRPC of a
database with a real object of every kind and thousands more like it. What PostgreSQL was asked
meanwhile, it is asked to explain.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import policy_pb2
from sqlalchemy import event

from kernel.config import Settings
from kernel.process import Service, server_of
from kernel.rpc.remote_refusal import refusal_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import SERVICE_ROLE, SERVICE_SUBJECT, Issuer
from kernel.rpc.translate import to_date
from kernel.secrets import OF_TOKENS, PEOPLE
from kernel.services import SERVICES
from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK
from ninehours.local.servers import LocalServers
from tests.harness.kernel.multiplied import multiply
from tests.harness.kernel.owner import as_owner
from tests.whose.worlds import WORLDS, World

FACTS = 10_000  # of the log that has most
PATIENCE = 60.0  # seconds: whoever answers at all has answered, however busy the machine is
LONG = 2.0  # seconds, after which another request of the same RPC is left out
FEW = 20  # of a list that is asked about: here everybody waits; in a record of years, few do
LOGS = ("fact", "published", "heard_fact", "derived", "command")
ASKED_OF_ALL = "attendance"
# What reads all there is, whoever asks it: counts, and what an operator has looked through. And
# what waits until something happens.
WHOLE = {
    *("CountFacts", "CountDerived", "Rebuild", "Verify", "Replay", "ResyncTopic"),
    *("Watch", "Settled"),
    "ListWork",  # with the totals of all that waits
}


@dataclass(slots=True)
class Asked:
    """What PostgreSQL was asked, by statement, with the parameters of its first time."""

    statements: dict[str, Any] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    rpc: str = ""

    def note(self, *said: Any) -> None:
        _, __, statement, parameters, ___, many = said
        if statement not in self.statements:
            self.statements[statement] = parameters[0] if many else parameters
            self.by[statement] = self.rpc


@contextmanager
def noted(store: Store) -> Iterator[Asked]:
    asked = Asked()
    event.listen(store.engine, "before_cursor_execute", asked.note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", asked.note)


def at_size(servers: LocalServers, world: World) -> set[str]:
    """Makes it one with thousands of clients more; gives the logs that are long then."""
    with as_owner(world.store) as tx:
        tx.execute("UPDATE published SET sent_at = now()")
    rows = multiply(servers, world.store, LOGS, FACTS)
    assert max(rows[log] for log in LOGS) > FACTS / 2
    return {log for log in LOGS if rows[log] > FACTS / 10}


@contextmanager
def serving(world: World, secrets_dir: Path) -> Iterator[Server]:
    """All that the service's api answers, alone: whom it would ask is away."""
    service: Service = import_module(f"services.{world.name}.__main__").SERVICE
    settings = Settings(
        service=world.name,
        database_url=world.store.engine.url.render_as_string(hide_password=False),  # type: ignore[arg-type]
        secrets_dir=secrets_dir,
        environment="test",
        clock="caller",
        peers=dict.fromkeys(SERVICES, f"{LOOPBACK}:1"),
        kafka=f"{LOOPBACK}:1",
    )
    server = server_of(service, settings, world.store)
    server.start()
    try:
        yield server
    finally:
        server.stop(0)


def questions(server: Server, name: str) -> list[MethodDescriptor]:
    """The service's own; what all services answer alike is asked of one."""
    return [
        method
        for service in server.services
        if name in (ASKED_OF_ALL, service.file.package.split(".")[1])
        for method in service.methods
        if "meta" not in method.input_type.fields_by_name and method.name not in WHOLE
    ]


def requests(method: MethodDescriptor, world: World) -> Iterator[Message]:
    """With nothing said, with all, and with each field alone."""
    kind = GetMessageClass(method.input_type)
    yield kind()
    yield filled(kind, world, lambda _: True)
    for wanted in method.input_type.fields:
        yield filled(kind, world, lambda given, wanted=wanted: given is wanted)  # type: ignore[misc]


def filled(
    kind: type[Message], world: World, wanted: Callable[[FieldDescriptor], bool], depth: int = 0
) -> Message:
    made: Any = kind()
    for given in kind.DESCRIPTOR.fields:
        if not wanted(given) or (value := some(given, world, depth)) is None:
            continue
        place = getattr(made, given.name)
        if given.is_repeated:
            place.append(value)
        elif given.message_type is not None:
            place.CopyFrom(value)
        else:
            setattr(made, given.name, value)
    return made  # type: ignore[no-any-return]


def some(given: FieldDescriptor, world: World, depth: int) -> Any:
    """Something that is there; None: nothing is said of it."""
    pairs = world.pairs
    if given.message_type is common.Date.DESCRIPTOR:
        return to_date(world.now.date())
    if given.message_type is not None:
        nested = depth < 2 and given.name != "after" and "Timestamp" not in given.message_type.name
        kind = GetMessageClass(given.message_type)
        is_map = given.message_type.GetOptions().map_entry
        return filled(kind, world, lambda _: True, depth + 1) if nested and not is_map else None
    if given.enum_type is not None:
        return given.enum_type.values[1].number
    if given.type != FieldDescriptor.TYPE_STRING:
        return None
    if given.name in ("subject", "about"):
        return f"client/{pairs['client'][0]}"
    kind_of_id = given.name.removesuffix("s").removesuffix("_id").rpartition("_")[2]
    if kind_of_id in pairs:
        return pairs[kind_of_id][0]
    return {"text": "Canary", "ids": pairs["client"][0], "person": "person/ada"}.get(given.name)


def asked(channel: grpc.Channel, method: MethodDescriptor, request: Message, token: str) -> bool:
    """Whether it was answered."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    told = {"timeout": PATIENCE, "metadata": (("authorization", f"Bearer {token}"),)}
    try:
        if method.server_streaming:
            answers = channel.unary_stream(path, None, None)(request.SerializeToString(), **told)
            next(answers, None)
            answers.cancel()
        else:
            channel.unary_unary(path, None, None)(request.SerializeToString(), **told)
    except grpc.RpcError as error:
        assert refusal_of(error).code.name not in ("INTERNAL", "UNKNOWN")
        return False
    return True


def token_for(method: MethodDescriptor, issuers: Mapping[str, Issuer]) -> str:
    """Of somebody whom its policy lets in, at every site."""
    options: Any = method.GetOptions()
    policy = options.Extensions[policy_pb2.policy]
    role, purpose = policy.roles[0], policy.purposes[0]
    name = role.removeprefix(SERVICE_ROLE)
    if name != role:
        return issuers[name].token(f"{SERVICE_SUBJECT}{name}", [role], ["*"], purpose)
    return issuers[PEOPLE].token("person/ada", [role], ["*"], purpose, timedelta(hours=2))


def sequential(plan: Mapping[str, Any]) -> Iterator[str]:
    """The tables that it reads from their beginning."""
    if plan["Node Type"] == "Seq Scan":
        yield str(plan["Relation Name"])
    for part in plan.get("Plans", ()):
        yield from sequential(part)


def explained(store: Store, found: Asked, long: set[str]) -> list[str]:
    """What of all that was asked reads such a log so, and for whom."""
    wrong = []
    with store.engine.connect() as connection:
        for statement, parameters in found.statements.items():
            if not any(log in statement for log in LOGS):
                continue
            few = {
                name: given[:FEW] if isinstance(given, list) else given
                for name, given in (parameters or {}).items()
            }
            rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", few)
            told = rows.scalar_one()
            [plan] = json.loads(told) if isinstance(told, str) else told
            if logs := sorted(long & set(sequential(plan["Plan"]))):
                wrong.append(f"{found.by[statement]} {logs}: {statement}")
    return wrong


@pytest.mark.parametrize("name", ["attendance", "intake", "plans", "billing"])
def test_no_question_reads_a_log_from_its_beginning(
    new_store: Callable[[Service], Store], postgres: LocalServers, secrets_dir: Path, name: str
) -> None:
    world = WORLDS[name](new_store)
    long = at_size(postgres, world)
    issuers = {each: Issuer(secrets_dir, each) for each in OF_TOKENS.issuers}
    answered = set()
    with serving(world, secrets_dir) as server, noted(world.store) as found:
        methods = questions(server, name)
        with grpc.insecure_channel(f"{LOOPBACK}:{server.port}") as channel:
            for method in methods:
                found.rpc = method.name
                token = token_for(method, issuers)
                for request in requests(method, world):
                    began = time.monotonic()
                    if asked(channel, method, request, token):
                        answered.add(method.name)
                    if time.monotonic() - began > LONG:
                        break  # as each more of it would take
    assert 3 * len(answered) > 2 * len(methods), {each.name for each in methods} - answered
    assert len(found.statements) > len(methods)
    wrong = explained(world.store, found, long)
    assert wrong == [], "\n".join(wrong)
