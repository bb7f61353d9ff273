"""A service day and a claim, told: gates, what they rest on, what became of them."""

from collections.abc import Iterator
from dataclasses import replace

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb

from ninehours.told.amounts import plural
from ninehours.told.fields import iso, name_in
from ninehours.told.why.answer import (
    Explanation,
    Mark,
    NamedFacts,
    Point,
    Section,
    by_time,
    cited,
    joined,
    moment,
    money,
    signed,
    whoever,
)

REVISIONS = "How it came to this"
STALE = (
    "Something of this client is parked, behind or still to be derived: this may not be the last"
    " word. Ask again; if it stays so, an operator has `ninehours parked list`."
)

FREQUENCIES = {"1": "original", "7": "replacement", "8": "void"}
BASES = {
    "CONSENT": "the client's consent",
    "NO_CONSENT_NEEDED": "no consent is needed for payment",
    "REVOCATION_SETTLED": "the revocation was settled",
}


def explain_day(day: pb.ExplainedDay, facts: NamedFacts, asked: str) -> Explanation:
    """The day: its outcome in a sentence, its gates, and its revisions."""
    on, outcome = iso(day.service_date), name_in(day, "outcome")
    return Explanation(
        asked=asked,
        title=f"Why {on} is {outcome}",
        answer=answer_of(day, facts),
        about=(("client", facts.named(day.client_id)), *about_day(day, facts)),
        sections=(gates_section(day, facts), *_revisions(day, facts)),
        notes=(STALE,) if day.stale else (),
    )


def answer_of(day: pb.ExplainedDay, facts: NamedFacts) -> str:
    """What it is and why, in a sentence or two."""
    outcome = name_in(day, "outcome")
    closed = [verdict for verdict in day.verdicts if verdict.reason]
    if not closed:
        return f"Every one of {plural(len(day.verdicts), 'gate')} is open."
    deciding = [verdict for verdict in closed if name_in(verdict, "verdict") == "REFUSE"] or closed
    because = "; ".join(f"{verdict.says} ({verdict.reason})" for verdict in deciding)
    releases = [
        _released_when(verdict, facts)
        for verdict in closed
        if outcome == "HOLD" and verdict.releases
    ]
    sentences = [f"{because[:1].upper()}{because[1:]}.", *dict.fromkeys(releases)]
    return " ".join(sentences)


def _released_when(verdict: pb.ExplainedVerdict, facts: NamedFacts) -> str:
    """Whatever all are needed of, or any is enough of."""
    word = " or when " if verdict.releases[0].alternative else " and when "
    if not verdict.releases[0].rpc:
        return f"Nothing releases it any more: {verdict.releases[0].says}."
    released = word.join(_released(release, facts) for release in verdict.releases)
    return f"It is released when {released}."


def about_day(day: pb.ExplainedDay, facts: NamedFacts) -> Iterator[tuple[str, str]]:
    """Label and value of what stands beside the gates."""
    yield "payer", facts.named(day.payer_id)
    yield "site", facts.named(day.site_id)
    yield "minutes", f"{day.minutes} attended"
    levels = (
        ("clinical", day.clinical_level),
        ("authorized", day.authorized_level),
        ("billed", day.billed_level),
    )
    yield "level of care", joined(*(f"{level} {name}" for name, level in levels if level))
    if day.rules.version:
        begins = iso(day.rules.effective_from)
        yield "rules", f"version {day.rules.version} of the payer's, in effect from {begins}"
        yield "", signed(day.rules.fact_id, facts)
    yield "lines", "; ".join(line_of(line) for line in day.lines)
    if day.authorization.authorization_id:
        yield "authorization", authorization_of(day.authorization)
        yield "", signed(day.authorization.fact_id, facts)
    yield "on claims", "; ".join(_carrying(claim) for claim in day.claims)


def line_of(line: events.ClaimLine) -> str:
    """`H0015 HF x 1, $300.00`."""
    code = " ".join([line.code, *line.modifiers])
    ancillary = ", outside the per diem" if line.ancillary else ""
    return f"{code} x {line.units}, {money(line.charge)}{ancillary}"


def authorization_of(held: pb.ExplainedAuthorization) -> str:
    """What was authorized, and what is taken of it."""
    unit = name_in(held, "unit")
    return (
        f"{held.authorization_id}: takes {held.taken} of {held.units} {unit},"
        f" {iso(held.effective_from)} to {iso(held.effective_to)};"
        f" {held.issued} on issued claims, {held.allocated} on days not issued yet"
    )


def gates_section(day: pb.ExplainedDay, facts: NamedFacts) -> Section:
    """Every gate with its verdict, in the order in which they were asked."""
    return Section(
        title=f"{iso(day.service_date)}: {plural(len(day.verdicts), 'gate')}",
        outcome=name_in(day, "outcome"),
        points=tuple(gate_point(verdict, facts) for verdict in day.verdicts),
    )


def gate_point(verdict: pb.ExplainedVerdict, facts: NamedFacts) -> Point:
    """A gate: what it asks, what it said, the clause, the facts, what would release it."""
    points: list[Point] = []
    if verdict.clauses:
        clauses = "; ".join(f"{clause.field} = {clause.value}" for clause in verdict.clauses)
        points.append(Point(Mark.RULE, clauses))
    for fact in by_time(verdict.facts, facts):
        points.append(cited(Mark.FACT, fact.says, fact.fact_id, facts))
    points += [Point(Mark.RELEASE, _released(release, facts)) for release in verdict.releases]
    says = f"{verdict.gate}: {verdict.says if verdict.reason else verdict.asks + '?'}"
    kind = Mark[name_in(verdict, "verdict")]
    return Point(kind, says, code=verdict.reason, points=tuple(points))


def _released(release: pb.Release, facts: NamedFacts) -> str:
    """Who, and what they do."""
    if not release.rpc:
        return release.says
    who = whoever(release.roles)
    if release.person:
        who = f"{facts.named(release.person)} ({who})"
    command = release.rpc.rpartition("/")[2]
    return f"{who} {release.says} [{command}]" if facts.commands else f"{who} {release.says}"


def _carrying(claim: pb.CarryingClaim) -> str:
    what = {"7": "replacement ", "8": "void "}.get(claim.frequency, "")
    return f"{what}{claim.claim_id}{'' if claim.stands else ', no longer standing'}"


def _revisions(day: pb.ExplainedDay, facts: NamedFacts) -> Iterator[Section]:
    if len(day.revisions) > 1:
        points = tuple(_revision(revision, facts) for revision in day.revisions)
        yield Section(title=REVISIONS, points=points)


def _revision(revision: pb.DayRevision, facts: NamedFacts) -> Point:
    """What changed, and which facts did it."""
    changes = "; ".join(
        f"{change.field} {change.was} → {change.now}" for change in revision.changes
    )
    outcome = "withdrawn" if revision.withdrawn else name_in(revision, "outcome")
    because, fact_ids = "because of", revision.facts_added
    if not fact_ids:
        because, fact_ids = "because it rests no longer on", revision.facts_removed
    return cited(
        Mark.NOTE,
        f"revision {revision.revision}: {changes or 'first resolved'}",
        revision.fact_id,
        facts,
        code=outcome,
        points=(cited(Mark.FACT, because, fact_id, facts) for fact_id in fact_ids),
    )


def explain_claim(claim: pb.ExplainedClaim, facts: NamedFacts, asked: str) -> Explanation:
    """The claim: its state and amount in a sentence, then day by day."""
    issued = claim.state == billing.CLAIM_STATE_ISSUED
    what = FREQUENCIES.get(claim.frequency, claim.frequency) if issued else "draft"
    stale = any(day.stale for day in (*claim.days, *claim.changed_days))
    became = tuple(_became(claim, facts))
    return Explanation(
        asked=asked,
        title=f"Why {what} claim {claim.claim_id} is {money(claim.charge)}",
        answer=_answer(claim, facts, issued),
        about=tuple(_about(claim, facts)),
        sections=(
            *([Section(title="What became of it", points=became)] if became else ()),
            *(_day(day, claim, facts) for day in claim.days),
            *(_changed(day, facts) for day in claim.changed_days),
        ),
        notes=(STALE,) if stale else (),
    )


def _answer(claim: pb.ExplainedClaim, facts: NamedFacts, issued: bool) -> str:
    dates = {iso(line.service_date) for line in claim.lines}
    lines = f"{plural(len(claim.lines), 'line')} of {plural(len(dates), 'day')}"
    if not issued:
        return f"{lines}; nobody issued it yet."
    when = f"issued {moment(claim.issued.issued_at)} by {facts.named(claim.issued.actor)}"
    sentence = f"{lines}, {when}."
    if claim.corrects_claim_id:
        verb = "voids" if claim.frequency == "8" else "replaces"
        sentence += f" It {verb} {claim.corrects_claim_id}."
        fallen = [day for day in claim.days if any(verdict.reason for verdict in day.verdicts)]
        sentence += "".join(f" {iso(day.service_date)}: {answer_of(day, facts)}" for day in fallen)
    if claim.followed_by_claim_id:
        sentence += f" It no longer stands: {claim.followed_by_claim_id} followed it."
    if claim.answer.fact_id:
        status = name_in(claim.answer, "status")
        sentence += f" The payer's answer: {status}, {money(claim.answer.paid)} paid."
    if claim.changed_days:
        sentence += f" {plural(len(claim.changed_days), 'day')} of it changed since."
    return sentence


def _about(claim: pb.ExplainedClaim, facts: NamedFacts) -> Iterator[tuple[str, str]]:
    yield "client", facts.named(claim.client_id)
    yield "payer", facts.named(claim.payer_id)
    yield "billed by", f"provider {facts.named(claim.provider_id)}"
    yield "site", facts.named(claim.site_id)
    yield "period", f"{iso(claim.period_start)} to {iso(claim.period_end)}"
    yield "form", {"PROFESSIONAL": "837P", "INSTITUTIONAL": "837I"}[name_in(claim, "claim_form")]
    yield "diagnoses", ", ".join(claim.diagnoses)
    if claim.authorization.authorization_id:
        yield "authorization", authorization_of(claim.authorization)
        yield "", signed(claim.authorization.fact_id, facts)


def _became(claim: pb.ExplainedClaim, facts: NamedFacts) -> Iterator[Point]:
    """What happened to it, in order."""
    if claim.issued.fact_id:
        issued = claim.issued
        file = f"batch {issued.batch_id}, interchange {issued.control_number:09d}"
        yield cited(Mark.NOTE, f"issued in {file}", issued.fact_id, facts)
        basis = joined(BASES.get(issued.basis, issued.basis), issued.consent_id)
        says = f"disclosed to the payer: {basis}"
        yield cited(Mark.NOTE, says, issued.disclosed_fact_id, facts)
    if claim.answer.fact_id:
        answer = claim.answer
        said = joined(
            f"{name_in(answer, 'status')} on {iso(answer.adjudicated_on)}",
            f"{money(answer.paid)} paid",
            f"the payer's number {answer.payer_control_number}",
        )
        yield cited(Mark.NOTE, f"answered: {said}", answer.fact_id, facts)
    if claim.followed_by_claim_id:
        says = f"followed by claim {claim.followed_by_claim_id}"
        yield cited(Mark.NOTE, says, claim.followed_fact_id, facts)
    if claim.proposal.row_id:
        yield _proposed(claim.proposal, facts)


def _proposed(proposal: pb.ExplainedProposal, facts: NamedFacts) -> Point:
    dates = ", ".join(iso(on) for on in proposal.changed_dates)
    was, now = money(proposal.issued_charge), money(proposal.corrected_charge)
    says = f"to be corrected: {name_in(proposal, 'action')} {was} → {now}, for {dates}"
    if waits := [f"{gate.reason} of {iso(gate.service_date)}" for gate in proposal.waits_for]:
        says += f", unless released: {', '.join(waits)}"
    points = [
        cited(Mark.NOTE, f"{_words(part.party)} put right since", part.fact_id, facts)
        for part in proposal.amended
    ]
    state = name_in(proposal, "state")
    return cited(Mark.NOTE, says, proposal.row_id, facts, code=state, points=points)


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _day(day: pb.ExplainedDay, claim: pb.ExplainedClaim, facts: NamedFacts) -> Section:
    """A day as it stood when the claim was issued, with the claim's own lines of it."""
    on = iso(day.service_date)
    lines = "; ".join(line_of(line) for line in claim.lines if iso(line.service_date) == on)
    beside = [(k, v) for k, v in about_day(day, facts) if k not in ("payer", "on claims", "lines")]
    gates = gates_section(day, facts)
    return replace(
        gates,
        title=f"{gates.title}{' when it was issued' if claim.issued.fact_id else ''}",
        about=(("claimed", lines or "nothing any more"), *beside),
        folds=not gates.closed,
    )


def _changed(day: pb.ExplainedDay, facts: NamedFacts) -> Section:
    return replace(
        gates_section(day, facts),
        title=f"{iso(day.service_date)} changed since: {plural(len(day.verdicts), 'gate')}",
        about=(("because", answer_of(day, facts)), *about_day(day, facts)),
    )
