"""Who treats, as claims name them: rendering on an 837P, attending on an 837I.

Names of staff identify no client, yet they stay in this service: no public fact carries them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPractitioner:
    """`staff_id` is attendance's; `taxonomy` is empty where no claim needs it."""

    staff_id: str
    family_name: str
    given_name: str
    npi: str
    taxonomy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRegistered:
    staff_id: str
    family_name: str
    given_name: str
    npi: str
    taxonomy: str


def decide(
    command: RegisterPractitioner, registered: PractitionerRegistered | None
) -> Iterator[PractitionerRegistered]:
    """Registering again says what changed: people marry, and get other taxonomies."""
    fact = PractitionerRegistered(
        staff_id=command.staff_id,
        family_name=command.family_name,
        given_name=command.given_name,
        npi=command.npi,
        taxonomy=command.taxonomy,
    )
    if fact != registered:
        yield fact


def evolve(
    _: PractitionerRegistered | None, fact: PractitionerRegistered
) -> PractitionerRegistered | None:
    return fact


PRACTITIONER = Decider(decide, evolve, None)
