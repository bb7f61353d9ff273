"""Who treats, as claims name them: rendering on an 837P, attending on an 837I.

Names of staff identify no client, yet they stay in this service: no public fact carries them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.decider import filled, of_last_fact
from kernel.refusal import AgainstTheRules


class NpiDiffers(AgainstTheRules):
    """A person has one NPI, and attendance records it."""

    def __init__(self, staff_id: str) -> None:
        super().__init__(
            "NPI_DIFFERS",
            "attendance recorded another NPI of this person; there CredentialStaff corrects it",
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


def decide(
    command: RegisterPractitioner, registered: PractitionerRegistered | None
) -> Iterator[PractitionerRegistered]:
    """Registering again says what changed: people marry, and get other taxonomies."""
    fact = filled(PractitionerRegistered, command)
    if fact != registered:
        yield fact


PRACTITIONER = of_last_fact(decide)
