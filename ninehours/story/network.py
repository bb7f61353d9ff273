"""The network of the story: three sites in two time zones, their groups, and four payers."""

from collections.abc import Mapping
from dataclasses import dataclass

from ninehours.common.v1 import common_pb2 as common

from ninehours.story.days import (
    CENTRAL,
    EASTERN,
    FRIDAY,
    MONDAY,
    SATURDAY,
    SUNDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
)

LEVEL = "2.1"
STEP_DOWN_LEVEL, STEP_UP_LEVEL = "1", "2.5"
TREATED_MINUTES = 180
CAPACITY = 15
# Clinic or center, rehabilitation, substance use disorder.
TAXONOMY = "261QR0405X"
PER_DIEM_PAYER, INSTITUTIONAL_PAYER, UNITS_PAYER, DISCRETE_PAYER = (
    "prairie",
    "lakeshore",
    "state",
    "heartland",
)


@dataclass(frozen=True, slots=True)
class Site:
    key: str
    name: str
    time_zone: str
    street: str
    city: str
    state: str
    zip: str

    @property
    def address(self) -> common.PostalAddress:
        return common.PostalAddress(
            line=self.street, city=self.city, state=self.state, zip=self.zip
        )


@dataclass(frozen=True, slots=True)
class Program:
    """`kind`: SUBSTANCE_USE, MENTAL_HEALTH or DUAL; `under_part2`: 42 CFR Part 2 governs it."""

    key: str
    site: str
    kind: str
    under_part2: bool


@dataclass(frozen=True, slots=True)
class Facilitator:
    key: str
    credential: str
    taxonomy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Three times a week. `meets`: weekday and start, in minutes after midnight by the site."""

    key: str
    program: str
    facilitator: str
    modality: str
    meets: tuple[tuple[int, int], ...]
    break_minutes: int = 0

    @property
    def minutes(self) -> int:
        """From start to end, the break included."""
        return TREATED_MINUTES + self.break_minutes


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation that bills; `fees`: what it charges for a unit of a code, in cents."""

    key: str
    name: str
    fees: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Payer:
    """`filing_indicator`: SBR09, what kind of payer it is; `billed_by`: the provider's key."""

    key: str
    name: str
    number: str
    filing_indicator: str
    billed_by: str


SITES = (
    Site(
        "lantern row", "Lantern Row IOP", CENTRAL, "2150 Lantern Row", "Chicago", "IL", "606223417"
    ),
    Site(
        "breakwater", "Breakwater IOP", CENTRAL, "8 Breakwater Way", "Milwaukee", "WI", "532021904"
    ),
    Site("tollgate", "Tollgate IOP", EASTERN, "31 Old Tollgate", "Albany", "NY", "122072216"),
)
PROGRAMS = (
    Program("substance use", "lantern row", "SUBSTANCE_USE", under_part2=True),
    Program("mental health", "breakwater", "MENTAL_HEALTH", under_part2=False),
    Program("dual", "breakwater", "DUAL", under_part2=True),
    Program("online", "tollgate", "SUBSTANCE_USE", under_part2=True),
)
FACILITATORS = (
    Facilitator("first facilitator", "LCSW", "1041C0700X"),
    Facilitator("second facilitator", "CADC", "101YA0400X"),
    Facilitator("third facilitator", "LPC", "101YP2500X"),
    Facilitator("fourth facilitator", "LCSW", "1041C0700X"),
    Facilitator("fifth facilitator", "LMHC", "101YM0800X"),
)
# Reads charts of all three sites and leads no group: credentialed in each of their states.
AUDITOR_CREDENTIAL, AUDITOR_NPI = "LCSW", "1234567893"
NINE, HALF_PAST_FIVE, SIX, HALF_PAST_ELEVEN_PM, ONE = 540, 1050, 1080, 1410, 780
GROUPS = (
    Group(
        key="day",
        program="substance use",
        facilitator="first facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, NINE), (WEDNESDAY, NINE), (FRIDAY, NINE)),
        break_minutes=15,
    ),
    Group(
        key="evening",
        program="substance use",
        facilitator="second facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, HALF_PAST_FIVE), (TUESDAY, HALF_PAST_FIVE), (THURSDAY, HALF_PAST_FIVE)),
    ),
    Group(
        key="morning",
        program="mental health",
        facilitator="third facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, NINE), (WEDNESDAY, NINE), (FRIDAY, NINE)),
        break_minutes=15,
    ),
    Group(
        key="both",
        program="dual",
        facilitator="fourth facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, SIX), (TUESDAY, SIX), (THURSDAY, SIX)),
    ),
    Group(
        key="weekend",
        program="dual",
        facilitator="third facilitator",
        modality="IN_PERSON",
        meets=((FRIDAY, HALF_PAST_ELEVEN_PM), (SATURDAY, HALF_PAST_ELEVEN_PM), (SUNDAY, ONE)),
    ),
    Group(
        key="online",
        program="online",
        facilitator="fifth facilitator",
        modality="TELEHEALTH",
        meets=((TUESDAY, SIX), (WEDNESDAY, SIX), (THURSDAY, SIX)),
    ),
)
# Invented, as all amounts here. The state pays H0015 by the quarter of an hour, not by the day.
PROVIDERS = (
    Provider(
        "provider",
        "Lantern Row Recovery LLC",
        {
            "H0015": 28_500,
            "S9480": 31_000,
            "H0005": 4_200,
            "H0004": 2_900,
            "T1006": 8_800,
            "H0001": 15_500,
            "90791": 21_000,
            "90834": 12_000,
            "90853": 6_500,
            "99213": 11_800,
        },
    ),
    Provider("community provider", "Lantern Row Community Care", {"H0015": 2_350, "H0031": 3_100}),
)
PAYERS = (
    Payer(PER_DIEM_PAYER, "Prairie Example Health Plan", "PRXHP", "CI", "provider"),
    Payer(INSTITUTIONAL_PAYER, "Lakeshore Example Mutual", "LKXMU", "CI", "provider"),
    Payer(UNITS_PAYER, "Example State Medical Assistance", "EXSMA", "MC", "community provider"),
    Payer(DISCRETE_PAYER, "Heartland Example Benefit", "HLXBN", "CI", "provider"),
)


def group_of(key: str) -> Group:
    return next(group for group in GROUPS if group.key == key)


def program_of(key: str) -> Program:
    return next(program for program in PROGRAMS if program.key == key)


def site_of(group: Group) -> Site:
    """Where a group meets; of one that meets online, the site that holds it."""
    site = program_of(group.program).site
    return next(each for each in SITES if each.key == site)
