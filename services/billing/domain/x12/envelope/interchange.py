"""The envelope of any X12 file: segments, ISA to IEA, counts and control numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.x12.envelope.elements import (
    COMPONENT,
    DATA_CHARACTERS,
    ELEMENT,
    REPETITION,
    TERMINATOR,
    NotRepresentable,
    day,
    identifier,
)

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
