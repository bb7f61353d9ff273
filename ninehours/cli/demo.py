"""`demo`: start everything, play the story, say what came of it, stop everything."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ninehours.cli.connection import Services
from ninehours.cli.data import check_data, keep_seed, seed_of
from ninehours.cli.ending import USAGE, Failure, ending, say
from ninehours.cli.issue import export_batch
from ninehours.cli.options import DATA
from ninehours.cli.output import print_json
from ninehours.cli.roles import FRONT_DESK
from ninehours.cli.up import commands_to_try
from ninehours.cli.up import stay as stay_on
from ninehours.local.system import LocalSystem
from ninehours.story.gateway import BILLER, Gateway, connect
from ninehours.story.people import invent_people
from ninehours.story.plot import SCENES, play
from ninehours.story.summary import Summary, count_facts, summarize
from ninehours.story.todays_groups import schedule_todays_groups
from ninehours.told.amounts import dollars, plural

ONE_DAY = Path(__file__).resolve().parents[2] / "docs" / "one-day.md"
OUTCOMES = {
    "PER_DIEM": "billable by the day",
    "DISCRETE": "billable by services, or by units of time",
    "NOT_BILLABLE": "missed, too short, or kept from the payer",
    "HOLD": "something is awaited",
}
MOST_REASONS = 4
WIDEST = 60  # columns of a scene's title, on a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What the demo prints."""

    summary: Summary
    files: tuple[Path, ...]
    seconds: Mapping[str, float]
    memory_mib: float
    repeated: bool
    to_try: tuple[str, ...]


def run_demo(data: Path, *, seed: int | None, names: bool, stay: bool, as_json: bool) -> None:
    """The whole demo; everything it started is stopped before it prints what came of it.

    `names`: those of the clients alone, for those who search for leaks; nothing is started then.
    `stay`: it is started again afterwards, for who wants to look around.
    """
    with ending(data):
        if stay and (names or as_json):
            raise Failure(USAGE, "--stay is for people: it goes with neither --json nor --names")
        path = check_data(data)
        seed = seed_of(path, seed)
        if names:
            print_names(seed, as_json=as_json)
            return
        outcome = play_story(path, seed)
        if as_json:
            print(json.dumps(_as_json(outcome), indent=2))
        else:
            show_demo(outcome, path, seed, stay=stay)
        if stay:
            say("starting again on the server's own clock; the story's last day was in the past")
            stay_on(path, first=meet_today)


def meet_today(services: Services) -> None:
    """A group meets now at each site, so that there is somebody to check in."""
    ask = partial(services.ask, FRONT_DESK)
    for group in schedule_todays_groups(ask, datetime.now(UTC)):
        say(f"a group meets now at {group.site}: {group.expected} expected")


def print_names(seed: int, *, as_json: bool) -> None:
    """Of the story of that seed; all are invented."""
    clients = [
        {"family_name": client.family_name, "given_name": client.given_name}
        for client in invent_people(seed).clients
    ]
    if as_json:
        print_json({"seed": seed, "clients": clients})
        return
    for client in clients:
        print(f"{client['family_name']}, {client['given_name']}")


def play_story(path: Path, seed: int) -> DemoOutcome:
    """Starts what it needs, plays on it (or finds the story there), and stops it again."""
    with (
        Watching(len(SCENES)) as watching,
        LocalSystem(path, progress=watching.say, clock="caller") as system,
    ):
        keep_seed(path, seed)
        began = time.monotonic()
        connections = connect(system.channel_to, system.people_dir)
        with Gateway(connections, seed=seed, on_command=watching.command) as gateway:
            repeated = bool(count_facts(gateway))
            story = play(
                gateway, invent_people(seed), on_scene=lambda scene: watching.scene(scene.title)
            )
            ask = partial(gateway.ask, BILLER)
            files = [export_batch(ask, batch_id, path / "exports") for batch_id in story.batches]
            took = time.monotonic() - began
            summary = summarize(gateway, [*story.network.site_ids.values()])
            to_try = commands_to_try(ask, path)
        return DemoOutcome(
            summary=summary,
            files=tuple(files),
            seconds={
                "start": system.seconds_to_start,
                "story": took - gateway.seconds_catching_up,
                "settle": gateway.seconds_catching_up,
            },
            memory_mib=system.memory_mib(),
            repeated=repeated,
            to_try=tuple(to_try),
        )


def _as_json(outcome: DemoOutcome) -> dict[str, object]:
    summary = asdict(outcome.summary)
    del summary["held"]
    return {
        **summary,
        "files": [str(file) for file in outcome.files],
        "seconds": {part: round(took, 1) for part, took in outcome.seconds.items()},
        "memory_mib": round(outcome.memory_mib),
    }


def show_demo(outcome: DemoOutcome, data: Path, seed: int, *, stay: bool = False) -> None:
    """A screen that fits whatever it is shown on. `stay`: what was stopped is started again."""
    console = Console(highlight=False)
    summary, seconds = outcome.summary, outcome.seconds
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
    for what, where in _next(outcome, data, stay=stay):
        # Paths whole on one line, so that they can be copied.
        console.print(f"  {what:<16} {where}", markup=False, soft_wrap=True)
    console.print()
    now = "started again below" if stay else "stopped"
    console.print(
        f"Everything is {now}. Seed {seed}; {sum(summary.facts.values())} facts published; "
        f"start {seconds['start']:.0f} s, story {seconds['story']:.0f} s, settling "
        f"{seconds['settle']:.0f} s; {outcome.memory_mib:.0f} MiB while it ran."
    )


def _happened(outcome: DemoOutcome) -> list[str]:
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


def _days(outcome: DemoOutcome) -> Table:
    table = Table("service days", "", "why", box=None, padding=(0, 2), title_justify="left")
    table.columns[1].justify = "right"
    for name, number in outcome.summary.service_days.items():
        why = OUTCOMES.get(name, "")
        if name == "HOLD" and outcome.summary.held:
            why = _commonest(outcome.summary.held)
        table.add_row(name, str(number), why)
    table.add_row()
    return table


def _next(outcome: DemoOutcome, data: Path, *, stay: bool) -> list[tuple[str, str]]:
    up = "make up" if data == DATA.absolute() else f'make up ARGS="--data {data}"'
    found = [("the claims", f"{folder}/") for folder in {file.parent for file in outcome.files}]
    found.append(("who is who", "README.md, «The stories of the demo»"))
    if not stay:
        found.append(("stay and ask", f"{up}   (starts it on this data; answers come at once)"))
    if ONE_DAY.exists():
        found.append(("one day, traced", "docs/one-day.md"))
    found.append(("the logs", str(data / "logs")))
    return found


def _commonest(reasons: Sequence[str]) -> str:
    """The reasons that hold most days."""
    return ", ".join(reason for reason, _ in Counter(reasons).most_common(MOST_REASONS))


class Watching:
    """Progress on stderr for those who watch: a bar on a terminal, a line a scene elsewhere.

    A context manager; the bar is gone after it. `scenes`: how many there will be.
    """

    def __init__(self, scenes: int) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._scenes = scenes
        self._begun = 0
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[commands]} commands"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("starting", total=scenes, commands=0)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def scene(self, title: str) -> None:
        """What begins now."""
        if self._bar:
            width = max(min(WIDEST, self._console.width - 56), 10)
            description = title[:width].ljust(width)
            self._bar.update(self._task, description=description, completed=self._begun)
        else:
            self.say(f"scene {self._begun + 1} of {self._scenes}; {title}")
        self._begun += 1

    def command(self, count: int) -> None:
        """One more command: so many by now."""
        if self._bar:
            self._bar.update(self._task, commands=count)

    def say(self, message: str) -> None:
        """A line that stays."""
        self._console.print(message, markup=False, soft_wrap=True)
