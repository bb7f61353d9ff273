"""What the demo shows in the end: what happened, and what to look at next."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ninehours.cli.options import DATA
from ninehours.cli.output import dollars, plural

if TYPE_CHECKING:
    from ninehours.cli.demo import DemoOutcome

ONE_DAY = Path(__file__).resolve().parents[2] / "docs" / "one-day.md"
OUTCOMES = {
    "PER_DIEM": "billable by the day",
    "DISCRETE": "billable by services, or by units of time",
    "NOT_BILLABLE": "missed, too short, or kept from the payer",
    "HOLD": "something is awaited",
}
MOST_REASONS = 4


def show_demo(outcome: "DemoOutcome", data: Path, seed: int) -> None:
    """A screen that fits whatever it is shown on."""
    console = Console(highlight=False)
    summary = outcome.summary
    console.print()
    console.print(
        "[bold]Twelve weeks of three intensive outpatient sites[/bold], played over gRPC."
    )
    if outcome.repeated:
        console.print("The story was here already: the same commands, applied once.")
    console.print()
    for line in _happened(outcome):
        console.print(f"  {line}")
    console.print()
    console.print(_days(outcome))
    console.print("[bold]Ask it[/bold]  (each starts what it needs for one answer)")
    for command in outcome.to_try:
        console.print(f"  {command}", markup=False, soft_wrap=True)
    console.print()
    console.print("[bold]Look at next[/bold]")
    for what, where in _next(outcome, data):
        # Paths whole on one line, so that they can be copied.
        console.print(f"  {what:<16} {where}", markup=False, soft_wrap=True)
    console.print()
    console.print(
        f"Everything is stopped. Seed {seed}; {sum(summary.facts.values())} facts published; "
        f"start {outcome.start:.0f} s, story {outcome.story:.0f} s, settling "
        f"{outcome.settle:.0f} s; {outcome.memory_mib:.0f} MiB while it ran."
    )


def _happened(outcome: "DemoOutcome") -> list[str]:
    summary = outcome.summary
    facts = summary.facts
    claims = summary.claims
    return [
        f"{summary.clients} clients at three sites in two time zones, "
        f"{facts.get('ClientAdmitted', 0)} admissions, "
        f"{facts.get('ClientDischarged', 0)} discharges",
        f"{summary.sessions} sessions, {facts.get('SessionAttended', 0)} attendances, "
        f"{facts.get('SessionMissed', 0)} no-shows, "
        f"{facts.get('SessionNoteSigned', 0)} notes signed",
        f"{claims['ISSUED']} claims to four payers in {len(outcome.files)} files, "
        f"{claims['REPLACEMENT']} replaced and {claims['VOID']} voided since",
        f"{dollars(summary.claims_amount_minor)} claimed and standing; "
        f"{claims['DRAFTED']} drafts left",
        f"{facts.get('AttendanceCorrected', 0)} attendances corrected after issue, "
        f"{plural(summary.proposals, 'correction')} not sent yet",
        "nothing parked" if not summary.parked else f"{summary.parked} records parked",
    ]


def _days(outcome: "DemoOutcome") -> Table:
    table = Table("service days", "", "why", box=None, padding=(0, 2), title_justify="left")
    table.columns[1].justify = "right"
    for name, number in outcome.summary.service_days.items():
        why = OUTCOMES.get(name, "")
        if name == "HOLD" and outcome.summary.held:
            why = _commonest(outcome.summary.held)
        table.add_row(name, str(number), why)
    table.add_row()
    return table


def _next(outcome: "DemoOutcome", data: Path) -> list[tuple[str, str]]:
    up = "make up" if data == DATA.absolute() else f'make up ARGS="--data {data}"'
    found = [("the claims", f"{folder}/") for folder in {file.parent for file in outcome.files}]
    found.append(("who is who", "README.md, «The stories of the demo»"))
    found.append(("stay and ask", f"{up}   (starts it on this data; answers come at once)"))
    if ONE_DAY.exists():
        found.append(("one day, traced", "docs/one-day.md"))
    found.append(("the logs", str(data / "logs")))
    return found


def _commonest(reasons: Sequence[str]) -> str:
    """The reasons that hold most days."""
    return ", ".join(reason for reason, _ in Counter(reasons).most_common(MOST_REASONS))
