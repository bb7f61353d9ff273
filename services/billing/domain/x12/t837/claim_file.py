"""A claim file of either form: envelope, header, a level per billing provider and subscriber.

What can't be written raises NotRepresentable with the field's name.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from services.billing.domain.x12.envelope import (
    ControlNumbers,
    InterchangeEnvelope,
    NotRepresentable,
    Party,
    day,
    digits,
    identifier,
    interchange,
    segment,
    text,
    transaction_number,
)
from services.billing.domain.x12.t837.claim import AnyBatch
from services.billing.domain.x12.t837.loops import billing_segments, claim_segments, organisation

MOST_CLAIMS = 5000
"""Claims in one transaction set; more make further sets in the same group."""


def write_claims(
    batch: AnyBatch,
    *,
    control: ControlNumbers,
    created: datetime,
    usage: str,
    most_claims: int = MOST_CLAIMS,
) -> bytes:
    """One interchange. The same batch, numbers and time make the same bytes."""
    placed = [(g, c) for g, group in enumerate(batch.groups) for c in range(len(group.claims))]
    if not placed:
        raise NotRepresentable("groups", "holds no claim")
    transactions: list[list[str]] = []
    for index, start in enumerate(range(0, len(placed), most_claims)):
        reference = f"{control.interchange:09d}-{transaction_number(control, index)}"
        detail = _detail(batch, placed[start : start + most_claims])
        transactions.append([*header_segments(batch, reference, created), *detail])
    return interchange(envelope_of(batch, control, created, usage), transactions)


def envelope_of(
    batch: AnyBatch, control: ControlNumbers, created: datetime, usage: str
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
        version=batch.version,
        control=control,
        created=created,
        usage=usage,
    )


def header_segments(batch: AnyBatch, reference: str, created: datetime) -> Iterator[str]:
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


def _detail(batch: AnyBatch, placed: Sequence[tuple[int, int]]) -> Iterator[str]:
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
            yield from claim_segments(group.claims[c], f"groups[{g}].claims[{c}]")
