"""What is next of a day on HOLD, a draft or a correction: a button, with what it comes to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ninehours.billing.v1 import billing_events_pb2 as events

from ninehours.console.texts import words

ISSUE, CORRECTIONS = "/issue", "/issue/corrections"
OPEN_PROPOSALS: Sequence[Any] = (
    events.PROPOSAL_STATE_READY,
    events.PROPOSAL_STATE_AWAITING_RELEASE,
)
ACTS_OF_COMMANDS = {
    "BillWithoutAuthorization": "without_authorization",
    "RecordAuthorization": "authorization",
    "SettleRevocation": "revocation",
}
"""By the command that opens a day: the act's name in addresses, and among words."""


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done next: its name, where, and what it comes to."""

    name: str
    path: str
    consequence: str


def acts_of_day(client_id: str, on: str, rpcs: Iterable[str]) -> Iterator[Act]:
    """What of these opens a client's day and is recorded here, each once."""
    for act in dict.fromkeys(ACTS_OF_COMMANDS.get(rpc.rpartition("/")[2], "") for rpc in rpcs):
        if act:
            told = words().claim.of_day[act]
            yield Act(told.title, f"/days/{client_id}/{on}/{act}", told.comes_to)


def act_of_draft(payer_id: str, payer: str, *, through: str, charge: str) -> Act:
    """To see what would leave; `through`: its last date, `charge`: in words."""
    acts = words().claim.acts
    query = urlencode({"payer": payer_id, "through": through})
    says = acts.issue_comes_to.format(charge=charge, payer=payer)
    return Act(acts.issue, f"{ISSUE}?{query}", says)


def act_of_correction(payer_id: str, payer: str, claim_id: str, *, was: str, now: str) -> Act:
    """To see what would be sent; `was`, `now`: charges, in words."""
    acts = words().claim.acts
    query = urlencode({"payer": payer_id, "claim": claim_id})
    says = acts.correct_comes_to.format(was=was, now=now, payer=payer)
    return Act(acts.correct, f"{CORRECTIONS}?{query}", says)


def act_of_answer(claim_id: str, state: Any) -> Act:
    """To record what the payer answered; `state`: of a correction that may wait for it."""
    acts = words().claim.acts
    awaited = state == events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER
    says = acts.answer_opens if awaited else acts.answer_comes_to
    return Act(acts.answer, f"/claims/{claim_id}/answer", says)
