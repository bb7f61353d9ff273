"""Turns values into X12 data elements of the basic character set, or says which field can't be.

Values may identify a person: no message here ever contains one.
"""

import string
import unicodedata
from datetime import date

ELEMENT = "*"
REPETITION = "^"
COMPONENT = ":"
TERMINATOR = "~"

SEPARATORS = frozenset(ELEMENT + REPETITION + COMPONENT + TERMINATOR)
DATA_CHARACTERS = (
    frozenset(string.ascii_uppercase + string.digits + "!\"&'()*+,-./:;?= ") - SEPARATORS
)

MOST_MINOR_UNITS = 9_999_999_999
"""99999999.99: the guide's ten characters for an amount."""

_LETTERS = {
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ð": "D", "ð": "d",
    "Đ": "D", "đ": "d", "Ł": "L", "ł": "l", "Þ": "TH", "þ": "th", "ẞ": "SS", "ß": "ss",
    "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t", "ı": "i", "ʻ": "'", "ʼ": "'", "ʹ": "'",
    "‘": "'", "’": "'", "‛": "'", "′": "'", "´": "'", "`": "'", "“": '"', "”": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "⁄": "/",
}  # fmt: skip
_FOLDING = str.maketrans(_LETTERS)
_SPACED = str.maketrans(dict.fromkeys("*^:~#_|\\", " "))
_PUNCTUATION = str.maketrans("", "", " -().")
_DROPPED = frozenset({"Mn", "Cf"})


class NotRepresentable(ValueError):
    """A field can't be written in X12; carries the field's name and a reason, never its value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def fold(value: str) -> str:
    """Upper case without accents; typographic marks become plain ones."""
    plain = unicodedata.normalize("NFKD", value.translate(_FOLDING))
    kept = "".join(c for c in plain if unicodedata.category(c) not in _DROPPED)
    return kept.translate(_FOLDING).upper()


def text(value: str, field: str, *, longest: int, shortest: int = 1) -> str:
    """A name or a line of an address: folded, separators and spacing become one space."""
    return _checked(" ".join(fold(value).translate(_SPACED).split()), field, shortest, longest)


def optional_text(value: str | None, field: str, *, longest: int) -> str:
    """As `text`, and nothing for nothing."""
    return text(value, field, longest=longest) if value and value.strip() else ""


def identifier(value: str, field: str, *, longest: int, shortest: int = 1) -> str:
    """A number or code somebody gave: upper-cased and trimmed, otherwise as it is or refused."""
    if not value.isascii():
        raise NotRepresentable(field, "has a character outside the basic character set")
    return _checked(value.strip().upper(), field, shortest, longest)


def optional_identifier(value: str | None, field: str, *, longest: int) -> str:
    """As `identifier`, and nothing for nothing."""
    return identifier(value, field, longest=longest) if value and value.strip() else ""


def digits(value: str, field: str, *, longest: int, shortest: int | None = None) -> str:
    """Punctuation people write between digits is left out."""
    bare = value.translate(_PUNCTUATION)
    if bare and not (bare.isascii() and bare.isdigit()):
        raise NotRepresentable(field, "has something else than digits")
    return identifier(bare, field, shortest=shortest or longest, longest=longest)


def amount(minor_units: int, field: str) -> str:
    """Cents as the shortest decimal: 250, 250.5, 250.55."""
    if not 0 <= minor_units <= MOST_MINOR_UNITS:
        raise NotRepresentable(field, "is negative or too large an amount")
    whole, cents = divmod(minor_units, 100)
    return f"{whole}.{cents:02d}".rstrip("0").rstrip(".") if cents else str(whole)


def whole_number(value: int, field: str, *, most: int) -> str:
    """A count without sign or fraction."""
    if not 0 <= value <= most:
        raise NotRepresentable(field, "is negative or too large a number")
    return str(value)


def day(value: date) -> str:
    """CCYYMMDD, D8."""
    return value.isoformat()[:10].replace("-", "")


def _checked(value: str, field: str, shortest: int, longest: int) -> str:
    if not value:
        raise NotRepresentable(field, "is missing")
    if not DATA_CHARACTERS.issuperset(value):
        raise NotRepresentable(field, "has a character outside the basic character set")
    if not shortest <= len(value) <= longest:
        raise NotRepresentable(field, f"isn't {shortest} to {longest} characters long")
    return value
