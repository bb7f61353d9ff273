"""Notes of one session: read, kept while they are written, signed, added to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import billing_work_service_pb2 as billing
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.exchange.v1 import drafts_service_pb2 as drafts

from kernel.credentials import sees_clinical
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from ninehours.console.forms.refusals import says_of
from ninehours.console.pages.my_day.page import NOTE_FORM
from ninehours.console.pages.my_day.rows import in_words, short_date
from ninehours.console.pages.staff import called_by, staff_of
from ninehours.console.pages.today.acts import meta_of
from ninehours.console.pages.today.page import Day, day_named, group_named
from ninehours.console.pages.today.roster import Group, RosterLine, State
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NotYours, Screen, Visit

PATH = "/my-day/notes"
FOR_ALL, ADDENDUM, STATEMENT = "group_text", "addendum", "statement"
TO, WHO, SIGNED, ATTESTED = "to", "subject", "signed", "attested"
ALL = "all"  # of those who were signed, or are to be attested; nobody is chosen until somebody is
THERE = frozenset({State.HERE, State.LEFT, State.ATTENDED})
EVERYBODY = ""  # in place of a client


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePart:
    """Of one client. `note`: as it was signed; None: nobody did, and `text` is what is typed.
    `terms`: what the payer asks of it, where that is known and anything is asked."""

    line: RosterLine
    text: str = field(repr=False)
    note: roster.RecordedNote | None = field(repr=False)
    attestation: roster.RecordedAttestation | None = field(repr=False)
    terms: billing.NoteTerms | None = field(repr=False)
    wrong: str = ""

    @property
    def client_id(self) -> str:
        return self.line.client_id

    @property
    def field(self) -> str:
        """What it is typed in."""
        return part_of(self.client_id)

    @property
    def late(self) -> str:
        """What becomes of it by the payer's rules, as it is late; empty: it isn't."""
        if self.terms is None or not self.terms.late:
            return ""
        return rules.LateSignature.Name(self.terms.late_signature)

    @property
    def to_attest(self) -> bool:
        """It was signed, too late, and nobody attested it yet."""
        is_late = self.late == rules.LateSignature.Name(rules.LATE_SIGNATURE_ATTEST)
        return self.note is not None and is_late and self.attestation is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedNotes:
    """Why it was refused: at fields, or of the whole."""

    at: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""


NOTHING: Mapping[str, Any] = {}
NOT_REFUSED = RefusedNotes()


@dataclass(frozen=True, slots=True)
class NotedSession:
    """One session of a day, with everybody who was there."""

    day: Day
    group: Group
    recorded: roster.RecordedSession = field(repr=False)

    @property
    def is_group(self) -> bool:
        """Its notes have a part for all."""
        return self.recorded.service_kind == attendance.SERVICE_KIND_GROUP

    @property
    def there(self) -> Sequence[RosterLine]:
        return [line for line in self.group.rows if line.state in THERE]

    def presence(self, client_id: str) -> roster.RecordedPresence:
        """What is recorded of one who was there."""
        return next(each for each in self.recorded.presences if each.client_id == client_id)

    def is_signed(self, client_id: str) -> bool:
        return self.presence(client_id).HasField("note")

    @property
    def unsigned(self) -> Sequence[str]:
        """Whose notes are to be written."""
        ids = (line.client_id for line in self.there)
        return [client_id for client_id in ids if not self.is_signed(client_id)]

    @property
    def address(self) -> str:
        place = self.day.address().partition("?")[2]
        return f"{PATH}?{place}&session={self.group.session_id}"


def part_of(client_id: str) -> str:
    """The field of one client's part."""
    return f"part {client_id}"


def notes(visit: Visit) -> Screen:
    """The session's notes: signed ones as they stand, the others to be written."""
    return _screen(visit, _session(visit, visit.query))


def sign_notes(visit: Visit) -> GoTo | Screen:
    """Sign those that have a text; the others stay to be written."""
    session = _session(visit, visit.form)
    if visit.form.get("act") == "keep":
        return _kept(visit, session)
    # Of who was signed meanwhile, too: sent twice it is the same command, which counts once.
    texts = {
        line.client_id: text
        for line in session.there
        if (text := visit.form.get(part_of(line.client_id), "").strip())
    }
    if not texts:
        return _screen(visit, session, RefusedNotes(whole=words().notes.no_text))
    if session.is_group and not visit.form.get(FOR_ALL, "").strip():
        return _screen(visit, session, RefusedNotes(at={FOR_ALL: words().notes.no_group_text}))
    try:
        for command in _signing(visit, session, texts):
            visit.ask(command)
    except RemoteRefusal as refusal:
        return _screen(visit, _session(visit, visit.form), _wrong(visit, refusal))
    _drop(visit, session, [*texts])
    return GoTo(f"{session.address}&{urlencode({SIGNED: ','.join(texts)})}")


def keep_notes(visit: Visit) -> GoTo | Screen:
    """Keep what is typed as a draft: all of it, or the field that changed."""
    return _kept(visit, _session(visit, visit.form))


def add_to_notes(visit: Visit) -> GoTo | Screen:
    """Add to a signed note, or to all of the session, what it should have said."""
    session = _session(visit, visit.form)
    signed = [line.client_id for line in session.there if session.is_signed(line.client_id)]
    asked = visit.form.get(TO, "")
    to = signed if asked == ALL else [asked]
    text = visit.form.get(ADDENDUM, "").strip()
    if not asked:
        return _screen(visit, session, RefusedNotes(at={TO: words().notes.no_one_chosen}))
    if not text:
        return _screen(visit, session, RefusedNotes(at={ADDENDUM: words().notes.no_text}))
    command = attendance.AddAddendumRequest(
        meta=meta_of(visit, "add"), session_id=session.group.session_id, client_ids=to, text=text
    )
    try:
        visit.ask(command)
    except RemoteRefusal as refusal:
        return _screen(visit, session, RefusedNotes(at={ADDENDUM: _says(refusal)}))
    return GoTo(session.address)


def attest_notes(visit: Visit) -> GoTo | Screen:
    """Attest what was signed too late, of one or of all of them, each as a statement of its own."""
    session = _session(visit, visit.form)
    terms = _terms(visit, session)
    asked = visit.form.get(ATTESTED, "")
    to = [
        part.client_id
        for part in _parts(session, terms)
        if part.client_id == asked or (asked == ALL and part.to_attest)
    ]
    if not asked:
        at = {ATTESTED: words().notes.no_one_chosen_to_attest}
        return _screen(visit, session, RefusedNotes(at=at))
    text = visit.form.get(STATEMENT, "").strip()
    if not text:
        return _screen(visit, session, RefusedNotes(at={STATEMENT: words().notes.no_statement}))
    try:
        for client_id in to:
            visit.ask(
                attendance.AttestNoteRequest(
                    meta=meta_of(visit, "attest", client_id),
                    session_id=session.group.session_id,
                    client_id=client_id,
                    statement=text,
                )
            )
    except RemoteRefusal as refusal:
        return _screen(visit, session, RefusedNotes(at={STATEMENT: _says(refusal)}))
    return GoTo(session.address)


def _session(visit: Visit, named: Mapping[str, str]) -> NotedSession:
    """The one that a form or an address names; NoSuchPage. NotYours for who is told no notes."""
    if not sees_clinical({visit.person.role}):
        raise NotYours
    day, _ = day_named(visit, named)
    group, recorded = group_named(visit, day, named.get("session", ""), THERE)
    return NotedSession(day, group, recorded)


def _signing(visit: Visit, session: NotedSession, texts: Mapping[str, str]) -> list[Message]:
    session_id = session.group.session_id
    if session.is_group:
        parts = [
            attendance.IndividualPart(client_id=client_id, text=text)
            for client_id, text in texts.items()
        ]
        signed = attendance.SignGroupNoteRequest(
            meta=meta_of(visit, "sign"),
            session_id=session_id,
            group_text=visit.form[FOR_ALL].strip(),
            parts=parts,
        )
        return [signed]
    return [
        attendance.SignNoteRequest(
            meta=meta_of(visit, "sign", client_id),
            session_id=session_id,
            client_id=client_id,
            text=text,
        )
        for client_id, text in texts.items()
    ]


def _screen(visit: Visit, session: NotedSession, wrong: RefusedNotes | None = None) -> Screen:
    """As it is recorded now; with what is typed, or was kept."""
    typed = visit.form or _drafts(visit, session)
    refused = wrong or NOT_REFUSED
    just = visit.query.get(SIGNED, "").split(",")
    parts = _parts(session, _terms(visit, session), typed, refused)
    signed = [part for part in parts if part.note is not None]
    for_all = next((part.note.group_text for part in signed if part.note), "")
    to_sign = [part for part in parts if part.note is None]
    shown = {
        "session": session,
        "date": short_date(session.day.on),
        "parts": parts,
        "signed": signed,
        "to_sign": to_sign,
        "group_text": typed.get(FOR_ALL, for_all),
        "addendum": typed.get(ADDENDUM, ""),
        "addendum_to": typed.get(TO, ""),
        "just_signed": [part for part in signed if part.client_id in just],
        "to_attest": [part for part in parts if part.to_attest],
        "attested": typed.get(ATTESTED, ""),
        "statement": typed.get(STATEMENT, ""),
        "wrong": refused,
        "kept": bool(typed) and not visit.form,
        "focus": _focus(parts, refused, just),
        "called": called_by(visit),
        "moment": lambda stamp: in_words(stamp, session.day.zone),
        "staff": [] if visit.person.subject else staff_of(visit, session.day.site.site_id),
    }
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("notes.html", shown, status)


def _parts(
    session: NotedSession,
    terms: Mapping[str, billing.NoteTerms],
    typed: Mapping[str, str] = NOTHING,
    refused: RefusedNotes = NOT_REFUSED,
) -> list[NotePart]:
    return [
        NotePart(
            line=line,
            text=typed.get(part_of(line.client_id), ""),
            note=presence.note if presence.HasField("note") else None,
            attestation=presence.attestation if presence.HasField("attestation") else None,
            terms=terms.get(line.client_id),
            wrong=refused.at.get(part_of(line.client_id), ""),
        )
        for line in session.there
        for presence in (session.presence(line.client_id),)
    ]


def _terms(visit: Visit, session: NotedSession) -> Mapping[str, billing.NoteTerms]:
    """What payers ask of these notes, by client; nothing where billing doesn't say it now."""
    ids = [line.client_id for line in session.there]
    asked = billing.TellNoteTermsRequest(client_ids=ids, service_date=to_date(session.day.on))
    try:
        told = visit.ask_briefly(asked).notes if ids else ()
    except (ServiceAway, RemoteRefusal):
        return NOTHING
    return {
        terms.client_id: terms
        for terms in told
        if terms.session_id == session.group.session_id and terms.HasField("sign_by")
    }


def _focus(parts: Sequence[NotePart], wrong: RefusedNotes, just: Sequence[str]) -> str:
    """The field that is to be typed in first; SIGNED: nothing is left, and it says what was."""
    own = (part.field for part in parts)
    for name in (WHO, FOR_ALL, *own, ATTESTED, STATEMENT, TO, ADDENDUM):
        if name in wrong.at:
            return name
    if wrong.whole:
        return "sign"
    to_sign = [part for part in parts if part.note is None]
    if to_sign:
        return FOR_ALL if len(to_sign) == len(parts) else to_sign[0].field
    if any(part.client_id in just for part in parts):
        return SIGNED
    return ATTESTED if any(part.to_attest for part in parts) else ""


def _wrong(visit: Visit, refusal: RemoteRefusal) -> RefusedNotes:
    """At the parts that it names, or where one says who one is; else of the whole."""
    if refusal.reason == "NOT_CREDENTIALED" and not visit.person.subject:
        return RefusedNotes(at={WHO: words().notes.nobody_signs})
    named = ",".join(
        what for name, what in refusal.details.items() if name.startswith("client_ids")
    )
    says = _says(refusal)
    if named:
        return RefusedNotes(at={part_of(client_id): says for client_id in named.split(",")})
    return RefusedNotes(whole=says)


def _says(refusal: RemoteRefusal) -> str:
    return says_of(refusal, words().notes.refusals)


def _kept(visit: Visit, session: NotedSession) -> GoTo | Screen:
    """By itself, a word of it alone is answered."""
    fields = {FOR_ALL: EVERYBODY} if session.is_group else {}
    fields |= {part_of(client_id): client_id for client_id in session.unsigned}
    quiet = "quiet" in visit.form
    try:
        for name, client_id in fields.items():
            if name in visit.form:
                visit.ask(_keeping(session, client_id, visit.form[name]), service="attendance")
    except RemoteRefusal as refusal:
        if quiet:
            return Screen("kept.html", {"says": _says(refusal)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _screen(visit, session, RefusedNotes(whole=_says(refusal)))
    return Screen("kept.html", {"says": words().notes.kept}) if quiet else GoTo(session.address)


def _keeping(session: NotedSession, client_id: str, text: str) -> Message:
    about: Any = {"form": NOTE_FORM, "client_id": client_id, "about_id": session.group.session_id}
    if not text.strip():
        return drafts.DropDraftRequest(**about)
    return drafts.SaveDraftRequest(content=text.encode(), **about)


def _drafts(visit: Visit, session: NotedSession) -> Mapping[str, str]:
    """What was kept of notes that nobody signed: by field."""
    about = session.group.session_id
    wanted = {EVERYBODY, *session.unsigned}
    listed = visit.ask(drafts.ListDraftsRequest(form=NOTE_FORM), service="attendance").drafts
    found = {}
    for draft in listed:
        if draft.about_id == about and draft.client_id in wanted:
            asked = drafts.ReadDraftRequest(
                form=NOTE_FORM, client_id=draft.client_id, about_id=about
            )
            name = part_of(draft.client_id) if draft.client_id else FOR_ALL
            found[name] = visit.ask(asked, service="attendance").content.decode()
    return found


def _drop(visit: Visit, session: NotedSession, signed: Sequence[str]) -> None:
    """What was signed is no draft any more; one that stays goes by itself."""
    over = [*signed, EVERYBODY] if set(signed) >= {*session.unsigned} else [*signed]
    try:
        for client_id in over:
            visit.ask_briefly(_keeping(session, client_id, ""), service="attendance")
    except (ServiceAway, RemoteRefusal):
        return
