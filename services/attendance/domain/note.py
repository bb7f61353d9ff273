"""The note of a client's session: signed, attested; of a group: what its parts must be."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from kernel.decider import filled
from kernel.refusal import AgainstTheRules, BrokenRule
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.refusals import SessionNotStarted, naming


class NoteAlreadySigned(BrokenRule):
    """A signed note is never changed."""

    code, about = "NOTE_ALREADY_SIGNED", "session_id"
    words = "this note is signed"


class NoteAlreadyAttested(BrokenRule):
    """An attestation is a statement of its own, and stands."""

    code, about = "NOTE_ALREADY_ATTESTED", "session_id"
    words = "this note is attested"


class NoteNotSigned(BrokenRule):
    """What isn't signed is written, not added to."""

    code, about = "NOTE_NOT_SIGNED", "session_id"
    words = "this note is not signed; sign it"


class ClientNotThere(BrokenRule):
    """A note is of treatment that somebody was given."""

    code, about = "CLIENT_NOT_THERE", "session_id"
    words = "nobody recorded that the client was there; check in, or correct the attendance first"


class NotePartsIdentical(AgainstTheRules):
    """Cloned notes are an audit finding: each client's part says something of that client."""

    def __init__(self, client_ids: list[str]) -> None:
        super().__init__(
            "NOTE_PARTS_IDENTICAL",
            "each client needs a part of their own: these have the same text, or the group's",
            **naming(client_ids),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignNote:
    encounter: Encounter
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestNote:
    """Of a note that was signed late, or never; whether it was late is for the payer to say."""

    encounter: Encounter
    attested_by: str
    attested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAddendum:
    encounter: Encounter
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigned:
    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAttested:
    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    attested_by: str
    attested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddendumAdded:
    """To a signed note. `text_version`: of the sealed text, filled in when it is."""

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    added_by: str
    added_at: datetime
    text_version: int = 0


def sign(command: SignNote, *, signed: bool, there: bool) -> NoteSigned:
    """Signed once; before or after closing. Refused of a session cancelled or still to come, and of
    who wasn't there."""
    encounter = command.encounter
    encounter.require_held()
    if command.signed_at < encounter.starts_at:
        raise SessionNotStarted(encounter.session_id)
    if signed:
        raise NoteAlreadySigned(encounter.session_id)
    if not there:
        raise ClientNotThere(encounter.session_id)
    return filled(NoteSigned, command, encounter)


def attest(command: AttestNote, *, attested: bool, there: bool) -> NoteAttested:
    """Once, of a closed session, and of who was there."""
    encounter = command.encounter
    encounter.require_closed()
    if attested:
        raise NoteAlreadyAttested(encounter.session_id)
    if not there:
        raise ClientNotThere(encounter.session_id)
    return filled(NoteAttested, command, encounter)


def add(command: AddAddendum, *, signed: bool) -> AddendumAdded:
    """As often as there is something to add; to a signed note."""
    if not signed:
        raise NoteNotSigned(command.encounter.session_id)
    return filled(AddendumAdded, command, command.encounter, text_version=0)


def require_individual(group_text: str, parts: Mapping[str, str]) -> None:
    """`parts`: client → text. Refuses two that are the same, or the same as the group's part.

    Case and white space make no difference (domain guide, section 4: cloned notes).
    """
    clients: dict[str, list[str]] = defaultdict(list)
    for client_id, text in parts.items():
        clients[_plain(text)].append(client_id)
    cloned = [
        client_id
        for text, same in clients.items()
        if len(same) > 1 or text == _plain(group_text)
        for client_id in same
    ]
    if cloned:
        raise NotePartsIdentical(cloned)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
