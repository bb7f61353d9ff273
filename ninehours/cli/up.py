"""`up`: start everything on one machine, say where it answers, and stay."""

import json
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE
from ninehours.cli.asking import PURPOSES, person
from ninehours.cli.data import check_data
from ninehours.cli.ending import UNAVAILABLE, Problem, say
from ninehours.local.system import LocalSystem

LIFETIME = timedelta(hours=12)


def run_up(data: Path, *, as_json: bool) -> None:
    """Returns when asked to end; a Problem when a part can't be kept running."""
    path = check_data(data)
    running = False
    try:
        with LocalSystem(path, progress=say) as system:
            tokens = tokens_of(system.secrets_dir)
            if as_json:
                print(
                    json.dumps(
                        {
                            "data": str(path),
                            "addresses": system.addresses,
                            "kafka": system.bootstrap,
                            "tokens": tokens,
                        },
                        indent=2,
                    ),
                    flush=True,
                )
            else:
                show(system, tokens)
            running = True
            say("ready; Ctrl-C stops everything and keeps the data")
            failure = system.wait()
    except (KeyboardInterrupt, SystemExit):
        if not running:
            raise
        say(f"everything is stopped; the data is kept in {path}")
        return
    if failure:
        raise Problem(UNAVAILABLE, failure)


def show(system: LocalSystem, tokens: dict[str, str]) -> None:
    """Addresses and tokens, each whole on its line."""
    console = Console(highlight=False)

    def line(text: str = "") -> None:
        console.print(text, markup=False, soft_wrap=True)

    line("gRPC, with reflection (insecure, on this machine only)")
    for service, address in system.addresses.items():
        line(f"  {service:<12} {address}")
    line(f"Kafka\n  {'bootstrap':<12} {system.bootstrap}")
    line(f"tokens, good for {LIFETIME.total_seconds() / 3600:.0f} hours")
    line("  (metadata `authorization: Bearer TOKEN`)")
    for role, token in tokens.items():
        line(f"  {role:<14} {token}")
    line(f"logs\n  {system.logs_dir}")


def tokens_of(secrets_dir: Path) -> dict[str, str]:
    """A token for each role, for every site."""
    issuer = Issuer(secrets_dir, PEOPLE)
    return {
        role: issuer.token(who.id, who.roles, who.sites, who.purpose, LIFETIME)
        for role, who in ((role, person(role)) for role in PURPOSES)
    }
