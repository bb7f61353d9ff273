"""Who a client is: what others hear of it follows from what stands, and not from the way there."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.episode import Label
from services.intake.domain.person import (
    IdentityAmended,
    IdentityParts,
    IdentityPeriod,
    Person,
    PersonChanged,
    amended,
    evolve,
)

CLIENT = "6f1c0000-0000-4000-8000-000000000001"
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def parts(name: str, address: str = "here") -> IdentityParts:
    return IdentityParts(name=name, birth_date="1984-02-29", sex="F", address=address)


def changed(on: date, version: int, contacts: int = 0) -> PersonChanged:
    return PersonChanged(
        client_id=CLIENT,
        changed_from=on,
        identity_version=version,
        contacts_version=contacts,
        label=Label.PART2,
    )


def heard(person: Person, *sealed: IdentityParts) -> list[IdentityAmended]:
    return list(amended(CLIENT, person, sealed, Label.PART2))


def period(since: date | None = None, name: int = 1, address: int = 1) -> IdentityPeriod:
    return IdentityPeriod(since=since, name=name, birth_date=1, sex=1, address=address)


def test_who_was_registered_and_no_more_is_nothing_to_hear_of() -> None:
    assert heard(Person(registered=1), parts("smith")) == []


def test_others_hear_which_version_said_each_part_first() -> None:
    [told] = heard(Person(registered=2), parts("smiht"), parts("smith"))
    assert (told.version, told.periods) == (2, (period(name=2),))


def test_said_again_as_it_was_it_has_the_number_it_had() -> None:
    sealed = (parts("smith"), parts("jones"), parts("smith"))
    [told] = heard(Person(registered=3), *sealed)
    assert (told.version, told.periods) == (3, (period(),))


def test_a_change_holds_from_its_day_on() -> None:
    person = Person(registered=1, changes=(changed(JUNE, 2),))
    [told] = heard(person, parts("smith"), parts("jones"))
    assert told.periods == (period(), period(JUNE, name=2))


def test_another_phone_is_no_period_of_its_own() -> None:
    person = Person(registered=1, changes=(changed(JUNE, 1, contacts=2),))
    assert heard(person, parts("smith")) == []


def test_of_several_changes_of_one_day_the_last_counts() -> None:
    person = Person(registered=1, changes=(changed(JUNE, 2), changed(JUNE, 3)))
    assert person.version == 3


def test_nothing_is_told_twice() -> None:
    person = Person(registered=2)
    [told] = heard(person, parts("smiht"), parts("smith"))
    assert heard(evolve(person, told), parts("smiht"), parts("smith")) == []


def test_words_are_in_no_text_that_a_log_could_hold() -> None:
    assert "smith" not in repr(parts("smith"))


@given(st.permutations([changed(MAY, 2), changed(JUNE, 3), changed(date(2026, 4, 1), 1)]))
def test_changes_told_in_any_order_say_the_same(told: list[PersonChanged]) -> None:
    sealed = (parts("smith"), parts("jones"), parts("miller"))
    [found] = heard(Person(registered=1, changes=tuple(told)), *sealed)
    assert found.periods == (period(), period(MAY, name=2), period(JUNE, name=3))
