"""Progress for those who watch, on stderr: a bar on a terminal, a line a scene elsewhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

WIDEST = 60


class Watching:
    """A context manager; the bar is gone after it. `commands`: about how many there will be."""

    def __init__(self, commands: int) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._commands = commands
        self._done = 0
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("starting", total=commands)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def scene(self, title: str) -> None:
        """What begins now."""
        if self._bar:
            width = max(min(WIDEST, self._console.width - 42), 10)
            self._bar.update(self._task, description=title[:width].ljust(width))
        else:
            self.say(f"{self._done:4} of about {self._commands} commands; {title}")

    def step(self, index: int, _: str) -> None:
        """One more command."""
        self._done = index
        if self._bar:
            # A rehearsal guesses how many claims there will be to answer.
            self._commands = max(self._commands, index)
            self._bar.update(self._task, completed=index, total=self._commands)

    def say(self, message: str) -> None:
        """A line that stays."""
        self._console.print(message, markup=False, soft_wrap=True)
