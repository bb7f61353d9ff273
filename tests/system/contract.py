"""What holds of the story whatever was done to the system meanwhile: nothing is lost, or twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

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


# Where an interchange's number stands, by segment: in the last as the beginning of a reference.
NUMBERED = {"ISA": 13, "IEA": 2, "GS": 6, "GE": 2, "BHT": 3}


@dataclass(frozen=True, slots=True)
class Interchange:
    """A file of claims: its number, and to whom it says what, the number left out."""

    number: int
    content: tuple[str, ...]


def read_interchange(file: Path) -> Interchange:
    payer, _, number = file.stem.rpartition("-")
    content = [payer, file.suffix]
    left_out = set()
    for segment in file.read_text().split("~"):
        elements = segment.strip().split("*")
        if place := NUMBERED.get(elements[0]):
            given, *rest = elements[place].split("-")
            left_out.add(int(given))
            elements[place] = "-".join(["", *rest])
        content.append("*".join(elements))
    assert left_out == {int(number)}, file.name
    return Interchange(int(number), tuple(content))


def in_order(files: Sequence[Interchange]) -> list[int]:
    """Which of them was numbered first, second, …"""
    numbers = [file.number for file in files]
    assert len(set(numbers)) == len(numbers)
    return sorted(range(len(numbers)), key=numbers.__getitem__)


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

    def test_the_same_seed_gives_the_same_claims_in_interchanges_that_are_numbered_alike(
        self, disturbed: Played, calm: Played
    ) -> None:
        """But for gaps among the numbers: a database that crashed, and what was not committed,
        leave some out.
        """
        assert len(calm.files) > 1
        once, again = (list(map(read_interchange, play.files)) for play in (disturbed, calm))
        assert [file.content for file in once] == [file.content for file in again]
        assert in_order(once) == in_order(again)

    def test_nobody_was_left_out_for_another_reason(self, disturbed: Played) -> None:
        assert disturbed.left_out <= LEFT_OUT


class WholeStoryContract(SameStoryContract):
    """Of a story that was told to its end."""

    @pytest.mark.parametrize("name", STORIES)
    def test_the_story_is_as_it_is_told(self, disturbed: Played, name: StoryName) -> None:
        STORIES[name](disturbed.evidence[name])
