"""Whose each client, claim and batch is; an account sums over all sites of one client."""

from uuid import UUID

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.public_facts import has_public_fact, public_facts, sites_by_facts
from kernel.refusal import Unknown
from kernel.rpc.policy import BindingKind
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.issued import claims_of
from services.billing.adapters.rows import draft_with
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.app.statements import first_said
from services.billing.domain.claims.claim import ClaimAdjudicated
from services.billing.domain.payers.payer import PayerRegistered
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import (
    FeeSet,
    ProviderEnrolled,
    ProviderRegistered,
)

OF_NETWORK = (
    PayerRegistered,
    ProviderRegistered,
    PractitionerRegistered,
    ProviderEnrolled,
    FeeSet,
)
# Each names a site at which something of the client is, was or may be billed; where they were
# registered, nothing is.
OF_ACCOUNTS = tuple(
    subscription.message
    for subscription in SUBSCRIPTIONS.by_type.values()
    if {"client_id", "site_id"} <= set(subscription.message.DESCRIPTOR.fields_by_name)
    and subscription.message is not intake.ClientRegistered
)


def sites_of_client(tx: Transaction, client_id: str) -> frozenset[str]:
    """An episode is over on the day of the discharge that closes it: closings aren't heard here."""
    return sites_by_facts(
        tx.connection,
        client_id,
        registered=intake.ClientRegistered,
        admitted=intake.ClientAdmitted,
        transferred=intake.ClientTransferred,
        ended=plans.ClientDischarged,
        on="discharged_on",
    )


def sites_of_account(tx: Transaction, client_id: str) -> frozenset[str]:
    """Every site of the client's now, and every one that what is billed of them tells of."""
    facts = public_facts(tx.connection, OF_ACCOUNTS, subject=f"client/{client_id}")
    named = {fact.message.site_id for fact in facts if fact.message.site_id}
    return sites_of_client(tx, client_id) | named


def site_of_claim(tx: Transaction, claim_id: str) -> frozenset[str]:
    """Of an issued claim, or of a draft."""
    issued = claims_of(tx, [claim_id])[claim_id].issued
    if issued is not None:
        return frozenset({issued.site_id})
    draft = draft_with(tx, claim_id)
    return frozenset() if draft is None else frozenset({draft.site_id})


def sites_of_batch(tx: Transaction, batch_id: str) -> frozenset[str]:
    """Those whose claims are in its file."""
    rows = tx.connection.execute(
        text(
            "SELECT DISTINCT body->>'site_id' AS site_id FROM fact"
            " WHERE type = 'billing.claim_issued.v1' AND body->>'batch_id' = :batch"
        ),
        {"batch": batch_id},
    )
    return frozenset(row.site_id for row in rows)


def sites_of_statement(tx: Transaction, statement_id: str) -> frozenset[str]:
    """Of the client about whom it was said, of an answer its claim's; none of what nobody said.

    Nor of what is the network's.
    """
    try:
        said = first_said(tx, UUID(statement_id)).fact
    except Unknown:
        return frozenset()
    if isinstance(said, OF_NETWORK):
        return frozenset()
    if isinstance(said, ClaimAdjudicated):
        return site_of_claim(tx, said.claim_id)
    return sites_of_client(tx, said.client_id)


def sites_of_thing(tx: Transaction, thing_id: str) -> frozenset[str]:
    """A site is its own; who bills and who pays is the network's, and no site's."""
    is_site = has_public_fact(tx.connection, attendance.SiteOpened, f"site/{thing_id}")
    return frozenset({thing_id}) if is_site else frozenset()


KINDS = {
    "statement": BindingKind(sites_of_statement),
    "client": BindingKind(sites_of_client),
    "account": BindingKind(sites_of_account, every=True),
    "claim": BindingKind(site_of_claim),
    "thing": BindingKind(sites_of_thing),
    "batch": BindingKind(sites_of_batch, every=True),
}
