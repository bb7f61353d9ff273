"""Golden facts: one file a stored name, never edited, read and written back by today's code."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernel.codec import Codec
from kernel.services import SERVICES


def goldens_of_stored_names(root: Path) -> Iterator[Path]:
    """Of facts, rows, published facts and sealed documents, in a checkout."""
    for folder in (*SERVICES, "published", "documents"):
        yield from sorted((root / "tests" / folder).glob("golden*/**/*.json"))


def assert_one_file_a_name(codec: Codec, folder: Path, *, names: int) -> None:
    """`names`: how many there are, so that a check that looks at nothing fails."""
    assert len(codec.names) == names
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {f"{name}.json" for name in codec.names}


def read_golden(codec: Codec, folder: Path, name: str) -> Any:
    """The fact in the file; today's code writes all of it back, and what it learned since."""
    stored = json.loads((folder / f"{name}.json").read_text())
    fact = codec.decode(name, stored)
    assert type(fact) is codec.names[name]
    written_name, written = codec.encode(fact)
    assert written_name == name
    assert_kept(stored, json.loads(written))
    return fact


def assert_kept(stored: Any, written: Any) -> None:
    """Nothing stored is lost or changed; fields added since have their defaults."""
    match stored:
        case dict():
            for key, value in stored.items():
                assert_kept(value, written[key])
        case list():
            assert len(stored) == len(written)
            for one, other in zip(stored, written, strict=True):
                assert_kept(one, other)
        case _:
            assert stored == written


def assert_as_kept(path: Path, text: str) -> None:
    """The text is the file's; with NINEHOURS_WRITE_GOLDEN set the file becomes the text's."""
    if os.environ.get("NINEHOURS_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
