"""Who a client is: said at registration, and anew from a day on; and what of it others may hear.

The words are sealed. Facts have the versions of them, and which versions say the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from kernel.decider import filled
from services.intake.domain.episode import Label
from services.intake.domain.versions import first_said


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson:
    """From this day on the client is who these versions say; `contacts_version` 0: says none."""

    client_id: str
    changed_from: date
    identity_version: int = 0
    contacts_version: int = 0
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged:
    """Of several of one day the last one counts."""

    client_id: str
    changed_from: date
    identity_version: int
    contacts_version: int
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityParts:
    """What of a sealed identity claims say, part by part. Never kept, never logged."""

    name: str
    birth_date: str
    sex: str
    address: str

    def __repr__(self) -> str:
        return "IdentityParts()"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPeriod:
    """Each part by the first version that said it so; `since` None: all along."""

    since: date | None
    name: int
    birth_date: int
    sex: int
    address: int


PARTS = tuple(part.name for part in fields(IdentityParts))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAmended:
    """Who the client is now, and was: `periods`, oldest first. Of several the last one counts.

    `version`: the newest of the sealed identity, which says what the last period does.
    """

    client_id: str
    version: int
    periods: tuple[IdentityPeriod, ...]
    label: Label


PersonFact = PersonChanged | IdentityAmended


@dataclass(frozen=True, slots=True)
class Person:
    """What later decisions need to know. `registered`: the version that was sealed then."""

    registered: int = 0
    changes: tuple[PersonChanged, ...] = ()
    amended: IdentityAmended | None = None

    @property
    def versions(self) -> Mapping[date | None, int]:
        """First day (None: all along) → the identity of then, in the order of days."""
        ordered = sorted(self.changes, key=lambda change: change.changed_from)
        return {
            None: self.registered,
            **{change.changed_from: change.identity_version for change in ordered},
        }

    @property
    def version(self) -> int:
        """Of who the client is now."""
        *_, last = self.versions.values()
        return last


def decide(command: ChangePerson, person: Person) -> Iterator[PersonChanged]:
    """The same of the same day adds nothing."""
    changed = filled(PersonChanged, command)
    of_day = [change for change in person.changes if change.changed_from == command.changed_from]
    if not of_day or replace(of_day[-1], label=command.label) != changed:
        yield changed


def evolve(person: Person, fact: PersonFact) -> Person:
    if isinstance(fact, PersonChanged):
        return replace(person, changes=(*person.changes, fact))
    return replace(person, amended=fact)


def amended(
    client_id: str, person: Person, sealed: Sequence[IdentityParts], label: Label
) -> Iterator[IdentityAmended]:
    """What others hear, where it isn't what they heard: `sealed`, every version from the first."""
    periods: list[IdentityPeriod] = []
    for since, version in person.versions.items():
        period = IdentityPeriod(since=since, **first_said(sealed, version, PARTS))
        if not periods or replace(periods[-1], since=since) != period:
            periods.append(period)
    now = IdentityAmended(
        client_id=client_id, version=len(sealed), periods=tuple(periods), label=label
    )
    heard = person.amended or _as_registered(client_id, label)
    if replace(now, label=heard.label) != heard:
        yield now


def _as_registered(client_id: str, label: Label) -> IdentityAmended:
    first = dict.fromkeys(PARTS, 1)
    return IdentityAmended(
        client_id=client_id, version=1, periods=(IdentityPeriod(since=None, **first),), label=label
    )
