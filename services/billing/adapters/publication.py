"""What others hear of billing: the one place where private facts and derived rows become public."""

from collections.abc import Mapping
from functools import partial
from typing import Any, assert_never

from google.protobuf.message import Message
from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1 import common_pb2 as common

from kernel.facts import Label
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.publishing import HIPAA, PART2, Decision, Kept, published, publisher
from services.billing.app.draft_id import draft_id
from services.billing.domain.authorizations import authorization, waiver
from services.billing.domain.claims import claim, issue, restore, settlement
from services.billing.domain.claims.awaited import Awaited
from services.billing.domain.claims.disclosure import basis_of
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow, RowVerdict
from services.billing.domain.history.history import ClaimLine
from services.billing.domain.payers import payer
from services.billing.domain.projection import RowContent
from services.billing.domain.providers import practitioner, provider

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
    return common.Money(currency_code="USD", minor_units=minor_units)


def _label(fact: Any) -> Label:
    return PART2 if fact.under_part2 else HIPAA


_of_provider = partial(published, "provider", label=HIPAA)
_of_payer = partial(published, "payer", label=HIPAA)
_of_claim = partial(published, "client", label=_label)
# Where it isn't said which program it is about: the strict label.
_of_client = partial(published, "client", label=PART2)

DECISIONS: Mapping[type, Decision] = {
    provider.ProviderRegistered: _of_provider(
        writer(public.ProviderRegistered, provider.ProviderRegistered)
    ),
    provider.FeeSet: _of_provider(writer(public.FeeSet, provider.FeeSet)),
    provider.ProviderEnrolled: published(
        "site", writer(public.ProviderEnrolled, provider.ProviderEnrolled), label=HIPAA
    ),
    practitioner.PractitionerRegistered: Kept("names of staff stay here"),
    practitioner.PractitionerNumbered: published(
        "practitioner",
        writer(public.PractitionerNumbered, practitioner.PractitionerNumbered),
        label=HIPAA,
        key=lambda fact: fact.staff_id,
    ),
    payer.PayerRegistered: _of_payer(writer(public.PayerRegistered, payer.PayerRegistered)),
    payer.RuleSetProposed: Kept("proposed rules decide nothing"),
    payer.RuleSetConfirmed: _of_payer(
        writer(
            public.RuleSetConfirmed,
            payer.RuleSetConfirmed,
            payer_id=named("rules.payer_id"),
            rule_set=named("rules"),
        ),
        key=lambda fact: fact.rules.payer_id,
    ),
    authorization.AuthorizationRecorded: _of_client(
        writer(
            public.AuthorizationRecorded,
            authorization.AuthorizationRecorded,
            renumbered=lambda fact: fact.number_version - 1,
        )
    ),
    waiver.AuthorizationWaived: _of_client(
        writer(public.AuthorizationWaived, waiver.AuthorizationWaived)
    ),
    settlement.RevocationSettled: _of_client(
        writer(public.RevocationSettled, settlement.RevocationSettled)
    ),
    issue.ClaimIssued: _of_claim(issued, disclosed),
    issue.BatchIssued: Kept("each of its claims is told of"),
    claim.ClaimAdjudicated: _of_claim(writer(public.ClaimAdjudicated, claim.ClaimAdjudicated)),
    claim.ClaimReplaced: _of_claim(writer(public.ClaimReplaced, claim.ClaimReplaced)),
    claim.ClaimVoided: _of_claim(writer(public.ClaimVoided, claim.ClaimVoided)),
    restore.ClaimsRecordedAgain: Kept("each of the claims is told of"),
    restore.Reconciled: Kept("whether claims are held is this service's own affair"),
}

publish = publisher(DECISIONS)


def publish_row(_: str, content: RowContent, revision: int, withdrawn: bool) -> Message:
    """The public fact of a derived row that changed."""
    match content:
        case DayRow():
            return service_day(content, revision=revision, withdrawn=withdrawn)
        case DraftRow():
            return draft_claim(content, revision=revision, withdrawn=withdrawn)
        case ProposalRow():
            return proposal(content, revision=revision, withdrawn=withdrawn)
        case _:
            assert_never(content)
