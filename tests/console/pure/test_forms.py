"""A form is of a request: what it asks, what it reads, and where a refusal lands."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import statements_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as statements
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as intake_statements
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_timestamp
from kernel.services import SERVICES
from ninehours.console.forms.fields import Choice, Field, FieldKind
from ninehours.console.forms.refusals import at_fields, says_of
from ninehours.console.forms.request_form import Mistyped, RequestForm
from ninehours.console.forms.saying import beside
from ninehours.console.forms.typed import WHOLE
from ninehours.console.texts import words
from tests.harness.console.declared import fields_put_right, fields_within

CONSENT = intake.GiveConsentRequest(
    client_id="0c",
    purpose=intake.CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS,
    recipient_payer_id="0p",
    given_on=common.Date(year=2026, month=3, day=2),
)
CORRECTION = intake_statements.CorrectStatementRequest(
    statement=statements.StatementRevision(statement_id="0s", revision=1),
    recording=intake_statements.Recording(consent=CONSENT),
)
PERSON = intake.ChangePersonRequest(
    identity=intake.Identity(family_name="Abbott", sex=intake.SEX_FEMALE),
    contacts=intake.Contacts(phone="5550100", emergency_contact=intake.ContactPerson(name="Robin")),
)


SAID_BY_THE_PAGE = ("meta", "statement", "scan", "version")


def refusal(**at: str) -> RemoteRefusal:
    found = {name.replace("__", "."): what for name, what in at.items()}
    return RemoteRefusal(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED", "no", found)


def test_a_field_is_named_as_a_refusal_names_it_and_ids_are_not_asked() -> None:
    assert [each.name for each in RequestForm(request=CORRECTION).fields()] == [
        "correction.reason",
        "correction.remark",
        "recording.consent.purpose",
        "recording.consent.given_on",
        "recording.consent.expires_on",
    ]


def test_what_is_typed_is_read_and_what_is_not_asked_stays() -> None:
    form = RequestForm(request=CORRECTION)
    read = form.read(
        {
            "correction.reason": "CORRECTION_REASON_MISTYPED",
            "correction.remark": "On paper: the third.\r\nSeen.",
            "recording.consent.given_on": "3/3/2026",
        }
    )
    expected = intake_statements.CorrectStatementRequest()
    expected.CopyFrom(CORRECTION)
    expected.correction.reason = statements.CORRECTION_REASON_MISTYPED
    expected.correction.remark = "On paper: the third.\nSeen."
    expected.recording.consent.given_on.day = 3
    assert read == expected
    assert CORRECTION.recording.consent.given_on.day == 2


def test_a_form_sent_as_it_stands_says_what_held() -> None:
    chosen = {"recipient_payer_id": [Choice("0p", "A payer"), Choice("1p", "Another")]}
    for request, choices in ((CORRECTION, chosen), (PERSON, {})):
        form = RequestForm(request=request, choices=choices)
        assert form.read({each.name: each.value for each in form.fields()}) == request


def test_what_is_emptied_is_said_no_more_and_what_holds_nothing_is_absent() -> None:
    form = RequestForm(request=PERSON)
    emptied = {f"contacts.emergency_contact.{name}": "" for name in ("name", "relationship")}
    read = form.read({**emptied, "contacts.phone": "", "identity.family_name": " Abt "})
    assert not read.HasField("contacts")
    assert read.identity.family_name == "Abt"


def test_a_thing_is_chosen_by_the_name_of_a_list() -> None:
    payers = [Choice("0p", "A payer"), Choice("1p", "Another")]
    form = RequestForm(request=CONSENT, choices={"recipient_payer_id": payers})
    [payer] = [each for each in form.fields() if each.name == "recipient_payer_id"]
    assert (payer.kind, payer.says) == (FieldKind.CHOICE, "A payer")
    assert form.read({"recipient_payer_id": "1p"}).recipient_payer_id == "1p"
    others = RequestForm(request=CONSENT, choices={"recipient_payer_id": payers[1:]})
    assert "0p" in [each.value for each in others.fields()]


def test_what_can_not_be_left_unsaid_is_asked_with_three_answers() -> None:
    form = RequestForm(request=intake.ScreenClientRequest())
    asked = {each.name: [choice.value for choice in each.choices] for each in form.fields()}
    assert asked["motivated"] == ["", "yes", "no"]
    assert asked["work_or_family_duties"] == ["yes", "no"]
    read = form.read({"motivated": "no", "needs_detox": ""})
    assert (read.HasField("motivated"), read.HasField("needs_detox")) == (True, False)


def test_of_many_each_is_named_by_its_number_and_an_empty_one_is_none() -> None:
    form = RequestForm(
        request=intake.RegisterClientRequest(), choices={"other_client_id": [Choice("1", "A")]}
    )
    read = form.read(
        {"other_people.1.other_client_id": "1", "other_people.1.reason": "Her twin, seen beside."}
    )
    [other] = read.other_people
    assert (other.other_client_id, other.reason) == ("1", "Her twin, seen beside.")


def test_a_moment_is_typed_by_the_clock_on_the_wall_and_keeps_its_seconds() -> None:
    zone = ZoneInfo("America/Chicago")
    at = to_timestamp(datetime(2026, 3, 2, 15, 5, 7, tzinfo=UTC))
    form = RequestForm(request=attendance.CheckInRequest(at=at), zone=zone)
    [field] = form.fields()
    assert (field.kind, field.value) == (FieldKind.MOMENT, "2026-03-02T09:05")
    assert form.read({"at": "2026-03-02T09:05"}).at == at
    assert form.read({"at": "2026-03-02T09:06"}).at.ToDatetime().minute == 6


def test_an_amount_is_typed_in_dollars() -> None:
    recording = billing.Recording()
    recording.fee.charge.CopyFrom(common.Money(currency_code="USD", minor_units=12345))
    form = RequestForm(request=recording)
    [charge] = [each for each in form.fields() if each.name == "fee.charge"]
    assert charge.value == "123.45"
    assert form.read({"fee.charge": "$1,000"}).fee.charge.minor_units == 100_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("given_on", "the second"),
        ("given_on", "2/30/2026"),
        ("purpose", "CURIOSITY"),
        ("expires_on", "3/2"),
    ],
)
def test_what_can_not_be_read_is_told_at_its_field(name: str, text: str) -> None:
    with pytest.raises(Mistyped) as wrong:
        RequestForm(request=CONSENT).read({name: text})
    assert [*wrong.value.wrong] == [name]


def test_a_refusal_lands_at_the_field_that_it_names() -> None:
    names = [each.name for each in RequestForm(request=CORRECTION).fields()]
    wrong = at_fields(refusal(recording__consent__given_on="is in the future"), names)
    assert wrong.at == {"recording.consent.given_on": "Given on is in the future."}
    assert wrong.whole == ""


def test_what_is_part_of_a_field_is_said_there_and_what_has_none_of_the_whole() -> None:
    wrong = at_fields(
        refusal(given_on__day="is 40", areas="are not five", client_id="is another"),
        ["given_on", "areas.0.need", "areas.1.need"],
    )
    assert [*wrong.at] == ["given_on", "areas.0.need"]
    assert wrong.whole == "Client: is another"


def test_a_rule_that_was_broken_is_said_of_the_whole() -> None:
    broken = RemoteRefusal(
        grpc.StatusCode.FAILED_PRECONDITION, "CONSENT_UNKNOWN", "there is none", {"id": "0c"}
    )
    assert at_fields(broken, ["id"]).whole == "there is none"
    assert at_fields(broken, ["id"], {"CONSENT_UNKNOWN": "None."}).whole == "None."


def test_what_somebody_else_said_stands_beside_what_was_typed() -> None:
    theirs = intake.GiveConsentRequest()
    theirs.CopyFrom(CONSENT)
    theirs.given_on.day = 4
    form = RequestForm(request=CONSENT)
    [differs] = beside(form, RequestForm(request=theirs), {"given_on": "2026-03-03"})
    assert (differs.label, differs.theirs, differs.mine) == (
        "Given on",
        "2026-03-04",
        "2026-03-03",
    )


TYPED = {service: fields_put_right(service) for service in SERVICES} | {
    "rules": fields_within(work.ReplayRequest.DESCRIPTOR)
}


@pytest.mark.parametrize("found", TYPED.values(), ids=TYPED)
def test_whatever_can_be_typed_has_words_for_each_field_and_value(
    found: list[FieldDescriptor],
) -> None:
    assert len(found) > 20
    for field in found:
        holder = field.containing_type
        if (
            holder is not None
            and holder.full_name not in WHOLE
            and field.name not in SAID_BY_THE_PAGE
        ):
            assert field.name in words().fields, field.full_name
        for value in field.enum_type.values if field.enum_type else ():
            assert value.number == 0 or value.name in words().values, value.name


def test_what_an_entry_is_about_is_said_in_words_and_only_what_is_asked_of_it_is_typed() -> None:
    review = plans.ReviewPlanRequest(
        plan_id="0p", ratings=[plans.ObjectiveRating(goal=1, objective=n) for n in (1, 2)]
    )
    form = RequestForm(
        request=review,
        without=("goal", "objective"),
        legends={"ratings.0.": "sleep", "ratings.1.": "cravings"},
    )
    assert [each.legend for each in form.fieldsets()] == ["", "sleep", "cravings"]
    read = form.read({"ratings.1.status": "OBJECTIVE_STATUS_MET"})
    assert [(each.goal, each.objective, each.status) for each in read.ratings] == [
        (1, 1, plans.OBJECTIVE_STATUS_UNSPECIFIED),
        (1, 2, plans.OBJECTIVE_STATUS_MET),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "value", "says"),
    [
        ("intervals.0.from", FieldKind.MOMENT, "2026-05-22T10:00", "2026-05-22, 10:00 am"),
        ("at", FieldKind.MOMENT, "2026-05-22T00:05", "2026-05-22, 12:05 am"),
        ("at", FieldKind.MOMENT, "soon", "soon"),
        ("identity.address.zip", FieldKind.LINE, "606011234", "60601-1234"),
        ("identity.address.zip", FieldKind.LINE, "60601", "60601"),
    ],
)
def test_what_is_typed_for_machines_is_said_as_people_write_it(
    name: str, kind: FieldKind, value: str, says: str
) -> None:
    assert Field(name=name, label="", kind=kind, value=value).says == says


def test_who_holds_no_credential_is_told_which_is_asked_where_and_when() -> None:
    refusal = RemoteRefusal(
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_CREDENTIALED",
        "no credential of yours is for this then and there",
        {"act": "CERTIFY", "state": "IL", "on": "2026-03-02"},
    )
    says = says_of(refusal, words().to_sign.refusals)
    assert "a physician's (MD or DO) valid in IL on 2026-03-02" in says
