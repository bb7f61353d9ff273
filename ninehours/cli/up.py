"""`up`: start everything on one machine, say where it answers and what to try, and stay."""

import json
import shlex
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as billing
from rich.console import Console

from kernel.roles import Role
from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE
from ninehours.cli.connection import Services, person
from ninehours.cli.data import check_data, seed_of
from ninehours.cli.ending import UNAVAILABLE, USAGE, Failure, ending, say
from ninehours.cli.options import DATA
from ninehours.cli.roles import BILLER
from ninehours.local.system import LocalSystem

NINEHOURS = "bin/ninehours"
PAGE = 1000
LIFETIME = timedelta(hours=12)


def commands_to_try(ask: Callable[[Any], Any], data: Path) -> list[str]:
    """Three, about a claim and its client where there is one; `ask` asks billing as a biller."""
    issued = billing.CLAIM_STATE_ISSUED
    page = ask(billing.ListClaimsRequest(state=issued, page_size=PAGE))
    claim = _telling(page.claims)
    if claim is None:
        asked = ("status", "clients", "rpc ls")
    else:
        asked = (f"why claim {claim.claim_id}", f"client {claim.client_id}", "holds")
    where = "" if data == DATA.absolute() else f" --data {shlex.quote(str(data))}"
    return [f"{NINEHOURS} {command}{where}" for command in asked]


def _telling(claims: Iterable[billing.Claim]) -> billing.Claim | None:
    """One that was corrected after it was issued has most to tell; else any."""
    found = list(claims)
    corrected = [claim for claim in found if claim.frequency == "7"]
    return next(iter([*corrected, *found]), None)


def run_up(data: Path, *, as_json: bool, story: bool, seed: int | None, tls: bool) -> None:
    """Returns when asked to end; a problem when a part can't be kept running."""
    with ending(data):
        path = check_data(data)
        if story:
            _play_first(path, seed_of(path, seed))
        elif seed is not None:
            raise Failure(USAGE, "--seed says whose story: give --story too")
        stay(path, as_json=as_json, tls=tls)


def stay(
    path: Path,
    *,
    as_json: bool = False,
    tls: bool = False,
    first: Callable[[Services], object] = lambda _: None,
) -> None:
    """Start everything and stay until asked to end; a problem when a part can't be kept running.

    `first` is done before anything is told.
    """
    if failure := _stay(path, as_json=as_json, tls=tls, first=first):
        raise Failure(UNAVAILABLE, failure)


def _stay(
    path: Path, *, as_json: bool, tls: bool, first: Callable[[Services], object]
) -> str | None:
    running = False
    try:
        with LocalSystem(path, progress=say, tls=tls, console=True) as system:
            tokens = tokens_of(system.people_dir)
            to_try = _to_try(system, path, first)
            if as_json:
                ready = {
                    "data": str(path),
                    "addresses": system.addresses,
                    "kafka": system.bootstrap,
                    "console": system.console_url,
                    "tokens": tokens,
                    "try": to_try,
                }
                print(json.dumps(ready, indent=2), flush=True)
            else:
                show(system, tokens, to_try)
            running = True
            say("ready; Ctrl-C stops everything and keeps the data; in a browser:")
            say(f"  {system.console_url}")
            return system.wait()
    except (KeyboardInterrupt, SystemExit):
        if not running:
            raise
        say(f"everything is stopped; the data is kept in {path}")
        return None


def _play_first(path: Path, seed: int) -> None:
    """In a system of its own: only there callers tell the time, which nobody may afterwards."""
    from ninehours.cli.demo import play_story  # noqa: PLC0415 - the cast is heavy

    outcome = play_story(path, seed)
    say("the story was here already" if outcome.repeated else "the story is played")
    say("starting again on the server's own clock; the story's last day was in the past")


def _to_try(system: LocalSystem, path: Path, first: Callable[[Services], object]) -> list[str]:
    services = Services(system.addresses, system.people_dir, identity=system.identity)
    try:
        first(services)
        return commands_to_try(lambda request: services.ask(BILLER, request), path)
    finally:
        services.close()


def show(system: LocalSystem, tokens: dict[str, str], to_try: list[str]) -> None:
    """Addresses, tokens and commands, each whole on its line."""
    console = Console(highlight=False)

    def line(text: str = "") -> None:
        console.print(text, markup=False, soft_wrap=True)

    wire = "TLS 1.3" if system.identity else "insecure, on this machine only"
    line("in a browser, as front desk, clinician, biller, administrator or operator")
    line(f"  {system.console_url}")
    line(f"gRPC, with reflection ({wire})")
    for service, address in system.addresses.items():
        line(f"  {service:<12} {address}")
    line(f"Kafka\n  {'bootstrap':<12} {system.bootstrap}")
    line(f"tokens, good for {LIFETIME.total_seconds() / 3600:.0f} hours")
    line("  (metadata `authorization: Bearer TOKEN`)")
    for role, token in tokens.items():
        line(f"  {role:<14} {token}")
    line(f"logs\n  {system.logs_dir}")
    line("try, in another terminal")
    for command in to_try:
        line(f"  {command}")


def tokens_of(people_dir: Path) -> dict[str, str]:
    """A token for each role, for every site."""
    issuer = Issuer(people_dir, PEOPLE)
    return {
        role: issuer.token(who.id, who.roles, who.sites, who.purpose, LIFETIME)
        for role, who in ((role, person(role)) for role in Role)
    }
