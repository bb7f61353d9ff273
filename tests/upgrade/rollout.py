"""The last release beside today's in a roll-out, both ways round; named by `make upgrade` alone.

Not of those that every run collects: it installs the last release, and takes minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ninehours.story.catching_up import HEARS
from ninehours.story.gateway import Gateway, connect
from ninehours.story.people import invent_people
from ninehours.story.plot import SCENES
from ninehours.story.story import DemoStory
from tests.harness.golden import goldens_of_stored_names
from tests.harness.rehearsing import RecordingGateway, rehearse
from tests.harness.upgrade.fleet import Fleet
from tests.harness.upgrade.release import TODAY, Release, last_release
from tests.harness.upgrade.rollout import BACK, FORTH, RESTS, TODAY_ALONE, Rest, Rollout
from tests.system.calm import SEED
from tests.system.contract import SameStoryContract
from tests.system.disturbed import play_disturbed
from tests.system.played import Played, play_on, verify

SEVENTH_WEEK = [scene.title for scene in SCENES].index("week 7: groups meet, notes are signed")
HALF = SCENES[:SEVENTH_WEEK]  # with claims and corrections issued three times


@dataclass(frozen=True, slots=True)
class RolledOut:
    """A roll-out, and the half of the story that was played meanwhile."""

    last: Release
    rollout: Rollout
    played: Played


@pytest.fixture(scope="module")
def rolled_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolledOut]:
    last = last_release()
    people = invent_people(SEED)
    data = tmp_path_factory.mktemp("upgrade") / "data"
    with (
        Fleet(data, last) as fleet,
        Gateway(connect(fleet.channel_to, fleet.people_dir), seed=SEED, workers=1) as operator,
    ):
        rollout = Rollout(fleet, len(rehearse(people, HALF)), operator.ask_operator)
        connections = connect(fleet.channel_to, fleet.people_dir)
        with RecordingGateway(connections, seed=SEED, on_command=rollout) as gateway:
            rollout.answered = lambda: len(gateway.given)
            story = DemoStory(gateway=gateway, people=people)
            played = play_on(fleet, data, gateway, story, HALF)
            verify(played, fleet)
        rollout.finish()
        yield RolledOut(last, rollout, played)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same half, on today's release alone."""
    return play_disturbed(tmp_path_factory.mktemp("calm") / "data", SEED, HALF)


@pytest.fixture(scope="module")
def disturbed(rolled_out: RolledOut) -> Played:
    """The story, with commands given before, during and after all of that."""
    return rolled_out.played


class TestRolledOut(SameStoryContract):
    """Nothing that a command was answered is lost, and what is derived is as on one release."""

    came_since = ("billing.practitioner_numbered.v1",)


def test_each_release_hears_derives_sends_and_answers_beside_the_other(
    rolled_out: RolledOut,
) -> None:
    """That the rests below are what they are called."""
    rests = rolled_out.rollout.rests
    both, last, today = {rolled_out.last, TODAY}, {rolled_out.last}, {TODAY}
    forth, back = rests[FORTH], rests[BACK]
    for rest, hears, heard in ((forth, last, today), (back, today, last)):
        assert releases_of(rest, "billing", "stream") == hears
        assert releases_of(rest, "attendance", "relay") == hears
        assert releases_of(rest, "intake", "relay") == heard
    assert releases_of(forth, "plans", "stream") == today
    assert releases_of(forth, "plans", "api") == both
    assert releases_of(back, "plans", "stream") == last
    assert releases_of(back, "intake", "stream") == both
    assert set(rests[TODAY_ALONE].runs.values()) == today


def test_goldens_of_the_last_release_are_todays(rolled_out: RolledOut) -> None:
    """What it stored and published, today's code reads as that release had it."""
    last, today = rolled_out.last.root, TODAY.root
    kept = {path.relative_to(last) for path in goldens_of_stored_names(last)}
    assert len(kept) >= 80
    changed = {
        path
        for path in kept
        if not (today / path).exists() or (last / path).read_bytes() != (today / path).read_bytes()
    }
    assert changed == set()


def test_nothing_is_parked_at_any_time(rolled_out: RolledOut) -> None:
    assert {name: rest.parked for name, rest in rolled_out.rollout.rests.items()} == {
        name: {service: [] for service in HEARS} for name in RESTS
    }


def test_verify_finds_nothing_at_any_time_whichever_release_is_asked(rolled_out: RolledOut) -> None:
    for name, rest in rolled_out.rollout.rests.items():
        assert rest.findings == [], name
        assert rest.verified.keys() == {
            (replica.service, release)
            for replica, release in rest.runs.items()
            if replica.kind == "api"
        }
        assert all(checks > 10 for checks in rest.verified.values())


def test_nothing_is_derived_in_circles(rolled_out: RolledOut) -> None:
    """Everything heard, and consumers started again: nobody writes or publishes anything more."""
    rests = rolled_out.rollout.rests
    assert all(revisions > 20 for revisions in rests[TODAY_ALONE].told.values())
    for name, rest in rests.items():
        assert rest.told_after_restart == rest.told, name


def test_the_same_code_derives_the_same_in_either_release(rolled_out: RolledOut) -> None:
    """Where it derives otherwise its `code` was raised: else nothing would be derived anew."""
    first, *others = rolled_out.rollout.rebuilt
    assert len(others) == 2
    assert sum(first.values()) > 2_000
    for again in others:
        assert {of: again[of] for of in first if of in again} == {
            of: revisions for of, revisions in first.items() if of in again
        }


def releases_of(rest: Rest, service: str, kind: str) -> set[Release]:
    return {
        release
        for replica, release in rest.runs.items()
        if (replica.service, replica.kind) == (service, kind)
    }
