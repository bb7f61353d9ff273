"""Commands that answer why."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ninehours.cli.options import As, AsOf, Json, System

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
ServiceDate = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE")]
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


def claim(
    id: Id, *, as_of: AsOf = None, html: Html = None, json: Json = False, data: System = None
) -> None:
    """Why a claim says what it says, line by line, and what became of it.

    ID is an issued claim's or a draft's. Each line's day is told as it stood when the claim was
    issued; days that changed since are told again.
    """
    from ninehours.cli.why.presenter import run_why
    from ninehours.cli.why.questions import why_claim

    run_why(data, partial(why_claim, claim_id=id, as_of=as_of), html=html, as_json=json)


def day(
    client: Client,
    date: ServiceDate,
    *,
    as_of: AsOf = None,
    html: Html = None,
    json: Json = False,
    data: System = None,
) -> None:
    """Why a client's day is what it is: every gate, and what would release a HOLD."""
    from ninehours.cli.why.presenter import run_why
    from ninehours.cli.why.questions import why_day

    question = partial(why_day, client_id=client, on=date.date(), as_of=as_of)
    run_why(data, question, html=html, as_json=json)


def level_of_care(
    client: Client,
    *,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Only as of that day.")
    ] = None,
    subject: As = "",
    as_of: AsOf = None,
    html: Html = None,
    json: Json = False,
    data: System = None,
) -> None:
    """Why a client is at a level of care: who decided, and what was recommended, on what."""
    from ninehours.cli.why.presenter import run_why
    from ninehours.cli.why.questions import why_level_of_care

    day = on.date() if on else None
    question = partial(why_level_of_care, client_id=client, on=day, subject=subject, as_of=as_of)
    run_why(data, question, html=html, as_json=json)


def fact(
    id: Id,
    *,
    role: Role = "biller",
    as_of: AsOf = None,
    html: Html = None,
    json: Json = False,
    data: System = None,
) -> None:
    """Who signed a fact, when, by which command; of a derived one, what it rests on.

    ID is a public fact's, or a derived row's.
    """
    from ninehours.cli.why.presenter import run_why
    from ninehours.cli.why.questions import why_fact

    question = partial(why_fact, fact_id=id, role=role, as_of=as_of)
    run_why(data, question, html=html, as_json=json)
