"""A level of care, told: segments, who decided each, and what was recommended on which grounds."""

from collections.abc import Iterable, Iterator

from ninehours.plans.v1 import explanation_service_pb2 as pb
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.cli.output import plural
from ninehours.cli.why.answer import FACT, NOTE, PASS, REFUSE, RULE, Explanation, Point, Section
from ninehours.cli.why.questions import Facts
from ninehours.cli.why.words import by_time, cited, day_of, moment, name_of, signed

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


def explain_level(answer: pb.ExplainLevelOfCareResponse, facts: Facts, asked: str) -> Explanation:
    """The client's levels: where they are now in a sentence, then episode by episode."""
    last = answer.episodes[-1].segments[-1:]
    level = last[0].level_of_care if last else "unknown"
    return Explanation(
        asked=asked,
        title=f"Why level {level}",
        answer=_answer(answer.episodes[-1]),
        about=(("client", answer.client_id),),
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
    begun = day_of(getattr(segment, "from"))
    to = f" to {day_of(segment.to)}" if segment.to.year else ""
    sentence = f"Level {segment.level_of_care} from {begun}{to}, "
    if not segment.changed_by:
        return sentence + "by the admission; no change followed."
    sentence += f"decided by {segment.changed_by}"
    for made in episode.recommendations:
        if made.recommendation_id == segment.recommendation_id:
            week, kind = day_of(made.week_start), name_of(made, "kind")
            because = ", ".join(checks_in_words(made.checks))
            return f"{sentence}, who accepted {kind} for the week of {week}: {because}."
    return f"{sentence}, without a recommendation to follow."


def _episode(episode: pb.ExplainedEpisode, facts: Facts) -> Iterator[Section]:
    to = f" to {day_of(episode.discharged_on)}" if episode.discharged_on.year else ""
    yield Section(
        title=f"Episode from {day_of(episode.admitted_on)}{to}: levels",
        about=(("episode", episode.episode_id), ("discharge", _discharge(episode, facts))),
        points=tuple(_segment(each, facts) for each in episode.segments),
    )
    if episode.recommendations:
        followed = {each.recommendation_id for each in episode.segments}
        last = episode.recommendations[-1].recommendation_id
        yield Section(
            title=plural(len(episode.recommendations), "week") + " and what was recommended",
            points=tuple(
                _recommendation(each, facts, each.recommendation_id in {*followed, last})
                for each in episode.recommendations
            ),
        )


def _discharge(episode: pb.ExplainedEpisode, facts: Facts) -> str:
    return signed(episode.discharge_fact_id, facts) if episode.discharge_fact_id else ""


def _segment(each: pb.ExplainedSegment, facts: Facts) -> Point:
    to = f"to {day_of(each.to)}" if each.to.year else "on"
    how = f"changed by {each.changed_by}" if each.changed_by else "by the admission"
    if each.recommendation_id:
        how += f", following recommendation {each.recommendation_id}"
    return Point(
        kind=PASS,
        says=f"level {each.level_of_care} from {day_of(getattr(each, 'from'))} {to}: {how}",
        small=signed(each.fact_id, facts),
    )


def _recommendation(each: pb.ExplainedRecommendation, facts: Facts, whole: bool) -> Point:
    """`whole`: with the facts it rests on, sessions counted; else their number."""
    points = [Point(kind=NOTE, says=words) for words in checks_in_words(each.checks)]
    clauses = "; ".join(f"{clause.field} = {clause.value}" for clause in each.clauses)
    rule = f"level rules {each.rules_version}: {clauses}"
    points.append(Point(kind=RULE, says=rule, small=signed(each.rules_fact_id, facts)))
    if each.HasField("decision"):
        points.append(_decision(each.decision, facts))
    if whole:
        points += _evidence(each, facts)
    else:
        points.append(Point(kind=FACT, says=f"rests on {plural(len(each.facts), 'fact')}"))
    return Point(
        kind=NOTE,
        says=f"week of {day_of(each.week_start)}",
        code=name_of(each, "kind"),
        small=f"recommendation {each.recommendation_id}",
        points=tuple(points),
    )


def checks_in_words(checks: Iterable[plans.ThresholdCheck]) -> list[str]:
    """In words, each once: a step down and a completion may ask for the same."""
    return list(dict.fromkeys(_check(check) for check in checks))


def _check(check: plans.ThresholdCheck) -> str:
    measure = name_of(check, "measure").lower()
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


def _decision(decision: pb.RecommendationDecision, facts: Facts) -> Point:
    reason = "; the reason is sealed with it" if decision.reasoned else ""
    accepted = decision.outcome == "ACCEPTED"
    return Point(
        kind=PASS if accepted else REFUSE,
        says=f"{decision.outcome.lower()} by {decision.decided_by},"
        f" {moment(decision.decided_at)}{reason}",
        small=signed(decision.fact_id, facts),
    )


def _evidence(each: pb.ExplainedRecommendation, facts: Facts) -> Iterator[Point]:
    """Facts one by one, but for those of single sessions."""
    sessions: dict[str, int] = {}
    for fact in by_time(each.facts, facts):
        told = facts.get(fact.fact_id)
        kind = told.type.rpartition(".")[2] if told else ""
        if fact.fact_id == each.rules_fact_id:
            continue
        if kind in OF_SESSIONS:
            sessions[kind] = sessions.get(kind, 0) + 1
        else:
            yield cited(fact.fact_id, fact.says, facts)
    if sessions:
        counted = ", ".join(f"{sessions[kind]} {kind}" for kind in OF_SESSIONS if kind in sessions)
        yield Point(kind=FACT, says=f"of sessions: {counted} (--json lists them)")
