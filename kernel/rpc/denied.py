"""Whose tokens are believed no more, though they are good: a file that is read while it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]


class _Token(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)
    jti: Text
    until: AwareDatetime


class _Subject(BaseModel):
    model_config = ConfigDict(extra="forbid")
    subject: Text
    until: AwareDatetime


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    denied: list[_Token | _Subject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Token ids, and subjects as records and logs name them, each with the end of its denial."""

    tokens: Mapping[str, datetime]
    subjects: Mapping[str, datetime]

    def denies(self, subject: str, token_id: str | None, now: datetime) -> bool:
        """Whether a token of that subject, under that id, is denied then."""
        until = [self.subjects.get(subject), self.tokens.get(token_id) if token_id else None]
        return any(end is not None and now < end for end in until)


def denied_in(_: Path, content: bytes) -> Denied:
    """What the file says; ValueError where any of it can't be read, and then none of it is."""
    entries = _File.model_validate_json(content).denied
    tokens: dict[str, datetime] = {}
    subjects: dict[str, datetime] = {}
    for entry in entries:
        ends, name = (tokens, entry.jti) if isinstance(entry, _Token) else (subjects, entry.subject)
        ends[name] = max(entry.until, ends.get(name, entry.until))
    return Denied(tokens=tokens, subjects=subjects)
