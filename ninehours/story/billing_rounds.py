"""Every second Monday: what payers answered, new claims to each, and corrections of old ones."""

from datetime import date, datetime
from functools import partial

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story import days, summary
from ninehours.story.courses import StoryName
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
    _issue(story, week, at(monday, 10), f"after week {week}")
    if unanswered:
        story.gateway.catch_up()
        for payer in PAYERS:
            _correct(story, payer, monday)


def bill_anew(story: DemoStory) -> None:
    """On the Tuesday after all: claims that were taken back leave again as they should have."""
    story.gateway.catch_up()
    now = at(days.day_of(days.WEEKS + 1, days.TUESDAY), 10)
    _issue(story, days.WEEKS, now, "once more")
    story.gateway.catch_up()


def _issue(story: DemoStory, week: int, now: datetime, which: str) -> None:
    """New claims to every payer, through the week's end."""
    for payer in PAYERS:
        request = pb.IssueClaimsRequest(
            payer_id=story.network.payer_ids[payer.key],
            through=to_date(days.day_of(week, days.SUNDAY)),
        )
        step = f"issue claims to {payer.key} {which}"
        story.batches += story.give(BILLER, step, request, now).batch_ids


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
        story.gateway.catch_up()
    issued = summary.batches_of_corrections(story.gateway, payer_id, now)
    story.batches += [batch for batch in issued if batch not in story.batches]


def take_back(story: DemoStory) -> None:
    """Coverage may come back, so its corrections wait; but the payer asks for its money."""
    chart, on = story.charts[StoryName.COVERAGE_ENDED_LATE], days.day_of(11, days.WEDNESDAY)
    story.gateway.catch_up()
    proposals = [*summary.proposals(story.gateway, chart.client_id)]
    if proposals:  # played again, they were issued before
        request = pb.IssueCorrectionsRequest(
            payer_id=story.payer_of(chart),
            proposals=[
                pb.NamedProposal(
                    claim_id=proposal.claim_id,
                    revision=proposal.revision,
                    without_waiting="WAIT_OVERRIDE_PAYER_ASKED",
                )
                for proposal in proposals
            ],
        )
        story.give(BILLER, f"{chart.client.key}: take back", request, at(on, 10))
        story.gateway.catch_up()


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
