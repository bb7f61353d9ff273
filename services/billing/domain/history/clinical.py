"""What other services say of a client: the facts that billing derives from, each with its id."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Program:
    """What a session was part of; one that isn't known is under 42 CFR Part 2."""

    program_id: str = ""
    under_part2: bool = True


NOT_KNOWN = Program()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Of its program the id alone: what governs a day is its sessions' to say."""

    fact: str
    episode_id: str
    site_id: str
    level_of_care: str
    admitted_on: date
    program_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """`discharged_on` is the episode's last day; `reason` as plans names it, without prefix."""

    fact: str
    episode_id: str
    discharged_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """`sequence`: its place in its owner's log, which says what was recorded later."""

    fact: str
    sequence: int
    code: str
    rank: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisEnd:
    """What was recorded of the code until then is in effect no longer than `last_day`."""

    fact: str
    code: str
    last_day: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    fact: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None
    # 1 is the primary coverage.
    order: int = 1
    # Its place in its owner's log, which says what was said later.
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageEnd:
    """What was verified of the coverage until then ends with `last_day`."""

    fact: str
    coverage_id: str
    last_day: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    fact: str
    consent_id: str
    payer_id: str
    given_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    fact: str
    plan_id: str
    episode_id: str
    in_force_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session the client was expected at. `modality`: IN_PERSON or TELEHEALTH."""

    fact: str
    session_id: str
    site_id: str
    modality: str
    service_date: date
    ends_at: datetime
    # GROUP, INDIVIDUAL, FAMILY, INTAKE_EVALUATION or PRESCRIBER_VISIT.
    service_kind: str = "GROUP"
    facilitator_id: str = ""
    program: Program = NOT_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What was recorded of one session: at closing (`correction` 0), or by a correction.

    `seconds` 0: a release before told minutes alone. `overlap`: the client was at another session
    at that time.
    """

    fact: str
    session_id: str
    site_id: str
    service_date: date
    correction: int
    attended: bool
    minutes: int
    no_check_out: bool = False
    overlap: bool = False
    seconds: int = 0
    program: Program = NOT_KNOWN

    @property
    def time(self) -> int:
        """Whole seconds attended."""
        return self.seconds or self.minutes * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    fact: str
    session_id: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The clinical level from a day on; `sequence` says which was recorded later."""

    fact: str
    episode_id: str
    level_of_care: str
    effective_from: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    fact: str
    consent_id: str
    revoked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Service dates, both included, that the client paid for: not to this payer."""

    fact: str
    payer_id: str
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Nobody missed this session."""

    fact: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A statement of its own about a note that was signed late, or never."""

    fact: str
    session_id: str
