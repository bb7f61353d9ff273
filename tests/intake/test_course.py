"""From screening to admission, to discharge as plans tells of it, and to readmission."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.caught_up import clients_not_caught_up, pending_count
from kernel.messaging.envelope import Envelope, Record
from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.translate import to_date
from tests.harness.intake.service import (
    MENTAL_HEALTH,
    OTHER_PROGRAM,
    SITE,
    Desk,
    areas,
    rate,
    restrict,
    screen,
)
from tests.harness.intake.strategies import NOW, day
from tests.harness.signing import signed


class Killed(BaseException):
    """What a crash is to the code it happens in."""


def published(desk: Desk, kind: type[Message]) -> list[Message]:
    return [
        kind.FromString(row.body)
        for row in desk.rows("SELECT type, body FROM published ORDER BY position")
        if row.type == kind.DESCRIPTOR.full_name
    ]


def discharge(
    client_id: str, episode_id: str, *, on: int = 20, sequence: int = 1, id: UUID | None = None
) -> Record:
    """As plans publishes it, in the client's log there."""
    message = plans.ClientDischarged(
        client_id=client_id, episode_id=episode_id, discharged_on=to_date(day(on))
    )
    envelope = Envelope(
        id=id or uuid4(),
        type=message.DESCRIPTOR.full_name,
        source="/services/plans",
        subject=f"client/{client_id}",
        time=NOW,
        signed_at=NOW,
        epoch=1,
        sequence=sequence,
        network="local",
        label="PART2",
        may_ignore=False,
        causation="",
        correlation="",
        traceparent="",
    )
    return signed(
        Record(
            topic="ninehours.plans.v1",
            partition=0,
            offset=sequence,
            headers=envelope.headers(),
            body=message.SerializeToString(),
        )
    )


def due(desk: Desk) -> int:
    with desk.store.transaction() as tx:
        return pending_count(tx.connection)


def test_an_eligible_client_is_screened_and_admitted(desk: Desk) -> None:
    client_id = desk.registered()
    answer = desk.call(screen(client_id))
    assert (answer.eligible, list(answer.reasons)) == (True, [])
    assert desk.admitted(client_id)
    assert desk.published()[1] == ("ClientScreened", "PART2")


def test_a_client_is_declined_with_a_referral_and_not_admitted_until_screened_again(
    desk: Desk,
) -> None:
    client_id = desk.registered()
    declined = screen(
        client_id, needs_detox=True, referred_to=pb.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
    )
    command_id = str(uuid4())
    answer = desk.call(declined, command_id)
    assert (answer.eligible, list(answer.reasons)) == (False, ["NEEDS_DETOX"])
    assert desk.call(declined, command_id) == answer
    assert published(desk, events.AdmissionDeclined) == [
        events.AdmissionDeclined(
            client_id=client_id,
            reasons=["NEEDS_DETOX"],
            referred_to=pb.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT,
            declined_on=to_date(day(0)),
        )
    ]
    with pytest.raises(AgainstTheRules) as refused:
        desk.admitted(client_id)
    assert refused.value.reason == "SCREENING_DECLINED"
    desk.now += timedelta(days=7)
    desk.call(screen(client_id, screened_on=to_date(day(7))))
    assert desk.admitted(client_id)


def test_nobody_is_declined_without_a_referral(desk: Desk) -> None:
    with pytest.raises(Malformed) as refused:
        desk.call(screen(desk.registered(), motivated=False))
    assert list(refused.value.details) == ["referred_to"]


def test_a_restriction_is_published_for_billing(desk: Desk) -> None:
    client_id = desk.registered()
    restriction_id = desk.call(restrict(client_id)).restriction_id
    [fact] = published(desk, events.DisclosureRestricted)
    assert isinstance(fact, events.DisclosureRestricted)
    assert fact.restriction_id == restriction_id
    assert (getattr(fact, "from"), fact.to) == (to_date(day(0)), to_date(day(6)))


def test_areas_and_ratings_are_published_without_a_word_told(desk: Desk) -> None:
    client_id = desk.registered()
    assessment_id = desk.call(areas(client_id)).assessment_id
    rated = desk.call(
        rate(
            client_id,
            chosen_level="1",
            discrepancy_reason=pb.DISCREPANCY_REASON_CLIENT_PREFERENCE,
        )
    )
    assert published(desk, events.AreasAssessed) == [
        events.AreasAssessed(
            client_id=client_id,
            assessment_id=assessment_id,
            occasion=pb.ASSESSMENT_OCCASION_INITIAL,
            needs=[pb.ASSESSMENT_AREA_MEDICAL],
            assessed_on=to_date(day(0)),
        )
    ]
    [fact] = published(desk, events.DimensionsRated)
    assert isinstance(fact, events.DimensionsRated)
    assert fact.rating_id == rated.rating_id
    assert (fact.indicated_level, fact.chosen_level) == ("2.1", "1")
    assert fact.discrepancy_reason == pb.DISCREPANCY_REASON_CLIENT_PREFERENCE
    with desk.store.transaction() as tx:
        told = tx.documents.open(f"client/{client_id}", f"areas/{assessment_id}")
    assert told is not None
    assert told.content.count(b"pharmacy") == 5


def test_a_discharge_heard_twice_closes_the_episode_once(desk: Desk) -> None:
    client_id = desk.registered()
    episode_id = desk.admitted(client_id)
    record = discharge(client_id, episode_id)
    for _ in range(2):
        desk.inbox.hear([record])
        desk.pending_work.drain()
    assert published(desk, events.EpisodeClosed) == [
        events.EpisodeClosed(client_id=client_id, episode_id=episode_id, closed_on=to_date(day(20)))
    ]
    assert due(desk) == 0


def test_a_discharge_that_plans_never_published_closes_no_episode(desk: Desk) -> None:
    desk.confirm = lambda _: ()
    client_id = desk.registered()
    desk.inbox.hear([discharge(client_id, desk.admitted(client_id))])
    desk.drainer().drain()
    assert published(desk, events.EpisodeClosed) == []
    with desk.store.transaction() as tx:
        assert clients_not_caught_up(tx.connection, [f"client/{client_id}"])


@pytest.mark.parametrize("moment", ["heard", "reacted"])
def test_a_crash_loses_no_closing_and_makes_none_twice(desk: Desk, moment: str) -> None:
    """After the discharge was heard, or after the command and before its key was deleted."""
    client_id = desk.registered()
    episode_id = desk.admitted(client_id)
    desk.pending_work.drain()
    desk.inbox.hear([discharge(client_id, episode_id)])
    if moment == "reacted":

        def crash(where: str) -> None:
            raise Killed(where)

        with pytest.raises(Killed):
            desk.drainer(barrier=crash).drain()
        assert len(published(desk, events.EpisodeClosed)) == 1
    assert due(desk) == 1
    desk.drainer().drain()
    assert len(published(desk, events.EpisodeClosed)) == 1
    assert due(desk) == 0


def test_what_is_heard_while_reacting_is_reacted_to(desk: Desk) -> None:
    client_id = desk.registered()
    first = desk.admitted(client_id)
    second = desk.admitted(client_id, program_id=OTHER_PROGRAM)
    heard: list[int] = []

    def hear_more(_: str) -> None:
        if not heard:
            heard.append(2)
            desk.inbox.hear([discharge(client_id, second, sequence=2)])

    desk.inbox.hear([discharge(client_id, first)])
    desk.drainer(barrier=hear_more).drain()
    assert len(published(desk, events.EpisodeClosed)) == 2
    assert due(desk) == 0


def test_two_workers_close_an_episode_once(desk: Desk) -> None:
    client_id = desk.registered()
    desk.inbox.hear([discharge(client_id, desk.admitted(client_id))])
    both = threading.Barrier(2)

    def drain() -> None:
        both.wait(10)
        desk.drainer().drain()

    threads = [threading.Thread(target=drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(published(desk, events.EpisodeClosed)) == 1
    assert due(desk) == 0


def test_a_discharge_from_an_episode_nobody_knows_is_parked_and_stops_nobody_else(
    desk: Desk,
) -> None:
    stranger, client_id = desk.registered(), desk.registered()
    desk.inbox.hear(
        [
            discharge(stranger, str(uuid4())),
            discharge(client_id, desk.admitted(client_id)),
        ]
    )
    desk.pending_work.drain()
    assert len(published(desk, events.EpisodeClosed)) == 1
    [row] = desk.rows("SELECT reaction, subject, error FROM due_reaction")
    assert (row.reaction, row.subject) == ("close_episode", f"client/{stranger}")
    assert row.error.startswith("kernel.refusal.Unknown at ")
    assert due(desk) == 0


def test_a_client_is_readmitted_with_the_episode_before(desk: Desk) -> None:
    client_id = desk.registered()
    first = desk.admitted(client_id, under_part2=True)
    desk.inbox.hear([discharge(client_id, first)])
    desk.pending_work.drain()
    request = pb.AdmitClientRequest(
        client_id=client_id,
        site_id=SITE,
        program={"program_id": MENTAL_HEALTH, "kind": 2},
        level_of_care="2.1",
        admitted_on=to_date(day(0)),
    )
    answer = desk.call(request)
    assert answer.previous_episode_id == first
    # The program before is under Part 2: the label stays strict.
    assert desk.published()[-2:] == [("EpisodeClosed", "PART2"), ("ClientAdmitted", "PART2")]
    assert desk.call(request, request.meta.command_id) == answer


def test_a_client_comes_back_to_the_program_that_discharged_them(desk: Desk) -> None:
    client_id = desk.registered()
    first = desk.admitted(client_id)
    desk.inbox.hear([discharge(client_id, first, on=0)])
    desk.pending_work.drain()
    second = desk.admitted(client_id)
    [was, now] = published(desk, events.ClientAdmitted)
    assert isinstance(was, events.ClientAdmitted)
    assert isinstance(now, events.ClientAdmitted)
    assert (was.previous_episode_id, now.previous_episode_id) == ("", first)
    desk.inbox.hear([discharge(client_id, second, on=40, sequence=2)])
    desk.pending_work.drain()
    assert len(published(desk, events.EpisodeClosed)) == 2
