"""A service day, told."""

from collections.abc import Iterator

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import explanation_service_pb2 as pb

from ninehours.cli.fields import iso, name_in
from ninehours.cli.output import plural
from ninehours.cli.why.answer import Explanation, Mark, Point, Section
from ninehours.cli.why.questions import Facts
from ninehours.cli.why.words import by_time, cited, joined, money, signed, whoever

REVISIONS = "How it came to this"
STALE = (
    "Something of this client is parked, behind or still to be derived: this may not be the last"
    " word. Ask again, or see `ninehours parked list`."
)


def explain_day(day: pb.ExplainedDay, facts: Facts, asked: str) -> Explanation:
    """The day: its outcome in a sentence, its gates, and its revisions."""
    on, outcome = iso(day.service_date), name_in(day, "outcome")
    return Explanation(
        asked=asked,
        title=f"Why {on} is {outcome}",
        answer=answer_of(day),
        about=(("client", day.client_id), *about_day(day, facts)),
        sections=(gates_section(day, facts), *_revisions(day, facts)),
        notes=(STALE,) if day.stale else (),
    )


def answer_of(day: pb.ExplainedDay) -> str:
    """What it is and why, in a sentence or two."""
    outcome = name_in(day, "outcome")
    closed = [verdict for verdict in day.verdicts if verdict.reason]
    if not closed:
        return f"Every one of {plural(len(day.verdicts), 'gate')} is open."
    deciding = [verdict for verdict in closed if name_in(verdict, "verdict") == "REFUSE"] or closed
    because = "; ".join(f"{verdict.says} ({verdict.reason})" for verdict in deciding)
    releases = [
        _released_when(verdict) for verdict in closed if outcome == "HOLD" and verdict.releases
    ]
    sentences = [f"{because[:1].upper()}{because[1:]}.", *dict.fromkeys(releases)]
    return " ".join(sentences)


def _released_when(verdict: pb.ExplainedVerdict) -> str:
    """Whatever all are needed of, or any is enough of."""
    word = " or when " if verdict.releases[0].alternative else " and when "
    if not verdict.releases[0].rpc:
        return f"Nothing releases it any more: {verdict.releases[0].says}."
    return f"It is released when {word.join(_released(release) for release in verdict.releases)}."


def about_day(day: pb.ExplainedDay, facts: Facts) -> Iterator[tuple[str, str]]:
    """Label and value of what stands beside the gates."""
    yield "payer", day.payer_id
    yield "site", day.site_id
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


def gates_section(day: pb.ExplainedDay, facts: Facts) -> Section:
    """Every gate with its verdict, in the order in which they were asked."""
    return Section(
        title=f"{iso(day.service_date)}: {plural(len(day.verdicts), 'gate')}",
        outcome=name_in(day, "outcome"),
        points=tuple(gate_point(verdict, facts) for verdict in day.verdicts),
    )


def gate_point(verdict: pb.ExplainedVerdict, facts: Facts) -> Point:
    """A gate: what it asks, what it said, the clause, the facts, what would release it."""
    kind = Mark[name_in(verdict, "verdict")]
    points = [
        Point(
            kind=Mark.RULE,
            says="; ".join(f"{clause.field} = {clause.value}" for clause in verdict.clauses),
        )
        for _ in verdict.clauses[:1]
    ]
    points += [cited(fact.fact_id, fact.says, facts) for fact in by_time(verdict.facts, facts)]
    points += [Point(kind=Mark.RELEASE, says=_released(release)) for release in verdict.releases]
    says = f"{verdict.gate}: {verdict.asks}?"
    if verdict.reason:
        says = f"{verdict.gate}: {verdict.says}"
    return Point(kind=kind, says=says, code=verdict.reason, points=tuple(points))


def _released(release: pb.Release) -> str:
    """Who, and what they do."""
    if not release.rpc:
        return release.says
    who = whoever(release.roles)
    if release.person:
        who = f"{release.person} ({who})"
    command = release.rpc.rpartition("/")[2]
    return f"{who} {release.says} [{command}]"


def _carrying(claim: pb.CarryingClaim) -> str:
    what = {"7": "replacement ", "8": "void "}.get(claim.frequency, "")
    return f"{what}{claim.claim_id}{'' if claim.stands else ', no longer standing'}"


def _revisions(day: pb.ExplainedDay, facts: Facts) -> Iterator[Section]:
    if len(day.revisions) > 1:
        points = tuple(_revision(revision, facts) for revision in day.revisions)
        yield Section(title=REVISIONS, points=points)


def _revision(revision: pb.DayRevision, facts: Facts) -> Point:
    """What changed, and which facts did it."""
    changes = "; ".join(
        f"{change.field} {change.was} → {change.now}" for change in revision.changes
    )
    outcome = "withdrawn" if revision.withdrawn else name_in(revision, "outcome")
    points = [
        Point(kind=Mark.FACT, says="because of", small=signed(f, facts))
        for f in revision.facts_added
    ]
    if not points:
        points = [
            Point(kind=Mark.FACT, says="because it rests no longer on", small=signed(f, facts))
            for f in revision.facts_removed
        ]
    return Point(
        kind=Mark.NOTE,
        says=f"revision {revision.revision}: {changes or 'first resolved'}",
        code=outcome,
        small=signed(revision.fact_id, facts),
        points=tuple(points),
    )
