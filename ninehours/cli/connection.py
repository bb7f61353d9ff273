"""Asking a system's services, over gRPC, as a person with a token."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message

from kernel.roles import person_in
from kernel.rpc.channel import Channel
from kernel.rpc.connections import Connections
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.tokens import PURPOSES, SERVICE_SUBJECT, Actor, Issuer, renewed_tokens
from kernel.secrets import PEOPLE
from kernel.services import SERVICES
from kernel.tls.identity import ISSUED, Identity, NoIdentity
from ninehours.cli.data import check_data
from ninehours.cli.ending import NOT_FOUND, USAGE, Failure, ending, say
from ninehours.cli.options import DATA
from ninehours.cli.roles import role_named
from ninehours.local.folder import running_on
from ninehours.local.secrets import MachineSecrets
from ninehours.local.system import LocalSystem

ADDRESSES, TOKEN, TLS_DIR = "NINEHOURS_PEERS", "NINEHOURS_TOKEN", "NINEHOURS_RPC_TLS_DIR"
LIFETIME = timedelta(minutes=30)
DEADLINE = 30.0


class Services:
    """The four services of one system. Each command asks in the role that may."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        people_dir: Path | None = None,
        token: str = "",
        identity: Identity | None = None,
    ) -> None:
        self.addresses = addresses
        self._identity = identity
        self._people_dir = people_dir
        self._token = token
        self._subjects: dict[str, str] = {}
        self._purposes: dict[str, str] = {}
        # A caller is a role, and the person who speaks in it.
        self._connections = Connections[tuple[str, str]](
            self.channel_to, lambda caller: self._tokens(*caller)
        )

    def ask(
        self,
        role: str,
        request: Message,
        *,
        service: str = "",
        deadline: float = DEADLINE,
    ) -> Any:
        """The answer, or RemoteRefusal. `service`: for what every service answers."""
        caller = (role, self._subjects.get(role, ""))
        return self._connections.ask(caller, request, service=service, deadline=deadline)

    def ask_if_allowed(self, role: str, request: Message) -> Any:
        """The answer; None where the role may not ask it."""
        try:
            return self.ask(role, request)
        except RemoteRefusal as refusal:
            if refusal.code is not grpc.StatusCode.PERMISSION_DENIED:
                raise
            return None

    @property
    def remote(self) -> bool:
        """Whether it is asked under a token of the caller's, not by this machine's keys."""
        return self._people_dir is None

    def speak_as(self, role: str, subject: str, purpose: str = "") -> None:
        """Ask in the role as that person, for this purpose; empty: as nobody in particular, for the
        role's."""
        if subject and self.remote:
            raise Failure(USAGE, f"who asks is told by {TOKEN}: --as is for this machine's systems")
        if purpose and self.remote:
            raise Failure(USAGE, f"for what is told by {TOKEN}: --purpose is for this machine's")
        self._subjects[role], self._purposes[role] = subject, purpose

    def close(self) -> None:
        """Give the connections back."""
        self._connections.close()

    def address_of(self, service: str) -> str:
        """Where a service answers; a problem where this system has no such service."""
        if service in self.addresses:
            return self.addresses[service]
        if service in SERVICES:
            raise Failure(USAGE, f"{ADDRESSES} names no {service}: name=host:port, with commas")
        raise Failure(USAGE, f"there is no service {service!r}; there are {', '.join(SERVICES)}")

    def channel_to(self, service: str) -> Channel:
        """A channel of its own, which whoever asked for it closes."""
        return Channel(self.address_of(service), service, self._identity)

    def token_of(self, role: str) -> Callable[[], str]:
        """What a person in that role shows; of another machine's system the one token there is."""
        return self._tokens(role, self._subjects.get(role, ""))

    def _tokens(self, role: str, subject: str) -> Callable[[], str]:
        if self._people_dir is None:
            return lambda: self._token
        issuer = Issuer(self._people_dir, PEOPLE)
        who = person(role, subject, self._purposes.get(role, ""))
        return renewed_tokens(issuer, who, LIFETIME)


def secrets_in(data: Path) -> MachineSecrets:
    """A data directory's keys."""
    return MachineSecrets(data / "secrets")


def chosen(only: str | None) -> Sequence[str]:
    """The services that are meant; a problem for one that there isn't."""
    if only is None:
        return SERVICES
    if only not in SERVICES:
        raise Failure(USAGE, f"there is no service {only}; there are {', '.join(SERVICES)}")
    return [only]


def person(role: str, subject: str = "", purpose: str = "") -> Actor:
    """Who asks on this machine, in a role, for every site; `subject` empty: nobody in particular,
    `purpose` empty: the role's.

    A problem for a role or purpose there is not, and for a service's subject: people are none.
    """
    named = role_named(role)
    if (purpose := purpose.upper() or named.purpose) not in PURPOSES:
        purposes = ", ".join(sorted(PURPOSES))
        raise Failure(USAGE, f"there is no purpose {purpose!r}; there are {purposes}")
    if subject.startswith(SERVICE_SUBJECT):
        raise Failure(USAGE, f"{subject} is no person's")
    return replace(person_in(named, subject), purpose=purpose)


@contextmanager
def connected(data: Path | None) -> Iterator[Services]:
    """The system that is meant, with every way out of the command mapped to its exit code.

    With NINEHOURS_PEERS (and NINEHOURS_TOKEN) set and no --data, that one. Else the data
    directory's: if nothing runs there, it is started for as long as the question takes.
    """
    with ending(data or DATA):
        if data is None and (peers := os.environ.get(ADDRESSES)):
            yield from _using(_remote(peers))
            return
        path = check_data(data or DATA)
        if not (path / "launcher.lock").exists():
            raise Failure(
                NOT_FOUND, f"there is no system in {path}. `make demo` plays one; or give --data."
            )
        if running := running_on(path):
            identity = _identity_in(running.tls_dir)
            yield from _using(
                Services(running.addresses, secrets_in(path).folder_of(PEOPLE), identity=identity)
            )
            return
        say(f"nothing runs on {path}: starting it for this command; `ninehours up` would keep it")
        with LocalSystem(path, progress=lambda _: None) as system:
            yield from _using(Services(system.addresses, system.people_dir))


def on_system(run: Callable[..., None]) -> Callable[..., None]:
    """What a command does, on the system that is meant: it takes `data` for its services."""

    @wraps(run)
    def command(data: Path | None, **given: Any) -> None:
        with connected(data) as services:
            run(services, **given)

    return command


def _using(services: Services) -> Iterator[Services]:
    try:
        yield services
    finally:
        services.close()


def _remote(peers: str) -> Services:
    token = os.environ.get(TOKEN, "")
    if not token:
        raise Failure(USAGE, f"{ADDRESSES} is set, {TOKEN} is not: who is asking?")
    pairs = (part.partition("=") for part in peers.split(","))
    return Services(
        {name.strip(): at.strip() for name, _, at in pairs if at},
        token=token,
        identity=_identity_in(os.environ.get(TLS_DIR, "")),
    )


def _identity_in(folder: str) -> Identity | None:
    """What is shown to the services; None: they are spoken to in plain text."""
    if not folder:
        return None
    try:
        return Identity(Path(folder), ISSUED)
    except NoIdentity as error:
        raise Failure(USAGE, f"{TLS_DIR}: {error}") from None
