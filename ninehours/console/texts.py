"""Every word that a page shows, from `texts.toml`: by page, and by what it is about."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("texts.toml")


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

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._found[name]


@cache
def words() -> Any:
    """All of them."""
    return Texts(tomllib.loads(FILE.read_text(encoding="utf-8")))
