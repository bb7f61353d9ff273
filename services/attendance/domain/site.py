"""A site of the network, the programs it runs, and the days on which it is closed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, assert_never

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Unknown

ProgramKind = Literal["SUBSTANCE_USE", "MENTAL_HEALTH", "DUAL"]


class SiteAlreadyOpen(BrokenRule):
    """The site was opened before, with other particulars."""

    code, about = "SITE_ALREADY_OPEN", "site_id"
    words = "the site is open already"


class SiteInUse(BrokenRule):
    """What was recorded there would be at no site."""

    code, about = "SITE_IN_USE", "site_id"
    words = "clients are registered at the site, or it has programs: correct it, or take those back"


class ProgramInUse(BrokenRule):
    """What was recorded in it would be of no program."""

    code, about = "PROGRAM_IN_USE", "program_id"
    words = "clients were admitted to the program, or sessions scheduled in it: correct it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Of a place, never of a person."""

    line: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`under_part2`: 42 CFR Part 2 governs it."""

    program_id: str
    kind: ProgramKind
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSite:
    site_id: str
    name: str
    time_zone: str
    address: Address
    npi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProgram:
    """`under_part2`: 42 CFR Part 2 governs it."""

    site_id: str
    program_id: str
    kind: ProgramKind
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareHoliday:
    """Closes the site on one of its local dates; what is scheduled there already stays."""

    site_id: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGrace:
    """Of sessions closed from now on: so many seconds late is not called late."""

    site_id: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOpened:
    site_id: str
    name: str
    time_zone: str
    address: Address
    npi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOpened:
    site_id: str
    program: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteClosedForDay:
    site_id: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceSet:
    site_id: str
    seconds: int


SiteCommand = OpenSite | OpenProgram | DeclareHoliday | SetGrace
SiteFact = SiteOpened | ProgramOpened | SiteClosedForDay | GraceSet


@dataclass(frozen=True, slots=True)
class Site:
    """What later decisions need to know."""

    time_zone: str | None = None
    state: str = ""
    programs: Mapping[str, Program] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    grace: timedelta = timedelta()


def decide(command: SiteCommand, site: Site) -> Iterator[SiteFact]:
    match command:
        case OpenSite():
            if site.time_zone is not None:
                raise SiteAlreadyOpen(command.site_id)
            yield filled(SiteOpened, command)
        case OpenProgram():
            _require_open(command, site)
            if command.program_id not in site.programs:
                yield ProgramOpened(site_id=command.site_id, program=filled(Program, command))
        case DeclareHoliday():
            _require_open(command, site)
            if command.on not in site.holidays:
                yield filled(SiteClosedForDay, command)
        case SetGrace():
            _require_open(command, site)
            if timedelta(seconds=command.seconds) != site.grace:
                yield filled(GraceSet, command)
        case _:
            assert_never(command)


def evolve(site: Site, fact: SiteFact) -> Site:
    match fact:
        case SiteOpened():
            return replace(site, time_zone=fact.time_zone, state=fact.address.state)
        case ProgramOpened():
            return replace(site, programs={**site.programs, fact.program.program_id: fact.program})
        case SiteClosedForDay():
            return replace(site, holidays=site.holidays | {fact.on})
        case GraceSet():
            return replace(site, grace=timedelta(seconds=fact.seconds))
        case _:
            assert_never(fact)


SITE = Decider(decide, evolve, Site())


def _require_open(command: SiteCommand, site: Site) -> None:
    if site.time_zone is None:
        raise Unknown("site", command.site_id)
