"""Who a client is, put right and changed from a day on: read back, recognised by, and heard of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as statements
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as words

from kernel.process import Service
from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Unknown
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from tests.harness.intake.service import (
    OTHER_PAYER,
    PAYER,
    SITE,
    SURNAME,
    Desk,
    coverage,
    identity,
    network,
    register,
)
from tests.harness.intake.strategies import day
from tests.intake.test_doubles import OTHER_SITE, due, keys, published
from tests.intake.test_forgetting import YEARS, agree, ask, long_after
from tests.intake.test_statements import STAFF, correct, of_kind, void

CONTACTS = words.Contacts(
    phone="+1 303 555 0147",
    email="ada@example.org",
    preferred_name="Birdie",
    language="es",
    no_fixed_address=True,
    emergency_contact=words.ContactPerson(
        name="Grace Canary", relationship="sister", phone="+1 303 555 0148"
    ),
    guardian=words.ContactPerson(name="Judge Canary"),
)


def registration(contacts: words.Contacts | None = None, **changes: Any) -> Any:
    said = register(**changes)
    if contacts is not None:
        said.contacts.CopyFrom(contacts)
    return said


def change(desk: Desk, client_id: str, since: int = 0, **changes: Any) -> Any:
    contacts = changes.pop("contacts", None)
    return desk.call(
        words.ChangePersonRequest(
            client_id=client_id,
            identity=identity(**changes),
            contacts=contacts,
            changed_from=to_date(day(since)),
        )
    )


def person(desk: Desk, client_id: str, **asked: Any) -> chart.ReadPersonResponse:
    request = chart.ReadPersonRequest(client_id=client_id, **asked)
    answer: chart.ReadPersonResponse = desk.call(request, roles=STAFF, purpose="TREATMENT")
    return answer


def told(desk: Desk) -> list[Any]:
    return published(desk, events.IdentityAmended)


def put_right(desk: Desk, client_id: str, **changes: Any) -> Any:
    said = of_kind(desk, client_id, "registration")
    return correct(desk, said, "registration", registration(**changes))


def test_contacts_are_read_back_as_they_were_said(desk: Desk) -> None:
    client_id = str(desk.call(registration(CONTACTS)).client_id)
    assert person(desk, client_id).contacts == CONTACTS
    assert not person(desk, desk.registered()).HasField("contacts")


@pytest.mark.parametrize(
    ("contacts", "field"),
    [
        (words.Contacts(phone="1\x07"), "contacts.phone"),
        (words.Contacts(guardian=words.ContactPerson(phone="1")), "contacts.guardian.name"),
        (words.Contacts(email="e" * 201), "contacts.email"),
    ],
)
def test_contacts_that_can_be_nobodys_are_refused(
    desk: Desk, contacts: words.Contacts, field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        desk.call(registration(contacts))
    assert set(refused.value.details) == {field}


def test_a_registration_is_put_right_and_read_as_it_stands_and_as_it_stood(desk: Desk) -> None:
    client_id = desk.registered(family_name="Smiht")
    before = to_timestamp(desk.now)
    desk.now += timedelta(days=3)
    put_right(desk, client_id, family_name="Smith", contacts=CONTACTS)
    now = person(desk, client_id)
    assert (now.identity.family_name, now.contacts) == ("Smith", CONTACTS)
    assert (now.identity_version, now.revision) == (2, 2)
    assert person(desk, client_id, as_of=before).identity.family_name == "Smiht"
    [named] = desk.call(
        chart.NameClientsRequest(client_ids=[client_id]), roles=STAFF, purpose="TREATMENT"
    ).clients
    assert named.family_name == "Smith"


def test_said_again_as_it_was_a_registration_stays_as_it_is(desk: Desk) -> None:
    client_id = desk.registered()
    assert not put_right(desk, client_id).receipt.published
    assert told(desk) == []


def test_others_hear_which_parts_are_as_they_were_and_no_word_of_them(desk: Desk) -> None:
    client_id = desk.registered()
    put_right(desk, client_id, family_name="Canarysmith")
    [heard] = told(desk)
    assert (heard.version, len(heard.periods)) == (2, 1)
    assert (heard.periods[0].name, heard.periods[0].sex, heard.periods[0].address) == (2, 1, 1)
    everything = str(desk.rows("SELECT body, headers FROM published"))
    everything += str(desk.rows("SELECT body FROM fact"))
    for word in ("Canarysmith", SURNAME, "Canary Row", "1984"):
        assert word not in everything


def test_a_house_move_is_said_from_its_day_on(desk: Desk) -> None:
    client_id = desk.registered()
    address = common.PostalAddress(line="1 New Street", city="Denver", state="CO", zip="802021234")
    change(desk, client_id, -2, address=address)
    now = person(desk, client_id)
    assert now.identity.address == address
    [said] = now.changes
    assert (said.changed_from, said.identity.address) == (to_date(day(-2)), address)
    [heard] = told(desk)
    assert [period.address for period in heard.periods] == [1, 2]
    assert [period.name for period in heard.periods] == [1, 1]
    assert not heard.periods[0].HasField("since")
    assert heard.periods[1].since == to_date(day(-2))


def test_another_phone_tells_others_nothing(desk: Desk) -> None:
    client_id = desk.registered()
    change(desk, client_id, contacts=CONTACTS)
    assert told(desk) == []
    assert person(desk, client_id).contacts == CONTACTS


def test_a_language_is_said_by_its_tag(desk: Desk) -> None:
    client_id = desk.registered()
    for wrong in ("Spanish", "es_MX", "e", "es-"):
        with pytest.raises(Malformed, match=r"contacts\.language is no language tag"):
            change(desk, client_id, -2, contacts=words.Contacts(language=wrong))
    for tag in ("es", "zh-Hant", "es-419"):
        change(desk, client_id, -2, contacts=words.Contacts(language=tag))
        assert person(desk, client_id).contacts.language == tag


def test_the_same_change_again_adds_nothing(desk: Desk) -> None:
    client_id = desk.registered()
    change(desk, client_id, -2, family_name="Jones")
    assert not change(desk, client_id, -2, family_name="Jones").receipt.published
    assert len(person(desk, client_id).changes) == 1


def test_nobody_changes_tomorrow_or_without_being_registered(desk: Desk) -> None:
    with pytest.raises(Malformed, match="changed_from"):
        change(desk, desk.registered(), 3)
    with pytest.raises(Unknown):
        change(desk, "0c11e700-0000-4000-8000-0000000000ff")


def test_who_a_client_was_is_put_right_under_a_change(desk: Desk) -> None:
    client_id = desk.registered(family_name="Smiht")
    change(desk, client_id, -2, family_name="Jones")
    put_right(desk, client_id, family_name="Smith")
    assert person(desk, client_id).identity.family_name == "Jones"
    [*_, heard] = told(desk)
    assert [period.name for period in heard.periods] == [3, 2]
    desk.covered(client_id)
    desk.consented(client_id)
    desk.admitted(client_id)
    [covered] = desk.identities(client_id).identities
    assert covered.identity.family_name == "Jones"
    assert covered.identity_version == heard.version


def test_a_change_is_put_right_and_taken_back(desk: Desk) -> None:
    client_id = desk.registered(family_name="Smith")
    change(desk, client_id, -2, family_name="Jonse")
    said = of_kind(desk, client_id, "change_of_person")
    again = words.ChangePersonRequest(
        client_id=client_id,
        identity=identity(family_name="Jones"),
        changed_from=to_date(day(-3)),
    )
    correct(desk, said, "change_of_person", again)
    assert person(desk, client_id).identity.family_name == "Jones"
    void(desk, of_kind(desk, client_id, "change_of_person"))
    assert person(desk, client_id).identity.family_name == "Smith"
    [*_, heard] = told(desk)
    assert [period.name for period in heard.periods] == [1]
    with desk.store.transaction() as tx:
        newest = tx.documents.open(f"client/{client_id}", "identity")
    assert newest is not None
    assert newest.version == heard.version
    assert b"Smith" in newest.content


def test_a_registration_is_never_taken_back(desk: Desk) -> None:
    client_id = desk.registered()
    with pytest.raises(AgainstTheRules) as refused:
        void(desk, of_kind(desk, client_id, "registration"))
    assert refused.value.reason == "REGISTRATION_STANDS"


def test_doubles_are_recognised_by_who_the_client_is_now(desk: Desk) -> None:
    one, other = desk.registered(), desk.registered(family_name="Smiht")
    assert due(desk) == []
    put_right(desk, other)
    assert due(desk) == [({one, other}, SITE)]
    put_right(desk, other, family_name="Smith")
    assert due(desk) == []


def test_a_member_is_recognised_anew_by_the_birth_date_that_stands(desk: Desk) -> None:
    one, other = (
        desk.registered(),
        desk.registered(given_name="Grace", birth_date=common.Date(year=1999, month=2, day=28)),
    )
    desk.covered(one)
    desk.covered(other)
    assert due(desk) == []
    put_right(desk, other, given_name="Grace")
    assert keys(desk)[0] == keys(desk)[-1]
    assert due(desk) == [({one, other}, SITE)]


def test_a_client_put_right_at_another_site_is_that_sites(desk: Desk) -> None:
    client_id = desk.registered()
    with pytest.raises(Unknown, match="site"):
        put_right(desk, client_id, site_id=OTHER_SITE)
    desk.told(*network(OTHER_SITE))
    said = of_kind(desk, client_id, "registration")
    with pytest.raises(NotAllowed):
        correct(
            desk,
            said,
            "registration",
            registration(site_id=OTHER_SITE),
            sites=frozenset({SITE}),
        )
    put_right(desk, client_id, site_id=OTHER_SITE)
    [row] = desk.rows("SELECT site_id::text FROM client_site")
    assert row.site_id == OTHER_SITE


def test_of_who_was_forgotten_nobody_is_read_and_nothing_is_put_right(
    new_store: Callable[[Service], Store],
) -> None:
    desk = Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)
    client_id = str(desk.call(registration(CONTACTS)).client_id)
    change(desk, client_id, family_name="Jones")
    long_after(desk)
    ask(desk, client_id)
    agree(desk, client_id)
    desk.pending_work.drain()
    read = person(desk, client_id)
    assert read.text_forgotten
    assert not read.HasField("identity")
    assert read.changes[0].text_forgotten
    with pytest.raises(AgainstTheRules):
        change(desk, client_id, family_name="Smith")


def numbers(desk: Desk, client_id: str) -> list[tuple[str, str, int]]:
    request = chart.ListCoveragesRequest(client_id=client_id)
    found = desk.call(request, roles=STAFF, purpose="PAYMENT").coverages
    return [(one.payer_id, one.member_number, one.order) for one in found]


def test_a_coverage_is_put_right_with_what_its_payer_said_of_it(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    said = of_kind(desk, client_id, "membership")
    right = coverage(client_id, payer_id=OTHER_PAYER, member_number="RIGHT-1", order=2)
    correct(desk, said, "membership", right)
    assert numbers(desk, client_id) == [(OTHER_PAYER, "RIGHT-1", 2)]
    [heard] = published(desk, events.MembershipAmended)
    assert (heard.version, heard.member_number, heard.group_number) == (2, 2, 1)
    word = of_kind(desk, client_id, "coverage")
    assert [revision.revision for revision in word.revisions] == [1, 2]
    [published_word] = published(desk, statements.StatementAmended)
    word_now = events.CoverageVerified.FromString(published_word.content)
    assert (word_now.payer_id, word_now.order) == (OTHER_PAYER, 2)
    assert desk.identities(client_id).withheld[0].reason == "NO_COVERAGE"


def test_numbers_of_before_are_told_beside_those_that_stand(desk: Desk) -> None:
    client_id = desk.registered()
    coverage_id = desk.covered(client_id)
    desk.consented(client_id)
    desk.admitted(client_id)
    said = of_kind(desk, client_id, "membership")
    correct(desk, said, "membership", coverage(client_id, member_number="RIGHT-1"))
    [covered] = desk.identities(client_id).identities
    assert covered.member_number == "RIGHT-1"
    assert [(n.version, n.member_number) for n in covered.coverages] == [(2, "RIGHT-1")]
    assert [(n.coverage_id, n.version, n.member_number) for n in covered.earlier_numbers] == [
        (coverage_id, 1, "MEMBER-4711")
    ]


def test_a_member_is_recognised_anew_by_the_number_that_stands(desk: Desk) -> None:
    one, other = desk.registered(), desk.registered(given_name="Grace")
    desk.covered(one)
    desk.covered(other, member_number="WRONG")
    assert due(desk) == []
    said = of_kind(desk, other, "membership")
    correct(desk, said, "membership", coverage(other))
    assert due(desk) == [({one, other}, SITE)]
    again = of_kind(desk, other, "membership")
    correct(desk, again, "membership", coverage(other, member_number="WRONG"))
    assert due(desk) == []


def test_what_a_payer_confirmed_is_taken_back_before_its_coverage_is(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    with pytest.raises(AgainstTheRules) as refused:
        void(desk, of_kind(desk, client_id, "membership"))
    assert refused.value.reason == "COVERAGE_CONFIRMED"
    void(desk, of_kind(desk, client_id, "coverage"))
    void(desk, of_kind(desk, client_id, "membership"))
    assert numbers(desk, client_id) == []


def test_a_coverage_of_a_payer_that_nobody_registered_is_not_said_either(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    wrong = coverage(client_id, payer_id="7a000000-0000-4000-8000-0000000000ff")
    with pytest.raises(Unknown, match="payer"):
        correct(desk, of_kind(desk, client_id, "membership"), "membership", wrong)
    assert numbers(desk, client_id)[0][0] == PAYER
