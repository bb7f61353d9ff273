"""The stored names of billing's private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from kernel.statements import StatementAmended
from services.billing.domain.authorizations import authorization, waiver
from services.billing.domain.claims import claim, issue, restore, settlement
from services.billing.domain.payers import payer
from services.billing.domain.providers import practitioner, provider

FACTS = Codec(
    {
        "billing.provider_registered.v1": provider.ProviderRegistered,
        "billing.fee_set.v1": provider.FeeSet,
        "billing.provider_enrolled.v1": provider.ProviderEnrolled,
        "billing.payer_registered.v1": payer.PayerRegistered,
        "billing.rule_set_proposed.v1": payer.RuleSetProposed,
        "billing.rule_set_confirmed.v1": payer.RuleSetConfirmed,
        "billing.authorization_recorded.v1": authorization.AuthorizationRecorded,
        "billing.claim_issued.v1": issue.ClaimIssued,
        "billing.batch_issued.v1": issue.BatchIssued,
        "billing.practitioner_registered.v1": practitioner.PractitionerRegistered,
        "billing.practitioner_numbered.v1": practitioner.PractitionerNumbered,
        "billing.claim_adjudicated.v1": claim.ClaimAdjudicated,
        "billing.claim_replaced.v1": claim.ClaimReplaced,
        "billing.claim_voided.v1": claim.ClaimVoided,
        "billing.authorization_waived.v1": waiver.AuthorizationWaived,
        "billing.revocation_settled.v1": settlement.RevocationSettled,
        "billing.claims_recorded_again.v1": restore.ClaimsRecordedAgain,
        "billing.reconciled.v1": restore.Reconciled,
        "billing.statement_amended.v1": StatementAmended,
    }
)
