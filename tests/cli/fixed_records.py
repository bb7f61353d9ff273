"""Fixed answers of what was recorded of a client, and of who looked."""

from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import read_audit_service_pb2 as audit
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as search
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as plans

from tests.cli.fixed_answers import ADA, LAKESIDE, SITES, at, denied, numbered, on
from tests.cli.fixed_services import Answers

PAYER = numbered(0x9A, 1)
RECORDED = {"recorded_at": at("2026-01-02T10:00:00Z"), "recorded_by": "staff/front"}
PERSON: Answers = {
    "ReadPerson": chart.ReadPersonResponse(
        client_id=ADA,
        identity=intake.Identity(
            family_name="Example",
            given_name="Ada",
            birth_date=on("1984-02-29"),
            sex=intake.SEX_FEMALE,
            address=common.PostalAddress(line="1 Row", city="Denver", state="CO", zip="80202"),
        ),
        identity_version=1,
        site_id=LAKESIDE,
        contacts=intake.Contacts(
            phone="+1 303 555 0147",
            preferred_name="Birdie",
            no_fixed_address=True,
            emergency_contact=intake.ContactPerson(name="Grace Example", relationship="sister"),
        ),
        version=3,
        **RECORDED,
    ),
    "ListCoverages": chart.ListCoveragesResponse(
        coverages=[
            chart.Coverage(
                coverage_id=numbered(0xC0, 1),
                payer_id=PAYER,
                member_number="M-1",
                effective_from=on("2026-01-01"),
                order=1,
                ends=[
                    chart.CoverageEnd(
                        last_day=on("2026-02-28"),
                        reason=intake.COVERAGE_END_REASON_TERMINATED,
                        **RECORDED,
                    )
                ],
                version=3,
                **RECORDED,
            )
        ]
    ),
}
FOUND: Answers = {
    "FindClients": search.FindClientsResponse(
        clients=[
            search.FoundClient(
                client=search.ClientInBrief(
                    client_id=ADA,
                    family_name="Example",
                    given_name="Ada",
                    birth_date=on("1984-02-29"),
                    site_id=LAKESIDE,
                    admitted_level="2.1",
                    active=True,
                ),
                matched_by=[search.MATCHED_BY_BIRTH_DATE, search.MATCHED_BY_NAME_SOUNDS],
            ),
            search.FoundClient(
                client=search.ClientInBrief(
                    client_id=numbered(0xC11E, 2),
                    family_name="Exampel",
                    given_name="Ada",
                    birth_date=on("1984-02-29"),
                    site_id=LAKESIDE,
                ),
                matched_by=[search.MATCHED_BY_BIRTH_DATE, search.MATCHED_BY_NAME],
            ),
        ],
        more=True,
    ),
    "ListSites": SITES,
}
CHART: Answers = {
    "ReadChart": chart.ReadChartResponse(
        areas=[
            chart.AreasFound(
                assessment_id=numbered(0xA5, 1),
                occasion=intake.ASSESSMENT_OCCASION_INITIAL,
                areas=[
                    intake.AssessedArea(
                        area=intake.ASSESSMENT_AREA_MEDICAL, narrative="sleeps badly", need=True
                    )
                ],
                assessed_on=on("2026-01-03"),
                version=1,
                **RECORDED,
            ),
            chart.AreasFound(assessment_id=numbered(0xA5, 2), text_forgotten=True),
        ]
    ),
    "ListAssessments": chart.ListAssessmentsResponse(
        assessments=[
            chart.InstrumentAssessment(
                assessment_id=numbered(0xA5, 3),
                instrument="phq9/1",
                answers={1: 2, 9: 1},
                score=3,
                band="MINIMAL",
                safety_flag=True,
                version=2,
                **RECORDED,
            )
        ]
    ),
}
WITHHELD: Answers = {**CHART, "ListAssessments": denied("NOT_CREDENTIALED")}


CARE: Answers = {
    "ReadPlans": care.ReadPlansResponse(
        client_id=ADA,
        plans=[
            care.RecordedPlan(
                plan_id=numbered(0x91, 1),
                plan_version=1,
                goals=[
                    plans.Goal(
                        in_the_clients_words="to sleep",
                        objectives=[
                            plans.Objective(
                                metric="phq9",
                                baseline=18,
                                target=9,
                                target_date=on("2026-04-30"),
                            )
                        ],
                    )
                ],
                in_force_from=on("2026-03-04"),
                version=4,
                **RECORDED,
            )
        ],
    )
}
LEDGER: Answers = {
    "ReadLedger": ledger.ReadLedgerResponse(
        client_id=ADA,
        authorizations=[
            ledger.RecordedAuthorization(
                authorization_id=numbered(0xA0, 1),
                payer_id=PAYER,
                number="AUTH-7",
                units=12,
                unit=rules.AUTHORIZATION_UNIT_DAYS,
                any_site=True,
                version=1,
                **RECORDED,
            )
        ],
    )
}
ROSTER: Answers = {
    "ReadRoster": roster.ReadRosterResponse(
        sessions=[
            roster.RecordedSession(
                session_id=numbered(0x5E, 1),
                site_id=LAKESIDE,
                service_kind=attendance.SERVICE_KIND_GROUP,
                modality=attendance.MODALITY_IN_PERSON,
                service_date=on("2026-03-02"),
                starts_at=at("2026-03-02T15:00:00Z"),
                ends_at=at("2026-03-02T18:00:00Z"),
                no_limit=True,
                closed=True,
                presences=[
                    roster.RecordedPresence(
                        client_id=ADA,
                        on_roster=True,
                        arrivals=[roster.RecordedMoment(at=at("2026-03-02T15:20:00Z"), **RECORDED)],
                        closed=roster.ClosedAttendance(
                            attended=True, minutes=160, flags=[events.FLAG_LATE]
                        ),
                        note=roster.RecordedNote(
                            text="spoke of the harbor",
                            signed_at=at("2026-03-02T19:00:00Z"),
                            signed_by="staff/ada",
                        ),
                        version=3,
                    )
                ],
                version=2,
                **RECORDED,
            )
        ]
    )
}


def read(when: str, rpc: str, outcome: str) -> audit.AuditedRead:
    return audit.AuditedRead(
        at=at(when),
        actor="staff/ada",
        roles=["clinician"],
        purpose="TREATMENT",
        rpc=rpc,
        outcome=outcome,
        correlation_id=numbered(0xC0, 2),
    )


READS: Answers = {
    # Billing hasn't heard of the client: of no site that the token speaks for.
    "billing ListReads": denied("SITE_NOT_ALLOWED"),
    "intake ListReads": audit.ListReadsResponse(
        reads=[
            read("2026-03-02T10:00:00Z", "ninehours.intake.v1.ChartService/ReadChart", "ANSWERED")
        ]
    ),
    "plans ListReads": audit.ListReadsResponse(
        reads=[read("2026-03-03T10:00:00Z", "ninehours.x.v1.Y/ReadPlan", "SITE_NOT_ALLOWED")]
    ),
}
