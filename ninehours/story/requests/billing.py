"""What billing is told: who bills, payers' rules, authorizations, claims, what payers answered."""

import hashlib
from collections.abc import Sequence
from datetime import date

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.network import LEVEL, SITES, TAXONOMY, Facilitator, Payer, Provider
from ninehours.story.people import Client


def register_payer(payer: Payer) -> pb.RegisterPayerRequest:
    return pb.RegisterPayerRequest(
        name=payer.name, payer_number=payer.number, filing_indicator=payer.filing_indicator
    )


def register_provider(provider: Provider, npi: str, tax_id: str) -> pb.RegisterProviderRequest:
    return pb.RegisterProviderRequest(
        name=provider.name,
        npi=npi,
        tax_id=tax_id,
        taxonomy=TAXONOMY,
        address=SITES[0].address,
        contact_name="Billing Office",
        contact_phone="3125550142",
    )


def register_practitioner(
    facilitator: Facilitator,
    staff_id: str,
    name: tuple[str, str],
    npi: str,
    *,
    after: Sequence[common.Position],
) -> pb.RegisterPractitionerRequest:
    """`after`: where the credential was published: billing waits for it."""
    family_name, given_name = name
    return pb.RegisterPractitionerRequest(
        meta=common.CommandMeta(after=after),
        staff_id=staff_id,
        family_name=family_name,
        given_name=given_name,
        npi=npi,
        taxonomy=facilitator.taxonomy,
    )


def set_fee(provider_id: str, code: str, minor_units: int) -> pb.SetFeeRequest:
    return pb.SetFeeRequest(
        provider_id=provider_id,
        code=code,
        charge=common.Money(currency_code="USD", minor_units=minor_units),
        effective_from=to_date(days.LONG_BEFORE),
    )


def enroll(
    provider_id: str, payer_id: str, site_id: str, *, after: Sequence[common.Position]
) -> pb.EnrollProviderRequest:
    """`after`: where the site was published: billing waits for it."""
    return pb.EnrollProviderRequest(
        meta=common.CommandMeta(after=after),
        provider_id=provider_id,
        payer_id=payer_id,
        site_id=site_id,
        effective_from=to_date(days.LONG_BEFORE),
    )


def propose_rules(rules: rules_pb2.RuleSet, not_asked: Sequence[str]) -> pb.ProposeRuleSetRequest:
    return pb.ProposeRuleSetRequest(rule_set=rules, not_asked=not_asked)


def confirm_rules(rules: rules_pb2.RuleSet) -> pb.ConfirmRuleSetRequest:
    return pb.ConfirmRuleSetRequest(payer_id=rules.payer_id, version=rules.version)


def authorize(
    client: Client,
    client_id: str,
    rules: rules_pb2.RuleSet,
    *,
    units: int,
    first: date,
    last: date,
    after: Sequence[common.Position],
) -> pb.RecordAuthorizationRequest:
    """At whichever site, with a number for each, as a client who comes again is authorized again.

    `after`: where the client was admitted: billing waits for them.
    """
    return pb.RecordAuthorizationRequest(
        meta=common.CommandMeta(after=after),
        client_id=client_id,
        payer_id=rules.payer_id,
        number=f"{client.authorization_number}{first:%m%d}",
        level_of_care=LEVEL,
        units=units,
        effective_from=to_date(first),
        effective_to=to_date(last),
        unit=rules.authorization_unit or rules_pb2.AUTHORIZATION_UNIT_DAYS,
        any_site=True,
    )


def waive(client_id: str, payer_id: str, on: date) -> pb.BillWithoutAuthorizationRequest:
    return pb.BillWithoutAuthorizationRequest(
        client_id=client_id,
        payer_id=payer_id,
        service_date=to_date(on),
        reason="WAIVER_REASON_NETWORK_DECISION",
    )


def settle_revocation(client_id: str, payer_id: str) -> pb.SettleRevocationRequest:
    """Nothing more leaves the house about this client, of whatever date."""
    return pb.SettleRevocationRequest(client_id=client_id, payer_id=payer_id, disclose=False)


def issue(payer_id: str, through: date) -> pb.IssueClaimsRequest:
    return pb.IssueClaimsRequest(payer_id=payer_id, through=to_date(through))


def issue_corrections(
    payer_id: str, proposals: Sequence[events.CorrectionProposed]
) -> pb.IssueCorrectionsRequest:
    """These and no others, as they were looked at."""
    return pb.IssueCorrectionsRequest(
        payer_id=payer_id,
        proposals=[
            pb.NamedProposal(claim_id=each.claim_id, revision=each.revision) for each in proposals
        ],
    )


def adjudicate(claim: pb.Claim, on: date) -> pb.RecordAdjudicationRequest:
    """Paid in full; of a void, what was paid is taken back."""
    void = claim.frequency == "8"
    return pb.RecordAdjudicationRequest(
        claim_id=claim.claim_id,
        payer_control_number=control_number(claim.claim_id),
        status=f"ADJUDICATION_STATUS_{'REVERSED' if void else 'PAID'}",
        paid=common.Money(currency_code="USD", minor_units=0 if void else claim.charge.minor_units),
        adjudicated_on=to_date(on),
    )


def control_number(claim_id: str) -> str:
    """The payer's own number of the claim, invented: the same claim has the same."""
    return f"PC{hashlib.sha256(claim_id.encode()).hexdigest()[:12].upper()}"
