"""What awaits billers, as messages: each with why it does, and what opens it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from ninehours.billing.v1 import billing_work_service_pb2 as pb

from kernel.mapping.writing import writer
from services.billing.adapters.explained import roles_of
from services.billing.adapters.work import AwaitedWork, WorkTotal
from services.billing.app.draft_id import draft_id
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.reasons import REASONS, LookFor, Remedy

Gates = Iterator[tuple[str, str, date]]
"""Closed gates with their reason's code, each of a date."""


def _claim_id(work: AwaitedWork) -> str:
    match work.content:
        case DayRow():
            return ""
        case DraftRow(key=key):
            return draft_id(key)
        case ProposalRow(claim_id=claim_id):
            return claim_id


def _gates(work: AwaitedWork) -> Gates:
    match work.content:
        case DayRow(verdicts=verdicts, service_date=on):
            yield from ((gate.gate, gate.reason, on) for gate in verdicts if not gate.open)
        case ProposalRow(waits_for=waits_for):
            yield from ((gate.gate, gate.reason, gate.service_date) for gate in waits_for)


def _reasons(work: AwaitedWork) -> Iterator[pb.WorkReason]:
    """Each once, whatever its dates."""
    by_code = {code: (gate, on) for gate, code, on in reversed([*_gates(work)])}
    for code, (gate, on) in reversed(by_code.items()):
        reason = REASONS.get(code)  # a row of another release may have one that isn't known here
        yield pb.WorkReason(
            gate=gate,
            reason=code,
            says=reason.says if reason else code,
            opened_by=[_opener(opener, on) for opener in reason.opened_by] if reason else (),
        )


def _opener(opener: Remedy | LookFor, on: date) -> pb.Opener:
    remedy = opener.remedy if isinstance(opener, LookFor) else opener
    says = remedy.says.format(on=on)
    return pb.Opener(says=says, rpc=remedy.rpc, roles=roles_of(remedy.rpc))


def _of_proposal(field: str) -> Callable[[AwaitedWork], Any]:
    """Nothing, where it is none."""
    return lambda work: getattr(work.content, field, None)


work_item = writer(
    pb.WorkItem,
    AwaitedWork,
    given=("age_days",),
    client_id=lambda work: work.content.client_id,
    payer_id=lambda work: work.content.payer_id,
    claim_id=_claim_id,
    reasons=lambda work: [*_reasons(work)],
    action=_of_proposal("action"),
    state=_of_proposal("state"),
    issued_charge=_of_proposal("issued_charge_minor"),
    corrected_charge=_of_proposal("corrected_charge_minor"),
)
"""One of it; `age_days`: by the day that ages are counted to."""
work_total = writer(pb.WorkTotal, WorkTotal)
