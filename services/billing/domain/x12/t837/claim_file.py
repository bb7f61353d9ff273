"""A claim file of either form: envelope, header, a level per billing provider and subscriber."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    day,
    digits,
    identifier,
    text,
)
from services.billing.domain.x12.envelope.interchange import (
    ControlNumbers,
    InterchangeEnvelope,
    Party,
    interchange,
    segment,
    transaction_number,
)
from services.billing.domain.x12.t837.claim import BillingProvider, Receiver, Submitter
from services.billing.domain.x12.t837.parties import billing_segments, organisation

MOST_CLAIMS = 5000
"""Claims in one transaction set; more make further sets in the same group."""

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)


class Group(Protocol[C_co]):
    """One billing provider and its claims."""

    @property
    def provider(self) -> BillingProvider: ...
    @property
    def claims(self) -> Sequence[C_co]: ...


class Batch(Protocol[C_co]):
    """What goes into one file."""

    @property
    def submitter(self) -> Submitter: ...
    @property
    def receiver(self) -> Receiver: ...
    @property
    def groups(self) -> Sequence[Group[C_co]]: ...


@dataclass(frozen=True, slots=True)
class Form(Generic[C]):
    """What tells one form from the other: GS08, and a claim's segments after its level."""

    version: str
    claim_segments: Callable[[C, str], Iterable[str]]


def write_claims(
    batch: Batch[C],
    form: Form[C],
    *,
    control: ControlNumbers,
    created: datetime,
    usage: str,
    most_claims: int,
) -> bytes:
    """One interchange. The same batch, numbers and time make the same bytes."""
    placed = [(g, c) for g, group in enumerate(batch.groups) for c in range(len(group.claims))]
    if not placed:
        raise NotRepresentable("groups", "holds no claim")
    transactions: list[list[str]] = []
    for index, start in enumerate(range(0, len(placed), most_claims)):
        reference = f"{control.interchange:09d}-{transaction_number(control, index)}"
        detail = _detail(batch, form, placed[start : start + most_claims])
        transactions.append([*header_segments(batch, reference, created), *detail])
    return interchange(envelope_of(batch, form.version, control, created, usage), transactions)


def envelope_of(
    batch: Batch[object], version: str, control: ControlNumbers, created: datetime, usage: str
) -> InterchangeEnvelope:
    """Who sends the file to whom, for ISA and GS."""
    sender, receiver = batch.submitter, batch.receiver
    return InterchangeEnvelope(
        sender=Party(
            identifier=sender.interchange_id or sender.identifier,
            qualifier=sender.interchange_qualifier,
            group_identifier=sender.identifier,
        ),
        receiver=Party(
            identifier=receiver.interchange_id or receiver.identifier,
            qualifier=receiver.interchange_qualifier,
            group_identifier=receiver.identifier,
        ),
        functional_identifier="HC",
        transaction_set="837",
        version=version,
        control=control,
        created=created,
        usage=usage,
    )


def header_segments(batch: Batch[object], reference: str, created: datetime) -> Iterator[str]:
    """BHT, the submitter and the receiver."""
    submitter, receiver = batch.submitter, batch.receiver
    yield segment("BHT", "0019", "00", reference, day(created), f"{created:%H%M}", "CH")
    yield organisation(
        "41", submitter.name, "submitter.name", "46",
        identifier(submitter.identifier, "submitter.identifier", shortest=2, longest=15),
    )  # fmt: skip
    yield segment(
        "PER",
        "IC",
        text(submitter.contact_name, "submitter.contact_name", longest=60),
        "TE",
        digits(submitter.contact_phone, "submitter.contact_phone", longest=10),
    )
    yield organisation(
        "40", receiver.name, "receiver.name", "46",
        identifier(receiver.identifier, "receiver.identifier", shortest=2, longest=15),
    )  # fmt: skip


def _detail(batch: Batch[C], form: Form[C], placed: Sequence[tuple[int, int]]) -> Iterator[str]:
    """One level per billing provider, and below it one per claim: its subscriber's."""
    level = 0
    for g, members in groupby(placed, key=lambda place: place[0]):
        group = batch.groups[g]
        level += 1
        parent = str(level)
        yield segment("HL", parent, "", "20", "1")
        yield from billing_segments(group.provider, f"groups[{g}].provider")
        for _, c in members:
            level += 1
            yield segment("HL", str(level), parent, "22", "0")
            yield from form.claim_segments(group.claims[c], f"groups[{g}].claims[{c}]")
