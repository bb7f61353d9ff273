"""What was said of a client is put right, under the lock of the client it is about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel import putting_right
from kernel.decider import Decider
from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of
from kernel.refusal import Malformed
from kernel.statements import PutRight, retold, statements
from kernel.store.store import Context, Transaction
from services.intake.app.assessments import (
    closed_in_words,
    handed_on_in_words,
    narrated,
    scored,
)
from services.intake.app.deciding import Intake, LockedClient, PutRightAt, of_person
from services.intake.app.membership import confirmed, numbered, require_payer, what_it_is_now
from services.intake.app.person import (
    change_said_anew,
    registered_once,
    registration_said_anew,
    who_they_are_now,
)
from services.intake.app.streams import client_stream
from services.intake.app.use_cases import admission_said_anew, transfer_to_judge
from services.intake.domain.areas import AREA_ASSESSMENT, AreasAssessed
from services.intake.domain.assessment import (
    ASSESSMENT,
    AssessmentCompleted,
    SafetyTaskClosed,
    SafetyTaskHandedOn,
)
from services.intake.domain.client import (
    CLIENT,
    ClientRegistered,
    DiagnosisEnded,
    DiagnosisRecorded,
    require_registered,
)
from services.intake.domain.consent import ConsentGiven, ConsentRevoked, DisclosureRestricted
from services.intake.domain.coverage import CoverageAdded, CoverageEnded, CoverageVerified
from services.intake.domain.dimensions import RATING, DimensionsRated
from services.intake.domain.episode import EPISODE, ClientAdmitted, ClientTransferred
from services.intake.domain.person import PersonChanged
from services.intake.domain.screening import AdmissionDeclined, ClientScreened, declined_by

Fill = Callable[[Intake, LockedClient[Any], Any, Context], Any]
Follow = Callable[[Intake, PutRightAt], Mapping[str, Sequence[Any]]]
"""As the kernel's, of a client by id."""


def _nothing(_: Intake, __: PutRightAt) -> Mapping[str, Sequence[Any]]:
    return {}


def _who_they_are(intake: Intake, at: PutRightAt) -> Mapping[str, Sequence[Any]]:
    return who_they_are_now(intake, at.tx, at.client_id, at.history, at.context)


def _what_it_declines(_: Intake, at: PutRightAt) -> Mapping[str, Sequence[Any]]:
    """A screening that is put right declines, or no longer; an admission that rested on it stays,
    until it is put right itself."""
    found = statements(at.history)
    [screened] = [said for said in found if said.first.id == at.asked.amendment.statement]
    screening_id = str(screened.first.id)
    declined = None if screened.voided else declined_by(screened.now.fact, screening_id)
    facts: Sequence[Any] = () if declined is None else (declined,)
    for said in found:
        first = said.first.fact
        if isinstance(first, AdmissionDeclined) and (
            first.screening_id == screening_id or said.first.version == screened.first.version + 1
        ):
            now = declined and replace(declined, screening_id=first.screening_id)
            facts = retold(said, now, at.asked.amendment)
    return {client_stream(at.client_id): facts}


def _screened_alone(command: Any, client: Any) -> Iterable[Any]:
    """Of a screening what is said: what it declines follows."""
    return (fact for fact in CLIENT.decide(command, client) if isinstance(fact, ClientScreened))


SCREENING = replace(CLIENT, decide=_screened_alone)


def _labelled(_: Intake, locked: LockedClient[Any], asked: Any, __: Context) -> Any:
    return replace(asked, label=locked.label)


def _of_payer(field: str) -> Fill:
    def fill(intake: Intake, locked: LockedClient[Any], asked: Any, context: Context) -> Any:
        require_payer(intake, locked.tx, getattr(asked, field))
        return _labelled(intake, locked, asked, context)

    return fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of statement: who decides what may be said, what is filled in, and what follows.

    `kept`: what no revision changes, as the id that others name it by, and when it was done.
    `without`: refuses to take it back where others rest on it.
    """

    decider: Decider[Any, Any, Any]
    fill: Fill = _labelled
    kept: Sequence[str] = ()
    follow: Follow = _nothing
    without: Callable[[Sequence[Recorded], Any], None] = putting_right.nothing_needs_it


KINDS: Mapping[type, Kind] = {
    ClientRegistered: Kind(
        decider=CLIENT,
        fill=registration_said_anew,
        kept=("client_id",),
        follow=_who_they_are,
        without=registered_once,
    ),
    PersonChanged: Kind(decider=CLIENT, fill=change_said_anew, follow=_who_they_are),
    ConsentGiven: Kind(decider=CLIENT, fill=_of_payer("recipient_payer_id"), kept=("consent_id",)),
    ConsentRevoked: Kind(decider=CLIENT),
    DisclosureRestricted: Kind(
        decider=CLIENT, fill=_of_payer("payer_id"), kept=("restriction_id",)
    ),
    CoverageAdded: Kind(
        decider=CLIENT,
        fill=numbered,
        kept=("coverage_id",),
        follow=what_it_is_now,
        without=confirmed,
    ),
    CoverageVerified: Kind(decider=CLIENT),
    CoverageEnded: Kind(decider=CLIENT),
    DiagnosisRecorded: Kind(decider=CLIENT),
    DiagnosisEnded: Kind(decider=CLIENT),
    AreasAssessed: Kind(
        decider=AREA_ASSESSMENT, fill=narrated, kept=("assessment_id", "assessed_by")
    ),
    DimensionsRated: Kind(decider=RATING, kept=("rating_id", "rated_by")),
    ClientAdmitted: Kind(decider=EPISODE, fill=admission_said_anew, kept=("episode_id",)),
    ClientTransferred: Kind(decider=EPISODE, fill=transfer_to_judge, kept=("episode_id",)),
    ClientScreened: Kind(decider=SCREENING, follow=_what_it_declines),
    SafetyTaskClosed: Kind(
        decider=ASSESSMENT, fill=closed_in_words, kept=("closed_by", "closed_at")
    ),
    SafetyTaskHandedOn: Kind(decider=ASSESSMENT, fill=handed_on_in_words),
    AssessmentCompleted: Kind(
        decider=ASSESSMENT,
        fill=scored,
        kept=("assessment_id", "completed_by", "completed_at"),
    ),
}
"""What can be put right."""


def first_said(tx: Transaction, statement: UUID) -> Recorded:
    """Of a statement that can be put right; refuses every other (Unknown)."""
    return putting_right.first_said(tx, statement, KINDS)


def put_right(intake: Intake, asked: PutRight, context: Context) -> Outcome:
    """Says a statement otherwise, or takes it back.

    Refuses what the command refuses that records it, among all that stands beside; a statement that
    nobody made here (Unknown), of another client or kind, and one that was put right since
    (STATEMENT_CHANGED).
    """
    with intake.executor.store.transaction() as tx:  # where it was said first never changes
        first = first_said(tx, asked.amendment.statement)
    client_id: str = first.fact.client_id
    kind, of_client = KINDS[type(first.fact)], client_stream(client_id)
    said: Any = asked.said
    if said is not None and "client_id" not in kind.kept and said.client_id != client_id:
        raise Malformed(client_id="is another client: take it back here, and say it of the other")

    def said_anew(tx: Transaction, others: Sequence[Recorded], now: Any) -> Iterable[Any]:
        client = CLIENT.after(of_person(tx, client_id))
        require_registered(client, client_id)
        beside = of_person(tx, client_id, others) if kind.decider is CLIENT else others
        state = kind.decider.after(beside)
        episodes = intake.episodes_of(tx, [client_id])[client_id]
        locked = LockedClient(
            tx=tx,
            ids=ids_of(tx.connection, client_id),
            client=client,
            episodes=episodes,
            state=state,
        )
        kept = {name: getattr(now, name) for name in kind.kept}
        command = kind.fill(intake, locked, replace(said, **kept), context)
        return kind.decider.decide(command, state)

    def follow(tx: Transaction, history: Sequence[Recorded]) -> Mapping[str, Sequence[Any]]:
        at = PutRightAt(tx=tx, client_id=client_id, history=history, asked=asked, context=context)
        return kind.follow(intake, at)

    return putting_right.put_right(
        intake.executor,
        asked,
        context,
        stream=first.stream,
        owner=of_client,
        locks=[of_client],
        said_anew=said_anew,
        without=kind.without,
        follow=follow,
    )
