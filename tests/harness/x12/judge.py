"""pyx12, the independent judge of what we write: it takes a form's map by the file's GS08."""

import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from io import StringIO
from typing import Any
from unittest.mock import patch

import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

_LEVEL = logging.WARNING
_read_map_file = pyx12.map_if.load_map_file


def judge(data: bytes) -> list[str]:
    """Everything pyx12 says against a file; empty means it read every segment and agreed.

    What it logs, what it raises and what it skips in silence count as rejections too: its JSON
    report leaves out errors in elements of ISA, GS and ST, its log has all.
    """
    report = StringIO()
    seen: list[str] = []
    with _logged() as logged, maps_read_once():
        try:
            accepted = pyx12.x12n_document.x12n_document(
                params(),
                StringIO(data.decode("ascii")),
                None,
                None,
                fd_json=report,
                callback=lambda segment, *_: seen.append(segment.get_seg_id()),
            )
        except Exception as problem:
            return [*logged, f"raised {type(problem).__name__}: {problem}"]
    known = "".join(logged)
    errors = [*logged, *(error for error in _reported(report.getvalue()) if error not in known)]
    errors.extend(_unseen(data.decode("ascii"), len(seen)))
    errors.extend(_misnumbered(data.decode("ascii")))
    if not accepted and not errors:
        errors.append("rejected without a reason")
    return errors


@cache
def params() -> Any:
    """How it reads what we write."""
    found = pyx12.params.params()
    found.set("charset", "E")  # with "B" it rejects the ^ of its own ISA11
    return found


def maps_read_once() -> AbstractContextManager[object]:
    """Within it forms' maps are read once, and no more for each file."""
    return patch.object(pyx12.map_if, "load_map_file", _load_map_file)


@cache
def _load_map_file(name: str, params: Any, folder: str | None) -> Any:
    """Maps hold no state of a file, and reading them is nine tenths of the time."""
    return _read_map_file(name, params, folder)


def _unseen(content: str, seen: int) -> Iterator[str]:
    """pyx12 stops without a word at an empty segment, and before one without terminator."""
    *segments, rest = content.split(content[105:106] or "~")
    if len(segments) != seen:
        yield f"looked at {seen} of {len(segments)} segments"
    if rest.strip():
        yield "the last segment has no terminator"


def _misnumbered(content: str) -> Iterator[str]:
    """pyx12 counts the lines of an 837P, and not those of an 837I."""
    count = 0
    for segment in content.split(content[105:106] or "~"):
        tag, *elements = segment.strip().split(content[3:4] or "*")
        count = {"CLM": 0, "LX": count + 1}.get(tag, count)
        if tag == "LX" and elements[:1] != [str(count)]:
            yield f"line {count} of a claim isn't numbered so"


def _reported(report: str) -> Iterator[str]:
    """Every error at whatever level of the JSON report."""
    if not report:
        yield "no report"
        return
    document = json.loads(report)
    if not document["interchanges"]:
        yield "no interchange"
    yield from _errors(document)


def _errors(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _errors(child)
    elif isinstance(node, dict):
        if "err_str" in node:
            yield str(node["err_str"])
        for child in node.values():
            yield from _errors(child)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """What pyx12 logs, as it turns some of its own failures into log entries."""
    messages: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(f"logged {record.levelname}: {record.getMessage()}")

    logger, keeper = logging.getLogger("pyx12"), Keeper(_LEVEL)
    logger.addHandler(keeper)
    try:
        yield messages
    finally:
        logger.removeHandler(keeper)
