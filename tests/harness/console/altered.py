"""The console over a played system, with people or services that are otherwise than a launch's."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from time import monotonic, sleep
from typing import Any, ClassVar
from uuid import uuid4

import uvicorn
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from ninehours.intake.v1 import chart_service_pb2 as intake

from kernel.roles import person_in
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.rpcs import rpc_of, service_of
from kernel.rpc.tokens import renewed_tokens, service_tokens
from kernel.services import CONSOLE
from kernel.store.database import open_database
from ninehours.console.assets import assets
from ninehours.console.live import Live
from ninehours.console.people import LIFETIME, PeopleOfOneMachine, Person
from ninehours.console.services import AskedServices, ServiceAway
from ninehours.console.sessions.sign_ins import SignIns
from ninehours.console.sessions.store import Sessions
from ninehours.console.signing_in import SigningIn
from ninehours.console.web import Console
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.system import LocalSystem
from ninehours.story import days
from tests.harness.console.reader import Reader
from tests.harness.console.running import WAY_IN

PLANTED = "\"'><b data-planted></b><script>document.title='planted'</script>"
# Of an answer, what a page asks on with, or finds its words by.
NO_TEXT = re.compile(
    r"(.*_)?(ids?|token|code|codes|key|cursor|zone|type|kind|reason|topic|subject|version)"
)
PATIENCE = 60.0  # seconds


class PeopleOfASite(PeopleOfOneMachine):
    """They speak for one site alone, which is none of the story's."""

    SITE = str(uuid4())

    def token_of(self, person: Person, /) -> Callable[[], str]:
        actor = replace(person_in(person.role), sites=frozenset({self.SITE}))
        return renewed_tokens(self._issuer, actor, LIFETIME)


class PeopleOfNoCredential(PeopleOfOneMachine):
    """Until they say who they are, nobody whom attendance has a credential of."""

    def token_of(self, person: Person, /) -> Callable[[], str]:
        if person.subject:
            return super().token_of(person)
        actor = replace(person_in(person.role), id="person/of-no-credential")
        return renewed_tokens(self._issuer, actor, LIFETIME)


class PlantedServices(AskedServices):
    """In every text that they answer, script is planted."""

    def ask(self, request: Message, **how: Any) -> Any:
        answer = super().ask(request, **how)
        if isinstance(answer, Message):
            _plant(answer)
        return answer


class NotingNames(AskedServices):
    """`told`: the family names that were asked for, by ids; `pages`: on how many."""

    told: ClassVar[list[str]] = []
    pages = 0

    def ask(self, request: Message, **how: Any) -> Any:
        answer = super().ask(request, **how)
        if isinstance(request, intake.NameClientsRequest):
            NotingNames.told += [client.family_name for client in answer.clients]
        return answer


class WithoutOne(AskedServices):
    """`away`: the one that doesn't answer any more; empty: all do."""

    away = ""

    def ask(self, request: Message, *, service: str = "", **how: Any) -> Any:
        if WithoutOne.away == (service or service_of(request)):
            raise ServiceAway(WithoutOne.away)
        return super().ask(request, service=service, **how)


class ServicesOfThen(AskedServices):
    """Asked as two weeks after the story, whatever today is: no payer's time to file is over, and
    every period of it is."""

    NOW = datetime.combine(days.day_of(days.WEEKS + 3), time(12), UTC)

    def ask(
        self,
        request: Message,
        *,
        token: Callable[[], str],
        service: str = "",
        deadline: float = PATIENCE,
    ) -> Any:
        rpc = rpc_of(request)
        channel = self._channel(service or service_of(request))
        client = RpcClient(channel, rpc.containing_service, token=token, deadline=deadline)
        answer = getattr(client, rpc.name)(request, now=self.NOW)
        return [*answer] if rpc.server_streaming else answer


@contextmanager
def altered(
    system: LocalSystem,
    *,
    people: type[PeopleOfOneMachine] = PeopleOfOneMachine,
    services: type[AskedServices] = AskedServices,
) -> Iterator[Callable[[str], Reader]]:
    """Gives a browser of somebody who is signed in, by role."""
    engine = open_database(system.databases["console"].processes.url, pool=2)
    asked = services(lambda name: Channel(system.addresses[name], name, system.identity))
    hours = timedelta(hours=1)
    live = Live(asked, service_tokens(system.secrets.folder_of(CONSOLE), CONSOLE))
    console = Console(
        signing_in=SigningIn(
            people(system.people_dir, WAY_IN),
            Sessions(engine, idle=hours, longest=hours),
            SignIns(engine),
        ),
        services=asked,
        live=live,
        assets=assets(),
        secure=False,
    )
    [port] = free_ports(1)
    config = uvicorn.Config(
        console.app(), host=LOOPBACK, port=port, lifespan="off", ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = monotonic() + PATIENCE
        while not server.started:
            assert monotonic() < until
            sleep(0.01)
        yield lambda role: _signed_in(f"{LOOPBACK}:{port}", role)
    finally:
        server.should_exit = True
        live.close()  # the server waits for streams that browsers still have
        thread.join()
        asked.close()
        engine.dispose()


def _signed_in(address: str, role: str) -> Reader:
    reader = Reader(address)
    roles = reader.get(f"/sign-in?way-in={WAY_IN}")
    reader.send(roles.form("/sign-in"), role=role)
    return reader


def _plant(message: Message) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None:
            if not field.message_type.GetOptions().map_entry:
                for each in value if field.is_repeated else (value,):
                    _plant(each)
        elif field.type == FieldDescriptor.TYPE_STRING and not NO_TEXT.fullmatch(field.name):
            if field.is_repeated:
                value[:] = [each + PLANTED for each in value]
            else:
                setattr(message, field.name, value + PLANTED)
