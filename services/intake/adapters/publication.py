"""What others hear of intake's facts: the one place where private facts become public ones."""

from collections.abc import Iterator, Mapping
from functools import partial
from operator import attrgetter

from google.protobuf.message import Message
from ninehours.common.v1 import persons_pb2 as persons
from ninehours.intake.v1 import intake_events_pb2 as public
from ninehours.intake.v1 import intake_service_pb2 as words

from kernel.facts import Label
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.publishing import HIPAA, PART2, Decision, Kept, Published, Said, published, publisher
from services.intake.domain import (
    areas,
    assessment,
    client,
    consent,
    coverage,
    dimensions,
    episode,
    forgetting,
    merging,
    permit,
    person,
    recognition,
    screening,
)

_of_client = partial(published, "client", label=attrgetter("label"))
_judged = writer(
    public.DoublesJudged, recognition.DoublesJudged, given=("client_id", "other_client_id")
)


def _label(label: episode.Label) -> Label:
    return PART2 if label == episode.Label.PART2 else HIPAA


def _to_both(fact: recognition.DoublesJudged) -> Iterator[Said]:
    """Told of both, to each as the other's."""
    pair = (fact.client_id, fact.other_client_id)
    for client_id, other_client_id in (pair, pair[::-1]):
        message = _judged(fact, client_id=client_id, other_client_id=other_client_id)
        yield Said(subject=f"client/{client_id}", message=message, label=_label(fact.label))


_merged = writer(persons.ClientMerged, merging.ClientMerged, given=("client_id",))
_unmerged = writer(persons.ClientUnmerged, merging.ClientUnmerged, given=("client_id",))


def _to_survivor_and_absorbed(fact: merging.MergingFact) -> Iterator[Said]:
    for client_id in (fact.survivor_client_id, fact.absorbed_client_id):
        message: Message = (
            _merged(fact, client_id=client_id)
            if isinstance(fact, merging.ClientMerged)
            else _unmerged(fact, client_id=client_id)
        )
        yield Said(subject=f"client/{client_id}", message=message, label=_label(fact.label))


DECISIONS: Mapping[type, Decision] = {
    # A client just registered has no label yet: before any admission the strict one holds.
    client.ClientRegistered: published(
        "client",
        writer(public.ClientRegistered, client.ClientRegistered),
        label=_label(episode.label_of(())),
    ),
    person.PersonChanged: Kept("what others may hear of it, IdentityAmended says"),
    person.IdentityAmended: _of_client(writer(public.IdentityAmended, person.IdentityAmended)),
    # What was found stays here.
    screening.ClientScreened: _of_client(writer(public.ClientScreened, screening.ClientScreened)),
    screening.AdmissionDeclined: _of_client(
        writer(public.AdmissionDeclined, screening.AdmissionDeclined)
    ),
    consent.ConsentGiven: _of_client(writer(public.ConsentGiven, consent.ConsentGiven)),
    consent.ConsentRevoked: _of_client(writer(public.ConsentRevoked, consent.ConsentRevoked)),
    consent.DisclosureRestricted: _of_client(
        writer(
            public.DisclosureRestricted,
            consent.DisclosureRestricted,
            from_=named("first"),
            to=named("last"),
        )
    ),
    coverage.CoverageAdded: Kept("nobody relies on a coverage until it is verified"),
    coverage.CoverageVerified: _of_client(
        writer(public.CoverageVerified, coverage.CoverageVerified)
    ),
    coverage.CoverageEnded: _of_client(writer(public.CoverageEnded, coverage.CoverageEnded)),
    coverage.MembershipAmended: _of_client(
        writer(public.MembershipAmended, coverage.MembershipAmended)
    ),
    episode.ClientAdmitted: _of_client(writer(public.ClientAdmitted, episode.ClientAdmitted)),
    episode.ClientTransferred: _of_client(
        writer(public.ClientTransferred, episode.ClientTransferred)
    ),
    episode.EpisodeClosed: _of_client(writer(public.EpisodeClosed, episode.EpisodeClosed)),
    # The answers stay here.
    assessment.AssessmentCompleted: _of_client(
        writer(public.AssessmentCompleted, assessment.AssessmentCompleted)
    ),
    assessment.SafetyTaskOpened: _of_client(
        writer(public.SafetyTaskOpened, assessment.SafetyTaskOpened)
    ),
    assessment.SafetyTaskClosed: _of_client(
        writer(public.SafetyTaskClosed, assessment.SafetyTaskClosed)
    ),
    assessment.SafetyTaskHandedOn: Kept("who sees to it is told by intake alone"),
    areas.AreasAssessed: _of_client(writer(public.AreasAssessed, areas.AreasAssessed)),
    dimensions.DimensionsRated: _of_client(
        writer(
            public.DimensionsRated,
            dimensions.DimensionsRated,
            ratings=lambda fact: [
                words.DimensionRating(dimension=dimension, rating=rating)
                for dimension, rating in fact.ratings.items()
            ],
        )
    ),
    client.DiagnosisRecorded: _of_client(
        writer(public.DiagnosisRecorded, client.DiagnosisRecorded)
    ),
    client.DiagnosisEnded: _of_client(writer(public.DiagnosisEnded, client.DiagnosisEnded)),
    permit.DisclosurePermitted: Kept("who asked for the permit was answered with it"),
    recognition.MemberRecognised: _of_client(
        writer(public.MemberRecognised, recognition.MemberRecognised)
    ),
    recognition.DoublesJudged: Published((public.DoublesJudged,), _to_both),
    merging.ClientMerged: Published((persons.ClientMerged,), _to_survivor_and_absorbed),
    merging.ClientUnmerged: Published((persons.ClientUnmerged,), _to_survivor_and_absorbed),
    forgetting.ForgettingAsked: Kept("nothing happens until somebody else agrees"),
    forgetting.ForgettingWithdrawn: Kept("nothing happened yet"),
    forgetting.ClientForgotten: _of_client(
        writer(public.ClientForgotten, forgetting.ClientForgotten)
    ),
}

publish = publisher(DECISIONS)
