"""People invented as often as names are, by public lists of them.

A folder with `dist.all.last`, `dist.female.first` and `dist.male.first`, as the census of 1990 of
the United States published them: a line has a name, its share in percent, and two numbers more. The
package `names` 0.3.0 ships all three.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

OLDEST, DAYS = date(1940, 1, 1), 24_000


@dataclass(frozen=True, slots=True)
class NameList:
    """Names with how often each is, the most frequent first; shares add up to one."""

    shares: Mapping[str, float]

    def sample(self, chance: random.Random, count: int) -> Sequence[str]:
        return chance.choices([*self.shares], [*self.shares.values()], k=count)


@dataclass(frozen=True, slots=True)
class InventedPerson:
    family_name: str
    given_name: str
    birth_date: date
    member_number: str


@dataclass(frozen=True, slots=True)
class NameLists:
    family: NameList
    given: NameList

    def people(self, chance: random.Random, count: int) -> Sequence[InventedPerson]:
        """The same for the same chance."""
        families = self.family.sample(chance, count)
        given = self.given.sample(chance, count)
        return [
            InventedPerson(
                family_name=one.title(),
                given_name=other.title(),
                birth_date=OLDEST + timedelta(days=chance.randrange(DAYS)),
                member_number=f"NHX{number:07d}",
            )
            for number, (one, other) in enumerate(zip(families, given, strict=True))
        ]


def read_lists(folder: Path) -> NameLists:
    """Both sexes' given names count alike."""
    return NameLists(
        family=_list(folder, "dist.all.last"),
        given=_list(folder, "dist.female.first", "dist.male.first"),
    )


def _list(folder: Path, *files: str) -> NameList:
    found: dict[str, float] = {}
    for file in files:
        for line in (folder / file).read_text().splitlines():
            name, percent, *_ = line.split()
            found[name.lower()] = found.get(name.lower(), 0) + float(percent)
    total = sum(found.values())
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return NameList({name: percent / total for name, percent in ordered})
