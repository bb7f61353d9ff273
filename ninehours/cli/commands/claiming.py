"""Commands of billing teams that act or suppose: issue, adjudicate, replay."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ninehours.cli.commands.billing import DATE, Answer, Csv
from ninehours.cli.options import DATA, Json, System

CommandId = Annotated[
    str,
    typer.Option("--command-id", help="The id printed before: given again, it is applied once."),
]
SomePayer = Annotated[
    str, typer.Option("--payer", help="Which payer: its id, or a part of its name.")
]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (issue, adjudicate, replay):
        app.command()(command)


class WithoutWaiting(StrEnum):
    """Why a correction is issued though dates that fell from its claim may come back."""

    NEVER_COMES = "never-comes"
    PAYER_ASKED = "payer-asked"
    NETWORK_DECISION = "network-decision"


def issue(
    *,
    payer: SomePayer,
    data: System = None,
    through: Annotated[
        datetime | None,
        typer.Option(formats=DATE, help="Claims of periods that ended by this day."),
    ] = None,
    corrections: Annotated[
        bool,
        typer.Option(
            "--corrections",
            help="Replacements and voids instead of originals: those named with --correct; "
            "without any, what could be issued, in dollars, and how to name it.",
        ),
    ] = False,
    correct: Annotated[
        list[str] | None,
        typer.Option("--correct", metavar="CLAIM@REVISION", help="A correction, as it was listed."),
    ] = None,
    without_waiting: Annotated[
        WithoutWaiting | None,
        typer.Option(help="Why those named go though dates that fell from them may come back."),
    ] = None,
    exports: Annotated[
        Path | None,
        typer.Option(help="Where the files go. [default: exports, in the data directory if any]"),
    ] = None,
    command_id: CommandId = "",
    json: Json = False,
) -> None:
    """Issue a payer's claims: writes the 837 files, and says who was left out and why."""
    from ninehours.cli.issue import run_issue

    run_issue(
        data, payer, data=data or DATA, through=through, corrections=corrections,
        named=correct or (), without_waiting=without_waiting.name if without_waiting else "",
        exports=exports, command_id=command_id, as_json=json,
    )  # fmt: skip


class Override(StrEnum):
    """Why an answer is recorded though it contradicts what is known."""

    PAYER_ANSWERED_ANEW = "payer-answered-anew"
    ENTERED_WRONG = "entered-wrong"
    PAYER_PAID_MORE = "payer-paid-more"


def adjudicate(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="The issued claim's id.")],
    *,
    control_number: Annotated[str, typer.Option(help="The payer's own number of the claim.")],
    status: Annotated[Answer, typer.Option(help="What the payer says.")],
    paid: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Dollars, of a claim that was paid: 300.00")
    ] = "",
    on: Annotated[
        datetime | None, typer.Option(formats=DATE, help="When it answered. [default: today]")
    ] = None,
    override: Annotated[
        list[Override] | None,
        typer.Option(help="Why it holds against an earlier answer, or above the charge."),
    ] = None,
    data: System = None,
    command_id: CommandId = "",
    json: Json = False,
) -> None:
    """Record what a payer answered about a claim; corrections of it can go out from then on."""
    from ninehours.cli.issue import run_adjudicate

    run_adjudicate(
        data, claim, control_number=control_number, status=status.name, paid=paid, on=on,
        overrides=[reason.name for reason in override or ()], command_id=command_id, as_json=json,
    )  # fmt: skip


def replay(
    *,
    rules: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, help="The rule set as YAML, as in services/billing/rules."
        ),
    ],
    first: Annotated[
        datetime, typer.Option("--from", formats=DATE, help="Service dates from this one on.")
    ],
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DATE, help="Until this one, included.")
    ] = None,
    payer: Annotated[
        str, typer.Option("--payer", help="Whose rules: needed where the file names no payer_id.")
    ] = "",
    data: System = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """HYPOTHETICAL: what service days and claims would be under other rules. Touches nothing."""
    from ninehours.cli.replay import run_replay

    run_replay(data, rules, first=first, last=last, payer=payer, csv=csv, as_json=json)
