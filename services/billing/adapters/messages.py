"""Billing's rows and facts as public messages, part by part."""

from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from services.billing.app.draft_id import draft_id
from services.billing.domain.claims import issue
from services.billing.domain.claims.awaited import Awaited
from services.billing.domain.claims.disclosure import basis_of
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow, RowVerdict
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
_OF_A_REVISION = ("revision", "withdrawn")
awaited_gate = writer(public.AwaitedGate, Awaited)
service_day = writer(
    public.ServiceDayResolved,
    DayRow,
    given=_OF_A_REVISION,
    verdicts=writer(public.Verdict, RowVerdict),
    lines=line_message,
)
draft_claim = writer(
    public.ClaimDrafted,
    DraftRow,
    given=_OF_A_REVISION,
    draft_id=lambda row: draft_id(row.key),
    lines=line_message,
)
proposal = writer(
    public.CorrectionProposed, ProposalRow, given=_OF_A_REVISION, waits_for=awaited_gate
)


def money(minor_units: int) -> common.Money:
    return common.Money(currency_code=CURRENCY, minor_units=minor_units)
