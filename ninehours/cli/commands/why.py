"""Commands that answer why."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ninehours.cli.commands.work import done_by
from ninehours.cli.options import DAY, As, AsOf, Json, System

Html = Annotated[
    Path | None,
    typer.Option(
        "--html", help="Write the answer as one printable page, readable by you alone, instead."
    ),
]
Role = Annotated[
    str,
    typer.Option("--role", help="The role that asks: biller, clinician, front_desk, operator …"),
]
ServiceDate = Annotated[datetime, typer.Argument(formats=DAY, metavar="DATE")]
Id = Annotated[str, typer.Argument(metavar="ID")]
Client = Annotated[str, typer.Argument(metavar="CLIENT")]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    why = typer.Typer(
        help="Why something is as it is: the facts, the rules and the people behind it.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    why.command()(claim)
    why.command()(day)
    why.command("level-of-care")(level_of_care)
    why.command()(fact)
    app.add_typer(why, name="why")


@done_by("why.presenter:why_claim")
def claim(
    claim_id: Id,
    *,
    as_of: AsOf = None,
    html: Html = None,
    as_json: Json = False,
    data: System = None,
) -> None:
    """Why a claim says what it says, line by line, and what became of it.

    ID is an issued claim's or a draft's. Each line's day is told as it stood when the claim was
    issued; days that changed since are told again.
    """


@done_by("why.presenter:why_day")
def day(
    client_id: Client,
    on: ServiceDate,
    *,
    as_of: AsOf = None,
    html: Html = None,
    as_json: Json = False,
    data: System = None,
) -> None:
    """Why a client's day is what it is: every gate, and what would release a HOLD."""


@done_by("why.presenter:why_level_of_care")
def level_of_care(
    client_id: Client,
    *,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=DAY, help="Only as of that day.")
    ] = None,
    subject: As = "",
    as_of: AsOf = None,
    html: Html = None,
    as_json: Json = False,
    data: System = None,
) -> None:
    """Why a client is at a level of care: who decided, and what was recommended, on what."""


@done_by("why.presenter:why_fact")
def fact(
    fact_id: Id,
    *,
    role: Role = "biller",
    as_of: AsOf = None,
    html: Html = None,
    as_json: Json = False,
    data: System = None,
) -> None:
    """Who signed a fact, when, by which command; of a derived one, what it rests on.

    ID is a public fact's, or a derived row's.
    """
