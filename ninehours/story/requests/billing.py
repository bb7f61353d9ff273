"""What billing is told at length: who bills, authorizations, what payers answered."""

import hashlib
from datetime import date

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import to_date
from ninehours.story.lists import ClaimFrequency
from ninehours.story.network import LEVEL, SITES, TAXONOMY, DemoProvider
from ninehours.story.people import DemoClient


def register_provider(provider: DemoProvider, npi: str, tax_id: str) -> pb.RegisterProviderRequest:
    """All is billed from the first site's address."""
    return pb.RegisterProviderRequest(
        name=provider.name,
        npi=npi,
        tax_id=tax_id,
        taxonomy=TAXONOMY,
        address=SITES[0].address,
        contact_name="Billing Office",
        contact_phone="3125550142",
    )


def dollars(minor_units: int) -> common.Money:
    """So many cents."""
    return common.Money(currency_code="USD", minor_units=minor_units)


def authorize(
    client: DemoClient, rules: rules_pb2.RuleSet, *, units: int, first: date, last: date
) -> pb.RecordAuthorizationRequest:
    """At whichever site; with a number of its own, as who comes again is authorized again."""
    return pb.RecordAuthorizationRequest(
        payer_id=rules.payer_id,
        number=f"{client.authorization_number}{first:%m%d}",
        level_of_care=LEVEL,
        units=units,
        effective_from=to_date(first),
        effective_to=to_date(last),
        unit=rules.authorization_unit or rules_pb2.AUTHORIZATION_UNIT_DAYS,
        any_site=True,
    )


def adjudicate(claim: pb.Claim, on: date) -> pb.RecordAdjudicationRequest:
    """Paid in full; of a void, what was paid is taken back.

    The payer's own number of the claim is invented: the same claim has the same.
    """
    void = claim.frequency == ClaimFrequency.VOID
    number = hashlib.sha256(claim.claim_id.encode()).hexdigest()[:12].upper()
    return pb.RecordAdjudicationRequest(
        claim_id=claim.claim_id,
        payer_control_number=f"PC{number}",
        status=f"ADJUDICATION_STATUS_{'REVERSED' if void else 'PAID'}",
        paid=dollars(0 if void else claim.charge.minor_units),
        adjudicated_on=to_date(on),
    )
