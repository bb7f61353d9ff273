"""Who is registered twice: named at one's own sites, due at others', and judged by a person."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as revisions
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import search_service_pb2 as search
from ninehours.intake.v1 import statements_service_pb2 as said

from kernel.messaging.inbox import Inbox
from kernel.refusal import Malformed, Unknown
from kernel.rpc.translate import to_date
from kernel.store.statements import text
from services.intake.adapters.subscriptions import SUBSCRIPTIONS
from services.intake.app.streams import client_stream, judgement_document
from tests.harness.intake.service import PAYER, SITE, SURNAME, Desk, coverage, register
from tests.harness.intake.strategies import day
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of

OTHER_SITE = "51000000-0000-4000-8000-00000000000b"
HERE, NETWORK = frozenset({SITE}), frozenset({"*"})
REASON = "their licences show two faces"
NOBODYS = "0c11e700-0000-4000-8000-0000000000ff"


def judge(
    desk: Desk, one: str, other: str, verdict: str, *, reason: str = REASON, **changes: Any
) -> Any:
    request = pb.JudgeDoublesRequest(
        client_id=one,
        other_client_id=other,
        verdict=f"DOUBLES_VERDICT_{verdict}",
        reason=reason,
    )
    return desk.call(request, **changes)


def due(desk: Desk, sites: frozenset[str] = NETWORK, on: int = 0) -> list[tuple[set[str], str]]:
    """Pairs that are due, with the site told."""
    items = desk.call(clients.ListDueRequest(on=to_date(day(on))), sites=sites).items
    return [
        ({item.client_id, item.about_id}, item.site_id)
        for item in items
        if item.kind == "JUDGE_DOUBLES"
    ]


def keys(desk: Desk) -> list[str]:
    return [fact.key for fact in published(desk, events.MemberRecognised)]


def published(desk: Desk, kind: type[Message]) -> list[Any]:
    rows = desk.rows(
        f"SELECT body FROM published WHERE type = '{kind.DESCRIPTOR.full_name}' ORDER BY position"
    )
    return [kind.FromString(bytes(row.body)) for row in rows]


def forget_recognition(desk: Desk) -> None:
    """As a release before left it, that recognised nobody."""
    with as_owner(desk.store) as tx:
        for statement in (
            "DELETE FROM published WHERE type LIKE '%MemberRecognised'",
            "DELETE FROM fact WHERE type = 'intake.member_recognised.v1'",
            "DELETE FROM likeness",
            "DELETE FROM command WHERE actor LIKE 'reaction/%'",
            "DELETE FROM due_reaction",
            "DELETE FROM heard_fact WHERE topic = 'ninehours.intake.v1'",
        ):
            tx.connection.execute(text(statement))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"member_number": "member 47-11"}, True),
        ({"member_number": "MEMBER-4712"}, False),
        ({"payer_id": "7a000000-0000-4000-8000-000000000002"}, False),
    ],
)
def test_a_members_key_is_of_payer_folded_number_and_birth_date(
    desk: Desk, other: dict[str, str], same: bool
) -> None:
    desk.covered(desk.registered())
    desk.covered(desk.registered(given_name="Adah"), **other)
    first, second = keys(desk)
    assert (first == second) is same
    desk.covered(desk.registered(birth_date=common.Date(year=1999, month=2, day=28)))
    assert keys(desk)[2] not in {first, second}


def test_the_key_says_nothing_without_the_one_that_is_sealed(desk: Desk) -> None:
    """Nor is it the vault's own digest: the master key may be another one tomorrow."""
    desk.covered(desk.registered())
    [key] = keys(desk)
    [sealed] = desk.rows("SELECT kind, version FROM document WHERE owner = 'recognition'")
    assert (len(key), tuple(sealed)) == (64, ("key", 1))
    with desk.store.transaction() as tx:
        made = tx.documents.open("recognition", "key")
    assert made is not None
    assert made.content.hex() not in str(desk.rows("SELECT * FROM published"))


def test_registering_names_doubles_at_ones_own_sites(desk: Desk) -> None:
    first = desk.registered()
    elsewhere = desk.registered(site_id=OTHER_SITE)
    desk.registered(given_name="Grace")
    again = desk.call(register(given_name=" ADA "), sites=HERE)
    assert list(again.possible_doubles) == [first]
    everywhere = desk.call(register(), sites=NETWORK).possible_doubles
    assert set(everywhere) == {first, elsewhere, again.client_id}


def test_a_member_under_another_name_is_named_when_the_coverage_is_added(desk: Desk) -> None:
    first = desk.registered()
    desk.covered(first)
    married = desk.call(register(family_name="Zeuner"), sites=HERE)
    assert list(married.possible_doubles) == []
    added = desk.call(coverage(married.client_id, member_number="member4711"), sites=HERE)
    assert list(added.possible_doubles) == [first]


def test_doubles_at_different_sites_are_due_to_the_network_alone(desk: Desk) -> None:
    here, there = desk.registered(), desk.registered(site_id=OTHER_SITE)
    assert due(desk) == [({here, there}, "")]
    assert due(desk, HERE) == []
    assert due(desk, on=-1) == []
    beside = desk.registered()
    assert due(desk, HERE) == [({here, beside}, SITE)]


@pytest.mark.parametrize("verdict", ["ONE_PERSON", "TWO_PEOPLE"])
def test_a_named_persons_word_settles_what_is_due(desk: Desk, verdict: str) -> None:
    one, other = desk.registered(), desk.registered()
    desk.now += timedelta(days=1)
    judge(desk, other, one, verdict, actor="person/ada")
    assert (due(desk), due(desk, on=1)) == ([({one, other}, SITE)], [])
    named = [] if verdict == "TWO_PEOPLE" else [other]
    assert list(desk.call(coverage(one)).possible_doubles) == named
    [fact] = desk.rows("SELECT body, actor FROM fact WHERE type = 'intake.doubles_judged.v1'")
    assert (fact.actor, fact.body["verdict"]) == ("person/ada", verdict)
    told = published(desk, events.DoublesJudged)
    assert [(judged.client_id, judged.other_client_id) for judged in told] == [
        (other, one),
        (one, other),
    ]
    assert "licences" not in str(desk.rows("SELECT * FROM fact")) + str(told)


def test_the_last_word_holds_and_the_same_again_adds_nothing(desk: Desk) -> None:
    one, other = desk.registered(), desk.registered()
    judge(desk, one, other, "TWO_PEOPLE")
    judge(desk, other, one, "TWO_PEOPLE")
    judge(desk, other, one, "ONE_PERSON")
    verdicts = [pb.DoublesVerdict.Name(e.verdict) for e in published(desk, events.DoublesJudged)]
    assert [verdict.removeprefix("DOUBLES_VERDICT_") for verdict in verdicts] == [
        *("TWO_PEOPLE", "TWO_PEOPLE"),
        *("ONE_PERSON", "ONE_PERSON"),
    ]
    assert list(desk.call(coverage(one)).possible_doubles) == [other]


def test_what_can_not_be_judged_is_refused(desk: Desk) -> None:
    one = desk.registered()
    with pytest.raises(Malformed):
        judge(desk, one, one, "TWO_PEOPLE")
    with pytest.raises(Unknown):
        judge(desk, one, NOBODYS, "TWO_PEOPLE")
    with pytest.raises(Malformed):
        desk.call(
            pb.JudgeDoublesRequest(
                client_id=one, other_client_id=NOBODYS, verdict=pb.DOUBLES_VERDICT_ONE_PERSON
            )
        )
    assert desk.rows("SELECT FROM fact WHERE type = 'intake.doubles_judged.v1'") == []


class Killed(BaseException):
    """As by kill -9."""


def test_people_of_before_are_recognised_by_the_stream_once_and_after_a_kill_too(
    desk: Desk,
) -> None:
    clients = [desk.registered() for _ in range(3)]
    coverages = [desk.covered(client_id) for client_id in clients]
    desk.pending_work.drain()
    forget_recognition(desk)
    assert (keys(desk), due(desk)) == ([], [])

    left = 4  # of six reactions

    def kill(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    Inbox(desk.store, SUBSCRIPTIONS, signatures_of()).begin([])
    with pytest.raises(Killed):
        desk.drainer(barrier=kill).drain()
    Inbox(desk.store, SUBSCRIPTIONS, signatures_of()).begin([])
    desk.drainer().drain()
    told = published(desk, events.MemberRecognised)
    assert sorted(judged.coverage_id for judged in told) == sorted(coverages)
    assert {judged.key for judged in told} == {told[0].key}
    assert len(due(desk)) == 3
    facts = desk.rows("SELECT count(*) FROM fact")
    desk.drainer().mark_outdated()
    desk.drainer().drain()
    assert desk.rows("SELECT count(*) FROM fact") == facts
    assert PAYER not in str(told)


def test_the_reason_is_that_of_who_judged_whoever_says_it_again(desk: Desk) -> None:
    one, two = desk.registered(), desk.registered()
    judge(desk, one, two, "TWO_PEOPLE", actor="staff/ada")
    again = judge(desk, one, two, "TWO_PEOPLE", actor="staff/eve", reason="a guess")
    assert not again.receipt.published
    with desk.store.transaction() as tx:
        sealed = tx.documents.open(client_stream(one), judgement_document(two))
    assert sealed is not None
    assert sealed.content.decode() == REASON


def look(desk: Desk, **changes: Any) -> list[Any]:
    sites = changes.pop("sites", HERE)
    born = common.Date(year=1984, month=2, day=29)
    asked = {"family_name": SURNAME, "given_name": "Ada", "birth_date": born, **changes}
    return list(desk.call(search.LookForDoublesRequest(**asked), sites=sites).doubles)


def reasons(doubles: list[Any]) -> dict[str, list[str]]:
    return {
        double.client.client_id: [
            search.LikelyBy.Name(reason).removeprefix("LIKELY_BY_") for reason in double.reasons
        ]
        for double in doubles
    }


def test_likely_doubles_are_told_before_registering_with_reasons(desk: Desk) -> None:
    same, sounding, member = (
        desk.registered(),
        desk.registered(family_name="Wolfeshlegelstien", given_name="Adah"),
        desk.registered(family_name="Zeuner", birth_date=common.Date(year=1990, month=1, day=2)),
    )
    desk.registered(birth_date=common.Date(year=1984, month=2, day=28))
    elsewhere = desk.registered(site_id=OTHER_SITE)
    desk.covered(member)
    found = look(desk, member_number="member 4711")
    by_sound = "SOUND_AND_BIRTH_DATE"
    assert reasons(found) == {
        same: ["NAME_AND_BIRTH_DATE", by_sound],
        member: ["MEMBER_NUMBER"],
        sounding: [by_sound],
    }
    [first] = [double.client for double in found if double.client.client_id == same]
    assert (first.family_name, first.given_name, first.site_id) == (SURNAME, "Ada", SITE)
    assert elsewhere in reasons(look(desk, sites=NETWORK))
    assert look(desk, family_name="Nobody") == []


def test_another_person_is_a_recorded_choice_of_registering(desk: Desk) -> None:
    first, second = desk.registered(), desk.registered()
    request = register()
    request.other_people.add(other_client_id=first, reason=REASON)
    answer = desk.call(request, actor="person/ada", sites=HERE)
    assert list(answer.possible_doubles) == [second]
    assert ({answer.client_id, first}, SITE) not in due(desk)
    assert ({answer.client_id, second}, SITE) in due(desk)
    [fact] = desk.rows("SELECT body, actor FROM fact WHERE type = 'intake.doubles_judged.v1'")
    assert (fact.actor, fact.body["verdict"]) == ("person/ada", "TWO_PEOPLE")
    told = desk.call(chart.ReadPersonRequest(client_id=answer.client_id)).doubles
    assert [(double.other_client_id, double.reason) for double in told] == [(first, REASON)]
    # Said again, it is the same answer, and nothing more.
    facts = desk.rows("SELECT count(*) FROM fact")
    again = desk.call(request, actor="person/ada", sites=HERE)
    assert (again.client_id, desk.rows("SELECT count(*) FROM fact")) == (answer.client_id, facts)


def test_another_person_is_a_client_with_a_reason_named_once(desk: Desk) -> None:
    first = desk.registered()
    for others, refusal in (
        ([pb.OtherPerson(other_client_id=NOBODYS, reason=REASON)], Unknown),
        ([pb.OtherPerson(other_client_id=first)], Malformed),
        ([pb.OtherPerson(other_client_id="x", reason=REASON)], Malformed),
        ([pb.OtherPerson(other_client_id=first, reason=REASON)] * 2, Malformed),
    ):
        request = register()
        request.other_people.extend(others)
        with pytest.raises(refusal):
            desk.call(request)
    assert desk.rows("SELECT count(*) FROM registration")[0].count == 1


def test_who_is_another_person_is_said_when_registering_and_not_put_right(desk: Desk) -> None:
    client_id, other = desk.registered(), desk.registered()
    [fact] = desk.rows(f"SELECT id::text FROM fact WHERE stream = 'client/{client_id}'")
    anew = register()
    anew.other_people.add(other_client_id=other, reason=REASON)
    request = said.CorrectStatementRequest(
        statement=revisions.StatementRevision(statement_id=fact.id, revision=1),
        recording=said.Recording(registration=anew),
        correction=revisions.Correction(
            reason=revisions.CORRECTION_REASON_MISTYPED, remark="typed wrong"
        ),
    )
    with pytest.raises(Malformed) as refused:
        desk.call(request, roles=frozenset({"front_desk"}), purpose="OPERATIONS")
    assert "other_people" in str(refused.value.details)
