"""An episode of care: the admission to a program, and what it makes of confidentiality."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed

PART2 = "PART2"
HIPAA = "HIPAA"
LEVEL = re.compile(r"[0-4](\.[0-9])?")  # ASAM's numbers: 1, 2.1, 3.7


class AlreadyInProgram(AgainstTheRules):
    """A client has at most one open episode in a program."""

    def __init__(self, client_id: str, program_id: str) -> None:
        super().__init__(
            "ALREADY_IN_PROGRAM",
            "the client has an open episode in this program; close it first",
            client_id=client_id,
            program_id=program_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`kind`: SUBSTANCE_USE, MENTAL_HEALTH or DUAL; `under_part2`: 42 CFR Part 2 governs it."""

    program_id: str
    kind: str
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEpisode:
    """An episode of the client's, as other decisions about them need it."""

    program_id: str
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitClient:
    """`others`: the client's open episodes, filled in under the client's lock."""

    client_id: str
    episode_id: str
    site_id: str
    program: Program
    level_of_care: str
    admitted_on: date
    now: datetime
    others: tuple[OpenEpisode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdmitted:
    client_id: str
    episode_id: str
    site_id: str
    program: Program
    level_of_care: str
    admitted_on: date
    label: str


@dataclass(frozen=True, slots=True)
class Episode:
    """What later decisions need to know."""

    admitted: bool = False


def decide(command: AdmitClient, episode: Episode) -> Iterator[ClientAdmitted]:
    """Refuses what is no level of care, an admission after tomorrow, and AlreadyInProgram."""
    if episode.admitted:
        return
    if not LEVEL.fullmatch(command.level_of_care):
        raise Malformed(level_of_care="is no level of care, such as 2.1")
    # Now is UTC: a day's grace is enough for every time zone.
    if command.admitted_on > (command.now + timedelta(days=1)).date():
        raise Malformed(admitted_on="is in the future")
    program = command.program
    if any(other.program_id == program.program_id for other in command.others):
        raise AlreadyInProgram(command.client_id, program.program_id)
    this = OpenEpisode(program_id=program.program_id, under_part2=program.under_part2)
    yield ClientAdmitted(
        client_id=command.client_id,
        episode_id=command.episode_id,
        site_id=command.site_id,
        program=program,
        level_of_care=command.level_of_care,
        admitted_on=command.admitted_on,
        label=label_of([*command.others, this]),
    )


def evolve(_: Episode, __: ClientAdmitted) -> Episode:
    return Episode(admitted=True)


EPISODE = Decider(decide, evolve, Episode())


def is_under_part2(episodes: Iterable[OpenEpisode]) -> bool:
    """Whether 42 CFR Part 2 governs what intake knows of a client with these episodes.

    One episode in a program under Part 2 suffices. Before any admission the answer is yes too: who
    applied to a Part 2 program for treatment, or for referral to it, is its patient already
    (42 CFR 2.11), and what would identify them as one is protected (2.12(a)(1)). Nobody knows yet
    which program will admit them, so the strict answer holds until one admits that is not under
    Part 2.
    """
    known = list(episodes)
    return not known or any(episode.under_part2 for episode in known)


def label_of(episodes: Iterable[OpenEpisode]) -> str:
    """PART2 or HIPAA: what a fact about a client with these episodes is labelled."""
    return PART2 if is_under_part2(episodes) else HIPAA
