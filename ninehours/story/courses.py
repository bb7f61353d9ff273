"""What each client's course is: who sits where, comes or stays away, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from ninehours.story import days
from ninehours.story.network import (
    DISCRETE_PAYER,
    GROUPS,
    INSTITUTIONAL_PAYER,
    PER_DIEM_PAYER,
    UNITS_PAYER,
    group_of,
    program_of,
)

MET, PROGRESSING, NOT_MET = "MET", "PROGRESSING", "NOT_MET"
COMPLETED, LEFT, TRANSFERRED = "COMPLETED", "LEFT_AGAINST_ADVICE", "TRANSFERRED"
HIGHEST = 24  # of PHQ-9 without item 9, which asks about self-harm


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a group, from one block of weeks to another."""

    group: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Stay:
    """One episode of care; `ends`: the reason of the discharge, empty while it goes on."""

    first: int
    last: int
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A PHQ-9 at the end of a week; `total` without item 9."""

    week: int
    total: int
    self_harm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """`fares`: how objectives stand at each block's review; `leaves_after`: date and minutes."""

    payer: str
    seats: tuple[Seat, ...] = ()
    stays: tuple[Stay, ...] = ()
    missed: frozenset[date] = frozenset()
    leaves_after: tuple[tuple[date, int], ...] = ()
    unsigned: frozenset[date] = frozenset()
    first_score: int = 12
    scores: tuple[Score, ...] = ()
    fares: tuple[tuple[int, str], ...] = ()
    # Days the payer authorizes; 0: as many as there are sessions, and some.
    authorized_days: int = 0
    aftercare: tuple[str, ...] = ("OUTPATIENT",)

    def sits_in(self, group: str, block: int) -> bool:
        """Whether the client is on that group's roster."""
        return any(s.group == group and s.first <= block <= s.last for s in self.seats)

    def stay_in(self, block: int) -> Stay | None:
        """The episode that covers a block."""
        return next((stay for stay in self.stays if stay.first <= block <= stay.last), None)

    def first_group(self, stay: Stay) -> str:
        """The group that leads to the program the client is admitted to."""
        return next(seat.group for seat in self.seats if seat.first <= stay.first <= seat.last)

    def groups_beside(self, stay: Stay) -> list[str]:
        """Of each other program that the client sits in meanwhile, a group: it admits them too."""
        seats = [seat for seat in self.seats if seat.first <= stay.last and stay.first <= seat.last]
        groups = {group_of(seat.group).program: seat.group for seat in seats}
        del groups[group_of(self.first_group(stay)).program]
        return list(groups.values())

    def sessions_in(self, stay: Stay) -> int:
        """How often the client is expected."""
        weeks = sum(
            len(days.weeks_of(block))
            for seat in self.seats
            for block in range(max(seat.first, stay.first), min(seat.last, stay.last) + 1)
        )
        return 3 * weeks

    def faring(self, block: int) -> str:
        return dict(self.fares).get(block, PROGRESSING)


# How many of a group's seats go to people without a story of their own.
ORDINARY = {"day": 4, "evening": 5, "morning": 11, "both": 8, "weekend": 5, "online": 8}
PAYERS_OF = {
    "SUBSTANCE_USE": (PER_DIEM_PAYER, PER_DIEM_PAYER, UNITS_PAYER, DISCRETE_PAYER),
    "MENTAL_HEALTH": (INSTITUTIONAL_PAYER, INSTITUTIONAL_PAYER, DISCRETE_PAYER),
    "DUAL": (PER_DIEM_PAYER, UNITS_PAYER, DISCRETE_PAYER),
}
STAYS = ((1, 1), (1, 2), (1, 2), (1, 3), (2, 3), (2, 3), (3, 3))


def ordinary_courses(chance: Random) -> Iterator[Course]:
    """Group by group: who comes mostly, is better after a while, and leaves one way or another."""
    for group in GROUPS:
        payers = PAYERS_OF[program_of(group.program).kind]
        for number in range(ORDINARY[group.key]):
            payer = payers[number % len(payers)]
            yield _ordinary(chance, group.key, payer, *chance.choice(STAYS))


def _ordinary(chance: Random, group: str, payer: str, first: int, last: int) -> Course:
    expected = [
        days.day_of(week, weekday)
        for block in range(first, last + 1)
        for week in days.weeks_of(block)
        for weekday, _ in group_of(group).meets
    ]
    score = chance.randint(9, HIGHEST - 4)
    scores = []
    for block in range(first, last + 1):
        score = max(score - chance.randint(0, 5), 1)
        scores.append(Score(days.weeks_of(block)[-1], score))
    does_well = chance.random() < 0.5 and last > first
    otherwise = "" if last == len(days.BLOCKS) else chance.choice((LEFT, TRANSFERRED))
    return Course(
        payer=payer,
        seats=(Seat(group, first, last),),
        stays=(Stay(first, last, COMPLETED if does_well else otherwise),),
        missed=frozenset(day for day in expected if chance.random() < 0.07),
        leaves_after=tuple(
            (day, chance.randint(70, 150)) for day in expected if chance.random() < 0.03
        ),
        unsigned=frozenset(day for day in expected if chance.random() < 0.005),
        first_score=scores[0].total + chance.randint(0, 3),
        scores=tuple(scores),
        fares=((last, MET),) if does_well else (),
        aftercare=(chance.choice(("OUTPATIENT", "SUPPORT_GROUP")),),
    )
