"""Who may be meant is told by other names that they were found by, and at a level in words."""

from ninehours.intake.v1 import search_service_pb2 as search

from ninehours.console.pages.clients.finding import brief_of

FOUND = search.FoundClient()
FOUND.client.family_name, FOUND.client.given_name = "Abbott", "Robin"
FOUND.client.admitted_level, FOUND.client.active = "2.1", True


def test_a_name_that_they_have_is_no_other_name_that_they_were_found_by() -> None:
    found = search.FoundClient()
    found.CopyFrom(FOUND)
    found.found_as.add(family_name="Abbott", given_name="Robin")
    found.found_as.add(family_name="Abbot", given_name="Robin")
    assert brief_of(found, [], []).also == ["Abbot, Robin"]


def test_a_level_says_what_it_is_called_where_that_is_known() -> None:
    assert brief_of(FOUND, [], []).care == "in care, 2.1 (ASAM: intensive outpatient)"
    other = search.FoundClient()
    other.CopyFrom(FOUND)
    other.client.admitted_level = "3.1"
    assert brief_of(other, [], []).care == "in care, 3.1"
