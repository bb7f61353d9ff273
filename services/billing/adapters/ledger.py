"""A client's ledger, payers and who bills, read from the service's own log."""

from datetime import datetime

from ninehours.billing.v1 import billing_events_pb2 as events

from kernel.facts import Recorded
from kernel.messaging.public_facts import public_facts
from kernel.refusal import Unknown
from kernel.rpc.translate import date_of
from kernel.store.store import Transaction
from kernel.store.telling import Facts, Telling
from services.billing.adapters import told
from services.billing.app.use_cases import (
    authorization_document,
    settlement_stream,
    waiver_stream,
)
from services.billing.domain.authorizations.authorization import AuthorizationRecorded
from services.billing.domain.authorizations.waiver import AuthorizationWaived
from services.billing.domain.claims.claim import ClaimAdjudicated
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.settlement import RevocationSettled
from services.billing.domain.payers.payer import (
    PayerRegistered,
    RuleSetConfirmed,
    RuleSetProposed,
)
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import (
    FeeSet,
    ProviderEnrolled,
    ProviderRegistered,
)

STREAM_OF = {
    events.AuthorizationRecorded: lambda fact: f"authorization/{fact.authorization_id}",
    events.AuthorizationWaived: lambda fact: waiver_stream(
        fact.client_id, fact.payer_id, date_of(fact, "service_date")
    ),
    events.RevocationSettled: lambda fact: settlement_stream(fact.client_id, fact.payer_id),
    events.ClaimIssued: lambda fact: f"claim/{fact.claim_id}",
}
"""Public facts of a client → the stream in which the private ones stand."""
# Few subjects of these kinds stand beside many of clients.
STREAMS = "SELECT subject FROM sequence WHERE subject LIKE :kind ORDER BY 1"
PRACTITIONERS = """
SELECT DISTINCT stream FROM fact WHERE type = 'billing.practitioner_registered.v1' ORDER BY 1
"""


def ledger(tx: Transaction, client_id: str, until: datetime | None) -> told.ToldLedger:
    """Of a client, as it was recorded by then."""
    telling = Telling(tx, until)
    public = public_facts(tx.connection, STREAM_OF, subject=f"client/{client_id}")
    streams = dict.fromkeys(STREAM_OF[type(fact.message)](fact.message) for fact in public)
    facts = telling.load(list(streams))
    adjudicated = facts.of(ClaimAdjudicated)
    return told.ToldLedger(
        client_id=client_id,
        authorizations=tuple(
            _authorization(telling, each) for each in facts.of(AuthorizationRecorded)
        ),
        waivers=telling.wholes(told.ToldWaiver, facts.of(AuthorizationWaived)),
        settlements=telling.wholes(told.ToldSettlement, facts.of(RevocationSettled)),
        claims=tuple(
            telling.whole(
                told.ToldClaim,
                issued,
                adjudications=telling.parts(
                    told.ToldAdjudication, adjudicated.about(issued, "claim_id")
                ),
            )
            for issued in facts.of(ClaimIssued)
        ),
    )


def payer(tx: Transaction, payer_id: str) -> told.ToldPayer:
    """With every rule set that was proposed; Unknown where nobody registered it."""
    telling = Telling(tx)
    facts = telling.load([f"payer/{payer_id}"])
    registered = next(iter(facts.of(PayerRegistered)), None)
    if registered is None:
        raise Unknown("payer", payer_id)
    proposed = facts.of(RuleSetProposed)
    last = {each.fact.rules.version: each.id for each in proposed}
    confirmed = {each.fact.rules.version: each for each in facts.of(RuleSetConfirmed)}
    rule_sets = []
    for each in proposed:
        version = each.fact.rules.version
        confirming = confirmed.get(version) if last[version] == each.id else None
        rule_sets.append(
            telling.part(
                told.ToldRules,
                each,
                confirmed=confirming and telling.part(told.ToldRulesConfirmation, confirming),
            )
        )
    return telling.whole(told.ToldPayer, registered, rule_sets=tuple(rule_sets))


def providers(tx: Transaction) -> list[told.ToldProvider]:
    """By id, with what they charge and where they are enrolled."""
    telling = Telling(tx)
    streams = [row.subject for row in tx.execute(STREAMS, kind="provider/%")]
    by_stream = telling.load(streams).by_stream()
    return [
        _provider(telling, registered, facts)
        for facts in by_stream.values()
        for registered in facts.of(ProviderRegistered)
    ]


def practitioners(tx: Transaction) -> list[told.ToldPractitioner]:
    """By id, each as they were registered last."""
    telling = Telling(tx)
    by_stream = telling.load([row.stream for row in tx.execute(PRACTITIONERS)]).by_stream()
    return [
        telling.whole(told.ToldPractitioner, registered[-1])
        for facts in by_stream.values()
        if (registered := facts.of(PractitionerRegistered))
    ]


def _authorization(telling: Telling, recorded: Recorded) -> told.ToldAuthorization:
    fact: AuthorizationRecorded = recorded.fact
    document = authorization_document(fact.authorization_id)
    words = telling.words(f"client/{fact.client_id}", document, fact.number_version)
    return telling.whole(told.ToldAuthorization, recorded, words=words)


def _provider(telling: Telling, registered: Recorded, facts: Facts) -> told.ToldProvider:
    return telling.whole(
        told.ToldProvider,
        registered,
        fees=telling.parts(told.ToldFee, facts.of(FeeSet)),
        enrollments=telling.parts(told.ToldEnrollment, facts.of(ProviderEnrolled)),
    )
