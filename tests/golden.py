"""Golden facts: one file a stored name, never edited, read and written back by today's code."""

import json
from pathlib import Path
from typing import Any

from kernel.codec import Codec


def assert_one_file_a_name(codec: Codec, folder: Path, *, names: int) -> None:
    """`names`: how many there are, so that a check that looks at nothing fails."""
    assert len(codec.names) == names
    assert {path.name for path in folder.iterdir()} == {f"{name}.json" for name in codec.names}


def read_golden(codec: Codec, folder: Path, name: str) -> Any:
    """The fact in the file; what today's code writes of it is the file again."""
    stored = json.loads((folder / f"{name}.json").read_text())
    fact = codec.decode(name, stored)
    assert type(fact) is codec.names[name]
    written_name, written = codec.encode(fact)
    assert (written_name, json.loads(written)) == (name, stored)
    return fact
