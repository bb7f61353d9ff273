"""Clients who were merged are found as the one who goes on, wherever any of them is."""

from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import search_service_pb2 as search

from services.intake.adapters.search import MOST_RANKED
from tests.harness.intake.merging import merge, unmerge
from tests.harness.intake.service import SITE, SURNAME, Desk
from tests.intake.test_doubles import HERE, judge, look, reasons
from tests.intake.test_search import NETWORK, OTHER_SITE, THERE, find, ids

BORN = common.Date(year=1984, month=2, day=29)


@pytest.fixture
def two(desk: Desk) -> tuple[str, str]:
    """The survivor, and whom they absorbed, who was registered elsewhere under a maiden name."""
    survivor = desk.registered()
    absorbed = desk.registered(family_name="Zeuner", site_id=OTHER_SITE)
    merge(desk, survivor, absorbed)
    desk.pending_work.drain()
    return survivor, absorbed


def found_as(one: Any) -> list[tuple[str, str]]:
    return [(each.client_id, each.family_name) for each in one.found_as]


def test_the_survivor_is_found_by_the_name_of_whom_they_absorbed_and_it_is_said(
    desk: Desk, two: tuple[str, str]
) -> None:
    survivor, absorbed = two
    [found] = find(desk, "zeuner")
    assert (found.client.client_id, found.client.family_name) == (survivor, SURNAME)
    assert found_as(found) == [(absorbed, "Zeuner")]
    assert [search.MatchedBy.Name(by) for by in found.matched_by] == ["MATCHED_BY_NAME"]


def test_whoever_meets_it_a_person_is_one_answer(desk: Desk, two: tuple[str, str]) -> None:
    survivor, absorbed = two
    [found] = find(desk, given_name="Ada", birth_date=BORN)
    assert (found.client.client_id, found_as(found)) == (survivor, [(absorbed, "Zeuner")])
    [alone] = find(desk, SURNAME)
    assert (alone.client.client_id, found_as(alone)) == (survivor, [])


def test_a_page_holds_as_many_people_as_were_asked_for(desk: Desk, two: tuple[str, str]) -> None:
    survivor, _ = two
    others = {desk.registered(family_name=f"Zeuner{letter}") for letter in "abc"}
    request = search.FindClientsRequest(given_name="ada", page_size=4)
    answer = desk.call(request, sites=NETWORK)
    assert (set(ids(answer.clients)), answer.more) == ({survivor, *others}, False)
    request.page_size = 3
    answer = desk.call(request, sites=NETWORK)
    assert (len(answer.clients), answer.more) == (3, True)
    assert MOST_RANKED > 50


def test_a_person_is_found_where_any_of_their_clients_is(desk: Desk, two: tuple[str, str]) -> None:
    survivor, absorbed = two
    for sites in (HERE, THERE, HERE | THERE, NETWORK):
        for words in (SURNAME, "zeuner"):
            assert ids(find(desk, words, sites)) == [survivor]
    desk.admitted(survivor, site_id=OTHER_SITE)
    [found] = find(desk, "zeuner", THERE)
    assert (found.client.site_id, found.client.active) == (OTHER_SITE, True)
    unmerge(desk, survivor, absorbed)
    desk.pending_work.drain()
    assert ids(find(desk, "zeuner", HERE)) == ids(find(desk, "zeuner ada", HERE)) == []
    assert ids(find(desk, "zeuner", THERE)) == [absorbed]
    assert found_as(find(desk, "zeuner", THERE)[0]) == []


def test_an_episode_of_whom_they_absorbed_tells_that_they_are_in_care(desk: Desk) -> None:
    survivor, absorbed = desk.registered(), desk.registered(family_name="Zeuner")
    desk.admitted(absorbed)
    merge(desk, survivor, absorbed)
    [found] = find(desk, SURNAME)
    assert (found.client.client_id, found.client.active) == (survivor, True)
    assert (found.client.site_id, found.client.admitted_level) == (SITE, "2.1")


def test_a_chain_of_merges_is_one_person(desk: Desk, two: tuple[str, str]) -> None:
    survivor, absorbed = two
    last = desk.registered(family_name="Larson")
    merge(desk, last, survivor)
    desk.pending_work.drain()
    [found] = find(desk, given_name="Ada")
    assert found.client.client_id == last
    assert {each for each, _ in found_as(found)} == {survivor, absorbed}


def test_of_a_likely_double_who_was_merged_the_survivor_is_told_once(
    desk: Desk, two: tuple[str, str]
) -> None:
    survivor, absorbed = two
    [double] = look(desk, family_name="Zeuner", sites=NETWORK)
    by = ["NAME_AND_BIRTH_DATE", "SOUND_AND_BIRTH_DATE"]
    assert reasons([double]) == {survivor: by}
    assert found_as(double) == [(absorbed, "Zeuner")]


def test_of_a_registered_client_neither_they_nor_who_is_another_person_is_likely(
    desk: Desk, two: tuple[str, str]
) -> None:
    survivor, _ = two
    other, third = desk.registered(), desk.registered()
    assert set(reasons(look(desk, sites=NETWORK))) == {survivor, other, third}
    judge(desk, other, survivor, "TWO_PEOPLE")
    for client_id in two:
        assert set(reasons(look(desk, client_id=client_id, sites=NETWORK))) == {third}
    # Whom somebody judged to be another person than one who was absorbed, too.
    assert set(reasons(look(desk, client_id=other, sites=NETWORK))) == {third}
    assert set(reasons(look(desk, client_id=third, sites=NETWORK))) == {survivor, other}
