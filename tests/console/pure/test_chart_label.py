"""How a client's record is labelled in the head of their pages."""

from datetime import date

from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_pb

from kernel.rpc.translate import to_date
from ninehours.console.pages.chart.label import label_of

MONDAY = date(2026, 3, 2)


def consent(payer: str, first: int, last: int | None = None) -> intake.Consent:
    return intake.Consent(
        recipient_payer_id=payer,
        purpose=intake_pb.CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS,
        given_on=to_date(date(2026, 3, first)),
        last_day=to_date(date(2026, 3, last)) if last else None,
    )


def test_a_label_says_the_law_the_consents_in_force_and_what_is_kept_back() -> None:
    told = intake.ListConsentsResponse(
        label=common.LABEL_PART2,
        consents=[consent("a", 1), consent("b", 3, 9), consent("c", 1, 4), consent("d", 8)],
        restrictions=[
            intake.Restriction(
                payer_id="a",
                to=to_date(date(2026, 3, 6)),
                **{"from": to_date(date(2026, 3, 2))},
            )
        ],
    )
    label = label_of(told, date(2026, 3, 5), {"a": "Prairie"})
    assert (label.strict, "42 CFR part 2 prohibits" in label.law) == (True, True)
    assert label.consents == [
        "Consent: Prairie may be told, for treatment, payment and operations, since 2026-03-01.",
        "Consent: b may be told, for treatment, payment and operations,"
        " from 2026-03-03 to 2026-03-09.",
    ]
    assert label.kept_back == [
        "Kept from Prairie, as the client asked: services of 2026-03-02 – 2026-03-06."
    ]


def test_without_a_consent_in_force_a_label_says_so_and_one_that_is_not_known_is_strict() -> None:
    told = intake.ListConsentsResponse(label=common.LABEL_PART2, consents=[consent("a", 1, 4)])
    assert label_of(told, date(2026, 3, 5), {}).consents == [
        "No consent is in force: no payer may be told."
    ]
    hipaa = label_of(intake.ListConsentsResponse(label=common.LABEL_HIPAA), MONDAY, {})
    assert (hipaa.strict, hipaa.consents) == (False, [])
    unknown = label_of(intake.ListConsentsResponse(), MONDAY, {})
    assert (unknown.strict, "42 CFR Part 2 is to be minded" in unknown.law) == (True, True)
