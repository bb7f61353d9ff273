"""What every X12 file shares: data elements, segments, and the interchange around them.

Values become elements of the basic character set, or it is said which field can't be. They may
identify a person: no message here ever contains one.
"""

import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

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


LARGEST_CONTROL_NUMBER = 999_999_999
_EOL = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNumbers:
    """Numbers the caller never gives twice; `transaction` is the first, later ones count on."""

    interchange: int
    group: int
    transaction: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sends or receives, as the envelope names them."""

    identifier: str
    qualifier: str = "ZZ"
    group_identifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeEnvelope:
    """All an envelope says. Usage is P (production) or T (test); the time is the caller's."""

    sender: Party
    receiver: Party
    functional_identifier: str
    transaction_set: str
    version: str
    control: ControlNumbers
    created: datetime
    usage: str


def segment(tag: str, *elements: str | tuple[str, ...]) -> str:
    """One segment without its terminator; a tuple is a composite; empty ends are left out.

    The last gate: whatever reaches it, no separator and no foreign character gets into data.
    """
    written: list[str] = []
    for number, element in enumerate(elements, start=1):
        parts = (element,) if isinstance(element, str) else element
        if not all(DATA_CHARACTERS.issuperset(part) for part in parts):
            raise NotRepresentable(
                f"{tag}{number:02d}", "has a character outside the basic character set"
            )
        written.append(COMPONENT.join(parts).rstrip(COMPONENT))
    return ELEMENT.join((tag, *written)).rstrip(ELEMENT)


def interchange(envelope: InterchangeEnvelope, transactions: Sequence[Sequence[str]]) -> bytes:
    """One interchange with one group; every transaction is its segments between ST and SE."""
    segments = list(enveloped(envelope, transactions))
    return "".join(f"{line}{TERMINATOR}{_EOL}" for line in segments).encode("ascii")


def transaction_number(control: ControlNumbers, index: int) -> str:
    """ST02 of a transaction: at least four digits."""
    return _control(control.transaction + index, "control.transaction", width=4)


def enveloped(
    envelope: InterchangeEnvelope, transactions: Sequence[Sequence[str]]
) -> Iterator[str]:
    """The segments of an interchange, ISA to IEA."""
    control = envelope.control
    group = _control(control.group, "control.group", width=1)
    yield _isa(envelope)
    yield segment(
        "GS",
        identifier(envelope.functional_identifier, "functional_identifier", shortest=2, longest=2),
        _group_identifier(envelope.sender, "sender"),
        _group_identifier(envelope.receiver, "receiver"),
        day(envelope.created),
        f"{envelope.created:%H%M}",
        group,
        "X",
        identifier(envelope.version, "version", longest=12),
    )
    for index, body in enumerate(transactions):
        number = transaction_number(control, index)
        yield segment("ST", envelope.transaction_set, number, envelope.version)
        yield from body
        yield segment("SE", str(len(body) + 2), number)
    yield segment("GE", str(len(transactions)), group)
    yield segment("IEA", "1", _control(control.interchange, "control.interchange", width=9))


def _isa(envelope: InterchangeEnvelope) -> str:
    """Sixteen elements of fixed width: 105 characters, and the terminator is the 106th."""
    if envelope.usage not in ("P", "T"):
        raise NotRepresentable("usage", "is neither P nor T")
    elements = (
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        *_interchange_identifier(envelope.sender, "sender"),
        *_interchange_identifier(envelope.receiver, "receiver"),
        day(envelope.created)[2:],
        f"{envelope.created:%H%M}",
        REPETITION,
        "00501",
        _control(envelope.control.interchange, "control.interchange", width=9),
        "0",
        envelope.usage,
        COMPONENT,
    )
    return ELEMENT.join(elements)


def _interchange_identifier(party: Party, field: str) -> tuple[str, str]:
    qualifier = identifier(party.qualifier, f"{field}.qualifier", shortest=2, longest=2)
    name = identifier(party.identifier, f"{field}.identifier", shortest=2, longest=15)
    return qualifier, name.ljust(15)


def _group_identifier(party: Party, field: str) -> str:
    if party.group_identifier is None:
        return identifier(party.identifier, f"{field}.identifier", shortest=2, longest=15)
    return identifier(party.group_identifier, f"{field}.group_identifier", shortest=2, longest=15)


def _control(number: int, field: str, *, width: int) -> str:
    if not 1 <= number <= LARGEST_CONTROL_NUMBER:
        raise NotRepresentable(field, "isn't a number of one to nine digits")
    return f"{number:0{width}d}"
