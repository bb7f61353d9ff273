"""`demo`: start everything, play the story, say what came of it, stop everything."""

import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ninehours.cli.data import check_data, keep_seed, seed_of
from ninehours.cli.export import export_batch
from ninehours.cli.screen import show_demo
from ninehours.cli.suggestions import commands_to_try
from ninehours.cli.watching import Watching
from ninehours.local.system import LocalSystem
from ninehours.story.actors import BILLER
from ninehours.story.gateway import Gateway, connect
from ninehours.story.people import invent_people
from ninehours.story.plot import SCENES, play
from ninehours.story.summary import Summary, count_facts, summarize


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What the demo prints."""

    summary: Summary
    files: tuple[Path, ...]
    start: float
    story: float
    settle: float
    memory_mib: float
    repeated: bool
    to_try: tuple[str, ...]


def run_demo(data: Path, *, seed: int | None, as_json: bool) -> None:
    """The whole demo; everything it started is stopped before it prints what came of it."""
    path = check_data(data)
    seed = seed_of(path, seed)
    outcome = play_story(path, seed)
    if as_json:
        print(json.dumps(_as_json(outcome), indent=2))
    else:
        show_demo(outcome, path, seed)


def play_story(path: Path, seed: int) -> DemoOutcome:
    """Starts what it needs, plays on it (or finds the story there), and stops it again."""
    with (
        Watching(len(SCENES)) as watching,
        LocalSystem(path, progress=watching.say, clock="caller") as system,
    ):
        keep_seed(path, seed)
        began = time.monotonic()
        connections = connect(system.addresses, system.secrets_dir)
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
            start=system.seconds_to_start,
            story=took - gateway.seconds_catching_up,
            settle=gateway.seconds_catching_up,
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
        "seconds": {
            "start": round(outcome.start, 1),
            "story": round(outcome.story, 1),
            "settle": round(outcome.settle, 1),
        },
        "memory_mib": round(outcome.memory_mib),
    }
