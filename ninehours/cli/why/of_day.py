"""A service day, told."""

from collections.abc import Iterator

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import explanation_service_pb2 as pb

from ninehours.cli.output import plural
from ninehours.cli.why.answer import (
    FACT,
    HOLD,
    NOTE,
    PASS,
    REFUSE,
    RELEASE,
    RULE,
    Explanation,
    Point,
    Section,
)
from ninehours.cli.why.questions import Facts
from ninehours.cli.why.words import (
    by_time,
    cited,
    day_of,
    joined,
    money,
    name_of,
    signed,
    whoever,
)

REVISIONS = "How it came to this"
STALE = (
    "Something of this client is parked, behind or still to be derived: this may not be the last"
    " word. Ask again, or see `ninehours parked list`."
)


def explain_day(day: pb.ExplainedDay, facts: Facts, asked: str) -> Explanation:
    """The day: its outcome in a sentence, its gates, and its revisions."""
    on, outcome = day_of(day.service_date), name_of(day, "outcome")
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
    outcome = name_of(day, "outcome")
    closed = [each for each in day.verdicts if each.reason]
    if not closed:
        return f"Every one of {plural(len(day.verdicts), 'gate')} is open."
    deciding = [each for each in closed if name_of(each, "verdict") == "REFUSE"] or closed
    because = "; ".join(f"{each.says} ({each.reason})" for each in deciding)
    releases = [_released_when(each) for each in closed if outcome == "HOLD" and each.releases]
    sentences = [f"{because[:1].upper()}{because[1:]}.", *dict.fromkeys(releases)]
    return " ".join(sentences)


def _released_when(each: pb.ExplainedVerdict) -> str:
    """Whatever all are needed of, or any is enough of."""
    word = " or when " if each.releases[0].alternative else " and when "
    if not each.releases[0].rpc:
        return f"Nothing releases it any more: {each.releases[0].says}."
    return f"It is released when {word.join(_released(release) for release in each.releases)}."


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
        begins = day_of(day.rules.effective_from)
        yield "rules", f"version {day.rules.version} of the payer's, in effect from {begins}"
        yield "", signed(day.rules.fact_id, facts)
    yield "lines", "; ".join(line_of(line) for line in day.lines)
    if day.authorization.authorization_id:
        yield "authorization", authorization_of(day.authorization)
        yield "", signed(day.authorization.fact_id, facts)
    yield "on claims", "; ".join(_carrying(each) for each in day.claims)


def line_of(line: events.ClaimLine) -> str:
    """`H0015 HF x 1, $300.00`."""
    code = " ".join([line.code, *line.modifiers])
    ancillary = ", outside the per diem" if line.ancillary else ""
    return f"{code} x {line.units}, {money(line.charge)}{ancillary}"


def authorization_of(each: pb.ExplainedAuthorization) -> str:
    """What was authorized, and what is taken of it."""
    unit = name_of(each, "unit")
    return (
        f"{each.authorization_id}: takes {each.taken} of {each.units} {unit},"
        f" {day_of(each.effective_from)} to {day_of(each.effective_to)};"
        f" {each.issued} on issued claims, {each.allocated} on days not issued yet"
    )


def gates_section(day: pb.ExplainedDay, facts: Facts) -> Section:
    """Every gate with its verdict, in the order in which they were asked."""
    return Section(
        title=f"{day_of(day.service_date)}: {plural(len(day.verdicts), 'gate')}",
        outcome=name_of(day, "outcome"),
        points=tuple(gate_point(each, facts) for each in day.verdicts),
    )


def gate_point(each: pb.ExplainedVerdict, facts: Facts) -> Point:
    """A gate: what it asks, what it said, the clause, the facts, what would release it."""
    kind = {"PASS": PASS, "HOLD": HOLD, "REFUSE": REFUSE}[name_of(each, "verdict")]
    points = [
        Point(kind=RULE, says="; ".join(f"{c.field} = {c.value}" for c in each.clauses))
        for _ in each.clauses[:1]
    ]
    points += [cited(e.fact_id, e.says, facts) for e in by_time(each.facts, facts)]
    points += [Point(kind=RELEASE, says=_released(release)) for release in each.releases]
    says = f"{each.gate}: {each.asks}?"
    if each.reason:
        says = f"{each.gate}: {each.says}"
    return Point(kind=kind, says=says, code=each.reason, points=tuple(points))


def _released(release: pb.Release) -> str:
    """Who, and what they do."""
    if not release.rpc:
        return release.says
    who = whoever(release.roles)
    if release.person:
        who = f"{release.person} ({who})"
    command = release.rpc.rpartition("/")[2]
    return f"{who} {release.says} [{command}]"


def _carrying(each: pb.CarryingClaim) -> str:
    what = {"7": "replacement ", "8": "void "}.get(each.frequency, "")
    return f"{what}{each.claim_id}{'' if each.stands else ', no longer standing'}"


def _revisions(day: pb.ExplainedDay, facts: Facts) -> Iterator[Section]:
    if len(day.revisions) > 1:
        points = tuple(_revision(each, facts) for each in day.revisions)
        yield Section(title=REVISIONS, points=points)


def _revision(each: pb.DayRevision, facts: Facts) -> Point:
    """What changed, and which facts did it."""
    changes = "; ".join(f"{c.field} {c.was} → {c.now}" for c in each.changes)
    outcome = "withdrawn" if each.withdrawn else name_of(each, "outcome")
    points = [Point(kind=FACT, says="because of", small=signed(f, facts)) for f in each.facts_added]
    if not points:
        points = [
            Point(kind=FACT, says="because it rests no longer on", small=signed(f, facts))
            for f in each.facts_removed
        ]
    return Point(
        kind=NOTE,
        says=f"revision {each.revision}: {changes or 'first resolved'}",
        code=outcome,
        small=signed(each.fact_id, facts),
        points=tuple(points),
    )
