"""Commands of billing teams that list: payers, claims, service days, holds, corrections."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from ninehours.cli.options import AsOf, Json, System


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (payers, claims, days, holds, proposals, authorizations):
        app.command()(command)


DATE = ["%Y-%m-%d"]
Client = Annotated[str, typer.Option("--client", help="Of one client: their id.")]
Payer = Annotated[str, typer.Option("--payer", help="Of one payer: its id, or a part of its name.")]
Site = Annotated[str, typer.Option("--site", help="Of one site: its id.")]
Reason = Annotated[
    str, typer.Option("--reason", help="A closed gate's, for example NOTE_UNSIGNED.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DATE, help="From this date on.")]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=DATE, help="Until this date, included.")
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


def payers(data: System = None, json: Json = False) -> None:
    """Payers: their ids, names, and the versions of their rules."""
    from ninehours.cli.lists.payers import list_payers

    list_payers(data, as_json=json)


def claims(
    *,
    data: System = None,
    client: Client = "",
    payer: Payer = "",
    site: Site = "",
    state: Annotated[ClaimState | None, typer.Option(help="Drafted, or issued.")] = None,
    adjudication: Annotated[Answer | None, typer.Option(help="What the payer answered.")] = None,
    batch: Annotated[str, typer.Option(help="Of one file: the batch's id.")] = "",
    first: First = None,
    last: Last = None,
    as_of: AsOf = None,
    changed_since: Since = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """Claims, drafted and issued, with what payers answered. Dates: of the claims' periods."""
    from ninehours.cli.lists.claims import CLAIMS

    CLAIMS.run(
        data,
        csv=csv, as_json=json, client_id=client, payer=payer, site_id=site, state=state,
        adjudication=adjudication, batch_id=batch, first=first, last=last, as_of=as_of,
        changed_since=changed_since,
    )  # fmt: skip


def days(
    *,
    data: System = None,
    client: Client = "",
    payer: Payer = "",
    site: Site = "",
    outcome: Annotated[OutcomeWord | None, typer.Option(help="What the day came to.")] = None,
    reason: Reason = "",
    first: First = None,
    last: Last = None,
    changed_since: Since = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """Service days: what each came to, and which gates are closed."""
    from ninehours.cli.lists.days import SERVICE_DAYS

    SERVICE_DAYS.run(
        data,
        csv=csv, as_json=json, client_id=client, payer=payer, site_id=site, outcome=outcome,
        reason=reason, first=first, last=last, changed_since=changed_since,
    )  # fmt: skip


def holds(
    *,
    data: System = None,
    client: Client = "",
    payer: Payer = "",
    site: Site = "",
    reason: Reason = "",
    first: First = None,
    last: Last = None,
    on: Annotated[
        datetime | None, typer.Option(formats=DATE, help="Ages as of this day. [default: today]")
    ] = None,
    changed_since: Since = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """Days on HOLD: why, since when, and what is at stake, the most first."""
    from ninehours.cli.lists.days import HOLDS

    HOLDS.run(
        data,
        csv=csv, as_json=json, client_id=client, payer=payer, site_id=site, reason=reason,
        first=first, last=last, on=on, changed_since=changed_since,
    )  # fmt: skip


def proposals(
    *,
    data: System = None,
    client: Client = "",
    payer: Payer = "",
    site: Site = "",
    state: Annotated[ProposalStateWord | None, typer.Option(help="Whether it can be sent.")] = None,
    first: First = None,
    last: Last = None,
    changed_since: Since = None,
    csv: Csv = None,
    json: Json = False,
) -> None:
    """Corrections proposed: issued claims whose facts changed since. Dates: those that changed."""
    from ninehours.cli.lists.claims import PROPOSALS

    PROPOSALS.run(
        data,
        csv=csv, as_json=json, client_id=client, payer=payer, site_id=site, state=state,
        first=first, last=last, changed_since=changed_since,
    )  # fmt: skip


def authorizations(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
    data: System = None,
    json: Json = False,
) -> None:
    """A client's authorizations: what is on issued claims, what waits to be, and of how much."""
    from ninehours.cli.lists.payers import list_authorizations

    list_authorizations(data, client, as_json=json)
