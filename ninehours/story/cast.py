"""The people of the story: invented, the same for the same seed, and nobody's who lives."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from ninehours.story.names import CITIES, FAMILY_NAMES, GIVEN_NAMES, NOTES, STREETS, WISHES
from services.billing.domain.x12.npi import check_digit_for

CLIENTS = 12
SUBSTANCE_USE = ("F10.20", "F11.20", "F12.20", "F14.20", "F15.20")
BESIDE_IT = ("F33.1", "F41.1", "F43.10")
OLDEST = date(1951, 1, 1)
YOUNGEST = date(2004, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One invented client. `phq9`: answers to items 1 to 10; to item 9, self-harm, always 0.

    `wish` is the goal in the client's words, `note` what a clinician writes: both hold the name.
    """

    key: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    street: str
    city: str
    zip: str
    member_number: str
    authorization_number: str
    phq9: tuple[int, ...]
    diagnoses: tuple[str, ...]
    wish: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody, and what happens to whom."""

    seed: int
    clients: tuple[Client, ...]
    site_npi: str
    provider_npi: str
    clinician_npi: str
    tax_id: str

    @property
    def no_show(self) -> Client:
        return self.clients[0]

    @property
    def leaves_early(self) -> Client:
        return self.clients[1]

    @property
    def signed_late(self) -> Client:
        return self.clients[2]

    @property
    def never_signed(self) -> Client:
        return self.clients[3]

    @property
    def corrected(self) -> Client:
        return self.clients[4]


def make_cast(seed: int) -> Cast:
    """The cast of a seed."""
    chance = random.Random(seed)  # noqa: S311  the same people each time, no secret
    families = chance.sample(FAMILY_NAMES, CLIENTS)
    return Cast(
        seed=seed,
        clients=tuple(_client(chance, n, family) for n, family in enumerate(families, start=1)),
        site_npi=_npi(chance),
        provider_npi=_npi(chance),
        clinician_npi=_npi(chance),
        tax_id=f"36{chance.randrange(10**7):07d}",
    )


def _client(chance: random.Random, number: int, family: str) -> Client:
    given = chance.choice(GIVEN_NAMES)
    city, zip5 = chance.choice(CITIES)
    second = chance.choice((None, *BESIDE_IT))
    return Client(
        key=f"client {number:02d}",
        family_name=family,
        given_name=given,
        birth_date=OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days)),
        sex=chance.choice(("SEX_FEMALE", "SEX_MALE", "SEX_UNKNOWN")),
        street=f"{chance.randrange(100, 9000)} {chance.choice(STREETS)}",
        city=city,
        zip=f"{zip5}{chance.randrange(1, 10**4):04d}",
        # The running number keeps them apart, whatever chance says.
        member_number=f"NHX{chance.randrange(10**7):07d}{number:02d}",
        authorization_number=f"AUZ{chance.randrange(10**6):06d}{number:02d}",
        phq9=(*(chance.randint(1, 3) for _ in range(8)), 0, chance.randint(0, 3)),
        diagnoses=(chance.choice(SUBSTANCE_USE), *([second] if second else [])),
        wish=chance.choice(WISHES).format(given=given, family=family),
        note=chance.choice(NOTES).format(given=given, family=family),
    )


def _npi(chance: random.Random) -> str:
    nine = f"1{chance.randrange(10**8):08d}"
    return nine + check_digit_for(nine)
