"""Commands that answer why."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from datetime import datetime
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
    from ninehours.cli.connection import connected
    from ninehours.cli.fields import stamp_of
    from ninehours.cli.roles import BILLER
    from ninehours.cli.why import questions
    from ninehours.cli.why.of_billing import explain_claim
    from ninehours.cli.why.presenter import show

    with connected(data) as services:
        then = stamp_of(as_of)
        answer = questions.claim(services, id, then)
        facts = questions.facts(services, BILLER, questions.ids_in(answer), then)
        told = explain_claim(answer, facts, questions.asked("claim", id, as_of=as_of))
        show(told, answer, facts, name="claim", as_json=json, html=html)


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
    from ninehours.cli.connection import connected
    from ninehours.cli.fields import stamp_of
    from ninehours.cli.roles import BILLER
    from ninehours.cli.why import questions
    from ninehours.cli.why.of_billing import explain_day
    from ninehours.cli.why.presenter import show

    with connected(data) as services:
        then = stamp_of(as_of)
        answer = questions.day(services, client, date.date(), then)
        facts = questions.facts(services, BILLER, questions.ids_in(answer), then)
        asked = questions.asked("day", client, str(date.date()), as_of=as_of)
        show(explain_day(answer, facts, asked), answer, facts, name="day", as_json=json, html=html)


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
    from ninehours.cli.connection import connected
    from ninehours.cli.fields import stamp_of
    from ninehours.cli.roles import CLINICIAN
    from ninehours.cli.why import questions
    from ninehours.cli.why.of_level import explain_level
    from ninehours.cli.why.presenter import show

    with connected(data) as services:
        day = on.date() if on else None
        then = stamp_of(as_of)
        services.speak_as(CLINICIAN, subject)
        answer = questions.level_of_care(services, client, day, then)
        facts = questions.facts(services, CLINICIAN, questions.ids_in(answer), then)
        asked = questions.asked("level-of-care", client, on=day, subject=subject, as_of=as_of)
        told = explain_level(answer, facts, asked)
        show(told, answer, facts, name="level_of_care", as_json=json, html=html)


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
    from ninehours.cli.connection import connected
    from ninehours.cli.fields import stamp_of
    from ninehours.cli.why import questions
    from ninehours.cli.why.of_fact import explain_fact
    from ninehours.cli.why.presenter import show

    with connected(data) as services:
        answer = questions.fact(services, role, id, stamp_of(as_of))
        facts = questions.facts(services, role, answer.derived.facts)
        told = explain_fact(answer, facts, questions.asked("fact", id, as_of=as_of))
        show(told, answer, facts, name="fact", as_json=json, html=html)
