"""What a credential is for: one table, beside the roles that policies name.

A role opens a door to a person; an act behind it takes a credential, valid on the day of the act.
A type is one of a closed list, valid in a state. Where one wasn't told, free text counts if it is a
type's own abbreviation.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kernel.refusal import NotAllowed

SIGN, CERTIFY, SEE_SCORES = "SIGN", "CERTIFY", "SEE_SCORES"
PHYSICIANS = frozenset({"MD", "DO"})
# Independent or certified practitioners whose signature a plan of care carries. Students, trainees
# and peers aren't among them.
SIGNING = PHYSICIANS | {
    *("LCSW", "LICSW", "LMSW", "LPC", "LCPC", "LPCC", "LMHC", "LMFT"),
    *("CADC", "LADC", "LCADC", "PHD", "PSYD", "NP", "APRN", "PMHNP", "PA", "RN"),
}
ACTS = {
    SIGN: SIGNING,
    # A physician certifies the need for intensive outpatient care (42 CFR 424.24(d)(1)).
    CERTIFY: PHYSICIANS,
    # Who treats, trainees under supervision among them. Students learn and peers support: they do
    # without scores (minimum necessary, 45 CFR 164.502(b)).
    SEE_SCORES: SIGNING | {"TRAINEE"},
}
"""Act → abbreviations of the types of credential that it takes."""
SEES_CLINICAL = "clinician"


def sees_clinical(roles: Collection[str]) -> bool:
    """Whether diagnoses are told to these roles; scores, to whom `HeardCredentials.sees_scores`."""
    return SEES_CLINICAL in roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """`text` as recorded; `type` empty: it alone tells. `state` empty: valid anywhere.

    `effective_from` is its first day, `effective_to` the last; None: none is known.
    """

    text: str
    effective_from: date
    effective_to: date | None = None
    type: str = ""
    state: str = ""

    @property
    def abbreviation(self) -> str:
        return self.type or self.text.strip().upper()

    def is_valid(self, day: date, state: str) -> bool:
        """On that day, in that state; empty: nobody knows which, and a state's own isn't."""
        in_time = self.effective_from <= day <= (self.effective_to or date.max)
        return in_time and self.state in ("", state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """The state whose credentials count at a site, empty: nobody knows; and the site's clock."""

    state: str = ""
    time_zone: str = "UTC"

    def day(self, now: datetime) -> date:
        """The date there."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


NOWHERE = Jurisdiction()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReader:
    """Who asks, by what their token says, and when."""

    person: str
    roles: frozenset[str]
    sites: frozenset[str]
    now: datetime


def require_for(
    act: str, held: Iterable[Credential], days: Collection[date], state: str, *, said: str = ""
) -> str:
    """The abbreviation of a credential for this act that is valid in the state on all these days.

    With `said`, of that one. Refuses (NOT_CREDENTIALED) who holds none, and says which is asked:
    for which act, in which state (empty: nobody knows), on which days.
    """
    for credential in held:
        fits = credential.abbreviation in ACTS[act]
        meant = said.strip().upper() in ("", credential.abbreviation)
        if fits and meant and all(credential.is_valid(day, state) for day in days):
            return credential.abbreviation
    raise NotAllowed(
        "NOT_CREDENTIALED",
        "no credential of yours is for this then and there",
        act=act,
        state=state,
        on=", ".join(map(str, sorted(days))),
    )
