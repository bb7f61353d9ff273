"""The console's processes: `python -m ninehours.console web | migrate`."""

import sys

from kernel.process import started
from ninehours.console.serving import migrate, serve
from ninehours.console.settings import ConsoleSettings

PROCESSES = {"web": serve, "migrate": migrate}


def main(arguments: list[str]) -> None:
    """Run the process that the command line names; on a wrong setting, name it and end with 2."""
    if len(arguments) != 1 or arguments[0] not in PROCESSES:
        sys.exit(f"usage: python -m ninehours.console {' | '.join(PROCESSES)}")
    with started("console", arguments[0]):
        PROCESSES[arguments[0]](ConsoleSettings.from_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
