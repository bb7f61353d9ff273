"""The people of the story: invented, the same for the same seed, and nobody's who lives."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import yaml

from ninehours.story.courses import (
    COURSES,
    REGISTERED_ANEW,
    CourseOfCare,
    StoryName,
    ordinary_courses,
)
from ninehours.story.network import (
    FACILITATORS,
    PROVIDERS,
    SITES,
    ProgramKind,
    group_of,
    program_of,
    site_of,
)
from services.billing.domain.x12.npi import check_digit_for

CLIENTS = 60
ANEW = "registered anew"
# By the kind of the program: the principal diagnosis, and what may stand beside it.
SUBSTANCE_USE = ("F10.20", "F11.20", "F12.20", "F14.20", "F15.20")
MENTAL_HEALTH = ("F33.1", "F41.1", "F43.10", "F31.81")
DIAGNOSES: Mapping[ProgramKind, tuple[Sequence[str], Sequence[str | None]]] = {
    "SUBSTANCE_USE": (SUBSTANCE_USE, (None, *MENTAL_HEALTH[:3])),
    "MENTAL_HEALTH": (MENTAL_HEALTH, (None,)),
    "DUAL": (SUBSTANCE_USE, MENTAL_HEALTH),
}
OLDEST = date(1951, 1, 1)
YOUNGEST = date(2004, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What people are invented of: vocabulary.yaml. `cities`: by state, each with its ZIP."""

    family_names: Sequence[str]
    given_names: Sequence[str]
    streets: Sequence[str]
    cities: Mapping[str, Sequence[tuple[str, str]]]
    wishes: Sequence[str]
    narratives: Sequence[str]
    notes: Sequence[str]
    group_notes: Sequence[str]
    staff_names: Sequence[tuple[str, str]]


VOCABULARY = Vocabulary(
    **yaml.safe_load(Path(__file__).with_name("vocabulary.yaml").read_text(encoding="utf-8"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    """One invented client. `key`: the name of a story of their own, or `client 23`.

    `wish` is the goal in the client's words, `narrative` and `note` what a clinician writes: all
    hold the name. `early`: how many minutes before and after a session the client is there.
    """

    key: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    street: str
    city: str
    state: str
    zip: str
    member_number: str
    authorization_number: str
    diagnoses: tuple[str, ...]
    early: int
    wish: str
    narrative: str
    note: str
    course: CourseOfCare


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedPeople:
    """Everybody; `npis` by whose they are: a site's, a facilitator's, the provider's."""

    seed: int
    clients: tuple[DemoClient, ...]
    npis: Mapping[str, str]
    tax_id: str

    def __getitem__(self, key: str) -> DemoClient:
        return next(client for client in self.clients if client.key == key)

    @property
    def records(self) -> tuple[DemoClient, ...]:
        """Whom the front desk registers: everybody, and one of them twice.

        The second time as the card says it, to whose number a suffix is printed.
        """
        twice = self[StoryName.REGISTERED_TWICE]
        anew = replace(
            twice,
            key=ANEW,
            member_number=f"{twice.member_number}01",
            note=f"Mx. {twice.family_name} is on the list a second time: see the other chart.",
            course=REGISTERED_ANEW,
        )
        return (*self.clients, anew)


def invent_people(seed: int) -> InventedPeople:
    """The people of a seed: those with a story of their own first."""
    chance = random.Random(seed)  # noqa: S311  the same people each time, no secret
    courses: list[tuple[str, CourseOfCare]] = [*COURSES.items()]
    courses += [
        (f"client {number:02d}", course)
        for number, course in enumerate(ordinary_courses(chance), start=len(courses) + 1)
    ]
    families = chance.sample(VOCABULARY.family_names, len(courses))
    holders = [holder.key for holder in (*PROVIDERS, *SITES, *FACILITATORS)]
    return InventedPeople(
        seed=seed,
        clients=tuple(
            _client(chance, number, family, key, course)
            for number, (family, (key, course)) in enumerate(
                zip(families, courses, strict=True), start=1
            )
        ),
        npis=dict(zip(holders, _npis(chance), strict=False)),
        tax_id=f"36{chance.randrange(10**7):07d}",
    )


def _client(
    chance: random.Random, number: int, family: str, key: str, course: CourseOfCare
) -> DemoClient:
    given = chance.choice(VOCABULARY.given_names)
    group = group_of(course.seats[0].group if course.seats else "day")
    state = site_of(group).state
    city, zip5 = chance.choice(VOCABULARY.cities[state])
    principal, beside = DIAGNOSES[program_of(group.program).kind]
    first, second = chance.choice(principal), chance.choice(beside)
    names = {"given": given, "family": family}
    return DemoClient(
        key=key,
        family_name=family,
        given_name=given,
        birth_date=OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days)),
        sex=chance.choice(("SEX_FEMALE", "SEX_MALE", "SEX_UNKNOWN")),
        street=f"{chance.randrange(100, 9000)} {chance.choice(VOCABULARY.streets)}",
        city=city,
        state=state,
        zip=f"{zip5}{chance.randrange(1, 10**4):04d}",
        # The running number keeps them apart, whatever chance says.
        member_number=f"NHX{chance.randrange(10**7):07d}{number:02d}",
        authorization_number=f"AUZ{chance.randrange(10**6):06d}{number:02d}",
        diagnoses=(first, *([second] if second else [])),
        early=chance.randrange(9),
        wish=chance.choice(VOCABULARY.wishes).format(**names),
        narrative=chance.choice(VOCABULARY.narratives).format(**names),
        note=chance.choice(VOCABULARY.notes).format(**names),
        course=course,
    )


def _npis(chance: random.Random) -> Iterator[str]:
    """Invented ones, none twice."""
    given: set[str] = set()
    while True:
        nine = f"1{chance.randrange(10**8):08d}"
        if nine not in given:
            given.add(nine)
            yield nine + check_digit_for(nine)
