"""What intake was told of a client, read from its own log, with the text that was sealed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

from ninehours.common.v1 import persons_pb2 as persons
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.facts import Recorded, id_of
from kernel.messaging.persons import persons_of
from kernel.messaging.public_facts import public_facts
from kernel.refusal import Unknown
from kernel.sites import speaks_for
from kernel.store.store import Transaction
from kernel.store.telling import Facts, Telling
from services.intake.adapters import sealed, told
from services.intake.adapters.bindings import sites_of
from services.intake.adapters.episodes import episodes_of
from services.intake.app.streams import (
    CONTACTS,
    IDENTITY,
    assessment_stream,
    client_stream,
    closing_note_document,
    doubles_stream,
    episode_stream,
    handing_on_document,
    judgement_document,
    membership_document,
    merge_document,
    merge_stream,
    narratives_document,
    rating_stream,
    safety_reason_document,
)
from services.intake.domain import consent
from services.intake.domain.areas import AreasAssessed
from services.intake.domain.assessment import (
    AssessmentCompleted,
    SafetyTaskClosed,
    SafetyTaskHandedOn,
    SafetyTaskOpened,
)
from services.intake.domain.client import ClientRegistered, DiagnosisEnded, DiagnosisRecorded
from services.intake.domain.consent import (
    ConsentGiven,
    ConsentRevoked,
    Consents,
    DisclosureRestricted,
)
from services.intake.domain.coverage import CoverageAdded, CoverageEnded, CoverageVerified
from services.intake.domain.dimensions import DimensionsRated
from services.intake.domain.episode import (
    ClientAdmitted,
    ClientTransferred,
    EpisodeClosed,
    Label,
    label_of,
)
from services.intake.domain.forgetting import (
    ClientForgotten,
    ForgettingAsked,
    ForgettingWithdrawn,
)
from services.intake.domain.merging import ClientMerged, ClientUnmerged
from services.intake.domain.person import PersonChanged
from services.intake.domain.recognition import DoublesJudged
from services.intake.domain.screening import AdmissionDeclined, ClientScreened

Merge = TypeVar("Merge", told.ToldMerge, told.ToldUnmerge)
STREAM_OF = {
    intake.AssessmentCompleted: lambda fact: assessment_stream(fact.assessment_id),
    intake.AreasAssessed: lambda fact: assessment_stream(fact.assessment_id),
    intake.DimensionsRated: lambda fact: rating_stream(fact.rating_id),
    intake.ClientAdmitted: lambda fact: episode_stream(fact.episode_id),
}
"""Public facts of a client → the stream in which the private ones stand."""
FORGETTING: Mapping[type[Any], str] = {
    ForgettingAsked: "ASKED",
    ForgettingWithdrawn: "WITHDRAWN",
    ClientForgotten: "FORGOTTEN",
}


def names(tx: Transaction, client_ids: Sequence[str]) -> list[told.ToldName]:
    """Of each client, in this order; Unknown where nobody registered one of them."""
    rows = tx.execute(
        "SELECT client_id FROM registration WHERE client_id = ANY(CAST(:clients AS uuid[]))",
        clients=list(client_ids),
    )
    registered = {str(row.client_id) for row in rows}
    if unknown := [client_id for client_id in client_ids if client_id not in registered]:
        raise Unknown("client", unknown[0])
    sealed_names = tx.documents.newest([client_stream(each) for each in client_ids], IDENTITY)
    return [
        told.ToldName(
            client_id=client_id,
            identity=None if said is None else sealed.identity_of(said.content),
        )
        for client_id in client_ids
        for said in [sealed_names.get(client_stream(client_id))]
    ]


class Chart:
    """One client's, as it was recorded by `until` (None: as it is). Unknown: nobody registered."""

    def __init__(self, tx: Transaction, client_id: str, until: datetime | None = None) -> None:
        self._telling = Telling(tx, until)
        self._client_id = client_id
        self._owner = client_stream(client_id)
        # Whoever of a person is asked for, what is told is told of all of them.
        self._clients = persons_of(tx.connection, [self._owner], until).clients_of(self._owner)
        self._own = self._telling.load(self._clients)
        if not self._own:
            raise Unknown("client", client_id)

    def person(self, sites: Collection[str]) -> told.ToldPerson:
        """With the pairs of which these sites have both."""
        registered = self._own.of(ClientRegistered)[0]  # the survivor's
        said = self._telling.load(self._merge_streams())
        changes = sorted(
            self._own.of(PersonChanged).about(registered, "client_id"),
            key=lambda said: said.fact.changed_from,
        )
        now: ClientRegistered | PersonChanged = [registered, *changes][-1].fact
        return self._telling.whole(
            told.ToldPerson,
            registered,
            identity_version=now.identity_version,
            words=self._in_words(now),
            changes=tuple(
                self._telling.part(told.ToldChange, change, words=self._in_words(change.fact))
                for change in changes
            ),
            client_ids=tuple(map(id_of, self._clients)),
            merges=tuple(self._said(told.ToldMerge, said.of(ClientMerged))),
            unmerges=tuple(self._said(told.ToldUnmerge, said.of(ClientUnmerged))),
            doubles=tuple(self._doubles(sites)),
            forgetting=tuple(
                self._telling.part(told.ToldForgetting, recorded, word=word)
                for recorded in self._own
                if (word := FORGETTING.get(type(recorded.fact)))
            ),
        )

    def coverages(self) -> list[told.ToldCoverage]:
        return [self._coverage(added) for added in self._own.of(CoverageAdded)]

    def consents(self) -> list[told.ToldConsent]:
        given, revoked = self._own.of(ConsentGiven), self._own.of(ConsentRevoked)
        held = reduce(consent.evolve, (said.fact for said in (*given, *revoked)), Consents())
        return [
            self._telling.whole(
                told.ToldConsent,
                said,
                revocations=self._telling.parts(
                    told.ToldRevocation, revoked.about(said, "consent_id")
                ),
                last_day=held.last_day(said.fact),
            )
            for said in given
        ]

    def label(self) -> Label:
        """As now, of whatever time the rest is told."""
        client_id = id_of(self._owner)
        return label_of(episodes_of(self._telling.tx, [client_id])[client_id])

    def restrictions(self) -> list[told.ToldRestriction]:
        restricted = self._own.of(DisclosureRestricted)
        return [self._telling.whole(told.ToldRestriction, recorded) for recorded in restricted]

    def findings(self, sites: Collection[str]) -> told.ToldChart:
        """Admissions at these sites alone."""
        beside = self._telling.load(self._streams(*STREAM_OF))
        return told.ToldChart(
            screenings=tuple(self._screenings()),
            diagnoses=tuple(self._diagnoses()),
            areas=tuple(map(self._areas, beside.of(AreasAssessed))),
            ratings=tuple(
                self._telling.whole(told.ToldRatings, recorded)
                for recorded in beside.of(DimensionsRated)
            ),
            admissions=tuple(
                self._admission(recorded, beside)
                for recorded in beside.of(ClientAdmitted)
                if any(
                    speaks_for(sites, place.fact.site_id)
                    for place in (recorded, *_transfers(recorded, beside))
                )
            ),
        )

    def assessments(self) -> list[told.ToldAssessment]:
        """By instruments, oldest first."""
        beside = self._telling.load(self._streams(intake.AssessmentCompleted))
        opened = beside.of(SafetyTaskOpened)
        found = []
        for completed in beside.of(AssessmentCompleted):
            tasks = [self._task(task, beside) for task in opened.about(completed, "assessment_id")]
            task = tasks[0] if tasks else None
            found.append(self._telling.whole(told.ToldAssessment, completed, safety_task=task))
        return found

    # One thing each

    def _in_words(self, said: ClientRegistered | PersonChanged) -> told.PersonInWords:
        identity = self._telling.content(self._owner, IDENTITY, said.identity_version)
        version = said.contacts_version
        contacts = self._telling.content(self._owner, CONTACTS, version) if version else None
        return told.PersonInWords(
            identity=None if identity is None else sealed.identity_of(identity),
            contacts=None if contacts is None else sealed.contacts_of(contacts),
        )

    def _coverage(self, added: Recorded) -> told.ToldCoverage:
        fact: CoverageAdded = added.fact
        content = self._telling.content(
            client_stream(fact.client_id),
            membership_document(fact.coverage_id),
            fact.membership_version,
        )
        member, group = ("", "") if content is None else sealed.membership_of(content)
        verified, ended = self._own.of(CoverageVerified), self._own.of(CoverageEnded)
        return self._telling.whole(
            told.ToldCoverage,
            added,
            member_number=member,
            group_number=group,
            text_forgotten=content is None,
            verifications=self._telling.parts(
                told.ToldVerification, verified.about(added, "coverage_id")
            ),
            ends=self._telling.parts(told.ToldCoverageEnd, ended.about(added, "coverage_id")),
        )

    def _screenings(self) -> Iterator[told.ToldScreening]:
        """A decline was recorded right after the screening that it is of, or names it."""
        declined = {
            recorded.fact.screening_id or (recorded.stream, recorded.version - 1): recorded.fact
            for recorded in self._own.of(AdmissionDeclined)
        }
        for recorded in self._own.of(ClientScreened):
            after = declined.get((recorded.stream, recorded.version))
            of_this = declined.get(str(recorded.id)) or after
            yield self._telling.whole(told.ToldScreening, recorded, declined=of_this)

    def _diagnoses(self) -> Iterator[told.ToldDiagnosis]:
        """An end is of what was recorded of the code before it."""
        for recorded in self._own.of(DiagnosisRecorded):
            ended = self._own.of(DiagnosisEnded).about(recorded, "code")
            ends = [end for end in ended if _is_later(end, recorded)]
            yield self._telling.whole(
                told.ToldDiagnosis, recorded, ends=self._telling.parts(told.ToldDiagnosisEnd, ends)
            )

    def _areas(self, recorded: Recorded) -> told.ToldAreas:
        fact: AreasAssessed = recorded.fact
        content = self._telling.content(
            client_stream(fact.client_id),
            narratives_document(fact.assessment_id),
            fact.narratives_version,
        )
        narratives = None if content is None else sealed.narratives_of(content)
        return self._telling.whole(told.ToldAreas, recorded, narratives=narratives)

    def _admission(self, recorded: Recorded, beside: Facts) -> told.ToldAdmission:
        fact: ClientAdmitted = recorded.fact
        ends = [end.fact for end in beside.of(EpisodeClosed).about(recorded, "episode_id")]
        words = self._telling.words(
            client_stream(fact.client_id),
            safety_reason_document(fact.episode_id),
            fact.reason_version or None,
            said=bool(fact.reason_version or fact.over_safety_tasks) or None,
        )
        return self._telling.whole(
            told.ToldAdmission,
            recorded,
            words=words,
            transfers=self._telling.parts(told.ToldTransfer, _transfers(recorded, beside)),
            closed=ends[-1] if ends else None,
        )

    def _task(self, opened: Recorded, beside: Facts) -> told.ToldTask:
        closing, handed_on = None, []
        for recorded in beside.of(SafetyTaskHandedOn).about(opened, "task_id"):
            document = handing_on_document(recorded.fact.task_id)
            owner = client_stream(recorded.fact.client_id)
            words = self._telling.words(owner, document, recorded.fact.reason_version)
            handed_on.append(self._telling.part(told.ToldHandingOn, recorded, words=words))
        for recorded in beside.of(SafetyTaskClosed).about(opened, "task_id"):
            fact: SafetyTaskClosed = recorded.fact
            document, version = closing_note_document(fact.task_id), fact.note_version
            owner = client_stream(fact.client_id)
            words = self._telling.words(owner, document, version, said=version is not None)
            closing = self._telling.part(told.ToldClosing, recorded, words=words)
        owner = handed_on[-1].fact.owner if handed_on else opened.fact.owner
        return told.ToldTask(
            fact=opened.fact, owner=owner, closed=closing, handed_on=tuple(handed_on)
        )

    def _doubles(self, sites: Collection[str]) -> Iterator[told.ToldDoubles]:
        rows = self._telling.tx.execute(
            "SELECT CASE WHEN client_id = CAST(:client AS uuid) THEN other_client_id"
            " ELSE client_id END AS other FROM doubles_judged"
            " WHERE CAST(:client AS uuid) IN (client_id, other_client_id) ORDER BY 1",
            client=self._client_id,
        )
        for other in [str(row.other) for row in rows]:
            theirs = sites_of(self._telling.tx, other)
            if not any(speaks_for(sites, site_id) for site_id in theirs):
                continue
            for judged in self._telling.load([doubles_stream(self._client_id, other)])[-1:]:
                fact: DoublesJudged = judged.fact
                words = self._telling.words(
                    client_stream(fact.client_id), judgement_document(fact.other_client_id)
                )
                yield self._telling.whole(told.ToldDoubles, judged, words=words)

    def _merge_streams(self) -> list[str]:
        kinds = (persons.ClientMerged, persons.ClientUnmerged)
        told_of = public_facts(self._telling.tx.connection, kinds, subject=self._owner)
        pairs = (fact.message for fact in told_of)
        streams = (merge_stream(one.survivor_client_id, one.absorbed_client_id) for one in pairs)
        return list(dict.fromkeys(streams))

    def _said(self, kind: type[Merge], facts: Facts) -> Iterator[Merge]:
        for recorded in facts:
            fact: ClientMerged | ClientUnmerged = recorded.fact
            words = self._telling.words(
                client_stream(fact.survivor_client_id),
                merge_document(fact.absorbed_client_id),
                fact.remark_version,
            )
            yield self._telling.whole(kind, recorded, words=words)

    def _streams(self, *kinds: Any) -> list[str]:
        facts = public_facts(self._telling.tx.connection, kinds, subject=self._owner)
        return list(dict.fromkeys(STREAM_OF[type(fact.message)](fact.message) for fact in facts))


def _is_later(end: Recorded, recorded: Recorded) -> bool:
    """By its place in the stream; of merged clients, who have one each, by the time."""
    if end.stream == recorded.stream:
        return end.version > recorded.version
    return end.at > recorded.at


def _identity(telling: Telling, client_id: str) -> pb.Identity | None:
    """Of who they are now; None: forgotten."""
    content = telling.content(client_stream(client_id), IDENTITY)
    return None if content is None else sealed.identity_of(content)


def _transfers(admitted: Recorded, beside: Facts) -> Facts:
    """Of the episode."""
    return beside.of(ClientTransferred).about(admitted, "episode_id")
