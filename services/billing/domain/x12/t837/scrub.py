"""Checks claims before they are written: what payers reject and no structural judge sees."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from services.billing.domain.x12.envelope.elements import fold
from services.billing.domain.x12.envelope.interchange import ControlNumbers, enveloped
from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.t837 import institutional as claim_837i
from services.billing.domain.x12.t837 import professional as claim_837p
from services.billing.domain.x12.t837 import scrub_rules as rules
from services.billing.domain.x12.t837.claim import (
    AnyBatch,
    AnyClaim,
    Batch837I,
    Batch837P,
    BillingProvider,
    ProfessionalClaim,
)
from services.billing.domain.x12.t837.claim_file import Group, envelope_of, header_segments
from services.billing.domain.x12.t837.findings import ScrubFinding, finding, repeated, unwritable
from services.billing.domain.x12.t837.parties import billing_segments
from services.billing.domain.x12.t837.scrub_claim import address
from services.billing.domain.x12.t837.scrub_institutional import institutional
from services.billing.domain.x12.t837.scrub_professional import professional
from services.billing.domain.x12.t837.scrub_rules import Rule

__all__ = ["ScrubFinding", "billing_provider", "scrub"]


def scrub(subject: AnyClaim | AnyBatch, *, created: date) -> tuple[ScrubFinding, ...]:
    """Everything wrong with a claim, or with a whole batch, on the day its file is made.

    A batch without findings can be written. What needs two claims or the billing provider (ids
    used twice, a person named who is the billing provider) only a batch can show.
    """
    if isinstance(subject, Batch837P | Batch837I):
        return tuple(_batch(subject, created))
    return tuple(_claim(subject, "claim", created))


def _batch(batch: AnyBatch, created: date) -> Iterator[ScrubFinding]:
    midnight = datetime.combine(created, time())
    version = (claim_837p if isinstance(batch, Batch837P) else claim_837i).VERSION
    control = ControlNumbers(interchange=1, group=1)
    yield from unwritable(header_segments(batch, "SCRUB", midnight))
    yield from unwritable(enveloped(envelope_of(batch, version, control, midnight, "T"), ()))
    ids: list[tuple[str, str]] = []
    groups: Sequence[Group[AnyClaim]] = batch.groups
    for g, group in enumerate(groups):
        yield from billing_provider(group.provider, f"groups[{g}].provider")
        for c, claim in enumerate(group.claims):
            path = f"groups[{g}].claims[{c}]"
            yield from _claim(claim, path, created)
            yield from _persons(claim, group.provider, path)
            ids.append((f"{path}.claim_id", claim.claim_id.strip().upper()))
    if not ids:
        yield finding(Rule.NOT_REPRESENTABLE, "groups", "holds no claim")
    yield from repeated(ids, Rule.CLAIM_ID_REPEATED)


def _claim(claim: AnyClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    if isinstance(claim, ProfessionalClaim):
        return professional(claim, path, created)
    return institutional(claim, path, created)


def _persons(claim: AnyClaim, billing: BillingProvider, path: str) -> Iterator[ScrubFinding]:
    if isinstance(claim, ProfessionalClaim):
        if claim.rendering and claim.rendering.npi == billing.npi:
            yield finding(Rule.RENDERING_IS_BILLING, f"{path}.rendering.npi")
    elif claim.attending and claim.attending.npi == billing.npi:
        yield finding(Rule.ATTENDING_IS_BILLING, f"{path}.attending.npi")


def billing_provider(provider: BillingProvider, path: str) -> Iterator[ScrubFinding]:
    """What is wrong with it on any claim."""
    found: list[ScrubFinding] = []
    if not is_valid_npi(provider.npi):
        found.append(finding(Rule.NPI_INVALID, f"{path}.npi"))
    if not rules.TAX_ID.fullmatch(provider.tax_id):
        found.append(finding(Rule.TAX_ID_SHAPE, f"{path}.tax_id"))
    if not rules.TAXONOMY.fullmatch(provider.taxonomy):
        found.append(finding(Rule.TAXONOMY_SHAPE, f"{path}.taxonomy"))
    found.extend(address(provider.address, f"{path}.address", plus_four=True))
    lines = (("line1", provider.address.line1), ("line2", provider.address.line2 or ""))
    for name, value in lines:
        if rules.PO_BOX.search(fold(value)):
            found.append(finding(Rule.PO_BOX_IN_BILLING_ADDRESS, f"{path}.address.{name}"))
    yield from found
    yield from unwritable(billing_segments(provider, path), found)
