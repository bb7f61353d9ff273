"""Every word that a page shows, from `texts/`: a file a page, by what it is about."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("texts")


class Texts:
    """Texts and groups of them, `words().today.title` or `words().roles["biller"]`.

    KeyError for what isn't there: a page that lacks a word isn't shown.
    """

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = {
            name: Texts(each) if isinstance(each, dict) else each for name, each in found.items()
        }

    def __getitem__(self, name: str) -> Any:
        return self._found[name]

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def get(self, name: str, otherwise: str) -> Any:
        """`otherwise`: where there are no words of that name."""
        return self._found.get(name, otherwise)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._found[name]


def written() -> dict[str, Any]:
    """What all files say; ValueError where two say one name."""
    said: dict[str, Any] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        if doubled := said.keys() & found.keys():
            raise ValueError(f"{file.name} says again {', '.join(sorted(doubled))}")
        said |= found
    return said


@cache
def words() -> Any:
    """All of them."""
    return Texts(written())
