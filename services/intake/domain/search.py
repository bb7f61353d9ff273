"""By what clients are found: names whole, begun and as they sound; dates and numbers.

What is kept of a client are clues, each hidden by a keyed hash; what is asked is made of the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from kernel.refusal import Malformed
from services.intake.domain.recognition import folded
from services.intake.domain.sounds import sound_of

SHORTEST, LONGEST = 3, 8  # letters of a beginning that is kept
MOST_WORDS = 10
MOST_JOINED = 3  # words that somebody else wrote as one: de la Cruz
SHORTEST_PHONE, PHONE = 7, 10  # digits; the code of the country is left out
# Letters that no accent was put on: as names are written where there is no such key.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
A_DATE = re.compile(
    r"(?<![\w/-])(?:(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"
    r"|(?P<us_month>\d\d?)/(?P<us_day>\d\d?)/(?P<us_year>\d{4}))(?![\w/-])"
)
A_PHONE = re.compile(
    r"(?<!\w)(?:\+?1[ .-]?)?(?:\(\d{3}\)|\d{3})[ .-]?\d{3}[ .-]?\d{4}(?!\w)", re.ASCII
)


class SearchField(StrEnum):
    """What of a client a clue is of."""

    FAMILY_NAME = "FAMILY_NAME"
    GIVEN_NAME = "GIVEN_NAME"
    BIRTH_DATE = "BIRTH_DATE"
    MEMBER_NUMBER = "MEMBER_NUMBER"
    PHONE = "PHONE"


NAMES = (SearchField.FAMILY_NAME, SearchField.GIVEN_NAME)


class MatchedBy(IntEnum):
    """How a part of a question was met: of several ways the highest counts, and parts add up."""

    NAME_SOUNDS = 2
    NAME_BEGINS = 4
    NAME = 8
    BIRTH_DATE = 10
    PHONE = 11
    MEMBER_NUMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Findable:
    """What of sealed documents a client is found by. Never kept, never logged."""

    family_name: str
    given_name: str
    birth_date: date
    member_numbers: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Findable()"


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that a client is found by, in the clear until it is hashed."""

    field: SearchField
    by: MatchedBy
    text: str

    def __repr__(self) -> str:
        return f"Clue({self.field}, {self.by.name})"


QuestionPart = frozenset[Clue]
"""Of a question one word, date or number: whoever has any of these clues meets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsSought:
    """What somebody knows of a client; at least one thing. Never kept, never logged."""

    text: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None
    member_number: str = ""
    phone: str = ""

    def __repr__(self) -> str:
        return "ClientsSought()"


def clues_of(client: Findable) -> frozenset[Clue]:
    """All that is kept of a client."""
    names = zip(NAMES, (client.family_name, client.given_name), strict=True)
    return frozenset(
        [
            *(
                clue
                for field, name in names
                for word in _written(name)
                for clue in _kept_of_name(field, word)
            ),
            _born(client.birth_date),
            *(_of_member(number) for number in client.member_numbers),
            *(clue for phone in client.phones for clue in _of_phone(phone)),
        ]
    )


def parts_of(sought: ClientsSought) -> tuple[QuestionPart, ...]:
    """What a client must meet, each of them.

    Malformed: nothing is asked, more than ten words, a date that is none, a phone without digits.
    """
    parts = [*_parts_of_text(sought.text)]
    for field, name in zip(NAMES, (sought.family_name, sought.given_name), strict=True):
        parts += _parts_of_words(name.split(), [field])
    if sought.birth_date is not None:
        parts.append(frozenset([_born(sought.birth_date)]))
    if sought.member_number:
        parts.append(frozenset([_of_member(sought.member_number)]))
    if sought.phone:
        if not (digits := frozenset(_of_phone(sought.phone))):
            raise Malformed(phone=f"has fewer than {SHORTEST_PHONE} digits")
        parts.append(digits)
    if not parts:
        raise Malformed(text="is required: a part of a name, a birth date, a number")
    if len(parts) > MOST_WORDS:
        raise Malformed(text=f"has more than {MOST_WORDS} words")
    return tuple(parts)


class LikelyBy(StrEnum):
    """Why two clients may be one person, the weightiest first."""

    NAME_AND_BIRTH_DATE = "NAME_AND_BIRTH_DATE"
    MEMBER_NUMBER = "MEMBER_NUMBER"
    SOUND_AND_BIRTH_DATE = "SOUND_AND_BIRTH_DATE"
    PHONE = "PHONE"


def likely_by(person: Findable) -> Mapping[LikelyBy, tuple[QuestionPart, ...]]:
    """What somebody else must meet to be likely the same; a reason that can't be asked isn't there.

    A name in other letters than those of English has no sound, and one that is left out is met by
    none.
    """
    said = [
        (field, name)
        for field, name in zip(NAMES, (person.family_name, person.given_name), strict=True)
        if spelled(name)
    ]
    born = frozenset([_born(person.birth_date)])
    sounds = [
        frozenset(clue for word in _written(name) for clue in _sounding(field, word))
        for field, name in said
    ]
    members = [frozenset([_of_member(number)]) for number in person.member_numbers]
    phones = [frozenset(_of_phone(phone)) for phone in person.phones]
    asked: Mapping[LikelyBy, Sequence[QuestionPart]] = {
        LikelyBy.NAME_AND_BIRTH_DATE: [
            *(frozenset([Clue(f, MatchedBy.NAME, spelled(name))]) for f, name in said),
            born,
        ],
        LikelyBy.MEMBER_NUMBER: members,
        LikelyBy.SOUND_AND_BIRTH_DATE: [*sounds, born],
        LikelyBy.PHONE: phones,
    }
    return {reason: tuple(parts) for reason, parts in asked.items() if parts and all(parts)}


def spelled(word: str) -> str:
    """Letters and digits alone, of one case, without accents; empty where there are none."""
    plain = folded(word).translate(PLAIN)
    return plain if plain.isalnum() else ""


def _parts_of_text(text: str) -> Iterator[QuestionPart]:
    """Dates and phones by their shape; of the words each a name or, with a digit, a number."""
    for found in A_DATE.finditer(text):
        parts = {name: int(value) for name, value in found.groupdict().items() if value}
        try:
            yield frozenset([_born(date(*(parts.get(n) or parts[f"us_{n}"] for n in YMD)))])
        except ValueError:
            raise Malformed(text="holds a date that is none") from None
    without_dates = A_DATE.sub(" ", text)
    for found in A_PHONE.finditer(without_dates):
        number = found.group()
        # Ten digits alone may be a member's, too.
        yield frozenset([*_of_phone(number), _of_member(number)])
    yield from _parts_of_words(A_PHONE.sub(" ", without_dates).split(), NAMES)


YMD = ("year", "month", "day")


def _parts_of_words(words: Sequence[str], fields: Sequence[SearchField]) -> Iterator[QuestionPart]:
    """A word is met as it stands, and joined with its neighbours: somebody wrote them as one."""
    kept = [word for word in words if spelled(word)]
    for at, word in enumerate(kept):
        joined = {
            spelled("".join(kept[first:end]))
            for first in range(max(at - MOST_JOINED + 1, 0), at + 1)
            for end in range(at + 1, min(first + MOST_JOINED, len(kept)) + 1)
        }
        yield frozenset(
            clue for one in (*joined, *_pieces(word)) for clue in _asked_of_word(one, fields)
        )


def _written(name: str) -> set[str]:
    """The ways in which a name may be looked for: its words, their pieces, all in one."""
    words = name.split()
    return {
        word
        for word in (
            *map(spelled, words),
            *(p for word in words for p in _pieces(word)),
            spelled(name),
        )
        if word
    }


def _pieces(word: str) -> list[str]:
    """Of a word with hyphens or apostrophes, its pieces."""
    pieces = re.split(r"[^\w]+", word)
    return [spelled(piece) for piece in pieces if spelled(piece)] if len(pieces) > 1 else []


def _kept_of_name(field: SearchField, word: str) -> Iterator[Clue]:
    yield Clue(field, MatchedBy.NAME, word)
    for length in range(SHORTEST, min(LONGEST, len(word) - 1) + 1):
        yield Clue(field, MatchedBy.NAME_BEGINS, word[:length])
    yield from _sounding(field, word)


def _asked_of_word(word: str, fields: Iterable[SearchField]) -> Iterator[Clue]:
    if any(character.isdigit() for character in word):
        yield _of_member(word)
        return
    for field in fields:
        yield Clue(field, MatchedBy.NAME, word)
        if len(word) >= SHORTEST:
            yield Clue(field, MatchedBy.NAME_BEGINS, word[:LONGEST])
        yield from _sounding(field, word)


def _sounding(field: SearchField, word: str) -> Iterator[Clue]:
    if len(word) >= SHORTEST and (sound := sound_of(word)):
        yield Clue(field, MatchedBy.NAME_SOUNDS, sound)


def _born(on: date) -> Clue:
    return Clue(SearchField.BIRTH_DATE, MatchedBy.BIRTH_DATE, on.isoformat())


def _of_member(number: str) -> Clue:
    return Clue(SearchField.MEMBER_NUMBER, MatchedBy.MEMBER_NUMBER, folded(number))


def _of_phone(phone: str) -> Iterator[Clue]:
    digits = "".join(
        character for character in phone if character.isascii() and character.isdigit()
    )
    if len(digits) == PHONE + 1:
        digits = digits.removeprefix("1")
    if len(digits) >= SHORTEST_PHONE:
        yield Clue(SearchField.PHONE, MatchedBy.PHONE, digits)
