"""The network of the story: three sites in two time zones, their groups, and four payers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ninehours.common.v1 import common_pb2 as common

from ninehours.story import days
from ninehours.story.days import FRIDAY, MONDAY, SATURDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY
from ninehours.story.gateway import AUDITOR, PHYSICIAN

LEVEL = "2.1"
STEP_DOWN_LEVEL, STEP_UP_LEVEL = "1", "2.5"
TREATED_MINUTES = 180
CAPACITY = 15
# Clinic or center, rehabilitation, substance use disorder.
TAXONOMY = "261QR0405X"
ProgramKind = Literal["SUBSTANCE_USE", "MENTAL_HEALTH", "DUAL"]
Modality = Literal["IN_PERSON", "TELEHEALTH"]


class PayerKey(StrEnum):
    """The payers, by how they pay."""

    PER_DIEM = "prairie"
    INSTITUTIONAL = "lakeshore"
    UNITS = "state"
    DISCRETE = "heartland"


@dataclass(frozen=True, slots=True)
class DemoSite:
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
class DemoProgram:
    """`under_part2`: 42 CFR Part 2 governs it."""

    key: str
    site: str
    kind: ProgramKind
    under_part2: bool


@dataclass(frozen=True, slots=True)
class Facilitator:
    key: str
    credential: str
    taxonomy: str


@dataclass(frozen=True, slots=True)
class AtEverySite:
    """`subject`: of their tokens."""

    key: str
    subject: str
    credential: str
    npi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoGroup:
    """Three times a week. `meets`: weekday and start, in minutes after midnight by the site."""

    key: str
    program: str
    facilitator: str
    modality: Modality
    meets: tuple[tuple[int, int], ...]
    break_minutes: int = 0

    @property
    def minutes(self) -> int:
        """From start to end, the break included."""
        return TREATED_MINUTES + self.break_minutes


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """An organisation that bills; `fees`: what it charges for a unit of a code, in cents."""

    key: str
    name: str
    fees: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DemoPayer:
    """`filing_indicator`: SBR09, what kind of payer it is; `billed_by`: the provider's key."""

    key: PayerKey
    name: str
    number: str
    filing_indicator: str
    billed_by: str


SITES = (
    DemoSite(
        "lantern row",
        "Lantern Row IOP",
        days.CENTRAL,
        "2150 Lantern Row",
        "Chicago",
        "IL",
        "606223417",
    ),
    DemoSite(
        "breakwater",
        "Breakwater IOP",
        days.CENTRAL,
        "8 Breakwater Way",
        "Milwaukee",
        "WI",
        "532021904",
    ),
    DemoSite(
        "tollgate", "Tollgate IOP", days.EASTERN, "31 Old Tollgate", "Albany", "NY", "122072216"
    ),
)
PROGRAMS = (
    DemoProgram("substance use", "lantern row", "SUBSTANCE_USE", under_part2=True),
    DemoProgram("mental health", "breakwater", "MENTAL_HEALTH", under_part2=False),
    DemoProgram("dual", "breakwater", "DUAL", under_part2=True),
    DemoProgram("online", "tollgate", "SUBSTANCE_USE", under_part2=True),
)
FACILITATORS = (
    Facilitator("first facilitator", "LCSW", "1041C0700X"),
    Facilitator("second facilitator", "CADC", "101YA0400X"),
    Facilitator("third facilitator", "LPC", "101YP2500X"),
    Facilitator("fourth facilitator", "LCSW", "1041C0700X"),
    Facilitator("fifth facilitator", "LMHC", "101YM0800X"),
)
# Those who see clients of all three sites and lead no group: credentialed in each of their states.
EVERYWHERE = (
    AtEverySite("clinical auditor", AUDITOR.id, "LCSW", "1234567893"),
    AtEverySite("physician", PHYSICIAN.id, "MD", "1245319599"),
)
NINE, HALF_PAST_FIVE, SIX, HALF_PAST_ELEVEN_PM, ONE = 540, 1050, 1080, 1410, 780
GROUPS = (
    DemoGroup(
        key="day",
        program="substance use",
        facilitator="first facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, NINE), (WEDNESDAY, NINE), (FRIDAY, NINE)),
        break_minutes=15,
    ),
    DemoGroup(
        key="evening",
        program="substance use",
        facilitator="second facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, HALF_PAST_FIVE), (TUESDAY, HALF_PAST_FIVE), (THURSDAY, HALF_PAST_FIVE)),
    ),
    DemoGroup(
        key="morning",
        program="mental health",
        facilitator="third facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, NINE), (WEDNESDAY, NINE), (FRIDAY, NINE)),
        break_minutes=15,
    ),
    DemoGroup(
        key="both",
        program="dual",
        facilitator="fourth facilitator",
        modality="IN_PERSON",
        meets=((MONDAY, SIX), (TUESDAY, SIX), (THURSDAY, SIX)),
    ),
    DemoGroup(
        key="weekend",
        program="dual",
        facilitator="third facilitator",
        modality="IN_PERSON",
        meets=((FRIDAY, HALF_PAST_ELEVEN_PM), (SATURDAY, HALF_PAST_ELEVEN_PM), (SUNDAY, ONE)),
    ),
    DemoGroup(
        key="online",
        program="online",
        facilitator="fifth facilitator",
        modality="TELEHEALTH",
        meets=((TUESDAY, SIX), (WEDNESDAY, SIX), (THURSDAY, SIX)),
    ),
)
# Invented, as all amounts here. The state pays H0015 by the quarter of an hour, not by the day.
PROVIDERS = (
    DemoProvider(
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
    DemoProvider(
        "community provider", "Lantern Row Community Care", {"H0015": 2_350, "H0031": 3_100}
    ),
)
PAYERS = (
    DemoPayer(PayerKey.PER_DIEM, "Prairie Example Health Plan", "PRXHP", "CI", "provider"),
    DemoPayer(PayerKey.INSTITUTIONAL, "Lakeshore Example Mutual", "LKXMU", "CI", "provider"),
    DemoPayer(
        PayerKey.UNITS, "Example State Medical Assistance", "EXSMA", "MC", "community provider"
    ),
    DemoPayer(PayerKey.DISCRETE, "Heartland Example Benefit", "HLXBN", "CI", "provider"),
)


def group_of(key: str) -> DemoGroup:
    return next(group for group in GROUPS if group.key == key)


def program_of(key: str) -> DemoProgram:
    return next(program for program in PROGRAMS if program.key == key)


def site_of(group: DemoGroup) -> DemoSite:
    """Where a group meets; of one that meets online, the site that holds it."""
    site = program_of(group.program).site
    return next(found for found in SITES if found.key == site)
