"""Processes are killed with -9 while the story plays: nothing is lost, and nothing is twice."""

import random
from pathlib import Path

import pytest

from kernel.facts import derived_id
from kernel.services import SERVICES
from ninehours.local.system import LocalSystem
from ninehours.story.courses import StoryName
from ninehours.story.gateway import connect
from ninehours.story.people import invent_people
from services.intake.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.rehearsing import RecordingGateway
from tests.system.conftest import SEED
from tests.system.played import Played, play_on
from tests.system.test_named_stories import STORIES
from tests.system.test_story import LEFT_OUT

# Every kind of process, and both servers.
VICTIMS = (
    *("attendance-api", "intake-api", "billing-api", "plans-api"),
    *("attendance-relay", "intake-relay", "plans-relay", "billing-relay"),
    *("intake-stream", "plans-stream", "billing-stream", "billing-stream"),
    *("kafka", "postgres"),
)


@pytest.fixture(scope="module")
def harmed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same story, with every process killed at a seeded count of commands."""
    data = tmp_path_factory.mktemp("harmed") / "data"
    return play_killing(data, len(calm.acknowledged), random.Random(20_261))


def play_killing(data: Path, commands: int, kills: random.Random) -> Played:
    victims = list(VICTIMS)
    kills.shuffle(victims)
    # The first commands open the network; from then on anything may die, at any count but the last,
    # after which nobody might notice.
    counts = sorted(kills.sample(range(10, commands * 9 // 10), len(victims)))
    plan = dict(zip(counts, victims, strict=True))
    killed: list[str] = []
    with LocalSystem(data, progress=lambda _: None, clock="caller") as system:

        def kill(count: int) -> None:
            if count in plan:
                system.kill(plan[count])
                killed.append(plan[count])

        connections = connect(system.channel_to, system.people_dir)
        with RecordingGateway(connections, seed=SEED, on_command=kill) as gateway:
            played = play_on(system, data, gateway, invent_people(SEED))
        restarts = {name: system.supervisor.restarts(name) for name in set(VICTIMS)}
    assert sorted(killed) == sorted(VICTIMS)
    assert all(restarts[name] >= 1 for name in restarts)
    return played


def reactions(played: Played) -> set[str]:
    """The commands that intake gave itself: one for each fact it reacts to."""
    return {
        str(derived_id(fact_id, reaction.name))
        for reaction in SUBSCRIPTIONS.reactions
        for fact_id in played.published_ids.get(reaction.to.DESCRIPTOR.full_name, ())
    }


def permits(played: Played) -> set[str]:
    """The commands by which billing asked intake for permits: a fresh one each asking."""
    return {
        command
        for command, kind, _ in played.private_facts["intake"]
        if kind == "intake.disclosure_permitted.v1"
    }


def test_private_facts_are_those_of_the_acknowledged_commands(harmed: Played) -> None:
    assert harmed.acknowledged
    assert len(reactions(harmed)) > 10
    for service in SERVICES:
        given = {cid for cid, owner in harmed.acknowledged.items() if owner == service}
        given |= reactions(harmed) | permits(harmed) if service == "intake" else set()
        assert harmed.commands[service] == given
        assert {command for command, _, _ in harmed.private_facts[service]} <= given


def test_private_facts_equal_those_of_the_unharmed_story(harmed: Played, calm: Played) -> None:
    """But for reactions: their commands are named after revisions, and kills may make more.

    And for permits: each asking is one.
    """
    for service in SERVICES:
        expected, found = (
            {
                fact
                for fact in played.private_facts[service]
                if fact[0] not in reactions(played) | permits(played)
            }
            for played in (calm, harmed)
        )
        assert len(expected) > 100
        assert found == expected


def test_published_equals_heard_in_order_without_holes(harmed: Played) -> None:
    assert (harmed.unsent, harmed.due, harmed.behind) == (0, 0, 0)
    assert harmed.summary.parked == 0
    for (_, heard), heads in harmed.heard_heads.items():
        assert heads == harmed.published_heads[heard]


def test_verify_finds_nothing_after_the_kills(harmed: Played) -> None:
    assert harmed.findings == []
    assert len(harmed.verified) == 69


def test_current_contents_equal_those_of_the_unharmed_story(harmed: Played, calm: Played) -> None:
    assert calm.contents["billing"] and calm.contents["plans"]
    assert harmed.contents == calm.contents


def test_the_same_seed_gives_the_same_claims_control_numbers_included(
    harmed: Played, calm: Played
) -> None:
    assert len(calm.files) > 20
    assert [file.name for file in harmed.files] == [file.name for file in calm.files]
    for once, again in zip(harmed.files, calm.files, strict=True):
        assert once.read_bytes() == again.read_bytes(), once.name


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_as_it_is_told_whatever_was_killed(harmed: Played, name: StoryName) -> None:
    STORIES[name](harmed.evidence[name])


def test_nobody_was_left_out_because_something_was_killed(harmed: Played) -> None:
    assert harmed.left_out <= LEFT_OUT
