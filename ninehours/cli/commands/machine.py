"""Commands that start a system on this machine."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

import typer

from ninehours.cli.options import DATA, Data, Json, Seed


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(demo)
    app.command()(up)


def demo(data: Data = DATA, json: Json = False, seed: Seed = None) -> None:
    """Play twelve weeks of a network through the gRPC API, show what came of it, stop everything.

    State stays in the data directory: played again, the same commands answer the same and change
    nothing; broken off, the story goes on where it stopped.
    """
    from ninehours.cli.demo import run_demo
    from ninehours.cli.ending import ending

    with ending(data):
        run_demo(data, seed=seed, as_json=json)


def up(data: Data = DATA, json: Json = False) -> None:
    """Start everything on one machine and stay, until Ctrl-C or SIGTERM.

    Prints where each service answers, and a token for each role.
    """
    from ninehours.cli.ending import ending
    from ninehours.cli.up import run_up

    with ending(data):
        run_up(data, as_json=json)
