"""The command line: every command is registered here, by who uses it."""

import typer

from ninehours.cli.commands import billing, machine, operating, people, why

app = typer.Typer(
    help="Ninehours: clinical record and billing for intensive outpatient programs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (machine, why, people, billing, operating):
    commands.register(app)
