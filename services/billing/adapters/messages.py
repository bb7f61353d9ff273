"""Billing's rows and facts as public messages, part by part."""

from collections.abc import Sequence
from dataclasses import asdict

from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.translate import to_date
from services.billing.app.draft_id import draft_id
from services.billing.domain.claims import issue
from services.billing.domain.claims.awaited import Awaited
from services.billing.domain.claims.disclosure import basis_of
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.row import DayRow
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
    basis=basis_of,
)


def service_day(row: DayRow, revision: int, withdrawn: bool) -> public.ServiceDayResolved:
    return public.ServiceDayResolved(
        client_id=row.client_id,
        service_date=to_date(row.service_date),
        payer_id=row.payer_id,
        outcome=f"OUTCOME_{row.outcome}",
        minutes=row.minutes,
        verdicts=[public.Verdict(**asdict(verdict)) for verdict in row.verdicts],
        authorization_id=row.authorization_id,
        rules=row.rules,
        revision=revision,
        withdrawn=withdrawn,
        site_id=row.site_id,
        lines=lines_of(row.lines),
        clinical_level=row.clinical_level,
        authorized_level=row.authorized_level,
        billed_level=row.billed_level,
        authorized_units=row.authorized_units,
    )


def draft_claim(row: DraftRow, revision: int, withdrawn: bool) -> public.ClaimDrafted:
    return public.ClaimDrafted(
        client_id=row.client_id,
        draft_id=draft_id(row.key),
        payer_id=row.payer_id,
        provider_id=row.provider_id,
        site_id=row.site_id,
        coverage_id=row.coverage_id,
        authorization_id=row.authorization_id,
        period_start=to_date(row.period_start),
        period_end=to_date(row.period_end),
        lines=lines_of(row.lines),
        charge=money(row.charge_minor),
        revision=revision,
        withdrawn=withdrawn,
    )


def proposal(row: ProposalRow, revision: int, withdrawn: bool) -> public.CorrectionProposed:
    return public.CorrectionProposed(
        client_id=row.client_id,
        claim_id=row.claim_id,
        payer_id=row.payer_id,
        action=f"CORRECTION_ACTION_{row.action}",
        state=f"PROPOSAL_STATE_{row.state}",
        issued_charge=money(row.issued_charge_minor),
        corrected_charge=money(row.corrected_charge_minor),
        changed_dates=[to_date(on) for on in row.changed_dates],
        revision=revision,
        withdrawn=withdrawn,
        waits_for=[awaited_gate(awaited) for awaited in row.waits_for],
    )


def awaited_gate(awaited: Awaited) -> public.AwaitedGate:
    return public.AwaitedGate(
        service_date=to_date(awaited.service_date), gate=awaited.gate, reason=awaited.reason
    )


def money(minor_units: int) -> common.Money:
    return common.Money(currency_code=CURRENCY, minor_units=minor_units)


def lines_of(lines: Sequence[ClaimLine]) -> list[public.ClaimLine]:
    """A claim's lines as others see them."""
    return [line_message(line) for line in lines]
