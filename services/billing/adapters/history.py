"""Public messages as the domain knows them: everything of one client becomes its `Known`."""

from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.billing.v1 import rules_pb2

from kernel.facts import HeardFact, id_of
from kernel.mapping.reading import fact_reader
from kernel.messaging.subscriptions import Facts
from kernel.rpc.translate import date_of
from services.billing.adapters.clinical import HEARD, Reader, name_of
from services.billing.adapters.rule_sets import confirmed_rules_of
from services.billing.domain.history import history
from services.billing.domain.history.history import BillingHistory, ClaimLine


def history_of(client: str, facts: Facts) -> BillingHistory:
    """All that is known of a client; facts of types it doesn't rest on are passed over."""
    found: dict[str, list[Any]] = {}
    for about in facts.values():
        for fact in about:
            reader = READERS.get(fact.type)
            if reader is not None:
                field, read = reader
                found.setdefault(field, []).append(read(fact, fact.message))
    return BillingHistory(
        client_id=id_of(client), **{field: tuple(each) for field, each in found.items()}
    )


def _authorization(
    fact: HeardFact, message: billing.AuthorizationRecorded
) -> history.Authorization:
    return history.Authorization(
        fact=str(fact.id),
        authorization_id=message.authorization_id,
        payer_id=message.payer_id,
        level_of_care=message.level_of_care,
        units=message.units,
        effective_from=date_of(message, "effective_from"),
        effective_to=date_of(message, "effective_to"),
        unit=name_of(rules_pb2.AuthorizationUnit, message.unit) or "DAYS",
        site_id=message.site_id,
    )


def _enrollment(fact: HeardFact, message: billing.ProviderEnrolled) -> history.Enrollment:
    return history.Enrollment(
        fact=str(fact.id),
        provider_id=message.provider_id,
        payer_id=message.payer_id,
        site_id=message.site_id,
        effective_from=date_of(message, "effective_from"),
    )


_fee_of = fact_reader(billing.FeeSet, history.Fee, given=("fact", "sequence"))


def _fee(fact: HeardFact, message: billing.FeeSet) -> history.Fee:
    return _fee_of(message, fact=str(fact.id), sequence=fact.sequence)


def _confirmed(fact: HeardFact, message: billing.RuleSetConfirmed) -> history.ConfirmedRules:
    return history.ConfirmedRules(fact=str(fact.id), rules=confirmed_rules_of(message.rule_set))


def _issued(fact: HeardFact, message: billing.ClaimIssued) -> history.IssuedClaim:
    return history.IssuedClaim(
        fact=str(fact.id),
        claim_id=message.claim_id,
        payer_id=message.payer_id,
        provider_id=message.provider_id,
        site_id=message.site_id,
        coverage_id=message.coverage_id,
        authorization_id=message.authorization_id,
        period_start=date_of(message, "period_start"),
        period_end=date_of(message, "period_end"),
        lines=tuple(_line(line) for line in message.lines),
        claim_form=name_of(rules_pb2.ClaimForm, message.claim_form) or "PROFESSIONAL",
        frequency=message.frequency or "1",
        corrects_claim_id=message.corrects_claim_id,
        authorized_units=message.authorized_units,
        diagnoses=tuple(message.diagnoses),
        patient_status=message.patient_status,
    )


def _adjudication(fact: HeardFact, message: billing.ClaimAdjudicated) -> history.Adjudication:
    return history.Adjudication(
        fact=str(fact.id),
        claim_id=message.claim_id,
        payer_control_number=message.payer_control_number,
        status=name_of(billing.AdjudicationStatus, message.status),
        adjudicated_on=date_of(message, "adjudicated_on"),
    )


def _waiver(fact: HeardFact, message: billing.AuthorizationWaived) -> history.Waiver:
    return history.Waiver(
        fact=str(fact.id),
        payer_id=message.payer_id,
        service_date=date_of(message, "service_date"),
    )


def _settled(fact: HeardFact, message: billing.RevocationSettled) -> history.SettledRevocation:
    return history.SettledRevocation(
        fact=str(fact.id),
        payer_id=message.payer_id,
        disclose=message.disclose,
        revoked_on=date_of(message, "revoked_on") if message.HasField("revoked_on") else None,
    )


def _line(message: billing.ClaimLine) -> ClaimLine:
    return ClaimLine(
        service_date=date_of(message, "service_date"),
        code=message.code,
        modifiers=tuple(message.modifiers),
        units=message.units,
        charge_minor=message.charge.minor_units,
        place_of_service=message.place_of_service,
        revenue_code=message.revenue_code,
        ancillary=message.ancillary,
        rendering_staff_id=message.rendering_staff_id,
        diagnosis_pointers=tuple(message.diagnosis_pointers),
    )


OWN: tuple[tuple[Any, str, Reader], ...] = (
    (billing.ProviderEnrolled, "enrollments", _enrollment),
    (billing.FeeSet, "fees", _fee),
    (billing.RuleSetConfirmed, "confirmed", _confirmed),
    (billing.AuthorizationRecorded, "authorizations", _authorization),
    (billing.AuthorizationWaived, "waivers", _waiver),
    (billing.RevocationSettled, "settled_revocations", _settled),
    (billing.ClaimIssued, "issued", _issued),
    (billing.ClaimAdjudicated, "adjudications", _adjudication),
)
READERS: dict[str, tuple[str, Reader]] = {
    message.DESCRIPTOR.full_name: (field, read) for message, field, read in (*HEARD, *OWN)
}
