"""Commands of those who run the services: how is it, what waits, is it right, what travels."""

from pathlib import Path
from typing import Annotated

import typer

from kernel.services import EACH
from ninehours.cli.commands.work import done_by
from ninehours.cli.options import As, Json, System

Service = Annotated[str | None, typer.Option("--service", help=f"{EACH}. [default: all]")]
Issuer = Annotated[str, typer.Argument(metavar="SERVICE", help=f"{EACH}, or people.")]
Directory = Annotated[
    Path | None, typer.Option("--data", help="The data directory. [default: var/demo]")
]
ParkedId = Annotated[str, typer.Argument(metavar="ID", help="As `ninehours parked list` shows it.")]
ParkedAt = Annotated[str, typer.Option("--service", help="The service that parked it.")]
Why = Annotated[str, typer.Option("--reason", help="Kept, for those who ask later.")]
Called = Annotated[str, typer.Argument(help=f"{EACH}.")]
SomeService = Annotated[str, typer.Argument(help="One of the services. [default: all]")]
Method = Annotated[str, typer.Argument(help="An RPC's name, as `rpc ls` shows it.")]
Body = Annotated[
    str, typer.Option("--json-body", help="The request as JSON; - reads it from stdin.")
]
AsRole = Annotated[str, typer.Option("--role", help="Who asks. [default: the first role that may]")]

AsPurpose = Annotated[
    str,
    typer.Option("--purpose", help="TREATMENT, PAYMENT or OPERATIONS. [default: the role's]"),
]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (status, verify, rebuild, tail, resync):
        app.command()(command)
    keys = typer.Typer(
        help="Owners' keys, the master keys that wrap them, and the keys that sign.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    keys.command("rewrap")(keys_rewrap)
    keys.command("rotate-signing")(keys_rotate_signing)
    keys.command("withdraw-signing")(keys_withdraw_signing)
    app.add_typer(keys, name="keys")
    search = typer.Typer(
        help="What clients are found by.", no_args_is_help=True, rich_markup_mode=None
    )
    search.command("rebuild")(search_rebuild)
    app.add_typer(search, name="search")
    parked = typer.Typer(
        help="What waits for a person: look at it, try it again, go past it.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    parked.command("list")(parked_list)
    parked.command("show")(parked_show)
    parked.command("release")(parked_release)
    parked.command("give-up")(parked_give_up)
    app.add_typer(parked, name="parked")
    rpc = typer.Typer(no_args_is_help=True, help="List and call any RPC: JSON in, JSON out.")
    rpc.command()(ls)
    rpc.command()(show)
    rpc.command()(call)
    app.add_typer(rpc, name="rpc")


@done_by("lists.status:run_status")
def status(
    data: System = None,
    as_json: Json = False,
    watch: Annotated[
        float | None, typer.Option("--watch", min=0.5, help="Look again every so many seconds.")
    ] = None,
) -> None:
    """How every process is doing: up, how far behind in facts and seconds, what waits.

    Ends with 0 when all is well, 1 when something waits for a person or is late, 6 when a service
    doesn't answer.
    """


@done_by("operating:run_verify")
def verify(
    data: System = None,
    as_json: Json = False,
    only: Service = None,
    timeout: Annotated[
        int, typer.Option("--timeout", min=0, max=3600, help="Seconds to wait until all is heard.")
    ] = 60,
) -> None:
    """Wait until all is heard and derived, then check each database in one snapshot.

    Published, heard, derived, parked, documents, Kafka, and billing's promises. Ends with 0 when
    nothing was found, 1 when something was: each finding names what it is about.
    """


@done_by("operating:run_rebuild")
def rebuild(
    data: System = None,
    as_json: Json = False,
    only: Service = None,
    timeout: Annotated[
        int, typer.Option("--timeout", min=1, max=36000, help="Seconds to wait until it is done.")
    ] = 600,
) -> None:
    """Derive everything again from what was heard; only differences are published: none, usually.

    The running stream processes do the work; this waits for them.
    """


@done_by("operating:run_rewrap")
def keys_rewrap(data: System = None, as_json: Json = False, only: Service = None) -> None:
    """Wrap every key anew under the master key in use, while everything runs.

    Broken off, it loses nothing, and goes on when it is said again.
    """


@done_by("operating:run_rebuild_search")
def search_rebuild(data: System = None, as_json: Json = False) -> None:
    """Make anew what clients are found by, where it isn't what is recorded of them.

    While everything runs. Broken off, it loses nothing, and begins anew when it is said again.
    Ends with 1 where something of a client doesn't open.
    """


@done_by("signing:run_rotate")
def keys_rotate_signing(
    issuer: Issuer,
    data: Directory = None,
    as_json: Json = False,
    facts: Annotated[
        bool, typer.Option("--facts", help="The key that its facts are signed with, not tokens.")
    ] = False,
) -> None:
    """On this machine: make and publish the next key that it signs with, while everything runs.

    The key before is believed as well, until it is withdrawn.
    """


@done_by("signing:run_withdraw")
def keys_withdraw_signing(
    issuer: Issuer,
    data: Directory = None,
    as_json: Json = False,
    stolen: Annotated[
        bool,
        typer.Option("--stolen", help="At once: tokens that it signed are to be refused now."),
    ] = False,
) -> None:
    """On this machine: believe no key before the one that signs tokens now.

    Not before its last token is over: an hour after the next key was made, for people's thirty
    days. Keys of facts stay: what they signed is read for years.
    """


@done_by("tail:run_tail")
def tail(
    *,
    data: System = None,
    as_json: Json = False,
    service: Service = None,
    kind: Annotated[str, typer.Option("--type", help="Only this one, such as ClaimIssued.")] = "",
    client_id: Annotated[str, typer.Option("--client", help="Only this client's, by id.")] = "",
    from_start: Annotated[
        bool, typer.Option("--from-start", help="All that was ever published, then go on.")
    ] = False,
    payload: Annotated[
        bool, typer.Option("--payload", help="With the fact itself, as JSON.")
    ] = False,
    number: Annotated[
        int | None, typer.Option("-n", "--number", min=1, help="End after so many.")
    ] = None,
) -> None:
    """Public facts as they travel, one a line, until Ctrl-C. None is left out, none shown twice."""


@done_by("operating:RESYNC.run")
def resync(
    topic: Annotated[str, typer.Argument(help="Such as ninehours.intake.v1.")],
    service: Annotated[str, typer.Option("--service", help="The service that hears it.")],
    data: System = None,
    as_json: Json = False,
) -> None:
    """After a restored database (EPOCH_RAISED): hear a whole topic again, from 1.

    Until it is heard, rows whose facts are missing are withdrawn, and come back.
    """


@done_by("operating:run_list")
def parked_list(data: System = None, as_json: Json = False, only: Service = None) -> None:
    """All that waits for a person, with the id that the other commands take."""


@done_by("operating:SHOW_PARKED.run")
def parked_show(
    id: ParkedId, service: ParkedAt, data: System = None, as_json: Json = False
) -> None:
    """One of them: where it came from, what went wrong and where; never its content."""


@done_by("operating:RELEASE.run")
def parked_release(
    id: ParkedId, service: ParkedAt, reason: Why, data: System = None, as_json: Json = False
) -> None:
    """Try it again: after a release that knows better, or when the cause is gone.

    Who did, when and why is kept, and told by `parked show` if it waits here again.
    """


@done_by("operating:GIVE_UP.run")
def parked_give_up(
    id: ParkedId, service: ParkedAt, reason: Why, data: System = None, as_json: Json = False
) -> None:
    """Go past a record for good. Who did, when and why is kept with it."""


@done_by("rpc:run_ls")
def ls(service: SomeService = "", data: System = None, as_json: Json = False) -> None:
    """Every RPC with the roles that may call it, as the servers describe themselves."""


@done_by("rpc:run_show")
def show(service: Called, method: Method, data: System = None) -> None:
    """What an RPC takes, as JSON to be filled in, and who may call it; docs/catalogue.md: more.

    A request within a request, as in a correction, is what another RPC takes: show that one.
    """


@done_by("rpc:run_call")
def call(
    service: Called,
    method: Method,
    *,
    body: Body = "{}",
    role: AsRole = "",
    subject: As = "",
    purpose: AsPurpose = "",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Of a command: record nothing; print the days, claims and dollars it would move.",
        ),
    ] = False,
    data: System = None,
) -> None:
    """Call an RPC and print its answer as JSON; of a stream, one object a line.

    A command without meta.command_id is given a new one.
    A refusal goes to stderr with its reason and what is wrong with each field.
    """
