"""Commands that start a system on this machine."""

from typing import Annotated

import typer

from ninehours.cli.commands.work import done_by
from ninehours.cli.options import DATA, As, Data, Json, Seed

Names = Annotated[
    bool, typer.Option("--names", help="Only print the invented clients' names, for leak searches.")
]
Stay = Annotated[
    bool, typer.Option("--stay", help="Start everything again afterwards, as `up` does, and stay.")
]
Story = Annotated[bool, typer.Option("--story", help="Play the demo's story first, then stay.")]
Tls = Annotated[
    bool,
    typer.Option("--tls", help="TLS 1.3 on every wire, under an authority made at first start."),
]
Role = Annotated[
    str, typer.Argument(help="front_desk, clinician, biller, administrator or operator.")
]
Sites = Annotated[
    list[str] | None,
    typer.Option("--site", help="The id of a site it speaks for; may be repeated. [default: all]"),
]
Purpose = Annotated[
    str, typer.Option("--purpose", help="TREATMENT, PAYMENT or OPERATIONS. [default: the role's]")
]
Lifetime = Annotated[str, typer.Option("--lifetime", help="How long it is good for: 90m, 12h, 7d.")]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (demo, up, token):
        app.command()(command)


@done_by("demo:run_demo")
def demo(
    data: Data = DATA,
    as_json: Json = False,
    seed: Seed = None,
    names: Names = False,
    stay: Stay = False,
) -> None:
    """Play twelve weeks of a network through the gRPC API, show what came of it, stop everything.

    State stays in the data directory: played again, the same commands answer the same and change
    nothing; broken off, the story goes on where it stopped.
    """


@done_by("up:run_up")
def up(
    data: Data = DATA,
    as_json: Json = False,
    story: Story = False,
    seed: Seed = None,
    tls: Tls = False,
) -> None:
    """Start everything on one machine and stay, until Ctrl-C or SIGTERM.

    Prints what opens the console in a browser, where each service answers, a token for each role,
    and three commands to try. A story is played by the clock of its callers; what stays afterwards
    takes the server's clock, as always.
    """


@done_by("tokens:print_token")
def token(
    role: Role,
    *,
    data: Data = DATA,
    subject: As = "",
    sites: Sites = None,
    purpose: Purpose = "",
    lifetime: Lifetime = "12h",
    as_json: Json = False,
) -> None:
    """Print a token for the system of a data directory, signed with the keys it holds.

    For NINEHOURS_TOKEN, or as the metadata `authorization: Bearer TOKEN` of other gRPC tools.
    """
