"""The options that many commands have, spelled once."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

DATA = Path("var/demo")
DAY = ["%Y-%m-%d"]

Data = Annotated[
    Path, typer.Option("--data", help="Where all state is kept: a new, empty or earlier directory.")
]
System = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The data directory of the system that is asked: the running one; one that stands "
        "still is started for the question. [default: what NINEHOURS_PEERS names, else var/demo]",
    ),
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
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="SUBJECT",
        help="Whose token asks, for example staff/ID: scores are told by a clinician's credential. "
        "[default: nobody in particular]",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        help="As the service had heard it by then: a day (all of it, UTC) or a time.",
    ),
]
CommandId = Annotated[
    str,
    typer.Option("--command-id", help="The id printed before: given again, it is applied once."),
]
