"""A service's servicers behind a real server, asked with tokens of our choice."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message

from kernel.config import Settings
from kernel.process import Service
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.policy import Scope
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.rpc.verifier import Verifier
from kernel.secrets import PEOPLE
from kernel.store.store import Store
from kernel.watching.health import Health

Ask = Callable[..., Any]


@contextmanager
def served(
    service: Service, store: Store, servicers: Mapping[Any, object], secrets_dir: Path
) -> Iterator[Ask]:
    """`ask(request, role, purpose, *sites, now=…)` gives the answer, or the refusal's reason."""
    settings: dict[str, Any] = {
        "service": service.name,
        "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
        "secrets_dir": secrets_dir,
        "environment": "test",
        "network": "test",
        "clock": "caller",
    }
    server = Server(
        servicers,
        verifier=Verifier(secrets_dir),
        scope=Scope(store, service.kinds()),
        settings=Settings(**settings),
        health=Health(lambda: True),
    )
    server.start()
    address, people = f"127.0.0.1:{server.port}", Issuer(secrets_dir, PEOPLE)

    def ask(
        request: Message,
        role: str,
        purpose: str,
        *sites: str,
        by: str = "person/ada",
        now: datetime | None = None,
    ) -> Any:
        if "meta" in request.DESCRIPTOR.fields_by_name:
            meta: Any = request.meta  # type: ignore[attr-defined]
            meta.command_id = meta.command_id or str(uuid4())
        issuer = Issuer(secrets_dir, service_of(role)) if ":" in role else people
        subject = role.replace(":", "/") if ":" in role else by
        token = issuer.token(subject, [role], sites, purpose, timedelta(minutes=5))
        rpc = rpc_of(request)
        client = RpcClient(Channel(address), rpc.containing_service, token=lambda: token)
        try:
            answer = getattr(client, rpc.name)(request, now=now)
            return [*answer] if rpc.server_streaming else answer
        except RemoteRefusal as refusal:
            return refusal.reason
        finally:
            client.close()

    yield ask
    server.stop(0)


def service_of(role: str) -> str:
    return role.partition(":")[2]
