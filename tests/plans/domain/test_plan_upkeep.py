"""Certification and review of a plan in force: its decider again."""

from dataclasses import replace

import pytest

from kernel.refusal import AgainstTheRules, Malformed
from services.plans.domain.plan_facts import PlanCertified, PlanReviewed
from services.plans.domain.reference_values import RECERTIFICATION_DAYS
from tests.plans.domain.test_plan_versions import (
    ACTIVE,
    ALL,
    DRAFT,
    NOW,
    after,
    certify,
    march,
    review,
)


def test_certification_lasts_as_long_as_the_rule_allows_and_no_longer() -> None:
    most = RECERTIFICATION_DAYS.value
    assert most == 60
    assert after(*ACTIVE, certify(5, 5 + most))[-1] == PlanCertified(
        plan_id="plan-1",
        client_id="client-1",
        certified_on=march(5),
        recertify_by=march(5 + most),
        certified_by="staff/2",
    )
    for until in (5, 4, 5 + most + 1):
        with pytest.raises(Malformed) as refused:
            after(*ACTIVE, certify(5, until))
        assert set(refused.value.details) == {"recertify_by"}
    with pytest.raises(AgainstTheRules):
        after(DRAFT, certify(5, 20))


def test_a_review_rates_every_objective_once() -> None:
    fact = after(*ACTIVE, review(17, *reversed(ALL)))[-1]
    assert isinstance(fact, PlanReviewed)
    assert [(rating.goal, rating.objective, rating.status) for rating in fact.ratings] == list(ALL)


def test_a_review_or_a_certification_corrected_the_same_day_may_be_corrected_back() -> None:
    met, other = review(17, *ALL), review(17, *[(goal, n, "NOT_MET") for goal, n, _ in ALL])
    reviews = [f for f in after(*ACTIVE, met, other, met, met) if isinstance(f, PlanReviewed)]
    assert [reviewed.ratings == reviews[0].ratings for reviewed in reviews] == [True, False, True]
    terms = after(*ACTIVE, certify(5, 60), certify(5, 30), certify(5, 60))
    found = [term.recertify_by for term in terms if isinstance(term, PlanCertified)]
    assert found == [march(60), march(30), march(60)]


@pytest.mark.parametrize(
    "ratings",
    [ALL[:2], (*ALL, ALL[0]), (*ALL[:2], (3, 1, "MET")), (*ALL[:2], (1, 1, "NOT_MET")), ()],
    ids=["one left out", "one twice", "one that isn't there", "one instead of another", "none"],
)
def test_a_review_of_other_objectives_is_refused(ratings: tuple[tuple[int, int, str], ...]) -> None:
    with pytest.raises(Malformed) as refused:
        after(*ACTIVE, review(17, *ratings))
    assert set(refused.value.details) == {"ratings"}


def test_a_review_is_of_a_plan_in_force_and_before_the_next() -> None:
    with pytest.raises(AgainstTheRules):
        after(DRAFT, review(17, *ALL))
    for command, field in (
        (review(3, *ALL), "reviewed_on"),
        (review(17, *ALL, following=17), "next_review_by"),
        (replace(review(17, *ALL), now=NOW), "reviewed_on"),
    ):
        with pytest.raises(Malformed) as refused:
            after(*ACTIVE, command)
        assert set(refused.value.details) == {field}
