"""Two clients who are one person: said by a named person, on what differs, and taken back."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import persons_pb2 as persons
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import statements_service_pb2 as statements
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Unknown
from kernel.rpc.translate import to_date
from tests.harness.intake.merging import ADMINISTRATOR, merge, unmerge
from tests.harness.intake.service import (
    PAYER,
    SITE,
    Desk,
    admission,
    consent,
    coverage,
    register,
    screen,
)
from tests.harness.intake.strategies import day
from tests.intake.test_doubles import NOBODYS, due, judge, published

Two = tuple[str, str]


@pytest.fixture
def two(desk: Desk) -> Two:
    """The survivor, and the one to be absorbed."""
    return desk.registered(), desk.registered()


def refused(call: Callable[[], Any]) -> AgainstTheRules:
    with pytest.raises(AgainstTheRules) as refusal:
        call()
    return refusal.value


def test_a_merge_is_told_of_both_and_says_who_goes_on(desk: Desk, two: Two) -> None:
    merge(desk, *two)
    told = published(desk, persons.ClientMerged)
    assert [(one.client_id, one.survivor_client_id, one.absorbed_client_id) for one in told] == [
        (two[0], *two),
        (two[1], *two),
    ]
    assert {one.revision for one in told} == {1}


def test_told_twice_a_merge_changes_nothing(desk: Desk, two: Two) -> None:
    merge(desk, *two)
    assert not merge(desk, *two).receipt.published
    assert len(published(desk, persons.ClientMerged)) == 2


def test_with_the_merge_it_is_judged_that_they_are_one(desk: Desk, two: Two) -> None:
    assert due(desk) == [(set(two), SITE)]
    merge(desk, *two)
    assert due(desk) == []


def test_a_client_is_not_merged_with_themselves(desk: Desk, two: Two) -> None:
    with pytest.raises(Malformed):
        merge(desk, two[0], two[0])
    with pytest.raises(Malformed):
        unmerge(desk, two[0], two[0])


def test_nobody_is_merged_whom_nobody_registered(desk: Desk, two: Two) -> None:
    for pair in ((two[0], NOBODYS), (NOBODYS, two[0])):
        with pytest.raises(Unknown):
            merge(desk, *pair)


def test_who_is_not_merged_so_can_not_be_taken_apart(desk: Desk, two: Two) -> None:
    assert refused(lambda: unmerge(desk, *two)).reason == "NOT_MERGED"
    merge(desk, *two)
    assert refused(lambda: unmerge(desk, *two[::-1])).reason == "NOT_MERGED"
    unmerge(desk, *two)
    assert refused(lambda: unmerge(desk, *two)).reason == "NOT_MERGED"


def test_they_are_merged_again_under_a_higher_revision(desk: Desk, two: Two) -> None:
    merge(desk, *two)
    unmerge(desk, *two)
    merge(desk, *two[::-1])
    assert [one.revision for one in published(desk, persons.ClientMerged)] == [1, 1, 3, 3]
    assert [one.revision for one in published(desk, persons.ClientUnmerged)] == [2, 2]
    assert refused(lambda: desk.call(consent(two[0]))).details["survivor_client_id"] == two[1]


@pytest.mark.parametrize(
    "say",
    [consent, coverage, admission, screen],
    ids=["consent", "coverage", "admission", "screening"],
)
def test_what_is_said_under_the_absorbed_id_is_refused_with_the_id_to_use(
    desk: Desk, two: Two, say: Callable[[str], Any]
) -> None:
    merge(desk, *two)
    refusal = refused(lambda: desk.call(say(two[1])))
    assert refusal.reason == "CLIENT_MERGED"
    assert refusal.details == {"client_id": two[1], "survivor_client_id": two[0]}


def test_a_chain_goes_on_as_the_last_survivor(desk: Desk) -> None:
    first, second, third = (desk.registered() for _ in range(3))
    merge(desk, second, first)
    merge(desk, third, second)
    for absorbed in (first, second):
        refusal = refused(lambda: desk.call(consent(absorbed)))  # noqa: B023 - called at once
        assert refusal.details["survivor_client_id"] == third
    assert refused(lambda: merge(desk, third, first)).reason == "CLIENT_MERGED"
    assert refused(lambda: merge(desk, first, third)).reason == "CLIENT_MERGED"
    unmerge(desk, third, second)
    assert refused(lambda: desk.call(consent(first))).details["survivor_client_id"] == second
    desk.call(consent(second))
    desk.call(consent(third))


BORN_OTHERWISE = {"birth_date": common.Date(year=1999, month=2, day=28)}


@pytest.mark.parametrize(
    ("other", "difference"),
    [(BORN_OTHERWISE, "BIRTH_DATE"), ({"sex": pb.SEX_MALE}, "SEX")],
    ids=["birth date", "sex"],
)
def test_what_differs_is_refused_by_its_name_until_an_administrator_settles_it(
    desk: Desk, other: dict[str, Any], difference: str
) -> None:
    two = desk.registered(), desk.registered(**other)
    refusal = refused(lambda: merge(desk, *two))
    assert (refusal.reason, refusal.details["differs"]) == (difference, difference)
    with pytest.raises(NotAllowed):
        merge(desk, *two, settled=[difference])
    merge(desk, *two, settled=[difference], roles=ADMINISTRATOR)
    assert len(published(desk, persons.ClientMerged)) == 2


def test_two_open_episodes_of_one_program_are_settled_first(desk: Desk, two: Two) -> None:
    for client_id in two:
        desk.call(admission(client_id))
    assert refused(lambda: merge(desk, *two)).reason == "OPEN_EPISODES"
    merge(desk, *two, settled=["OPEN_EPISODES"], roles=ADMINISTRATOR)


def test_episodes_of_two_programs_do_not_differ(desk: Desk, two: Two) -> None:
    desk.call(admission(two[0]))
    desk.call(admission(two[1], under_part2=False))
    merge(desk, *two)
    refusal = refused(lambda: desk.call(admission(two[0], under_part2=False)))
    assert refusal.reason == "ALREADY_IN_PROGRAM"


def test_who_was_judged_to_be_two_people_is_settled_first(desk: Desk, two: Two) -> None:
    judge(desk, *two, "TWO_PEOPLE")
    assert refused(lambda: merge(desk, *two)).reason == "JUDGED_TWO_PEOPLE"
    merge(desk, *two, settled=["JUDGED_TWO_PEOPLE"], roles=ADMINISTRATOR)


def test_whose_key_was_destroyed_is_settled_first(desk: Desk, two: Two) -> None:
    desk.store.vault.keys.destroy({f"client/{two[1]}": desk.now})
    refusal = refused(lambda: merge(desk, *two))
    assert refusal.reason == "KEY_DESTROYED"
    merge(desk, *two, settled=["KEY_DESTROYED"], roles=ADMINISTRATOR)


def test_all_that_differs_is_named(desk: Desk) -> None:
    two = desk.registered(), desk.registered(**BORN_OTHERWISE, sex=pb.SEX_MALE)
    judge(desk, *two, "TWO_PEOPLE")
    refusal = refused(lambda: merge(desk, *two))
    assert refusal.details["differs"] == "BIRTH_DATE,SEX,JUDGED_TWO_PEOPLE"
    settled = ["BIRTH_DATE", "SEX"]
    refusal = refused(lambda: merge(desk, *two, settled=settled, roles=ADMINISTRATOR))
    assert refusal.reason == "JUDGED_TWO_PEOPLE"


def test_what_was_said_of_the_absorbed_one_is_put_an_end_to_under_the_survivors_id(
    desk: Desk, two: Two
) -> None:
    given = desk.call(consent(two[1])).consent_id
    covered = desk.covered(two[1])
    merge(desk, *two)
    desk.call(
        pb.RevokeConsentRequest(client_id=two[0], consent_id=given, revoked_on=to_date(day(3)))
    )
    desk.call(
        pb.EndCoverageRequest(
            client_id=two[0],
            coverage_id=covered,
            last_day=to_date(day(4)),
            reason=pb.COVERAGE_END_REASON_TERMINATED,
        )
    )
    with pytest.raises(Unknown):
        unmerge(desk, *two)
        desk.call(
            pb.RevokeConsentRequest(client_id=two[0], consent_id=given, revoked_on=to_date(day(2)))
        )


def test_a_discharge_told_of_either_closes_the_episode_of_the_other(desk: Desk, two: Two) -> None:
    episode_id = desk.call(admission(two[1])).episode_id
    merge(desk, *two)
    desk.told(
        plans.ClientDischarged(
            client_id=two[0], episode_id=episode_id, discharged_on=to_date(day(5))
        )
    )
    desk.pending_work.drain()
    [closed] = desk.rows("SELECT closed_on FROM episode")
    assert closed.closed_on == day(5)


def test_whoever_is_read_all_of_the_person_is_told(desk: Desk, two: Two) -> None:
    given = desk.call(consent(two[1])).consent_id
    merge(desk, *two, remark="both answer to one sister")
    for client_id in two:
        asked = {"client_id": client_id}
        [told] = desk.call(chart.ListConsentsRequest(**asked)).consents
        assert told.consent_id == given
        person = desk.call(chart.ReadPersonRequest(**asked))
        assert (person.client_id, list(person.client_ids)) == (two[0], list(two))
        [step] = person.merges
        assert (step.remark, step.reason) == (
            "both answer to one sister",
            pb.MERGE_REASON_REGISTERED_TWICE,
        )
    unmerge(desk, *two, remark="two sisters")
    person = desk.call(chart.ReadPersonRequest(client_id=two[1]))
    assert list(person.client_ids) == [two[1]]
    assert [step.remark for step in person.unmerges] == ["two sisters"]
    assert list(desk.call(chart.ListConsentsRequest(client_id=two[0])).consents) == []


def test_a_merge_is_no_secret_of_its_remark(desk: Desk, two: Two) -> None:
    merge(desk, *two, remark="Canary sisters")
    written = str(desk.rows("SELECT * FROM fact")) + str(
        [bytes(row.body) for row in desk.rows("SELECT body FROM published")]
    )
    assert "Canary" not in written


def test_lists_have_the_person_once(desk: Desk, two: Two) -> None:
    desk.call(admission(two[1]))
    merge(desk, *two)
    active = desk.call(clients.ListClientsRequest(site_id=SITE, active_only=True)).clients
    assert [one.client_id for one in active] == [two[0]]
    unmerge(desk, *two)
    active = desk.call(clients.ListClientsRequest(site_id=SITE, active_only=True)).clients
    assert [one.client_id for one in active] == [two[1]]


def test_whoever_is_asked_for_the_client_is_told_with_the_id_to_use(desk: Desk) -> None:
    survivor = desk.registered()
    [alone] = desk.call(clients.ListClientsRequest()).clients
    desk.now += timedelta(days=1)
    absorbed = desk.registered()
    desk.call(admission(absorbed))
    merge(desk, survivor, absorbed)
    for client_id in (survivor, absorbed):
        told = desk.call(clients.ReadClientRequest(client_id=client_id))
        assert (told.client_id, list(told.client_ids)) == (client_id, [survivor, absorbed])
        assert told.registered_at == alone.registered_at
        assert len(told.episodes) == 1


def test_likely_doubles_of_the_absorbed_one_are_the_survivors(desk: Desk, two: Two) -> None:
    merge(desk, *two)
    third = desk.registered()
    assert due(desk) == [({two[0], third}, SITE)]
    judge(desk, two[0], third, "TWO_PEOPLE")
    assert due(desk) == []


# Permits


def permitted(desk: Desk, client_id: str, **asked: Any) -> Any:
    return desk.call(
        pb.ReadIdentitiesRequest(
            client_ids=[client_id], recipient_payer_id=PAYER, on=to_date(day(6)), **asked
        )
    )


def covered(desk: Desk, client_id: str) -> str:
    return desk.covered(client_id)


def test_a_permit_knows_the_logs_of_every_client_of_the_person(desk: Desk, two: Two) -> None:
    of_absorbed = covered(desk, two[1])
    desk.call(consent(two[1]))
    merge(desk, *two)
    for client_id, other in (two, two[::-1]):
        [given] = permitted(desk, client_id).identities
        assert (given.client_id, given.coverage_id) == (client_id, of_absorbed)
        [end] = given.other_ends
        [last] = desk.rows(f"SELECT last, last_id FROM sequence WHERE subject = 'client/{other}'")
        assert (end.client_id, end.sequence, end.fact_id) == (other, last.last, str(last.last_id))


def test_what_was_revoked_under_one_id_holds_under_the_other(desk: Desk, two: Two) -> None:
    covered(desk, two[0])
    consents = [desk.call(consent(client_id)).consent_id for client_id in two]
    desk.call(
        pb.RevokeConsentRequest(
            client_id=two[1], consent_id=consents[1], revoked_on=to_date(day(3))
        )
    )
    assert len(permitted(desk, two[0]).identities) == 1
    merge(desk, *two)
    [withheld] = permitted(desk, two[0]).withheld
    assert withheld.reason == "NO_CONSENT"
    unmerge(desk, *two)
    assert len(permitted(desk, two[0]).identities) == 1


def test_a_revocation_names_what_was_permitted_of_the_other_too(desk: Desk, two: Two) -> None:
    covered(desk, two[1])
    given = desk.call(consent(two[1])).consent_id
    [before] = permitted(desk, two[1]).identities
    merge(desk, *two)
    revoked = desk.call(
        pb.RevokeConsentRequest(client_id=two[0], consent_id=given, revoked_on=to_date(day(9)))
    )
    assert [permit.permit_id for permit in revoked.earlier_permits] == [before.permit_id]


def test_what_was_said_of_either_is_put_right_where_it_was_said(desk: Desk, two: Two) -> None:
    given = desk.call(consent(two[1])).consent_id
    merge(desk, *two)

    def until(on: date) -> pb.RevokeConsentRequest:
        return pb.RevokeConsentRequest(client_id=two[0], consent_id=given, revoked_on=to_date(on))

    desk.call(until(day(3)))
    hat: dict[str, Any] = {"roles": frozenset({"front_desk"}), "purpose": "TREATMENT"}
    listed = desk.call(statements.ListStatementsRequest(client_id=two[0]), **hat).statements
    by_kind = {one.revisions[-1].recording.WhichOneof("said"): one for one in listed}
    assert set(by_kind) >= {"consent", "revocation"}
    for kind, said in (
        ("consent", consent(two[1], given_on=to_date(day(1)))),
        (
            "revocation",
            pb.RevokeConsentRequest(client_id=two[0], consent_id=given, revoked_on=to_date(day(5))),
        ),
    ):
        desk.call(
            statements.CorrectStatementRequest(
                statement={"statement_id": by_kind[kind].statement_id, "revision": 1},
                correction={"reason": "CORRECTION_REASON_MISTYPED", "remark": "a digit"},
                recording=statements.Recording(**{kind: said}),
            ),
            **hat,
        )
    [told] = desk.call(chart.ListConsentsRequest(client_id=two[0])).consents
    assert told.given_on == to_date(day(1))
    assert [one.revoked_on for one in told.revocations] == [to_date(day(5))]


def test_who_registers_again_is_told_of_the_survivor(desk: Desk, two: Two) -> None:
    merge(desk, *two)
    assert list(desk.call(register()).possible_doubles) == [two[0]]
