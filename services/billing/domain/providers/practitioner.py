"""Who treats, as claims name them: rendering on an 837P, attending on an 837I.

Names of staff identify no client, yet they stay in this service: no public fact carries them. Their
numbers do, so that what had left with a wrong one is found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules


class NpiDiffers(AgainstTheRules):
    """A person has one NPI, and attendance records it."""

    def __init__(self, staff_id: str) -> None:
        super().__init__(
            "NPI_DIFFERS",
            "attendance recorded another NPI of this person; there the credential is put right",
            staff_id=staff_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPractitioner:
    """`staff_id` is attendance's; `taxonomy` is empty where no claim needs it."""

    staff_id: str
    family_name: str
    given_name: str
    npi: str
    taxonomy: str

    def require_npi(self, heard_npi: str) -> None:
        """Refuses (NpiDiffers) another than attendance told; empty: it told none."""
        if heard_npi not in ("", self.npi):
            raise NpiDiffers(self.staff_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRegistered:
    staff_id: str
    family_name: str
    given_name: str
    npi: str
    taxonomy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerNumbered:
    """By which NPI claims name the person from now on; `first_npi`: as they were registered first.

    What others hear of them. Of several the last one counts.
    """

    staff_id: str
    npi: str
    first_npi: str


PractitionerFact = PractitionerRegistered | PractitionerNumbered


def decide(
    command: RegisterPractitioner, registered: PractitionerRegistered | None
) -> Iterator[PractitionerRegistered]:
    """Registering again says what changed: people marry, and get other taxonomies."""
    fact = filled(PractitionerRegistered, command)
    if fact != registered:
        yield fact


def evolve(
    registered: PractitionerRegistered | None, fact: PractitionerFact
) -> PractitionerRegistered | None:
    return fact if isinstance(fact, PractitionerRegistered) else registered


PRACTITIONER: Decider[RegisterPractitioner, PractitionerFact, PractitionerRegistered | None] = (
    Decider(decide, evolve, None)
)


def numbered(
    first: PractitionerRegistered, standing: Sequence[PractitionerFact]
) -> Iterator[PractitionerNumbered]:
    """What others hear of the number that stands, where it isn't what they heard.

    Of somebody whose every registration was taken back, what they heard last stays.
    """
    heard = [fact for fact in standing if isinstance(fact, PractitionerNumbered)]
    registered = [fact for fact in standing if isinstance(fact, PractitionerRegistered)]
    for stands in registered[-1:]:
        now = filled(PractitionerNumbered, stands, first_npi=first.npi)
        if now not in heard[-1:]:
            yield now
