"""A level of care, told: segments, who decided each, and what was recommended on which grounds."""

from collections import Counter
from collections.abc import Iterable, Iterator

from ninehours.plans.v1 import explanation_service_pb2 as pb
from ninehours.plans.v1 import plans_service_pb2 as plans

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
    moment,
    signed,
)

STALE = (
    "Something of this client is parked, behind or still to be derived: recommendations are stale"
    " until it is settled."
)
NO_SCORES = (
    "Scores are withheld: they are told to a clinician with a credential that sees them, valid"
    " today where the client belongs. Ask as one: --as SUBJECT, for example staff/ID."
)
SIGNS = {
    plans.THRESHOLD_COMPARISON_AT_LEAST: (">=", "<"),
    plans.THRESHOLD_COMPARISON_BELOW: ("<", ">="),
}
IMPROVED, DETERIORATED = "RELIABLY_IMPROVED", "RELIABLY_DETERIORATED"
NO_CHANGE = "NONE_RELIABLE"
OF_SESSIONS = ("SessionScheduled", "SessionAttended", "SessionMissed", "SessionCancelled")


def explain_level(
    answer: pb.ExplainLevelOfCareResponse, facts: NamedFacts, asked: str
) -> Explanation:
    """The client's levels: where they are now in a sentence, then episode by episode."""
    last = answer.episodes[-1].segments[-1:]
    level = last[0].level_of_care if last else "unknown"
    return Explanation(
        asked=asked,
        title=f"Why level {level}",
        answer=_answer(answer.episodes[-1]),
        about=(("client", facts.named(answer.client_id)),),
        sections=tuple(
            section for episode in answer.episodes for section in _episode(episode, facts)
        ),
        notes=(
            *((STALE,) if answer.stale else ()),
            *((NO_SCORES,) if answer.scores_withheld else ()),
        ),
    )


def _answer(episode: pb.ExplainedEpisode) -> str:
    segment = episode.segments[-1]
    begun = iso(getattr(segment, "from"))
    to = f" to {iso(segment.to)}" if segment.to.year else ""
    sentence = f"Level {segment.level_of_care} from {begun}{to}, "
    if not segment.changed_by:
        return sentence + "by the admission; no change followed."
    sentence += f"decided by {segment.changed_by}"
    for made in episode.recommendations:
        if made.recommendation_id == segment.recommendation_id:
            week, kind = iso(made.week_start), name_in(made, "kind")
            because = ", ".join(checks_in_words(made.checks))
            return f"{sentence}, who accepted {kind} for the week of {week}: {because}."
    return f"{sentence}, without a recommendation to follow."


def _episode(episode: pb.ExplainedEpisode, facts: NamedFacts) -> Iterator[Section]:
    to = f" to {iso(episode.discharged_on)}" if episode.discharged_on.year else ""
    yield Section(
        title=f"Episode from {iso(episode.admitted_on)}{to}: levels",
        about=(("episode", episode.episode_id), ("discharge", _discharge(episode, facts))),
        points=tuple(_segment(segment, facts) for segment in episode.segments),
    )
    if episode.recommendations:
        followed = {segment.recommendation_id for segment in episode.segments}
        last = episode.recommendations[-1].recommendation_id
        yield Section(
            title=plural(len(episode.recommendations), "week") + " and what was recommended",
            points=tuple(
                _recommendation(made, facts, made.recommendation_id in {*followed, last})
                for made in episode.recommendations
            ),
        )


def _discharge(episode: pb.ExplainedEpisode, facts: NamedFacts) -> str:
    return signed(episode.discharge_fact_id, facts) if episode.discharge_fact_id else ""


def _segment(segment: pb.ExplainedSegment, facts: NamedFacts) -> Point:
    to = f"to {iso(segment.to)}" if segment.to.year else "on"
    how = f"changed by {segment.changed_by}" if segment.changed_by else "by the admission"
    if segment.recommendation_id:
        how += f", following recommendation {segment.recommendation_id}"
    says = f"level {segment.level_of_care} from {iso(getattr(segment, 'from'))} {to}: {how}"
    return cited(Mark.PASS, says, segment.fact_id, facts)


def _recommendation(made: pb.ExplainedRecommendation, facts: NamedFacts, whole: bool) -> Point:
    """`whole`: with the facts it rests on, sessions counted; else their number."""
    points = [Point(Mark.NOTE, words) for words in checks_in_words(made.checks)]
    clauses = "; ".join(f"{clause.field} = {clause.value}" for clause in made.clauses)
    rule = f"level rules {made.rules_version}: {clauses}"
    points.append(cited(Mark.RULE, rule, made.rules_fact_id, facts))
    if made.HasField("decision"):
        points.append(_decision(made.decision, facts))
    if whole:
        points += _evidence(made, facts)
    else:
        points.append(Point(Mark.FACT, f"rests on {plural(len(made.facts), 'fact')}"))
    return Point(
        Mark.NOTE,
        f"week of {iso(made.week_start)}",
        code=name_in(made, "kind"),
        small=f"recommendation {made.recommendation_id}",
        points=tuple(points),
    )


def checks_in_words(checks: Iterable[plans.ThresholdCheck]) -> list[str]:
    """In words, each once: a step down and a completion may ask for the same."""
    return list(dict.fromkeys(_check(check) for check in checks))


def _check(check: plans.ThresholdCheck) -> str:
    measure = name_in(check, "measure").lower()
    if check.measure == plans.LEVEL_MEASURE_SAFETY_TASK:
        return f"{measure} open"
    if check.comparison in SIGNS:
        holds, fails = SIGNS[check.comparison]
        return f"{measure} {check.value} {holds if check.holds else fails} {check.threshold}"
    fell = check.comparison == plans.THRESHOLD_COMPARISON_FELL_BY
    wanted = IMPROVED if fell else DETERIORATED
    if not check.HasField("value"):
        return f"{measure} unknown, not {wanted}"
    change = NO_CHANGE
    if abs(check.earlier_value - check.value) >= check.threshold:
        change = IMPROVED if check.value < check.earlier_value else DETERIORATED
    trend = f"{measure} {check.earlier_value} -> {check.value} {change}"
    return trend if check.holds else f"{trend}, not {wanted}"


def _decision(decision: pb.RecommendationDecision, facts: NamedFacts) -> Point:
    reason = "; the reason is sealed with it" if decision.reasoned else ""
    kind = Mark.PASS if decision.outcome == "ACCEPTED" else Mark.REFUSE
    by = f"{decision.outcome.lower()} by {decision.decided_by}"
    says = f"{by}, {moment(decision.decided_at)}{reason}"
    return cited(kind, says, decision.fact_id, facts)


def _evidence(made: pb.ExplainedRecommendation, facts: NamedFacts) -> Iterator[Point]:
    """NamedFacts one by one, but for those of single sessions."""
    sessions: Counter[str] = Counter()
    for fact in by_time(made.facts, facts):
        explained = facts.get(fact.fact_id)
        kind = explained.type.rpartition(".")[2] if explained else ""
        if fact.fact_id == made.rules_fact_id:
            continue
        if kind in OF_SESSIONS:
            sessions[kind] += 1
        else:
            yield cited(Mark.FACT, fact.says, fact.fact_id, facts)
    if sessions:
        counted = ", ".join(f"{sessions[kind]} {kind}" for kind in OF_SESSIONS if kind in sessions)
        yield Point(Mark.FACT, f"of sessions: {counted} (--json lists them)")
