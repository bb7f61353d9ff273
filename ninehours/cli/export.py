"""An issued batch as a file on disk: a copy, repeatable, readable by its owner alone."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.cli.ending import FAILED, Failure

PRIVATE = 0o600


def export_batch(ask: Callable[[Any], Any], batch_id: str, folder: Path) -> Path:
    """Write the batch under its name; the same batch gives the same file."""
    batch = ask(billing.ReadBatchRequest(batch_id=batch_id))
    if hashlib.sha256(batch.content).hexdigest() != batch.sha256:
        raise Failure(FAILED, f"batch {batch_id} is not what its digest says")
    name: str = batch.file_name
    if not name or Path(name).name != name:
        raise Failure(FAILED, f"batch {batch_id} has a name that is no file's name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_whole(folder / name, batch.content)


def write_whole(path: Path, content: bytes) -> Path:
    """The whole file or none of it, for its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path
