"""Why a command or a question is not answered: one exception a kind, made a status by one table.

A refusal's text reaches people and logs: it names rules, fields and ids, never a value that could
identify a client.
"""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """What was asked can't be done; `reason` is for machines, the message says what to do next."""

    def __init__(self, reason: str, message: str, /, **details: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.details: Mapping[str, str] = details


class Malformed(Refusal):
    """The request can't be read as what it should be: field → what is wrong with it."""

    def __init__(self, **violations: str) -> None:
        fields = ", ".join(
            f"{field.replace('__', '.')} {what}" for field, what in violations.items()
        )
        super().__init__("MALFORMED", fields, **violations)


class Unknown(Refusal):
    """What the request names does not exist."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(
            f"{kind.upper()}_UNKNOWN",
            f"there is no {kind.replace('_', ' ')} {key}",
            kind=kind,
            id=key,
        )


class AgainstTheRules(Refusal):
    """The state of things forbids it; subclasses name the rule."""


class BrokenRule(AgainstTheRules):
    """A rule of which it is enough to say what broke it: `about` names the detail with its id."""

    code: ClassVar[str]
    words: ClassVar[str]
    about: ClassVar[str]

    def __init__(self, key: str) -> None:
        super().__init__(self.code, self.words, **{self.about: key})


class Stale(Refusal):
    """Somebody else changed it first: read again, decide again."""


class NotAllowed(Refusal):
    """The caller's token doesn't permit it."""


class NotYet(Refusal):
    """It may be answered in a moment: not heard yet, or a part is away. Retry with the same id."""
