"""What holds of the story whatever was done to the system meanwhile: nothing is lost, or twice."""

from collections.abc import Collection

import pytest

from kernel.facts import derived_id
from kernel.services import SERVICES
from ninehours.story.courses import StoryName
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS as OF_ATTENDANCE
from services.intake.adapters.subscriptions import SUBSCRIPTIONS as OF_INTAKE
from tests.system.played import Played
from tests.system.test_named_stories import STORIES
from tests.system.test_story import LEFT_OUT

REACTIONS = {"intake": OF_INTAKE.reactions, "attendance": OF_ATTENDANCE.reactions}


def reactions(played: Played, service: str) -> set[str]:
    """The commands that a service gave itself: one for each fact, or amendment, it reacts to."""
    return {
        str(derived_id(fact_id, reaction.name))
        for reaction in REACTIONS.get(service, ())
        for told, how in (
            (played.published_ids, reaction.react),
            (played.put_right, reaction.again),
        )
        for fact_id in (told.get(reaction.to.DESCRIPTOR.full_name, ()) if how else ())
    }


def permits(played: Played) -> set[str]:
    """The commands by which billing asked intake for permits: a fresh one each asking."""
    return {
        command
        for command, kind, _ in played.private_facts["intake"]
        if kind == "intake.disclosure_permitted.v1"
    }


class SameStoryContract:
    """Each test is given `calm`, and `disturbed`: the same story, on a system that was not.

    `came_since`: types of private facts that a release which told some of the story doesn't record.
    """

    came_since: Collection[str] = ()

    def test_private_facts_are_those_of_the_acknowledged_commands(self, disturbed: Played) -> None:
        assert disturbed.acknowledged
        assert len(reactions(disturbed, "intake")) > 10
        for service in SERVICES:
            given = {cid for cid, owner in disturbed.acknowledged.items() if owner == service}
            given |= reactions(disturbed, service)
            given |= permits(disturbed) if service == "intake" else set()
            assert disturbed.commands[service] == given
            assert {command for command, _, _ in disturbed.private_facts[service]} <= given

    def test_private_facts_equal_those_of_the_calm_story(
        self, disturbed: Played, calm: Played
    ) -> None:
        """But for reactions: their commands are named after revisions, and there may be more.

        And for permits: each asking is one.
        """
        for service in SERVICES:
            expected, found = (
                {
                    fact
                    for fact in played.private_facts[service]
                    if fact[0] not in reactions(played, service) | permits(played)
                    and fact[1] not in self.came_since
                }
                for played in (calm, disturbed)
            )
            assert len(expected) > 100
            assert found == expected

    def test_published_equals_heard_in_order_without_holes(self, disturbed: Played) -> None:
        assert (disturbed.unsent, disturbed.due, disturbed.behind) == (0, 0, 0)
        assert disturbed.summary.parked == 0
        for (_, heard), heads in disturbed.heard_heads.items():
            assert heads == disturbed.published_heads[heard]

    def test_verify_finds_nothing_afterwards(self, disturbed: Played) -> None:
        assert disturbed.findings == []
        assert len(disturbed.verified) == 71

    def test_current_contents_equal_those_of_the_calm_story(
        self, disturbed: Played, calm: Played
    ) -> None:
        assert calm.contents["billing"] and calm.contents["plans"]
        assert disturbed.contents == calm.contents

    def test_the_same_seed_gives_the_same_claims_control_numbers_included(
        self, disturbed: Played, calm: Played
    ) -> None:
        assert len(calm.files) > 3
        assert [file.name for file in disturbed.files] == [file.name for file in calm.files]
        for once, again in zip(disturbed.files, calm.files, strict=True):
            assert once.read_bytes() == again.read_bytes(), once.name

    def test_nobody_was_left_out_for_another_reason(self, disturbed: Played) -> None:
        assert disturbed.left_out <= LEFT_OUT


class WholeStoryContract(SameStoryContract):
    """Of a story that was told to its end."""

    @pytest.mark.parametrize("name", STORIES)
    def test_the_story_is_as_it_is_told(self, disturbed: Played, name: StoryName) -> None:
        STORIES[name](disturbed.evidence[name])
