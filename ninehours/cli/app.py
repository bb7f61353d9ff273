"""The commands and their options; each command's work is in a module of its own."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from pathlib import Path
from typing import Annotated

import typer

DATA = Path("var/demo")

app = typer.Typer(
    help="Ninehours: clinical record and billing for intensive outpatient programs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[
    Path, typer.Option("--data", help="Where all state is kept: a new, empty or earlier directory.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a screen.")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        help="Whose story: the same people and ids for the same number. [default: 7]",
    ),
]


@app.callback()
def main() -> None:
    """Without this, a single command would take the place of its name."""


@app.command()
def demo(data: Data = DATA, json: Json = False, seed: Seed = None) -> None:
    """Play twelve weeks of a network through the gRPC API, show what came of it, stop everything.

    State stays in the data directory: played again, the same commands answer the same and change
    nothing; broken off, the story goes on where it stopped.
    """
    from ninehours.cli.demo import run_demo
    from ninehours.cli.ending import ending

    with ending(data):
        run_demo(data, seed=seed, as_json=json)


@app.command()
def up(data: Data = DATA, json: Json = False) -> None:
    """Start everything on one machine and stay, until Ctrl-C or SIGTERM.

    Prints where each service answers, and a token for each role.
    """
    from ninehours.cli.ending import ending
    from ninehours.cli.up import run_up

    with ending(data):
        run_up(data, as_json=json)
