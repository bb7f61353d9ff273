"""Clients found, read and put right, without script: the real console, on the real services."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import statements_service_pb2 as statements
from playwright.sync_api import Browser, expect

from kernel.process import Service
from kernel.roles import Role
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from tests.harness.billing.history import day
from tests.harness.console.browsing import go, tab
from tests.harness.console.clinic import SCRIPT, Clinic, clinic
from tests.harness.console.reader import Form, Reader, Shown
from tests.harness.console.running import WAY_IN
from tests.harness.intake.service import network

MISTYPED = {
    "correction.reason": "CORRECTION_REASON_MISTYPED",
    "correction.remark": "On the card it is the fourth.",
}


@pytest.fixture(scope="module")
def desk(
    postgres: LocalServers,
    secrets_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    new_store_of_module: Callable[[Service], Store],
) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("console")
    with clinic(postgres, secrets_dir, folder, new_store_of_module) as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(desk: Clinic) -> Reader:
    return desk.running.signed_in("front_desk")


@pytest.fixture(scope="module")
def billed(desk: Clinic) -> str:
    """A client with all that a claim needs, who came on three days."""
    client_id = desk.house.admit(family_name="Okonkwo", given_name="Robin")
    desk.house.office.pending_work.drain()
    return client_id


def somebody(desk: Clinic, family_name: str) -> dict[str, str]:
    """Born as everybody here is, at the desk's site."""
    return {
        "identity.family_name": family_name,
        "identity.given_name": "Rosa",
        "identity.birth_date": "1984-02-29",
        "identity.sex": "SEX_FEMALE",
        "identity.address.line": "5 Wharf Lane",
        "identity.address.city": "Chicago",
        "identity.address.state": "IL",
        "identity.address.zip": "60601",
        "site_id": desk.front_desk.site_id,
    }


def find(reader: Reader, text: str) -> Shown:
    return reader.send(reader.get("/clients").form("/clients"), text=text)


def stated(desk: Clinic, client_id: str, kind: str, role: Role = Role.FRONT_DESK) -> Any:
    """The one statement of a kind, as somebody in that role is told it."""
    every = desk.house.desk.call(
        statements.ListStatementsRequest(client_id=client_id),
        roles=frozenset({role}),
        purpose=role.purpose,
    ).statements
    [found] = [each for each in every if each.revisions[0].recording.WhichOneof("said") == kind]
    return found


def opened(reader: Reader, desk: Clinic, client_id: str, kind: str, mode: str) -> Form:
    """The form that puts the one statement of a kind right."""
    path = f"/clients/{client_id}/statements/{stated(desk, client_id, kind).statement_id}/{mode}"
    return reader.get(path).form(path)


def test_who_is_meant_is_found_by_one_field_that_stands_in_no_address(
    desk: Clinic, reader: Reader
) -> None:
    client_id = desk.house.desk.registered(family_name="Kowalski", given_name=SCRIPT)
    desk.house.desk.registered(family_name="Kowalczyk")
    page = find(reader, "kowalski 2/29/1984")
    assert (page.status, page.at) == (200, "/clients")
    assert f"Kowalski, {SCRIPT}" in page.text
    assert "birth date, name" in page.text
    assert "Kowalczyk" not in page.text
    assert f'href="/clients/{client_id}" data-found autofocus' in page.body
    assert page.headers["cache-control"] == "no-store"
    assert "<script>document" not in page.body


def test_nothing_typed_and_nobody_found_say_what_to_do(reader: Reader) -> None:
    page = find(reader, " ")
    assert (page.status, "Type a part of a name" in page.text) == (422, True)
    page = find(reader, "2/30/1984")
    assert (page.status, "holds a date that is none" in page.text) == (422, True)
    assert "Nobody at your sites meets all of that" in find(reader, "Nobodyhere").text


def test_a_client_is_read_with_what_was_said_of_them(reader: Reader, billed: str) -> None:
    page = reader.get(f"/clients/{billed}")
    assert page.status == 200
    for told in ("Okonkwo, Robin", "born 1984-02-29", f"MEMBER-{billed}", "12 Canary Row"):
        assert told in page.text
    assert "Okonkwo" not in page.body.partition("<body>")[0]
    assert "Revoke a consent" in page.text
    assert "Record a screening" not in page.text  # a clinician's


def test_what_was_wrong_is_put_right_once_its_consequences_were_seen(
    desk: Clinic, reader: Reader, billed: str
) -> None:
    form = opened(reader, desk, billed, "coverage", "correct")
    assert form.fields["recording.coverage.verified_from"] == "2026-01-01"
    wednesday = f"{day(2):%Y-%m-%d}"
    looked = reader.send(
        form, step="look", **MISTYPED, **{"recording.coverage.verified_from": wednesday}
    )
    assert looked.status == 200
    assert "What would follow" in looked.text
    assert "on hold" in looked.text
    assert len(stated(desk, billed, "coverage").revisions) == 1
    changing = reader.send(looked.form(form.action), step="change").form(form.action)
    assert changing.fields["recording.coverage.verified_from"] == wednesday
    for _ in ("once", "again"):
        recorded = reader.send(looked.form(form.action), step="record")
        assert (recorded.status, recorded.at) == (200, f"/clients/{billed}")
    assert len(stated(desk, billed, "coverage").revisions) == 2
    assert "mistyped: On the card it is the fourth." in recorded.text
    assert "<s>" in recorded.body


def test_what_is_refused_is_said_at_its_field_and_stays_as_it_was_typed(
    desk: Clinic, reader: Reader, billed: str
) -> None:
    form = opened(reader, desk, billed, "consent", "correct")
    page = reader.send(form, step="look", **{"recording.consent.given_on": "2999-01-01"})
    assert page.status == 422
    again = page.form(form.action)
    assert again.fields["recording.consent.given_on"] == "2999-01-01"
    assert 'id="why-recording.consent.given_on"' in page.body
    page = reader.send(form, step="look")
    assert (page.status, "Reason is required." in page.text) == (422, True)
    page = reader.send(form, step="look", **MISTYPED, **{"recording.consent.given_on": "soon"})
    assert (page.status, 'id="why-recording.consent.given_on"' in page.body) == (422, True)


def test_what_somebody_else_put_right_meanwhile_stands_beside_mine(
    desk: Clinic, reader: Reader
) -> None:
    client_id = desk.house.desk.registered(family_name="Lindqvist")
    desk.house.cover(client_id)
    number = "recording.membership.member_number"
    mine = opened(reader, desk, client_id, "membership", "correct")
    theirs = reader.send(mine, step="look", **MISTYPED, **{number: "THEIRS-1"})
    mine = opened(reader, desk, client_id, "membership", "correct")
    looked = reader.send(mine, step="look", **MISTYPED, **{number: "MINE-1"})
    reader.send(theirs.form(mine.action), step="record")
    page = reader.send(looked.form(mine.action), step="record")
    assert page.status == 422
    assert "Somebody else put this right meanwhile" in page.text
    assert "Member number THEIRS-1 MINE-1" in page.text
    looked = reader.send(page.form(mine.action), step="look")
    page = reader.send(looked.form(mine.action), step="record")
    assert (page.status, "MINE-1" in page.text) == (200, True)
    assert len(stated(desk, client_id, "membership").revisions) == 3


def test_what_should_never_have_been_said_is_taken_back(desk: Clinic, reader: Reader) -> None:
    client_id = desk.house.desk.registered(family_name="Moreau")
    desk.house.consent(client_id)
    form = opened(reader, desk, client_id, "consent", "void")
    assert "recording.consent.given_on" not in form.fields
    looked = reader.send(form, step="look", **MISTYPED)
    page = reader.send(looked.form(form.action), step="record")
    assert "taken back" in page.text
    assert stated(desk, client_id, "consent").revisions[-1].voided


def test_a_change_is_said_from_a_day_on_with_what_holds_there_already(
    desk: Clinic, reader: Reader
) -> None:
    client_id = desk.house.desk.registered(family_name="Novak")
    path = f"/clients/{client_id}/say/change_of_person"
    form = reader.get(path).form(path)
    assert form.fields["identity.family_name"] == "Novak"
    assert form.fields["changed_from"]
    page = reader.send(form, step="look", **{"identity.address.zip": "8020"})
    assert (page.status, "ZIP code is not five or nine digits" in page.text) == (422, True)
    looked = reader.send(
        form,
        step="look",
        changed_from="2026-03-02",
        **{"contacts.phone": "303 555 0100", "contacts.preferred_name": SCRIPT},
    )
    page = reader.send(looked.form(path), step="record")
    assert (page.status, "303 555 0100" in page.text, SCRIPT in page.text) == (200, True, True)
    assert "<script>document" not in page.body
    assert "Novak" in find(reader, "303-555-0100").text


def test_how_somebody_is_reached_is_said_and_put_right_alone(desk: Clinic, reader: Reader) -> None:
    client_id = desk.house.desk.registered(family_name="Novotny")
    path = f"/clients/{client_id}/say/change_of_contacts"
    form = reader.get(path).form(path)
    assert form.fields["changed_from"]
    assert "identity.family_name" not in form.fields
    aunt = {"contacts.emergency_contact.name": "Jana Dvorak"}
    looked = reader.send(form, step="look", **aunt, **{"contacts.phone": "303 555 0107"})
    page = reader.send(looked.form(path), step="record")
    assert "In an emergency. Name: Jana Dvorak" in page.text
    said = stated(desk, client_id, "change_of_person")
    path = f"/clients/{client_id}/statements/{said.statement_id}/contacts"
    form = reader.get(path).form(path)
    assert "recording.change_of_person.identity.family_name" not in form.fields
    number = {"recording.change_of_person.contacts.phone": "303 555 0170"}
    looked = reader.send(form, step="look", **MISTYPED, **number)
    page = reader.send(looked.form(path), step="record")
    assert (page.status, "303 555 0170" in page.text) == (200, True)
    assert page.text.count("mistyped: On the card it is the fourth.") == 1
    last = stated(desk, client_id, "change_of_person").revisions[-1].recording.change_of_person
    assert last.identity.family_name == "Novotny"
    assert last.contacts.emergency_contact.name == "Jana Dvorak"
    assert reader.get(path.replace("contacts", "referrals")).status == 404


def test_a_coverage_is_added_by_its_payers_name_and_confirmed(desk: Clinic, reader: Reader) -> None:
    client_id = desk.house.desk.registered(family_name="Petrov")
    path = f"/clients/{client_id}/say/membership"
    page = reader.get(path)
    assert "Prairie Health" in page.text
    looked = reader.send(
        page.form(path),
        step="look",
        payer_id=desk.house.payer_id,
        member_number="NEW-1",
        effective_from="2026-03-02",
        order="1",
    )
    assert "NEW-1" in reader.send(looked.form(path), step="record").text
    path = f"/clients/{client_id}/say/coverage"
    form = reader.get(path).form(path)
    assert form.fields["coverage_id"]  # the only one
    looked = reader.send(form, step="look", verified_from="2026-03-02")
    page = reader.send(looked.form(path), step="record")
    assert "Confirmed from: 2026-03-02" in page.text


def test_a_role_says_what_is_its_own_and_reads_the_rest(
    desk: Clinic, reader: Reader, billed: str
) -> None:
    clinician = desk.running.signed_in("clinician")
    page = clinician.get(f"/clients/{billed}")
    assert (f"MEMBER-{billed}" in page.text, "Add a coverage" in page.text) == (True, False)
    path = f"/clients/{billed}/say/membership"
    assert clinician.get(path).status == 403
    assert desk.running.signed_in("operator").get("/clients").status == 403
    biller = desk.running.signed_in("biller").get(f"/clients/{billed}")
    assert (biller.status, "Add a coverage" in biller.text) == (200, True)
    assert "Record a screening" in page.text
    assert reader.get(f"/clients/{uuid4()}").status == 404
    assert reader.get(f"/clients/{billed}/say/nothing").status == 404


def test_a_screening_declines_with_a_referral(desk: Clinic) -> None:
    client_id = desk.house.desk.registered(family_name="Quispe")
    clinician = desk.running.signed_in("clinician")
    path = f"/clients/{client_id}/say/screening"
    form = clinician.get(path).form(path)
    said = {
        "needs_detox": "yes",
        "needs_24_hour_care": "no",
        "motivated": "yes",
        "screened_on": "2026-03-02",
        "referred_to": "REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT",
    }
    page = clinician.send(form, step="look", **said)
    assert (page.status, 'id="why-stable_environment"' in page.body) == (422, True)
    looked = clinician.send(form, step="look", **said, stable_environment="yes")
    page = clinician.send(looked.form(path), step="record")
    assert "withdrawal management" in page.text
    told = "Whether they are for intensive outpatient care a clinician says"
    assert told in desk.running.signed_in("front_desk").get(f"/clients/{client_id}").text
    [statement_id] = re.findall(r"/statements/([0-9a-f-]+)/referrals", page.body)
    path = f"/clients/{client_id}/statements/{statement_id}/referrals"
    form = clinician.get(path).form(path)
    assert "recording.screening.needs_detox" not in form.fields
    crisis = {"recording.screening.referred_to": "REFERRAL_TARGET_CRISIS"}
    looked = clinician.send(form, step="look", **MISTYPED, **crisis)
    page = clinician.send(looked.form(path), step="record")
    assert "crisis care" in page.text
    assert page.text.count("mistyped: On the card it is the fourth.") == 1  # nothing else was


def test_a_merged_client_leads_to_the_one_that_goes_on(desk: Clinic, reader: Reader) -> None:
    survivor = desk.house.desk.registered(family_name="Ruiz", given_name="Ana")
    absorbed = desk.house.desk.registered(family_name="Ruis", given_name="Ana")
    desk.house.desk.call(
        pb.MergeClientsRequest(
            survivor_client_id=survivor,
            absorbed_client_id=absorbed,
            reason=pb.MERGE_REASON_REGISTERED_TWICE,
            remark="The same card.",
        )
    )
    page = reader.get(f"/clients/{absorbed}")
    assert f'href="/clients/{survivor}"' in page.body
    assert "merged into another one" in page.text


def test_somebody_new_is_registered_beside_who_may_be_here_already(
    desk: Clinic, reader: Reader
) -> None:
    site_id = desk.front_desk.site_id
    others = [
        desk.house.desk.registered(family_name="Marchetti", given_name=name, site_id=site_id)
        for name in ("Rosa", SCRIPT)
    ]
    form = reader.get("/clients/new").form("/clients/new")
    compared = reader.send(form, step="compare", **somebody(desk, "Marchetti"))
    assert compared.status == 200
    assert "Perhaps already here" in compared.text
    assert "name and birth date" in compared.text
    form = compared.form("/clients/new")
    assert form.fields["identity.given_name"] == "Rosa"
    another = f"other_people.{others[0]}"
    assert "Register another person all the same" in reader.send(form, step="look").text
    looked = reader.send(form, step="look", **{another: "Her niece, named after her."})
    assert "Register another person all the same" not in looked.text
    assert (looked.status, "Her niece, named after her." in looked.text) == (200, True)
    assert looked.form("/clients/new").fields[another] == "Her niece, named after her."
    changing = reader.send(looked.form("/clients/new"), step="change").form("/clients/new")
    assert changing.fields[another] == "Her niece, named after her."
    registered = [reader.send(looked.form("/clients/new"), step="record") for _ in range(2)]
    assert {page.status for page in registered} == {200}
    [at] = {page.at for page in registered}
    assert at.removeprefix("/clients/") not in others
    assert "Marchetti, Rosa" in registered[0].text
    again = reader.send(reader.get("/clients/new").form("/clients/new"), step="compare")
    assert "Perhaps already here" not in again.text


def test_a_clinician_admits_them_and_says_what_they_have(desk: Clinic) -> None:
    site_id, program_id = desk.front_desk.site_id, desk.front_desk.program_id
    kind = common.PROGRAM_KIND_SUBSTANCE_USE
    program = common.Program(program_id=program_id, kind=kind, under_part2=True)
    opened_there = attendance.ProgramOpened(site_id=site_id, program=program)
    desk.house.desk.told(*network(site_id), opened_there)
    client_id = desk.house.desk.registered(family_name="Ramaswamy", site_id=site_id)
    clinician = desk.running.signed_in("clinician")
    path = f"/clients/{client_id}/say/admission"
    form = clinician.get(path).form(path)
    assert (form.fields["level_of_care"], form.fields["admitted_on"] != "") == ("2.1", True)
    refused = clinician.send(form, step="look", level_of_care="")
    assert (refused.status, 'id="why-level_of_care"' in refused.body) == (422, True)
    looked = clinician.send(form, step="look")
    assert looked.status == 200, looked.text
    for _ in ("once", "again"):
        page = clinician.send(looked.form(path), step="record")
        assert (page.status, page.at) == (200, f"/clients/{client_id}")
    assert "2.1 (ASAM: intensive outpatient)" in page.text
    path = f"/clients/{client_id}/say/diagnosis"
    form = clinician.get(path).form(path)
    since = {"effective_from": "2026-03-02"}
    refused = clinician.send(form, step="look", code="Alcohol", **since)
    assert (refused.status, 'id="why-code"' in refused.body) == (422, True), refused.text
    looked = clinician.send(form, step="look", code="F10.20", **since)
    page = clinician.send(looked.form(path), step="record")
    assert "F10.20" in page.text
    said = stated(desk, client_id, "diagnosis", Role.CLINICIAN)
    path = f"/clients/{client_id}/statements/{said.statement_id}/correct"
    form = clinician.get(path).form(path)
    looked = clinician.send(form, step="look", **MISTYPED, **{"recording.diagnosis.code": "F10.10"})
    page = clinician.send(looked.form(path), step="record")
    assert "F10.10" in page.text
    said = stated(desk, client_id, "admission", Role.CLINICIAN)
    path = f"/clients/{client_id}/statements/{said.statement_id}/correct"
    form = clinician.get(path).form(path)
    assert "recording.admission.program.kind" not in form.fields
    looked = clinician.send(
        form, step="look", **MISTYPED, **{"recording.admission.level_of_care": "2.5"}
    )
    assert "2.5" in clinician.send(looked.form(path), step="record").text
    other = desk.running.signed_in("front_desk")
    assert other.get(f"/clients/{client_id}/say/admission").status == 403
    assert "F10.10" not in other.get(f"/clients/{client_id}").text


def test_who_may_be_one_person_is_judged_later_from_their_page_and_the_last_word_is_seen(
    desk: Clinic, reader: Reader
) -> None:
    site_id = desk.front_desk.site_id
    one, other = (
        desk.house.desk.registered(family_name="Nakamura", given_name=SCRIPT, site_id=site_id)
        for _ in ("once", "again")
    )
    path = f"/clients/{one}/doubles/{other}"
    page = reader.get(f"/clients/{one}")
    assert "Nobody judged it yet." in page.text
    assert f'href="{path}"' in page.body
    assert "<script>document" not in page.body
    form = reader.get(path).form(path)
    page = reader.send(form, step="look", reason="Another passport.")
    assert (page.status, 'id="why-verdict"' in page.body) == (422, True)
    assert page.form(path).fields["reason"] == "Another passport."
    two = {"verdict": "DOUBLES_VERDICT_TWO_PEOPLE", "reason": "Another passport."}
    mine = reader.send(form, step="look", **two)
    theirs = desk.running.signed_in("biller")
    said = {"verdict": "DOUBLES_VERDICT_ONE_PERSON", "reason": "The same card."}
    looked = theirs.send(theirs.get(path).form(path), step="look", **said)
    for _ in ("once", "again"):
        page = theirs.send(looked.form(path), step="record")
        assert (page.status, page.at) == (200, f"/clients/{one}")
    assert "one person: The same card." in page.text
    page = reader.send(mine.form(path), step="record")
    assert page.status == 422
    assert "They are one person two people" in page.text
    assert page.form(path).fields["reason"] == "Another passport."
    looked = reader.send(page.form(path), step="look")
    page = reader.send(looked.form(path), step="record")
    assert (page.status, "two people: Another passport." in page.text) == (200, True)
    assert "two people: Another passport." in reader.get(f"/clients/{other}").text
    clinician = desk.running.signed_in("clinician")
    assert clinician.get(path).status == 403
    assert "Perhaps the same person" not in clinician.get(f"/clients/{one}").text


def test_two_records_of_one_person_are_merged_from_the_page_of_the_one_that_goes_on_and_parted(
    desk: Clinic, reader: Reader
) -> None:
    site_id = desk.front_desk.site_id
    survivor, absorbed = (
        desk.house.desk.registered(family_name="Osei", given_name=name, site_id=site_id)
        for name in ("Kofi", SCRIPT)
    )
    pair = f"/clients/{survivor}/doubles/{absorbed}"
    path, apart = f"{pair}/merge", f"{pair}/take_apart"
    assert path not in reader.get(f"/clients/{survivor}").body
    said = {"verdict": "DOUBLES_VERDICT_ONE_PERSON", "reason": "The same card."}
    looked = reader.send(reader.get(pair).form(pair), step="look", **said)
    judged = reader.send(looked.form(pair), step="record")
    assert f'href="{path}"' in judged.body
    form = reader.get(path).form(path)
    assert "It goes on as Osei, Kofi" in reader.get(path).text
    refused = reader.send(form, step="look", remark="The same card.")
    assert (refused.status, 'id="why-reason"' in refused.body) == (422, True)
    twice = {"reason": "MERGE_REASON_REGISTERED_TWICE", "remark": "The same card."}
    looked = reader.send(form, step="look", **twice)
    assert "What would follow" in looked.text
    assert f'href="{apart}"' not in reader.get(f"/clients/{survivor}").body
    for _ in ("once", "again"):
        page = reader.send(looked.form(path), step="record")
        assert (page.status, page.at) == (200, f"/clients/{survivor}")
    assert f"Osei, {SCRIPT}" in page.text
    assert f'href="{path}"' not in page.body
    # Of who may be whom, one of theirs is the other: nobody may be themselves.
    assert f"/doubles/{survivor}" not in page.body
    assert "merged into another one" in reader.get(f"/clients/{absorbed}").text
    two = {"reason": "UNMERGE_REASON_TWO_PEOPLE", "remark": "Cousins."}
    looked = reader.send(reader.get(apart).form(apart), step="look", **two)
    for each in (survivor, absorbed):  # alike but for these
        assert f"record {each[:8]}" in looked.text
    assert looked.text.count("registered on ") == 2
    page = reader.send(looked.form(apart), step="record")
    assert f'href="{apart}"' not in page.body
    assert "merged into another one" not in reader.get(f"/clients/{absorbed}").text
    refused = reader.send(reader.get(apart).form(apart), step="look", **two)
    assert (refused.status, "They are not merged so any more" in refused.text) == (422, True)
    assert desk.running.signed_in("clinician").get(path).status == 403
    assert reader.get(f"{pair}/swap").status == 404


def test_a_date_of_two_records_says_of_which_it_is(desk: Clinic, reader: Reader) -> None:
    other = desk.house.admit(family_name="Oyelaran", given_name="Robin")
    one = desk.house.desk.registered(family_name="Oyelaran", given_name="Robin")
    desk.house.cover(one)
    desk.house.relay()
    desk.house.office.pending_work.drain()
    pair = f"/clients/{one}/doubles/{other}"
    said = {"verdict": "DOUBLES_VERDICT_ONE_PERSON", "reason": "The same card."}
    looked = reader.send(reader.get(pair).form(pair), step="look", **said)
    reader.send(looked.form(pair), step="record")
    merging = f"{pair}/merge"
    twice = {"reason": "MERGE_REASON_REGISTERED_TWICE", "remark": "The same card."}
    looked = reader.send(reader.get(merging).form(merging), step="look", **twice)
    rows = re.findall(r"<tr role=.row.>.*?</tr>", looked.body, re.DOTALL)
    days = [row for row in rows if "rowheader" in row]
    assert days, looked.text
    records = {f"record {each[:8]}" for each in (one, other)}
    assert all(any(record in row for record in records) for row in days), looked.text


def test_what_differs_of_two_records_is_said_with_what_to_do(desk: Clinic, reader: Reader) -> None:
    one, other = (
        desk.house.desk.registered(family_name="Osman", given_name="Ali", sex=sex)
        for sex in (pb.SEX_MALE, pb.SEX_FEMALE)
    )
    path = f"/clients/{one}/doubles/{other}/merge"
    twice = {"reason": "MERGE_REASON_REGISTERED_TWICE", "remark": "The same card."}
    page = reader.send(reader.get(path).form(path), step="look", **twice)
    assert (page.status, "put the wrong one right first" in page.text) == (422, True)


def test_what_is_wrong_of_somebody_new_is_said_at_its_fields(desk: Clinic, reader: Reader) -> None:
    form = reader.get("/clients/new").form("/clients/new")
    wrong = {**somebody(desk, "Quist"), "identity.birth_date": "2999-01-01", "identity.sex": ""}
    page = reader.send(form, step="look", **wrong)
    assert page.status == 422
    assert 'id="why-identity.birth_date"' in page.body
    assert page.form("/clients/new").fields["identity.family_name"] == "Quist"
    biller = desk.running.signed_in("biller")
    assert biller.get("/clients/new").status == 403
    assert "/clients/new" not in biller.get("/clients").body


def test_while_somebody_is_typed_who_may_be_here_already_is_shown(
    desk: Clinic, browser: Browser
) -> None:
    site_id = desk.front_desk.site_id
    desk.house.desk.registered(family_name="Tolliver", given_name="Rosa", site_id=site_id)
    way_in = f"http://{desk.running.addresses[0]}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "front_desk") as page:
        go(page, "/clients/new")
        page.keyboard.type("Tolliver")
        page.keyboard.press("Tab")
        page.keyboard.type("Rosa")
        page.get_by_label("Birth date").first.fill("1984-02-29")
        expect(page.get_by_text("Perhaps already here")).to_be_visible()
        expect(page.get_by_label("Tolliver, Rosa is another person, as")).to_be_editable()
