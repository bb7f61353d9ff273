"""What is kept of a client, and what is asked: they meet where a person would say they do."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Malformed
from services.intake.domain.search import (
    SHORTEST,
    ClientsSought,
    Findable,
    MatchedBy,
    clues_of,
    parts_of,
)

BORN = date(1984, 2, 29)
CLIENT = Findable(
    family_name="García-López",
    given_name="María José",
    birth_date=BORN,
    member_numbers=("NHX 123-456",),
    phones=("(312) 555-0142",),
)


def met(client: Findable, **sought: object) -> list[MatchedBy] | None:
    """The best of each part; None: one of them isn't met."""
    kept = clues_of(client)
    found = [part & kept for part in parts_of(ClientsSought(**sought))]  # type: ignore[arg-type]
    return [max(clue.by for clue in part) for part in found] if all(found) else None


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("garcia lopez", [MatchedBy.NAME, MatchedBy.NAME]),
        ("GARCIALOPEZ", [MatchedBy.NAME]),
        ("García-López, María", [MatchedBy.NAME, MatchedBy.NAME]),
        ("lopez", [MatchedBy.NAME]),
        ("mariajose", [MatchedBy.NAME]),
        ("gar", [MatchedBy.NAME_BEGINS]),
        ("garsia", [MatchedBy.NAME_SOUNDS]),
        ("Maria 1984-02-29", [MatchedBy.BIRTH_DATE, MatchedBy.NAME]),
        ("2/29/1984", [MatchedBy.BIRTH_DATE]),
        ("nhx123456", [MatchedBy.MEMBER_NUMBER]),
        ("NHX 123 456", [MatchedBy.MEMBER_NUMBER] * 3),
        ("312-555-0142", [MatchedBy.PHONE]),
        ("+1 (312) 555-0142 maria", [MatchedBy.PHONE, MatchedBy.NAME]),
    ],
)
def test_one_line_of_text_finds_by_whatever_it_holds(text: str, by: list[MatchedBy]) -> None:
    assert met(CLIENT, text=text) == by


@pytest.mark.parametrize("text", ["ga", "maria schmidt", "maria 1984-02-28", "nhx123457", "arcia"])
def test_each_word_must_be_met(text: str) -> None:
    assert met(CLIENT, text=text) is None


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Delacruz", "de la cruz"),
        ("de la Cruz", "delacruz"),
        ("O'Brien", "obrien"),
        ("O'Brien", "o brien"),
        ("OBrien", "O’Brien"),
        ("MacDonald", "mac donald"),
        ("Sørensen", "sorensen"),
        ("Strauß", "STRAUSS"),
        ("Łukasz", "lukasz"),
        ("Ng", "ng"),
        ("陳", "陳"),
        ("Иванов", "ИВАНОВ"),
    ],
)
def test_a_name_is_found_however_it_is_written(kept: str, asked: str) -> None:
    client = Findable(family_name=kept, given_name="Ada", birth_date=BORN)
    found = met(client, text=asked)
    assert found is not None
    assert set(found) == {MatchedBy.NAME}


def test_named_fields_are_met_by_what_they_name() -> None:
    assert met(CLIENT, family_name="Lopez", given_name="Jose") is not None
    assert met(CLIENT, family_name="Jose") is None
    assert met(CLIENT, birth_date=BORN, phone="13125550142", member_number="nhx-123456") == [
        MatchedBy.BIRTH_DATE,
        MatchedBy.MEMBER_NUMBER,
        MatchedBy.PHONE,
    ]


@pytest.mark.parametrize(
    ("sought", "field"),
    [
        ({}, "text"),
        ({"text": " - "}, "text"),
        ({"text": "a b c d e f g h i j k"}, "text"),
        ({"text": "13/45/1984"}, "text"),
        ({"phone": "555"}, "phone"),
    ],
    ids=["nothing", "no letters", "many words", "no date", "no phone"],
)
def test_what_cannot_be_looked_for_is_refused(sought: dict[str, str], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        parts_of(ClientsSought(**sought))  # type: ignore[arg-type]
    assert set(refused.value.details) == {field}


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_no_beginning_shorter_than_three_letters_is_kept(family: str, given_name: str) -> None:
    client = Findable(family_name=family, given_name=given_name, birth_date=BORN)
    for clue in clues_of(client):
        if clue.by == MatchedBy.NAME_BEGINS:
            assert len(clue.text) >= SHORTEST
        assert clue.text


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=SHORTEST + 1, max_size=20))
def test_a_name_is_found_by_itself_and_by_its_beginning(name: str) -> None:
    client = Findable(family_name=name, given_name="", birth_date=BORN)
    assert met(client, text=name) == [MatchedBy.NAME]
    assert met(client, family_name=name) == [MatchedBy.NAME]


def test_nothing_sealed_is_shown_by_a_representation() -> None:
    shown = f"{CLIENT!r} {clues_of(CLIENT)!r} {ClientsSought(text='garcia')!r}"
    assert "garc" not in shown.lower()
