"""An episode of care: the admission to a program, and what it makes of confidentiality."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, BrokenRule, Malformed, Unknown

LEVEL = re.compile(r"[0-4](\.[0-9])?")  # ASAM's numbers: 1, 2.1, 3.7
# UNSPECIFIED: attendance told of it, but of no kind.
ProgramKind = Literal["SUBSTANCE_USE", "MENTAL_HEALTH", "DUAL", "UNSPECIFIED"]


class Label(StrEnum):
    """Which law governs a fact: 42 CFR Part 2 over HIPAA, or HIPAA alone."""

    PART2 = "PART2"
    HIPAA = "HIPAA"


class AlreadyInProgram(AgainstTheRules):
    """A client has at most one open episode in a program."""

    def __init__(self, client_id: str, program_id: str) -> None:
        super().__init__(
            "ALREADY_IN_PROGRAM",
            "the client has an open episode in this program; close it first",
            client_id=client_id,
            program_id=program_id,
        )


class AlreadyThere(BrokenRule):
    """Who is in a program at a site isn't transferred there."""

    code, about = "ALREADY_THERE", "episode_id"
    words = "the client is in this program at this site on that day already"


class ScreeningDeclined(BrokenRule):
    """Whom the latest screening declined is not admitted until another one finds otherwise."""

    code, about = "SCREENING_DECLINED", "client_id"
    words = "the latest screening declined the client; screen them again first"


class SafetyTaskOpen(AgainstTheRules):
    """Over an open safety task nobody goes on unless a person says why, by name."""

    def __init__(self, task_ids: Iterable[str]) -> None:
        super().__init__(
            "SAFETY_TASK_OPEN",
            "a safety task of HIGH risk is open; close it, or say why all the same",
            task_ids=",".join(task_ids),
        )


class ProgramDiffers(AgainstTheRules):
    """What the caller says of a program is not what attendance opened."""

    def __init__(self, program_id: str, said: str) -> None:
        super().__init__(
            "PROGRAM_DIFFERS",
            "the program is not what was said of it; leave it to attendance, or correct it",
            program_id=program_id,
            said=said,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """As attendance opened it, or (at an admission) as it was known then.

    `under_part2`: 42 CFR Part 2 governs it.
    """

    program_id: str
    kind: ProgramKind
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSummary:
    """An episode of the client's, as other decisions about them need it; `closed_on` None: open.

    One that was transferred is told once for each place, each closed on the first day of the next.

    `under_part2`: what the program is, whatever the admission recorded of it.
    """

    episode_id: str
    program_id: str
    under_part2: bool
    closed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitClient:
    """`reason_version`: of the sealed reason, why in spite of an open safety task; 0: none.

    Filled in under the client's lock: `program`, `others`, `declined` (by the latest screening),
    `open_high`, ids of open safety tasks of HIGH risk.
    """

    client_id: str
    episode_id: str
    site_id: str
    program: Program
    level_of_care: str
    admitted_on: date
    now: datetime
    admitted_by: str = ""
    reason_version: int = 0
    others: tuple[EpisodeSummary, ...] = ()
    declined: bool = False
    open_high: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferClient:
    """`transferred_on`: the first day there.

    Filled in under the client's lock: `program`, `others` (the client's other episodes), `label`.
    """

    client_id: str
    episode_id: str
    site_id: str
    program: Program
    transferred_on: date
    others: tuple[EpisodeSummary, ...] = ()
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseEpisode:
    """`label` is filled in under the client's lock."""

    client_id: str
    episode_id: str
    closed_on: date
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdmitted:
    """`previous_episode_id`: the episode before, where this is a readmission.

    `over_safety_tasks`: HIGH ones that were open, and `decided_by`: who decided so; the reason is
    sealed (`reason_version` 0: of before versions were kept).
    Of `program` only the id is read again: what a program is, attendance's fact says.
    """

    client_id: str
    episode_id: str
    site_id: str
    program: Program
    level_of_care: str
    admitted_on: date
    label: Label
    previous_episode_id: str | None = None
    over_safety_tasks: tuple[str, ...] = ()
    decided_by: str | None = None
    reason_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTransferred:
    """The episode goes on there from that day on."""

    client_id: str
    episode_id: str
    site_id: str
    program: Program
    transferred_on: date
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeClosed:
    client_id: str
    episode_id: str
    closed_on: date
    label: Label


EpisodeCommand = AdmitClient | TransferClient | CloseEpisode
EpisodeFact = ClientAdmitted | ClientTransferred | EpisodeClosed


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an episode is from that day on."""

    first: date
    site_id: str
    program_id: str


@dataclass(frozen=True, slots=True)
class Episode:
    """What later decisions need to know. `client_id` None: nobody was admitted; `closed_on` None:
    it is open.

    `places`: where it was transferred to, as it was recorded.
    """

    client_id: str | None = None
    admitted: Place | None = None
    places: tuple[Place, ...] = ()
    closed_on: date | None = None


def decide(command: EpisodeCommand, episode: Episode) -> Iterator[EpisodeFact]:
    """An admission, a transfer, or the end; the same transfer again, and closing twice, yield
    nothing.

    An admission refuses what is no level of care, a date after tomorrow, one before another episode
    in the program ended, AlreadyInProgram, and ScreeningDeclined. A client nobody screened is
    admitted: screening may have been elsewhere.
    A transfer refuses days on which the client isn't in the episode, or comes to another place; and
    AlreadyThere, AlreadyInProgram. It and closing refuse an episode that is not the client's
    (Unknown).
    """
    match command:
        case AdmitClient():
            if episode.client_id is None:
                yield _admit(command, episode)
        case TransferClient():
            yield from _transfer(command, episode)
        case CloseEpisode():
            if episode.client_id != command.client_id:
                raise Unknown("episode", command.episode_id)
            if episode.closed_on is None:
                yield filled(EpisodeClosed, command)
        case _:
            assert_never(command)


def evolve(episode: Episode, fact: EpisodeFact) -> Episode:
    match fact:
        case ClientAdmitted():
            admitted = Place(fact.admitted_on, fact.site_id, fact.program.program_id)
            return replace(episode, client_id=fact.client_id, admitted=admitted)
        case ClientTransferred():
            place = Place(fact.transferred_on, fact.site_id, fact.program.program_id)
            return replace(episode, places=(*episode.places, place))
        case EpisodeClosed():
            return replace(episode, closed_on=fact.closed_on)
        case _:
            assert_never(fact)


EPISODE = Decider(decide, evolve, Episode())


def is_under_part2(episodes: Iterable[EpisodeSummary]) -> bool:
    """Whether 42 CFR Part 2 governs what intake knows of a client with these episodes.

    One episode in a program under Part 2 suffices, also one that was closed: its records stay what
    they are, and who knows that they exist knows whose patient the client was. Before any admission
    the answer is yes too: who applied to a Part 2 program for treatment, or for referral to it, is
    its patient already (42 CFR 2.11), and what would identify them as one is protected
    (2.12(a)(1)). Nobody knows yet which program will admit them, so the strict answer holds until
    one admits that is not under Part 2.
    """
    listed = list(episodes)
    return not listed or any(episode.under_part2 for episode in listed)


def label_of(episodes: Iterable[EpisodeSummary]) -> Label:
    """What a fact about a client with these episodes is labelled."""
    return Label.PART2 if is_under_part2(episodes) else Label.HIPAA


def _admit(command: AdmitClient, episode: Episode) -> ClientAdmitted:
    if not LEVEL.fullmatch(command.level_of_care):
        raise Malformed(level_of_care="is no level of care, such as 2.1")
    # Now is UTC: a day's grace is enough for every time zone.
    if command.admitted_on > (command.now + timedelta(days=1)).date():
        raise Malformed(admitted_on="is in the future")
    if any(place.first <= command.admitted_on for place in episode.places):
        raise Malformed(admitted_on="is not before the client was transferred")
    if command.declined:
        raise ScreeningDeclined(command.client_id)
    if command.open_high and not command.reason_version:
        raise SafetyTaskOpen(command.open_high)
    program = command.program
    for other in command.others:
        if other.program_id != program.program_id:
            continue
        if other.closed_on is None:
            raise AlreadyInProgram(command.client_id, program.program_id)
        if command.admitted_on < other.closed_on:
            raise Malformed(admitted_on="is before an episode in this program ended")
    this = filled(EpisodeSummary, command, program, closed_on=None)
    return filled(
        ClientAdmitted,
        command,
        label=label_of([*command.others, this]),
        previous_episode_id=_closed_last(command.others),
        over_safety_tasks=command.open_high,
        decided_by=command.admitted_by if command.open_high else None,
    )


def _transfer(command: TransferClient, episode: Episode) -> Iterator[ClientTransferred]:
    if episode.client_id != command.client_id or episode.admitted is None:
        raise Unknown("episode", command.episode_id)
    day, program_id = command.transferred_on, command.program.program_id
    place = Place(day, command.site_id, program_id)
    if place in episode.places:
        return
    if day <= episode.admitted.first:
        raise Malformed(transferred_on="is not after the admission")
    if episode.closed_on is not None and day > episode.closed_on:
        raise Malformed(transferred_on="is after the day on which the episode ended")
    if any(other.first == day for other in episode.places):
        raise Malformed(transferred_on="is the day of another transfer")
    was = max(other for other in (episode.admitted, *episode.places) if other.first < day)
    if (was.site_id, was.program_id) == (place.site_id, place.program_id):
        raise AlreadyThere(command.episode_id)
    for other in command.others:
        if (other.program_id, other.closed_on, episode.closed_on) == (program_id, None, None):
            raise AlreadyInProgram(command.client_id, program_id)
    yield filled(ClientTransferred, command)


def _closed_last(episodes: Iterable[EpisodeSummary]) -> str | None:
    """Of several closed on one day, the one admitted last."""
    all_episodes = list(episodes)
    still_open = {each.episode_id for each in all_episodes if each.closed_on is None}
    previous, last = None, date.min
    for episode in all_episodes:
        if episode.episode_id in still_open:
            continue
        if episode.closed_on is not None and episode.closed_on >= last:
            previous, last = episode.episode_id, episode.closed_on
    return previous
