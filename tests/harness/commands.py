"""The command line in a process of its own, as its users run it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 600  # seconds


def begin(*arguments: str, **settings: str) -> "subprocess.Popen[str]":
    """A command under way; `settings`: of the environment, beside the test's own."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "build" / "generated")))
    return subprocess.Popen(
        [sys.executable, "-m", "ninehours.cli", *arguments],
        env={**os.environ, "PYTHONPATH": paths, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ninehours(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command that has ended, however it did."""
    with begin(*arguments) as process:
        try:
            out, err = process.communicate(timeout=LONGEST)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
