"""StatementsService: what billing was told, read back and put right."""

from collections.abc import Mapping
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as words
from ninehours.billing.v1 import statements_service_pb2 as pb

from kernel.execute import Outcome
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, new_id
from kernel.rpc.statements import Open, recording, statement_kinds
from kernel.rpc.translate import to_date
from kernel.sites import speaks_for
from kernel.statements import Statement, StatementAmended, content_of
from kernel.store.store import Context, Transaction
from services.billing.adapters.as_of import history_by
from services.billing.adapters.bindings import site_of_claim
from services.billing.api import requests
from services.billing.app.ports import BillingWriteSide
from services.billing.app.statements import first_said, put_right
from services.billing.app.use_cases import authorization_document
from services.billing.domain.authorizations.allocation import uncovered
from services.billing.domain.authorizations.authorization import AuthorizationRecorded
from services.billing.domain.authorizations.waiver import AuthorizationWaived
from services.billing.domain.claims.claim import ClaimAdjudicated
from services.billing.domain.claims.settlement import RevocationSettled
from services.billing.domain.payers.payer import PayerRegistered
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import (
    FeeSet,
    ProviderEnrolled,
    ProviderRegistered,
)

SERVICE = pb.DESCRIPTOR.services_by_name["StatementsService"]


def _numbered(
    said: words.RecordAuthorizationRequest, fact: AuthorizationRecorded, opened: Open
) -> None:
    number = opened(authorization_document(fact.authorization_id), fact.number_version)
    said.number = (number or b"").decode()


def _uncovered(billing: BillingWriteSide, outcome: Outcome, context: Context) -> Mapping[str, Any]:
    """Claims that an authorization as it was said anew doesn't pay, as it was known then."""
    for recorded in outcome.facts:
        content = content_of(recorded)
        if isinstance(recorded.fact, StatementAmended) and isinstance(
            content, AuthorizationRecorded
        ):
            with billing.executor.store.transaction() as tx:
                history = history_by(tx, content.client_id, recorded.at)
            sites = {claim.claim_id: claim.site_id for claim in history.issued}
            return {
                "uncovered": [
                    pb.UncoveredClaim(
                        claim_id=claim_id if speaks_for(context.sites, sites[claim_id]) else "",
                        service_dates=map(to_date, dates),
                    )
                    for claim_id, dates in uncovered(history, content.authorization_id).items()
                ]
            }
    return {}


def _is_told(tx: Transaction, statement: Statement, call: Call) -> bool:
    """An answer is its claim's site's; the rest is the client's."""
    said = statement.first.fact
    if not isinstance(said, ClaimAdjudicated):
        return True
    sites = site_of_claim(tx, said.claim_id)
    return any(speaks_for(call.actor.sites, site_id) for site_id in sites)


KINDS = statement_kinds(
    pb.Recording,
    (
        recording(
            words.RecordAuthorizationRequest,
            AuthorizationRecorded,
            requests.to_record_authorization,
            {"authorization_id": new_id("authorization")},
            _numbered,
            number="",
            any_site=lambda fact: not fact.site_id,
        ),
        recording(
            words.BillWithoutAuthorizationRequest,
            AuthorizationWaived,
            requests.to_bill_without_authorization,
            {"waived_by": ACTOR},
        ),
        recording(
            words.SettleRevocationRequest,
            RevocationSettled,
            requests.to_settle_revocation,
            {"settled_by": ACTOR},
        ),
        recording(
            words.RecordAdjudicationRequest, ClaimAdjudicated, requests.to_record_adjudication
        ),
        recording(
            words.RegisterPayerRequest,
            PayerRegistered,
            requests.to_register_payer,
            {"payer_id": new_id("payer")},
        ),
        recording(
            words.RegisterProviderRequest,
            ProviderRegistered,
            requests.to_register_provider,
            {"provider_id": new_id("provider")},
        ),
        recording(
            words.RegisterPractitionerRequest,
            PractitionerRegistered,
            requests.to_register_practitioner,
        ),
        recording(words.EnrollProviderRequest, ProviderEnrolled, requests.to_enroll_provider),
        recording(words.SetFeeRequest, FeeSet, requests.to_set_fee),
    ),
    first_said,
    put_right,
    beside=_uncovered,
    is_told=_is_told,
    things=("payer", "provider", "practitioner", "site"),
)
