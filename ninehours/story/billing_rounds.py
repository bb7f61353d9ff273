"""Every second Monday: what payers answered, new claims to each, and corrections of old ones."""

from datetime import date
from functools import partial

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story import days, summary
from ninehours.story.days import at
from ninehours.story.gateway import BILLER
from ninehours.story.network import PAYERS, DemoPayer
from ninehours.story.requests import adjudicate
from ninehours.story.story import DemoStory


def bill(story: DemoStory, week: int) -> None:
    """A round after that week. What is issued in it is answered by the next."""
    monday = days.day_of(week + 1)
    unanswered = [batch for batch in story.batches if batch not in story.answered]
    story.gateway.catch_up()
    if unanswered:
        _adjudicate(story, unanswered, monday)
        story.gateway.catch_up()
    for payer in PAYERS:
        request = pb.IssueClaimsRequest(
            payer_id=story.network.payer_ids[payer.key],
            through=to_date(days.day_of(week, days.SUNDAY)),
        )
        step = f"issue claims to {payer.key} after week {week}"
        story.batches += story.give(BILLER, step, request, at(monday, 10)).batch_ids
    if unanswered:
        story.gateway.catch_up()
        for payer in PAYERS:
            _correct(story, payer, monday)


def _correct(story: DemoStory, payer: DemoPayer, on: date) -> None:
    """What is READY is looked at, and issued by name: these and no others.

    Played again, it was issued before and isn't READY any more: so the files of corrections are
    asked for, by what went to the payer until now.
    """
    payer_id, now = story.network.payer_ids[payer.key], at(on, 11)
    if ready := summary.ready_corrections(story.gateway, payer_id):
        names = " ".join(f"{proposal.claim_id}@{proposal.revision}" for proposal in ready)
        request = pb.IssueCorrectionsRequest(
            payer_id=payer_id,
            proposals=[
                pb.NamedProposal(claim_id=proposal.claim_id, revision=proposal.revision)
                for proposal in ready
            ],
        )
        story.give(BILLER, f"issue corrections to {payer.key}: {names}", request, now)
    issued = summary.batches_of_corrections(story.gateway, payer_id, now)
    story.batches += [batch for batch in issued if batch not in story.batches]


def _adjudicate(story: DemoStory, batches: list[str], on: date) -> None:
    """Every claim of these files is paid, under a number of the payer's own."""
    listed = (claim for claim in summary.claims(story.gateway) if claim.batch_id in batches)
    story.gateway.together(
        partial(
            story.give,
            BILLER,
            f"adjudicate {claim.claim_id}",
            adjudicate(claim, on),
            at(on, 9),
        )
        for claim in sorted(listed, key=lambda claim: claim.claim_id)
    )
    story.answered.update(batches)
