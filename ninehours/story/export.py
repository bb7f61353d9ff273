"""An issued batch as a file on disk: a copy, repeatable, readable by its owner alone."""

import hashlib
import os
from pathlib import Path
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.story.stage import StoryFailed


def export_batch(ask: Any, who: str, batch_id: str, folder: Path) -> Path:
    """Write the batch under its name, whole or not at all; the same batch gives the same file."""
    batch = ask(who, billing.ReadBatchRequest(batch_id=batch_id))
    if hashlib.sha256(batch.content).hexdigest() != batch.sha256:
        raise StoryFailed(f"batch {batch_id} is not what its digest says")
    name: str = batch.file_name
    if not name or Path(name).name != name:
        raise StoryFailed(f"batch {batch_id} has a name that is no file's name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    draft = folder / f".{name}.draft"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(batch.content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path
