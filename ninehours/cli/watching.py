"""Progress for those who watch, on stderr: a bar on a terminal, a line a scene elsewhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

WIDEST = 60


class Watching:
    """A context manager; the bar is gone after it. `scenes`: how many there will be."""

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
