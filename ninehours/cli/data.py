"""The data directory as a command is given it: ours or new, and which story it holds."""

import json
from pathlib import Path

from ninehours.cli.ending import CONFLICT, USAGE, Failure
from ninehours.local.folder import write_private

LOCK = "launcher.lock"
STORY = "story.json"
FIRST = frozenset({"secrets", "passwords", "logs", "ready"})
DEFAULT_SEED = 7


def check_data(data: Path) -> Path:
    """The directory's whole path; a problem where it is somebody else's."""
    path = data.expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise Failure(USAGE, f"{path} is a file. Give --data a directory, new or empty.")
    found = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    # A launch that was killed early has its first folders, and no lock yet.
    if found and LOCK not in found and not found <= FIRST:
        raise Failure(
            USAGE,
            f"{path} is not empty, and not a data directory of Ninehours: nothing was changed. "
            "Give --data a new or empty directory.",
        )
    return path


def seed_of(path: Path, asked: int | None) -> int:
    """The story's seed: the one the directory holds, unless another is asked for (CONFLICT)."""
    story = path / STORY
    held = json.loads(story.read_text(encoding="utf-8"))["seed"] if story.exists() else None
    if held is not None and asked not in (None, held):
        raise Failure(
            CONFLICT,
            f"{path} holds the story of seed {held}. "
            f"Leave --seed out to play that one, or give seed {asked} a --data of its own.",
        )
    if held is not None:
        return int(held)
    return DEFAULT_SEED if asked is None else asked


def keep_seed(path: Path, seed: int) -> None:
    """From here on the directory holds that story."""
    if not (path / STORY).exists():
        write_private(path / STORY, json.dumps({"seed": seed}) + "\n")
