"""A fact, told: its place, its times, whose command made it, or what it was derived from."""

from collections.abc import Iterator

from ninehours.exchange.v1 import fact_service_pb2 as pb

from ninehours.told.amounts import plural
from ninehours.told.why.answer import Explanation, Mark, NamedFacts, Section, cited, joined, moment

RECORDED = "recorded"


def explain_fact(fact: pb.ExplainedFact, facts: NamedFacts, asked: str) -> Explanation:
    """The fact; of a derived one those that it rests on, too."""
    kind = fact.type.rpartition(".")[2]
    return Explanation(
        asked=asked,
        title=f"Why there is a {kind} {fact.id}",
        answer=_answer(fact, facts),
        about=tuple(_about(fact, facts)),
        sections=tuple(_rests_on(fact, facts)),
    )


def _answer(fact: pb.ExplainedFact, facts: NamedFacts) -> str:
    if fact.actor:
        return f"A command of {facts.named(fact.actor)} made it, signed {moment(fact.signed_at)}."
    derived = fact.derived
    if not derived.row_id:
        return f"No command made it; signed {moment(fact.signed_at)}."
    last = "the current one" if derived.current else "a later one followed"
    what = "withdraws" if derived.withdrawn else "tells"
    return (
        f"Nobody wrote it: it {what} revision {derived.revision} ({last}) of a {derived.kind} row,"
        f" derived from {plural(len(derived.facts), 'fact')}."
    )


def _about(fact: pb.ExplainedFact, facts: NamedFacts) -> Iterator[tuple[str, str]]:
    yield "type", fact.type
    yield "about", facts.named(fact.subject)
    yield "place", f"{fact.topic}, number {fact.sequence} of its subject"
    yield "signed", moment(fact.signed_at)
    yield RECORDED, moment(fact.recorded_at)
    yield "label", fact.label
    yield "person", facts.named(fact.actor)
    yield "command", fact.command_id
    yield "correlation", fact.correlation_id
    yield "row", fact.derived.row_id
    code = f"derivation's code {fact.derived.code}" if fact.derived.code else ""
    yield "rules", joined(fact.derived.rules, code)


def _rests_on(fact: pb.ExplainedFact, facts: NamedFacts) -> Iterator[Section]:
    if fact.derived.facts:
        points = tuple(
            cited(Mark.FACT, _type_of(fact_id, facts), fact_id, facts)
            for fact_id in fact.derived.facts
        )
        yield Section(title="What it rests on", points=points)


def _type_of(fact_id: str, facts: NamedFacts) -> str:
    fact = facts.get(fact_id)
    return fact.type if fact else ""
