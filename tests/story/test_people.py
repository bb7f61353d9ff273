"""The people: the same for the same seed, nobody twice, and names that can be searched for."""

import subprocess
from pathlib import Path

import pytest

from ninehours.story.courses import StoryName
from ninehours.story.network import CAPACITY, FACILITATORS, GROUPS, PROVIDERS, SITES
from ninehours.story.people import CLIENTS, VOCABULARY, invent_people
from services.billing.domain.x12.npi import is_valid_npi

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(30)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_always_gives_the_same_people_and_nobody_twice(seed: int) -> None:
    people = invent_people(seed)
    assert people == invent_people(seed)
    assert len(people.clients) == CLIENTS
    for field in ("family_name", "member_number", "authorization_number", "key"):
        assert len({getattr(client, field) for client in people.clients}) == CLIENTS
    # A group's note needs a part of each client's own.
    assert len({client.note for client in people.clients}) == CLIENTS


def test_other_seeds_give_other_people() -> None:
    assert len({invent_people(seed).clients for seed in SEEDS}) == len(SEEDS)


def test_every_story_has_its_client_whatever_the_seed() -> None:
    for seed in SEEDS:
        people = invent_people(seed)
        assert [client.key for client in people.clients[: len(StoryName)]] == list(StoryName)
        # Their courses are told, not rolled.
        assert [c.course for c in people.clients[: len(StoryName)]] == [
            c.course for c in invent_people(0).clients[: len(StoryName)]
        ]


def test_numbers_are_such_as_a_claim_needs() -> None:
    for seed in SEEDS:
        people = invent_people(seed)
        assert len(people.npis) == len(SITES) + len(FACILITATORS) + len(PROVIDERS)
        assert len(set(people.npis.values())) == len(people.npis)
        assert all(map(is_valid_npi, people.npis.values()))
        assert len(people.tax_id) == 9
        assert all(len(client.zip) == 9 and client.zip.isdigit() for client in people.clients)


def test_groups_have_room_for_everybody() -> None:
    for seed in SEEDS:
        for group in GROUPS:
            for block in (1, 2, 3):
                seated = [
                    c for c in invent_people(seed).clients if c.course.sits_in(group.key, block)
                ]
                assert len(seated) <= CAPACITY


def test_nobody_without_that_story_answers_that_they_are_in_danger() -> None:
    found = {
        client.key
        for seed in SEEDS
        for client in invent_people(seed).clients
        if any(score.self_harm for score in client.course.scores)
    }
    assert found == {"step-up"}


def test_everybody_is_named_in_their_goal_and_their_notes() -> None:
    clients = [client for seed in SEEDS for client in invent_people(seed).clients]
    for client in clients:
        for text in (client.wish, client.narrative, client.note):
            assert client.family_name in text


def test_family_names_occur_nowhere_else() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.proto", "*.md", "*.toml"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(listed) > 50
    for name in listed:
        path = ROOT / name
        text = path.read_text(encoding="utf-8").lower() if path.exists() else ""
        assert not [family for family in VOCABULARY.family_names if family.lower() in text], name
