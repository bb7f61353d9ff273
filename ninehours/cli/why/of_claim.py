"""A claim, told: what it claims, each line's day, what became of it."""

from collections.abc import Iterator

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb

from ninehours.cli.fields import iso, name_in
from ninehours.cli.output import plural
from ninehours.cli.why.answer import Explanation, Mark, Point, Section
from ninehours.cli.why.of_day import (
    STALE,
    about_day,
    answer_of,
    authorization_of,
    gates_section,
    line_of,
)
from ninehours.cli.why.questions import Facts
from ninehours.cli.why.words import joined, moment, money, signed

FREQUENCIES = {"1": "original", "7": "replacement", "8": "void"}
BASES = {
    "CONSENT": "the client's consent",
    "NO_CONSENT_NEEDED": "no consent is needed for payment",
    "REVOCATION_SETTLED": "the revocation was settled",
}


def explain_claim(claim: pb.ExplainedClaim, facts: Facts, asked: str) -> Explanation:
    """The claim: its state and amount in a sentence, then day by day."""
    issued = claim.state == billing.CLAIM_STATE_ISSUED
    what = FREQUENCIES[claim.frequency] if issued else "draft"
    stale = any(day.stale for day in (*claim.days, *claim.changed_days))
    return Explanation(
        asked=asked,
        title=f"Why {what} claim {claim.claim_id} is {money(claim.charge)}",
        answer=_answer(claim, issued),
        about=tuple(_about(claim, facts)),
        sections=(
            *_became(claim, facts),
            *(_day(day, claim, facts) for day in claim.days),
            *(_changed(day, facts) for day in claim.changed_days),
        ),
        notes=(STALE,) if stale else (),
    )


def _answer(claim: pb.ExplainedClaim, issued: bool) -> str:
    dates = {iso(line.service_date) for line in claim.lines}
    lines = f"{plural(len(claim.lines), 'line')} of {plural(len(dates), 'day')}"
    if not issued:
        return f"{lines}; nobody issued it yet."
    when = f"issued {moment(claim.issued.issued_at)} by {claim.issued.actor}"
    sentence = f"{lines}, {when}."
    if claim.corrects_claim_id:
        verb = "voids" if claim.frequency == "8" else "replaces"
        sentence += f" It {verb} {claim.corrects_claim_id}."
        fallen = [day for day in claim.days if any(verdict.reason for verdict in day.verdicts)]
        sentence += "".join(f" {iso(day.service_date)}: {answer_of(day)}" for day in fallen)
    if claim.followed_by_claim_id:
        sentence += f" It no longer stands: {claim.followed_by_claim_id} followed it."
    if claim.answer.fact_id:
        status = name_in(claim.answer, "status")
        sentence += f" The payer's answer: {status}, {money(claim.answer.paid)} paid."
    if claim.changed_days:
        sentence += f" {plural(len(claim.changed_days), 'day')} of it changed since."
    return sentence


def _about(claim: pb.ExplainedClaim, facts: Facts) -> Iterator[tuple[str, str]]:
    yield "client", claim.client_id
    yield "payer", claim.payer_id
    yield "billed by", f"provider {claim.provider_id}"
    yield "site", claim.site_id
    yield "period", f"{iso(claim.period_start)} to {iso(claim.period_end)}"
    yield "form", {"PROFESSIONAL": "837P", "INSTITUTIONAL": "837I"}[name_in(claim, "claim_form")]
    yield "diagnoses", ", ".join(claim.diagnoses)
    if claim.authorization.authorization_id:
        yield "authorization", authorization_of(claim.authorization)
        yield "", signed(claim.authorization.fact_id, facts)


def _became(claim: pb.ExplainedClaim, facts: Facts) -> Iterator[Section]:
    """What happened to it, in order."""
    points: list[Point] = []
    if claim.issued.fact_id:
        issued = claim.issued
        file = f"batch {issued.batch_id}, interchange {issued.control_number:09d}"
        points.append(
            Point(kind=Mark.NOTE, says=f"issued in {file}", small=signed(issued.fact_id, facts))
        )
        basis = joined(BASES.get(issued.basis, issued.basis), issued.consent_id)
        points.append(
            Point(
                kind=Mark.NOTE,
                says=f"disclosed to the payer: {basis}",
                small=signed(issued.disclosed_fact_id, facts),
            )
        )
    if claim.answer.fact_id:
        answer = claim.answer
        said = joined(
            f"{name_in(answer, 'status')} on {iso(answer.adjudicated_on)}",
            f"{money(answer.paid)} paid",
            f"the payer's number {answer.payer_control_number}",
        )
        points.append(
            Point(kind=Mark.NOTE, says=f"answered: {said}", small=signed(answer.fact_id, facts))
        )
    if claim.followed_by_claim_id:
        points.append(
            Point(
                kind=Mark.NOTE,
                says=f"followed by claim {claim.followed_by_claim_id}",
                small=signed(claim.followed_fact_id, facts),
            )
        )
    if claim.proposal.row_id:
        points.append(_proposed(claim.proposal, facts))
    if points:
        yield Section(title="What became of it", points=tuple(points))


def _proposed(proposal: pb.ExplainedProposal, facts: Facts) -> Point:
    dates = ", ".join(iso(on) for on in proposal.changed_dates)
    was, now = money(proposal.issued_charge), money(proposal.corrected_charge)
    waits = ", ".join(f"{gate.reason} of {iso(gate.service_date)}" for gate in proposal.waits_for)
    return Point(
        kind=Mark.NOTE,
        says=f"to be corrected: {name_in(proposal, 'action')} {was} → {now}, for {dates}"
        + (f", unless released: {waits}" if waits else ""),
        code=name_in(proposal, "state"),
        small=signed(proposal.row_id, facts),
    )


def _day(day: pb.ExplainedDay, claim: pb.ExplainedClaim, facts: Facts) -> Section:
    """A day as it stood when the claim was issued, with the claim's own lines of it."""
    on = iso(day.service_date)
    lines = "; ".join(line_of(line) for line in claim.lines if iso(line.service_date) == on)
    gates = gates_section(day, facts)
    beside = [(k, v) for k, v in about_day(day, facts) if k not in ("payer", "on claims", "lines")]
    when = " when it was issued" if claim.issued.fact_id else ""
    return Section(
        title=f"{gates.title}{when}",
        outcome=gates.outcome,
        about=(("claimed", lines or "nothing any more"), *beside),
        points=gates.points,
    )


def _changed(day: pb.ExplainedDay, facts: Facts) -> Section:
    gates = gates_section(day, facts)
    about = (("because", answer_of(day)), *about_day(day, facts))
    return Section(
        title=f"{iso(day.service_date)} changed since: {plural(len(day.verdicts), 'gate')}",
        outcome=gates.outcome,
        about=about,
        points=gates.points,
    )
