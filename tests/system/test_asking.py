"""A question to a system that stands still: started for it, answered, stopped again."""

import os
import subprocess
import sys
from pathlib import Path

from ninehours.local import leftovers
from tests.system.played import Played

ROOT = Path(__file__).resolve().parents[2]


def test_a_system_that_stands_still_is_started_for_one_question_and_left_as_it_was(
    calm: Played,
) -> None:
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "build" / "generated")))
    ran = subprocess.run(
        [sys.executable, "-m", "ninehours.cli", "clients", "--data", str(calm.data)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith(f"{calm.summary.clients} clients, ")
    assert "starting it for this command" in ran.stderr
    assert leftovers.of_run(str(calm.data), run=lambda _: True) == []
