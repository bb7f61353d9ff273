"""Every second Monday: what payers answered, new claims to each, and corrections of old ones."""

from datetime import date
from functools import partial

from ninehours.billing.v1 import billing_service_pb2 as pb

from ninehours.story import days, lists
from ninehours.story.days import at
from ninehours.story.network import PAYERS, Payer
from ninehours.story.requests import billing
from ninehours.story.story import BILLER, Telling


def bill(telling: Telling, week: int) -> None:
    """A round after that week. What is issued in it is answered by the next."""
    monday = days.day_of(week + 1)
    answered = [batch for batch in telling.batches if batch not in telling.answered]
    telling.stage.scene(f"after week {week}: payers' answers, claims to four payers, corrections")
    telling.stage.settle()
    if answered:
        _adjudicate(telling, answered, monday)
        telling.stage.settle()
    for payer in PAYERS:
        request = billing.issue(telling.place.payer_ids[payer.key], days.day_of(week, days.SUNDAY))
        step = f"issue claims to {payer.key} after week {week}"
        issued: pb.IssueClaimsResponse = telling.tell(BILLER, step, request, at(monday, 10))
        telling.batches += issued.batch_ids
    if not answered:
        return
    telling.stage.settle()
    for payer in PAYERS:
        _correct(telling, payer, monday)


def _correct(telling: Telling, payer: Payer, on: date) -> None:
    """What is READY is looked at, and issued by name.

    Played again, it was issued before and isn't READY any more: so the files of corrections are
    asked for, by what went to the payer until now.
    """
    payer_id, now = telling.place.payer_ids[payer.key], at(on, 11)
    if ready := lists.ready(telling.stage, payer_id):
        named = " ".join(f"{each.claim_id}@{each.revision}" for each in ready)
        request = billing.issue_corrections(payer_id, ready)
        telling.tell(BILLER, f"issue corrections to {payer.key}: {named}", request, now)
    issued = lists.corrections_by(telling.stage, payer_id, now)
    telling.batches += [each for each in issued if each not in telling.batches]


def _adjudicate(telling: Telling, batches: list[str], on: date) -> None:
    """Every claim of these files is paid, under a number of the payer's own."""
    listed = (claim for claim in lists.claims(telling.stage) if claim.batch_id in batches)
    claims = sorted(listed, key=lambda claim: claim.claim_id)
    telling.stage.together(
        partial(
            telling.tell,
            BILLER,
            f"adjudicate {claim.claim_id}",
            billing.adjudicate(claim, on),
            at(on, 9),
        )
        for claim in claims
    )
    telling.answered.update(batches)
