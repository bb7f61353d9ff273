"""Every promise of speed, as a ratio within one run: a table, or with `--json` an object.

`make bench [ARGS="--rounds 3 --only commands --json"]`: servers of its own, with fsync and
synchronous_commit on; each row interleaves ours and what it is held against, and tells medians.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import claims, commands, relaying
from benchmarks.rows import Row, line
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

PARTS: Mapping[str, Callable[[LocalServers, MachineSecrets, int], Iterator[Row]]] = {
    "commands": commands.rows,
    "relaying": relaying.rows,
    "claims": claims.rows,
}


def main() -> None:
    reading = argparse.ArgumentParser(prog="make bench", description=__doc__)
    reading.add_argument("--rounds", type=int, default=3, help="of each row; an odd number")
    reading.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    reading.add_argument("--json", action="store_true", help="an object, and nothing beside it")
    wanted = reading.parse_args()
    rows: list[Row] = []
    for part in wanted.only:
        began = time.monotonic()
        print(f"{part}: measuring", file=sys.stderr)
        with (
            tempfile.TemporaryDirectory() as folder,
            LocalServers(Path(folder) / "data") as servers,
        ):
            secrets = MachineSecrets(Path(folder) / "secrets")
            secrets.make()
            for row in PARTS[part](servers, secrets, wanted.rounds):
                rows.append(row)
                if not wanted.json:
                    print(line(row), flush=True)
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if wanted.json:
        print(json.dumps({"rows": [row.told() for row in rows]}, indent=2))


if __name__ == "__main__":
    main()
