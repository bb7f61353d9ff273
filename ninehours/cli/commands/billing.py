"""Commands of billing teams: lists; issue and adjudicate; replay, which only supposes."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ninehours.cli.commands.work import done_by
from ninehours.cli.options import DAY, As, AsOf, CommandId, Json, System

Client = Annotated[str, typer.Option("--client", help="Of one client: their id.")]
Payer = Annotated[str, typer.Option("--payer", help="Of one payer: its id, or a part of its name.")]
Site = Annotated[str, typer.Option("--site", help="Of one site: its id.")]
Reason = Annotated[
    str, typer.Option("--reason", help="A closed gate's, for example NOTE_UNSIGNED.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DAY, help="From this date on.")]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=DAY, help="Until this date, included.")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="CURSOR",
        help="Every change after this cursor, each once; an empty one begins at the beginning.",
    ),
]
Csv = Annotated[
    str | None,
    typer.Option("--csv", metavar="FILE|-", help="Write the list as CSV, or to stdout with -."),
]
Why = Annotated[str, typer.Option("--reason", help="Kept, for those who ask later.")]
SomePayer = Annotated[
    str, typer.Option("--payer", help="Which payer: its id, or a part of its name.")
]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (
        payers,
        claims,
        days,
        holds,
        proposals,
        standing,
        authorizations,
        issue,
        adjudicate,
        replay,
    ):
        app.command()(command)
    restored = typer.Typer(
        help="After billing's database was restored: what had left, and when claims go again.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    restored.command("show")(restored_show)
    restored.command("recover")(restored_recover)
    restored.command("sent")(restored_sent)
    restored.command("reconcile")(restored_reconcile)
    app.add_typer(restored, name="restored")


class ClaimState(StrEnum):
    """As the API names them."""

    DRAFTED = "drafted"
    ISSUED = "issued"


class Answer(StrEnum):
    """What a payer says of a claim; of a void: reversed."""

    PAID = "paid"
    DENIED = "denied"
    REVERSED = "reversed"


class OutcomeWord(StrEnum):
    """A service day's."""

    PER_DIEM = "per-diem"
    DISCRETE = "discrete"
    NOT_BILLABLE = "not-billable"
    HOLD = "hold"


class ProposalStateWord(StrEnum):
    """Of a correction."""

    READY = "ready"
    AWAITING_CONTROL_NUMBER = "awaiting-control-number"
    AWAITING_RELEASE = "awaiting-release"


class WithoutWaiting(StrEnum):
    """Why a correction is issued though dates that fell from its claim may come back."""

    NEVER_COMES = "never-comes"
    PAYER_ASKED = "payer-asked"
    NETWORK_DECISION = "network-decision"


class Override(StrEnum):
    """Why an answer is recorded though it contradicts what is known."""

    PAYER_ANSWERED_ANEW = "payer-answered-anew"
    ENTERED_WRONG = "entered-wrong"
    PAYER_PAID_MORE = "payer-paid-more"


@done_by("lists.billing:list_payers")
def payers(data: System = None, as_json: Json = False) -> None:
    """Payers: their ids, names, and the versions of their rules."""


@done_by("lists.billing:CLAIMS.run")
def claims(
    *,
    data: System = None,
    client_id: Client = "",
    payer: Payer = "",
    site_id: Site = "",
    state: Annotated[ClaimState | None, typer.Option(help="Drafted, or issued.")] = None,
    adjudication: Annotated[Answer | None, typer.Option(help="What the payer answered.")] = None,
    batch_id: Annotated[str, typer.Option("--batch", help="Of one file: the batch's id.")] = "",
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    changed_since: Since = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Claims, drafted and issued, with what payers answered. Dates: of the claims' periods."""


@done_by("lists.billing:SERVICE_DAYS.run")
def days(
    *,
    data: System = None,
    client_id: Client = "",
    payer: Payer = "",
    site_id: Site = "",
    outcome: Annotated[OutcomeWord | None, typer.Option(help="What the day came to.")] = None,
    reason: Reason = "",
    first: First = None,
    last: Last = None,
    changed_since: Since = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Service days: what each came to, and which gates are closed."""


@done_by("lists.billing:HOLDS.run")
def holds(
    *,
    data: System = None,
    client_id: Client = "",
    payer: Payer = "",
    site_id: Site = "",
    reason: Reason = "",
    first: First = None,
    last: Last = None,
    on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Ages as of this day. [default: today]")
    ] = None,
    changed_since: Since = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Days on HOLD: why, since when, and what is at stake, the most first."""


@done_by("lists.billing:PROPOSALS.run")
def proposals(
    *,
    data: System = None,
    client_id: Client = "",
    payer: Payer = "",
    site_id: Site = "",
    state: Annotated[ProposalStateWord | None, typer.Option(help="Whether it can be sent.")] = None,
    first: First = None,
    last: Last = None,
    changed_since: Since = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Corrections proposed: issued claims whose facts changed since. Dates: those that changed."""


@done_by("lists.standing:run_standing")
def standing(
    client_ids: Annotated[
        list[str], typer.Argument(metavar="CLIENT...", help="The clients' ids, at most 200.")
    ],
    *,
    data: System = None,
    on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Of this date. [default: today]")
    ] = None,
    ahead: Annotated[
        int, typer.Option(min=0, max=90, help="What stands in the way so many days later, too.")
    ] = 14,
    as_json: Json = False,
) -> None:
    """What would keep a client's day from being billed, before it is there, and what mends it."""


@done_by("lists.billing:list_authorizations")
def authorizations(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
    data: System = None,
    as_json: Json = False,
) -> None:
    """A client's authorizations: what is on issued claims, what waits to be, and of how much."""


@done_by("issue:run_issue")
def issue(
    *,
    payer: SomePayer,
    data: System = None,
    through: Annotated[
        datetime | None,
        typer.Option(formats=DAY, help="Claims of periods that ended by this day."),
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
    as_json: Json = False,
) -> None:
    """Issue a payer's claims: writes the 837 files, and says who was left out and why."""


@done_by("issue:run_adjudicate")
def adjudicate(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="The issued claim's id.")],
    *,
    control_number: Annotated[str, typer.Option(help="The payer's own number of the claim.")],
    status: Annotated[Answer, typer.Option(help="What the payer says.")],
    paid: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Dollars, of a claim that was paid: 300.00")
    ] = "",
    on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="When it answered. [default: today]")
    ] = None,
    override: Annotated[
        list[Override] | None,
        typer.Option(help="Why it holds against an earlier answer, or above the charge."),
    ] = None,
    data: System = None,
    command_id: CommandId = "",
    as_json: Json = False,
) -> None:
    """Record what a payer answered about a claim; corrections of it can go out from then on."""


@done_by("replay:run_replay")
def replay(
    *,
    rules: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, help="The rule set as YAML, as in services/billing/rules."
        ),
    ],
    first: Annotated[
        datetime, typer.Option("--from", formats=DAY, help="Service dates from this one on.")
    ],
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DAY, help="Until this one, included.")
    ] = None,
    payer: Annotated[
        str, typer.Option("--payer", help="Whose rules: needed where the file names no payer_id.")
    ] = "",
    data: System = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """HYPOTHETICAL: what service days and claims would be under other rules. Touches nothing."""


@done_by("restored:run_show")
def restored_show(data: System = None, as_json: Json = False) -> None:
    """Whether claims are held, and what Kafka knows that the restored database doesn't."""


@done_by("restored:run_recover")
def restored_recover(
    *,
    reason: Why,
    data: System = None,
    subject: As = "",
    command_id: CommandId = "",
    as_json: Json = False,
) -> None:
    """Record again, from Kafka, claims that left, with payers' answers and what followed them."""


@done_by("restored:run_sent")
def restored_sent(
    claims: Annotated[
        list[str],
        typer.Argument(
            metavar="DRAFT=NUMBER:CHARGE…",
            help="The draft, or the claim that is corrected; CLM01 and CLM02 of the file.",
        ),
    ],
    *,
    payer: SomePayer,
    reason: Why,
    data: System = None,
    subject: As = "",
    command_id: CommandId = "",
    as_json: Json = False,
) -> None:
    """Record that drafts left, as files that were sent say, where Kafka doesn't know."""


@done_by("restored:run_reconcile")
def restored_reconcile(
    *,
    reason: Why,
    data: System = None,
    subject: As = "",
    command_id: CommandId = "",
    as_json: Json = False,
) -> None:
    """Say that nothing else had left: from now on claims are issued again."""
