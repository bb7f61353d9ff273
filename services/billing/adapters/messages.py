"""Billing's rows and facts as public messages, part by part."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.ids import derived_id
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.translate import to_date
from services.billing.domain.claims import issue
from services.billing.domain.claims.disclosure import CONSENT, NO_CONSENT_NEEDED
from services.billing.domain.claims.rows import lines_of as lines_of_rows
from services.billing.domain.history.history import ClaimLine

CURRENCY = "USD"
line_message = writer(public.ClaimLine, ClaimLine)
issued = writer(public.ClaimIssued, issue.ClaimIssued, lines=line_message)
disclosed = writer(
    public.Disclosed,
    issue.ClaimIssued,
    recipient_payer_id=named("payer_id"),
    scope="CLAIM",
    notice=lambda fact: issue.PART2_NOTICE if fact.under_part2 else "",
    basis=lambda fact: fact.basis or (CONSENT if fact.consent_id else NO_CONSENT_NEEDED),
)


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
        site_id=content.get("site_id", ""),
        lines=_lines_of_row(content.get("lines", ())),
        clinical_level=content.get("clinical_level", ""),
        authorized_level=content.get("authorized_level", ""),
        billed_level=content.get("billed_level", ""),
        authorized_units=content.get("authorized_units", 0),
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
        lines=_lines_of_row(content["lines"]),
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
        waits_for=[
            public.AwaitedGate(
                service_date=_date(each["service_date"]), gate=each["gate"], reason=each["reason"]
            )
            for each in content.get("waits_for", ())
        ],
    )


def money(minor_units: int) -> common.Money:
    return common.Money(currency_code=CURRENCY, minor_units=minor_units)


def lines_of(lines: Sequence[ClaimLine]) -> list[public.ClaimLine]:
    """A claim's lines as others see them."""
    return [line_message(line) for line in lines]


def _lines_of_row(rows: Sequence[Mapping[str, Any]]) -> list[public.ClaimLine]:
    return lines_of(lines_of_rows(rows))


def _date(iso: str) -> common.Date:
    return to_date(date.fromisoformat(iso))
