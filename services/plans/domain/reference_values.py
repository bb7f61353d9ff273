"""Numbers that come from the field, as data: each with its source, and whether it was verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """The least minutes a week of each level of care, and which version of them this is;
    `ceiling_minutes`: the most that are meant, which nothing is decided by."""

    version: str
    floor_minutes: Mapping[str, int]
    ceiling_minutes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceValue:
    """`verified`: empty while the source itself was not read."""

    value: int
    source: str
    verified: str = ""


# Recertification at least every so many days. UNVERIFIED against the regulation's own text; pages
# about it agree (legalclarity.org/cms-iop-billing-guidelines-for-medicare-reimbursement). It is a
# Medicare rule: a payer that asks for less is a matter of that payer's rules.
RECERTIFICATION_DAYS = ReferenceValue(
    value=60, source="42 CFR 424.24(d), intensive outpatient services"
)

# Instrument → the least difference of two scores that is more than the instrument's own noise.
# UNVERIFIED against the manual itself; cbtwatch.com (no-justification-for-nhs-talking-theapies)
# cites it with this number. Others take 5 points, which is a clinically meaningful change, not a
# reliable one.
RELIABLE_CHANGE: Mapping[str, ReferenceValue] = {
    "phq9": ReferenceValue(
        value=6, source="NHS Talking Therapies (IAPT) manual, reliable change index"
    ),
}

# Services that are treatment: what the hours of a level of care are of. A visit to the prescriber
# and an evaluation are services of their own, outside the program's hours. UNVERIFIED: the book is
# licensed (The ASAM Criteria, level 2.1: structured programming of counseling and education); the
# domain guide's section 12 has both outside the per diem (kipuhealth.zendesk.com 24867651850267).
THERAPY = frozenset({"GROUP", "INDIVIDUAL", "FAMILY"})

# A score taken so many days before an admission may be the episode's first: intake assesses
# before it admits. A choice of this system; no source sets it.
BASELINE_DAYS = ReferenceValue(value=30, source="Ninehours")

# Intensive outpatient, adults: at least nine hours a week (ASAM level 2.1; domain.md, section 1.1).
# That fifteen are the most is a choice of this system: the next level begins at twenty.
ASAM_ADULTS = Bands(
    version="asam-adults/1", floor_minutes={"2.1": 540}, ceiling_minutes={"2.1": 900}
)
