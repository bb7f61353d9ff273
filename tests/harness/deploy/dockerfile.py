"""A Dockerfile carried out in a folder, without Docker: its own COPY and RUN lines, stage by stage.

A base image is stood for by a Python; RUN lines run in their stage's folder, so they name no
absolute path. What isn't understood is refused, never passed over.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class NotCarriedOut(Exception):
    """A line that isn't understood, or failed; the text says which."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line, continuation lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


@dataclass(slots=True)
class Stage:
    """A stage as far as it was carried out; the last one is the image."""

    base: str
    root: Path
    folder: str = "/"
    user: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / os.path.normpath(
            f"{self.folder}/{inside}" if inside[:1] != "/" else inside
        ).lstrip("/")

    def environment(self) -> dict[str, str]:
        """The image's variables; what they name of the image is named as it is here."""
        return {
            name: ":".join(self._here(part) for part in value.split(":"))
            for name, value in self.variables.items()
        }

    def _here(self, value: str) -> str:
        return (
            str(self.path(value)) if value.startswith("/") and self.path(value).exists() else value
        )


def instructions(text: str) -> Iterator[Instruction]:
    """What the file says, line by line."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield Instruction(name.upper(), rest.strip())


def carried_out(dockerfile: Path, context: Path, folder: Path, python: Path) -> Stage:
    """The image that the file makes of the context, under `folder`; `python` is its bases' own."""
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    sent = [line[1:] for line in ignored.read_text().splitlines() if line.startswith("!")]
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    for each in instructions(dockerfile.read_text()):
        if each.name == "ARG":
            name, _, default = each.text.partition("=")
            arguments[f"${{{name}}}"] = default
            continue
        if each.name == "FROM":
            base, *named = each.words
            name = named[1] if named else str(len(stages))
            stages[name] = stage = Stage(arguments.get(base, base), folder / name)
            stage.root.mkdir(parents=True)
            continue
        match each.name:
            case "WORKDIR":
                stage.folder = each.text
                stage.path("").mkdir(parents=True, exist_ok=True)
            case "ENV":
                stage.variables |= dict(word.split("=", 1) for word in each.words)
            case "USER":
                stage.user = each.text
            case "COPY":
                _copy(each, stage, stages, context, sent)
            case "RUN":
                _run(each, stage, python)
            case _:
                raise NotCarriedOut(f"{each.name} {each.text}")
    return stage


def _copy(
    line: Instruction, stage: Stage, stages: Mapping[str, Stage], context: Path, sent: list[str]
) -> None:
    *sources, target = line.words
    options = [sources.pop(0) for _ in range(len(sources)) if sources[0].startswith("--")]
    if unknown := [each for each in options if not each.startswith("--from=")]:
        raise NotCarriedOut(f"COPY {' '.join(unknown)}")
    for source in sources:
        if options:
            found = stages[options[0].removeprefix("--from=")].path(source)
        else:
            found = context / source
            if not any(f"{source}/".startswith(f"{each}/") for each in sent):
                raise NotCarriedOut(f"COPY {source}: the builder isn't sent it")
        into = stage.path(target)
        if found.is_dir():
            shutil.copytree(
                found, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif found.is_file():
            into.mkdir(parents=True, exist_ok=True) if target.endswith("/") else None
            shutil.copy2(found, into)
        else:
            raise NotCarriedOut(f"COPY {source}: there is none")


def _run(line: Instruction, stage: Stage, python: Path) -> None:
    inherited = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    registry = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    ran = subprocess.run(
        ["/bin/sh", "-ec", line.text],
        cwd=stage.path(""),
        env={
            **inherited,
            **registry,
            **stage.environment(),
            "PATH": f"{python.parent}:/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise NotCarriedOut(f"RUN {line.text}\n{ran.stdout}{ran.stderr}")
