"""A payer and its rules: proposed by one person, confirmed by another, and only then in effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.billing.domain.payers.examples import unreproduced
from services.billing.domain.payers.rules import RuleSet, rules_in_effect


class ExamplesNotReproduced(AgainstTheRules):
    """A rule set states days and what they come to: it must come to that itself."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "EXAMPLES_NOT_REPRODUCED",
            "the rules don't resolve their own examples as stated; correct one or the other",
            examples="; ".join(names),
        )


class ConfirmedByItsAuthor(AgainstTheRules):
    """Rules decide what is billed: two people look at them."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "CONFIRMED_BY_ITS_AUTHOR",
            "who proposed a rule set doesn't confirm it; ask a colleague",
            version=str(version),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPayer:
    payer_id: str
    name: str
    payer_number: str
    filing_indicator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRuleSet:
    rules: RuleSet
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRuleSet:
    payer_id: str
    version: int
    confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerRegistered:
    payer_id: str
    name: str
    payer_number: str
    filing_indicator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetProposed:
    rules: RuleSet
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetConfirmed:
    rules: RuleSet
    confirmed_by: str


PayerCommand = RegisterPayer | ProposeRuleSet | ConfirmRuleSet
PayerFact = PayerRegistered | RuleSetProposed | RuleSetConfirmed


@dataclass(frozen=True, slots=True)
class Payer:
    """What later decisions and the claim's file need to know."""

    registered: PayerRegistered | None = None
    proposed: Mapping[int, RuleSetProposed] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()

    def rules_on(self, on: date) -> RuleSet | None:
        """The confirmed rules in effect on a service date."""
        return rules_in_effect((self.proposed[version].rules for version in self.confirmed), on)


def decide(command: PayerCommand, payer: Payer) -> Iterator[PayerFact]:
    match command:
        case RegisterPayer():
            if payer.registered is not None:
                raise AgainstTheRules(
                    "PAYER_REGISTERED", "the payer is registered", id=command.payer_id
                )
            yield filled(PayerRegistered, command)
        case ProposeRuleSet(rules=rules):
            if payer.registered is None:
                raise Unknown("payer", rules.payer_id)
            proposal = RuleSetProposed(rules=rules, proposed_by=command.proposed_by)
            if payer.proposed.get(rules.version) == proposal:
                return
            if rules.version in payer.confirmed:
                raise AgainstTheRules(
                    "RULE_SET_CONFIRMED",
                    "a confirmed version is never changed; propose the next one",
                    version=str(rules.version),
                )
            if rules.version > max(payer.confirmed, default=0) + 1:
                raise Malformed(rule_set__version="must follow the last confirmed version")
            yield proposal
        case ConfirmRuleSet():
            yield from _confirm(command, payer)
        case _:
            assert_never(command)


def evolve(payer: Payer, fact: PayerFact) -> Payer:
    match fact:
        case PayerRegistered():
            return replace(payer, registered=fact)
        case RuleSetProposed():
            return replace(payer, proposed={**payer.proposed, fact.rules.version: fact})
        case RuleSetConfirmed():
            return replace(payer, confirmed=payer.confirmed | {fact.rules.version})
        case _:
            assert_never(fact)


PAYER = Decider(decide, evolve, Payer())


def must_not_be_needed(registered: PayerRegistered, payer: Payer) -> None:
    """Refuses (PAYER_IN_USE) to take back whose rules are confirmed: days rest on them."""
    if payer.confirmed:
        raise AgainstTheRules(
            "PAYER_IN_USE",
            "rules of the payer are confirmed: correct it, it can't be taken back",
            id=registered.payer_id,
        )


def _confirm(command: ConfirmRuleSet, payer: Payer) -> Iterator[PayerFact]:
    proposed = payer.proposed.get(command.version)
    if proposed is None:
        raise Unknown("rule set", f"{command.payer_id}/{command.version}")
    if command.version in payer.confirmed:
        return
    if proposed.proposed_by == command.confirmed_by:
        raise ConfirmedByItsAuthor(command.version)
    if names := unreproduced(proposed.rules):
        raise ExamplesNotReproduced(names)
    yield RuleSetConfirmed(rules=proposed.rules, confirmed_by=command.confirmed_by)
