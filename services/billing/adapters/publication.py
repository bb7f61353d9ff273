"""What others hear of billing: the one place where private facts and derived rows become public."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from google.protobuf.message import Message
from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.facts import Publication, Recorded, publication_of
from kernel.ids import derived_id
from kernel.rpc.translate import to_date
from services.billing.adapters.rule_sets import message_of
from services.billing.domain import authorization, derive, issue, payer, provider
from services.billing.domain.known import Line

CURRENCY = "USD"


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public facts of one private fact, each with its subject and label."""
    for subject, message, under_part2 in _public(recorded.fact):
        label = "PART2" if under_part2 else "HIPAA"
        yield publication_of(recorded, subject, message, label=label)


def publish_row(kind: str, content: Mapping[str, Any], revision: int, withdrawn: bool) -> Message:
    """The public fact of a derived row that changed."""
    of_kind = {
        derive.SERVICE_DAY: service_day,
        derive.DRAFT_CLAIM: draft_claim,
        derive.PROPOSAL: proposal,
    }
    return of_kind[kind](content, revision, withdrawn)


def draft_id(content: Mapping[str, Any]) -> str:
    """A draft's id: the same as long as it is cut the same way."""
    return str(derived_id("draft claim", content["key"]))


def service_day(
    content: Mapping[str, Any], revision: int, withdrawn: bool
) -> public.ServiceDayResolved:
    return public.ServiceDayResolved(
        client_id=content["client_id"],
        service_date=_date(content["service_date"]),
        payer_id=content["payer_id"],
        outcome=f"OUTCOME_{content['outcome']}",
        minutes=content["minutes"],
        verdicts=[public.Verdict(**verdict) for verdict in content["verdicts"]],
        authorization_id=content["authorization_id"],
        rules=content["rules"],
        revision=revision,
        withdrawn=withdrawn,
    )


def draft_claim(content: Mapping[str, Any], revision: int, withdrawn: bool) -> public.ClaimDrafted:
    return public.ClaimDrafted(
        client_id=content["client_id"],
        draft_id=draft_id(content),
        payer_id=content["payer_id"],
        provider_id=content["provider_id"],
        site_id=content["site_id"],
        coverage_id=content["coverage_id"],
        authorization_id=content["authorization_id"],
        period_start=_date(content["period_start"]),
        period_end=_date(content["period_end"]),
        lines=[_line_of_row(line) for line in content["lines"]],
        charge=money(content["charge_minor"]),
        revision=revision,
        withdrawn=withdrawn,
    )


def proposal(
    content: Mapping[str, Any], revision: int, withdrawn: bool
) -> public.CorrectionProposed:
    return public.CorrectionProposed(
        client_id=content["client_id"],
        claim_id=content["claim_id"],
        payer_id=content["payer_id"],
        action=f"CORRECTION_ACTION_{content['action']}",
        state=f"PROPOSAL_STATE_{content['state']}",
        issued_charge=money(content["issued_charge_minor"]),
        corrected_charge=money(content["corrected_charge_minor"]),
        changed_dates=[_date(on) for on in content["changed_dates"]],
        revision=revision,
        withdrawn=withdrawn,
    )


def money(minor_units: int) -> common.Money:
    return common.Money(currency_code=CURRENCY, minor_units=minor_units)


def lines_of(lines: Sequence[Line]) -> list[public.ClaimLine]:
    """A claim's lines as others see them."""
    return [
        public.ClaimLine(
            service_date=to_date(line.service_date),
            code=line.code,
            modifiers=line.modifiers,
            units=line.units,
            charge=money(line.charge_minor),
            place_of_service=line.place_of_service,
        )
        for line in lines
    ]


def _public(fact: object) -> Iterator[tuple[str, Message, bool]]:
    match fact:
        case provider.ProviderRegistered():
            registered = public.ProviderRegistered(
                provider_id=fact.provider_id, npi=fact.npi, taxonomy=fact.taxonomy
            )
            yield f"provider/{fact.provider_id}", registered, False
        case provider.FeeSet():
            yield f"provider/{fact.provider_id}", _fee(fact), False
        case provider.ProviderEnrolled():
            yield f"site/{fact.site_id}", _enrolled(fact), False
        case payer.PayerRegistered():
            known = public.PayerRegistered(payer_id=fact.payer_id, name=fact.name)
            yield f"payer/{fact.payer_id}", known, False
        case payer.RuleSetConfirmed(rules=rules):
            confirmed = public.RuleSetConfirmed(
                payer_id=rules.payer_id,
                rule_set=message_of(rules),
                confirmed_by=fact.confirmed_by,
            )
            yield f"payer/{rules.payer_id}", confirmed, False
        case authorization.AuthorizationRecorded():
            # Which program it is for isn't said here: the strict label.
            yield f"client/{fact.client_id}", _authorization(fact), True
        case issue.ClaimIssued():
            yield f"client/{fact.client_id}", _claim(fact), fact.under_part2
            yield f"client/{fact.client_id}", _disclosed(fact), fact.under_part2


def _fee(fact: provider.FeeSet) -> Message:
    return public.FeeSet(
        provider_id=fact.provider_id,
        code=fact.code,
        charge=money(fact.charge_minor),
        effective_from=to_date(fact.effective_from),
    )


def _enrolled(fact: provider.ProviderEnrolled) -> Message:
    return public.ProviderEnrolled(
        provider_id=fact.provider_id,
        payer_id=fact.payer_id,
        site_id=fact.site_id,
        effective_from=to_date(fact.effective_from),
    )


def _authorization(fact: authorization.AuthorizationRecorded) -> Message:
    return public.AuthorizationRecorded(
        client_id=fact.client_id,
        authorization_id=fact.authorization_id,
        payer_id=fact.payer_id,
        level_of_care=fact.level_of_care,
        units=fact.units,
        effective_from=to_date(fact.effective_from),
        effective_to=to_date(fact.effective_to),
    )


def _claim(fact: issue.ClaimIssued) -> Message:
    return public.ClaimIssued(
        client_id=fact.client_id,
        claim_id=fact.claim_id,
        batch_id=fact.batch_id,
        payer_id=fact.payer_id,
        provider_id=fact.provider_id,
        site_id=fact.site_id,
        coverage_id=fact.coverage_id,
        authorization_id=fact.authorization_id,
        period_start=to_date(fact.period_start),
        period_end=to_date(fact.period_end),
        lines=lines_of(fact.lines),
        charge=money(fact.charge_minor),
        frequency=fact.frequency,
        identity_version=fact.identity_version,
        diagnoses=fact.diagnoses,
        claim_form=f"CLAIM_FORM_{fact.claim_form}",
    )


def _disclosed(fact: issue.ClaimIssued) -> Message:
    return public.Disclosed(
        client_id=fact.client_id,
        recipient_payer_id=fact.payer_id,
        consent_id=fact.consent_id,
        batch_id=fact.batch_id,
        scope="CLAIM",
        notice=issue.PART2_NOTICE if fact.under_part2 else "",
    )


def _line_of_row(line: Mapping[str, Any]) -> public.ClaimLine:
    return public.ClaimLine(
        service_date=_date(line["service_date"]),
        code=line["code"],
        modifiers=line["modifiers"],
        units=line["units"],
        charge=money(line["charge_minor"]),
        place_of_service=line["place_of_service"],
    )


def _date(iso: str) -> common.Date:
    return to_date(date.fromisoformat(iso))
