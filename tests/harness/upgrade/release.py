"""The last release, beside today's code: a worktree of its own, with its own locked environment."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
COMMIT = REPOSITORY / "tests" / "upgrade" / "LAST_RELEASE"
WORKTREE = REPOSITORY / "build" / "last-release"


class NoLastRelease(RuntimeError):
    """Its commit isn't here, or it can't be installed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """Code, and the Python that has what it runs on."""

    root: Path
    python: Path

    @property
    def settings(self) -> dict[str, str]:
        """By which Python finds it, and nothing else."""
        return {
            "PYTHONUNBUFFERED": "1",
            "PYTHONSAFEPATH": "1",
            "PYTHONPATH": os.pathsep.join([str(self.root), str(self.root / "build" / "generated")]),
        }


TODAY = Release(REPOSITORY, Path(sys.executable))


def last_release() -> Release:
    """As its own `make ready` installs it; what is there already is kept.

    NoLastRelease: the commit isn't in this clone, or its packages can't be had.
    """
    commit = commit_of_last_release()
    if not WORKTREE.exists() or _git("rev-parse", "HEAD", cwd=WORKTREE) != commit:
        if WORKTREE.exists():
            _git("worktree", "remove", "--force", str(WORKTREE))
        _git("worktree", "prune")
        if not _has(commit):
            _git("fetch", "--quiet", "origin", commit)
        _git("worktree", "add", "--detach", str(WORKTREE), commit)
    # Another make's words are not for this one.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    made = subprocess.run(
        ["make", "ready", f"PYTHON={sys.executable}"],
        cwd=WORKTREE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise NoLastRelease(f"`make ready` of {WORKTREE} failed:\n{made.stderr[-2000:]}")
    return Release(WORKTREE, WORKTREE / ".venv" / "bin" / "python")


def commit_of_last_release() -> str:
    """All of its 40 digits."""
    lines = COMMIT.read_text(encoding="utf-8").splitlines()
    [commit] = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return commit


def _has(commit: str) -> bool:
    asked = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0


def _git(*words: str, cwd: Path = REPOSITORY) -> str:
    said = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise NoLastRelease(
            f"git {' '.join(words)}: {said.stderr.strip()}. The last release's commit comes of this"
            " clone's history, or of where it was cloned from: `git fetch --unshallow` completes it"
        )
    return said.stdout.strip()
