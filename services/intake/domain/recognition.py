"""By what people are recognised: folded as it is compared, and two who may be one person."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.decider import Decider, filled
from kernel.refusal import Malformed
from services.intake.domain.episode import Label


class DoublesVerdict(StrEnum):
    """What somebody judged of two clients who may be one person."""

    ONE_PERSON = "ONE_PERSON"
    TWO_PEOPLE = "TWO_PEOPLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What of a sealed identity people are recognised by. Never kept, never logged."""

    family_name: str
    given_name: str
    birth_date: date

    def __repr__(self) -> str:
        return "Particulars()"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniseMember:
    client_id: str
    coverage_id: str
    key: str
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecognised:
    """Whose member the coverage is: `key`, a keyed hash, is the same for the same person."""

    client_id: str
    coverage_id: str
    key: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeDoubles:
    client_id: str
    other_client_id: str
    verdict: DoublesVerdict
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class DoublesJudged:
    """Who judged is the fact's actor; by what, the document that is sealed with it says."""

    client_id: str
    other_client_id: str
    verdict: DoublesVerdict
    label: Label


def recognise(
    command: RecogniseMember, recognised: MemberRecognised | None
) -> Iterator[MemberRecognised]:
    """Of several the last one counts; the same again adds nothing."""
    if recognised is None or recognised.key != command.key:
        yield filled(MemberRecognised, command)


def last_recognised(_: MemberRecognised | None, fact: MemberRecognised) -> MemberRecognised | None:
    return fact


def judge(command: JudgeDoubles, judged: DoublesJudged | None) -> Iterator[DoublesJudged]:
    """The last word holds; the same again adds nothing. One client is no two (Malformed)."""
    if command.client_id == command.other_client_id:
        raise Malformed(other_client_id="is the same client")
    if judged is None or judged.verdict != command.verdict:
        yield filled(DoublesJudged, command)


def last_judged(_: DoublesJudged | None, fact: DoublesJudged) -> DoublesJudged | None:
    return fact


MEMBER = Decider(recognise, last_recognised, None)
DOUBLES = Decider(judge, last_judged, None)


def membership_words(payer_id: str, member_number: str, born: date) -> tuple[str, ...]:
    """What makes one member of a payer's; families share a number, so the birth date too."""
    return ("member", payer_id, folded(member_number), born.isoformat())


def person_words(person: Particulars) -> tuple[str, ...]:
    """What makes one person, as far as registering knows."""
    names = (folded(person.family_name), folded(person.given_name))
    return ("person", *names, person.birth_date.isoformat())


def folded(text: str) -> str:
    """Letters and digits alone, as one case has them; a text without any as it is."""
    one_form = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in one_form if character.isalnum()) or text
