"""What the fixed services answer: every shape that a list shows, and the corners of each."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import calendar_service_pb2 as attendance
from ninehours.billing.v1 import accounts_service_pb2 as accounts
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import deadlines_service_pb2 as deadlines
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import due_pb2 as due
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.exchange.v1 import published_log_service_pb2 as log
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.answer import CallOutcome
from kernel.services import SERVICES
from tests.cli.fixed_services import Answers


def numbered(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


ADA, BEN, CAM = (numbered(0xC11E, number) for number in (1, 2, 3))
PRAIRIE, SUMMIT, UNLISTED = (numbered(0xFA1, number) for number in (1, 2, 3))
LAKESIDE, HARBOR, UNKNOWN_SITE = (numbered(0x517E, number) for number in (1, 2, 3))
PROVIDER, BATCH = numbered(0xD0C, 1), numbered(0xBA7C, 1)
CLAIMS = [numbered(0xC1A1, number) for number in range(1, 9)]
SUBSTANCE_USE = common.Program(
    program_id=numbered(0x960, 1), kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
)
MENTAL_HEALTH = common.Program(
    program_id=numbered(0x960, 2), kind=common.PROGRAM_KIND_MENTAL_HEALTH
)


def on(text: str) -> common.Date:
    year, month, day = map(int, text.split("-"))
    return common.Date(year=year, month=month, day=day)


def since(text: str) -> dict[str, Any]:
    """A field whose name Python keeps for itself."""
    return {"from": on(text)}


def at(text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.fromisoformat(text).replace(tzinfo=UTC))
    return stamp


def usd(minor: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=minor)


def denied(reason: str = "ROLE_NOT_ALLOWED") -> CallOutcome:
    return CallOutcome(grpc.StatusCode.PERMISSION_DENIED, reason, "not for this role")


PAYERS = work.ListPayersResponse(
    payers=[
        work.Payer(
            payer_id=PRAIRIE,
            name="Prairie Health",
            rules=[
                work.PayerRules(version=1, effective_from=on("2026-01-01"), confirmed=True),
                work.PayerRules(version=2, effective_from=on("2026-07-01")),
            ],
        ),
        work.Payer(payer_id=SUMMIT, name="=Summit «Mutual», Ltd"),
    ]
)
HOURS = [
    events.ClaimLine(code="H0015", units=1, charge=usd(30_000)),
    events.ClaimLine(code="T1006", units=2, charge=usd(5_050), ancillary=True),
]


def claim(number: int, **changes: Any) -> billing.Claim:
    told: dict[str, Any] = {
        "state": billing.CLAIM_STATE_ISSUED,
        "claim_id": CLAIMS[number],
        "client_id": ADA,
        "payer_id": PRAIRIE,
        "period_start": on("2026-03-02"),
        "period_end": on("2026-03-08"),
        "lines": HOURS[:1],
        "charge": usd(30_000),
        "frequency": "1",
        "site_id": LAKESIDE,
        "provider_id": PROVIDER,
    }
    return billing.Claim(**{**told, **changes})


CLAIM_PAGES = [
    billing.ListClaimsResponse(
        claims=[
            claim(0, batch_id=BATCH, followed_by_claim_id=CLAIMS[1]),
            claim(
                1,
                frequency="7",
                corrects_claim_id=CLAIMS[0],
                adjudication=events.ADJUDICATION_STATUS_PAID,
                adjudicated_on=on("2026-04-01"),
                paid=usd(28_050),
                payer_control_number="-PCN/1",
                claim_form=rules.CLAIM_FORM_INSTITUTIONAL,
                authorization_id="AUTH 7",
            ),
            claim(2, client_id=BEN, payer_id=UNLISTED, period_end=on("2026-04-05")),
        ],
        next_page_token="1",
        cursor="1",
        more=True,
    ),
    billing.ListClaimsResponse(
        claims=[
            claim(3, state=billing.CLAIM_STATE_DRAFTED, period_start=on("2026-02-23")),
            claim(4, client_id=BEN, payer_id="", period_end=on("2027-01-03")),
            claim(5, charge=usd(1_234_567), payer_id=SUMMIT, lines=HOURS * 2),
            claim(6, charge=usd(-100), withdrawn=True, frequency="8"),
            billing.Claim(claim_id=CLAIMS[7], client_id=CAM, payer_id=PRAIRIE),
        ],
        cursor="2",
    ),
    billing.ListClaimsResponse(cursor="2"),
]
OPEN = events.Verdict(gate="SESSION", open=True)
UNSIGNED = events.Verdict(gate="NOTE", reason="NOTE_UNSIGNED")
UNAUTHORIZED = events.Verdict(gate="AUTHORIZATION", reason="NO_AUTHORIZATION")


def resolved(day: str, outcome: events.Outcome, **changes: Any) -> events.ServiceDayResolved:
    told: dict[str, Any] = {
        "client_id": ADA,
        "service_date": on(day),
        "payer_id": PRAIRIE,
        "outcome": outcome,
        "minutes": 180,
        "verdicts": [OPEN],
        "rules": "1",
        "revision": 1,
        "site_id": LAKESIDE,
        "lines": HOURS,
    }
    return events.ServiceDayResolved(**{**told, **changes})


DAY_PAGES = [
    billing.ListServiceDaysResponse(
        days=[
            resolved("2026-03-04", events.OUTCOME_PER_DIEM, authorization_id="AUTH 7"),
            resolved("2026-03-02", events.OUTCOME_HOLD, verdicts=[UNSIGNED, OPEN, UNAUTHORIZED]),
            resolved("2026-03-05", events.OUTCOME_DISCRETE, client_id=BEN, lines=HOURS[1:]),
        ],
        next_page_token="1",
        cursor="1",
        more=True,
    ),
    billing.ListServiceDaysResponse(
        days=[
            resolved("2026-03-06", events.OUTCOME_NOT_BILLABLE, minutes=30, lines=[]),
            resolved("2026-03-07", events.OUTCOME_PER_DIEM, withdrawn=True, revision=3),
            resolved(
                "2026-03-02",
                events.OUTCOME_HOLD,
                payer_id=SUMMIT,
                verdicts=[UNSIGNED, UNSIGNED],
            ),
            events.ServiceDayResolved(client_id=CAM),
        ],
        cursor="2",
    ),
    billing.ListServiceDaysResponse(cursor="2"),
]


def hold(day: str, **changes: Any) -> work.Hold:
    told: dict[str, Any] = {
        "client_id": ADA,
        "service_date": on(day),
        "payer_id": PRAIRIE,
        "site_id": LAKESIDE,
        "reasons": [UNSIGNED],
        "age_days": 3,
        "at_stake": usd(30_000),
        "revision": 1,
    }
    return work.Hold(**{**told, **changes})


HOLD_PAGES = [
    work.ListHoldsResponse(
        holds=[
            hold("2026-03-09"),
            hold("2026-03-02", reasons=[UNSIGNED, OPEN, UNAUTHORIZED], age_days=112),
            hold("2026-03-03", released=True, at_stake=usd(1)),
        ],
        next_page_token="1",
        cursor="1",
        more=True,
    ),
    work.ListHoldsResponse(
        holds=[
            hold("2026-03-03", client_id=BEN, reasons=[UNAUTHORIZED], at_stake=usd(9_900_000)),
            work.Hold(client_id=CAM, service_date=on("2026-03-03"), reasons=[UNAUTHORIZED]),
            work.Hold(client_id=CAM, service_date=on("2026-03-04"), reasons=[OPEN], age_days=1),
        ],
        cursor="2",
    ),
    work.ListHoldsResponse(cursor="2"),
]


def proposed(number: int, **changes: Any) -> events.CorrectionProposed:
    told: dict[str, Any] = {
        "client_id": ADA,
        "claim_id": CLAIMS[number],
        "payer_id": PRAIRIE,
        "action": rules.CORRECTION_ACTION_REPLACE,
        "state": events.PROPOSAL_STATE_READY,
        "issued_charge": usd(60_000),
        "corrected_charge": usd(30_000),
        "changed_dates": [on("2026-03-02"), on("2026-03-04")],
        "revision": 2,
    }
    return events.CorrectionProposed(**{**told, **changes})


READY = [proposed(2), proposed(0, action=rules.CORRECTION_ACTION_VOID, corrected_charge=usd(0))]
AWAITED = [
    events.AwaitedGate(service_date=on("2026-03-02"), gate="NOTE", reason="NOTE_UNSIGNED"),
    events.AwaitedGate(service_date=on("2026-03-04"), gate="NOTE", reason="NOTE_UNSIGNED"),
    events.AwaitedGate(gate="AUTHORIZATION", reason="NO_AUTHORIZATION"),
]
PROPOSAL_PAGES = [
    billing.ListProposalsResponse(
        proposals=[
            *READY,
            proposed(1, state=events.PROPOSAL_STATE_AWAITING_RELEASE, waits_for=AWAITED),
            proposed(3, withdrawn=True, client_id=BEN, changed_dates=[]),
        ],
        cursor="2",
    ),
]
BALANCES = [
    billing.AuthorizationBalance(
        authorization_id=f"AUTH {number}",
        payer_id=payer_id,
        unit=rules.AUTHORIZATION_UNIT_DAYS,
        units=units,
        issued=4,
        allocated=3,
        effective_from=on("2026-03-01"),
        effective_to=on(until),
    )
    for number, payer_id, units, until in (
        (7, PRAIRIE, 12, "2026-03-31"),
        (8, UNLISTED, 1_200, "2027-02-28"),
    )
]
CHANGED_DAYS = [
    work.DayChange(
        service_date=on("2026-03-02"),
        before=work.DayUnderRules(
            outcome=events.OUTCOME_PER_DIEM, amount=usd(30_000), minutes=180, payer_id=PRAIRIE
        ),
        after=work.DayUnderRules(
            outcome=events.OUTCOME_HOLD,
            minutes=180,
            reasons=["NOTE_UNSIGNED", "NO_AUTHORIZATION"],
            payer_id=PRAIRIE,
            site_id=LAKESIDE,
        ),
    ),
    work.DayChange(
        service_date=on("2026-03-04"),
        before=work.DayUnderRules(outcome=events.OUTCOME_HOLD, reasons=["NOTE_UNSIGNED"]),
        after=work.DayUnderRules(
            outcome=events.OUTCOME_DISCRETE, amount=usd(40_000), minutes=200, payer_id=UNLISTED
        ),
    ),
]
CHANGED_CLAIMS = [
    work.ClaimChange(
        consequence=work.CLAIM_CONSEQUENCE_DROP_DRAFT,
        payer_id=PRAIRIE,
        period_start=on("2026-03-02"),
        period_end=on("2026-03-08"),
        before=usd(30_000),
    ),
    work.ClaimChange(
        consequence=work.CLAIM_CONSEQUENCE_REPLACE,
        claim_id=CLAIMS[0],
        payer_id=PRAIRIE,
        site_id=LAKESIDE,
        period_start=on("2026-03-02"),
        period_end=on("2026-03-08"),
        before=usd(30_000),
        after=usd(70_000),
        changed_dates=[on("2026-03-02"), on("2026-03-04")],
    ),
]
REPLAYED = [
    work.ReplayResponse(client=work.ClientReplay(client_id=ADA, days=CHANGED_DAYS)),
    work.ReplayResponse(client=work.ClientReplay(client_id=BEN, claims=CHANGED_CLAIMS)),
    work.ReplayResponse(
        summary=work.ReplaySummary(
            clients=9,
            days=40,
            changed_days=2,
            changed_claims=2,
            totals=[
                work.ReplayTotal(
                    payer_id=PRAIRIE, site_id=LAKESIDE, changed_days=1, before=usd(30_000)
                ),
                work.ReplayTotal(payer_id=UNLISTED, changed_days=12, after=usd(40_000)),
            ],
            unreproduced_examples=["three hours"],
        )
    ),
]
CONTENT = b"ISA*00*~"
FILE = billing.ReadBatchResponse(
    file_name="prairie.837", content=CONTENT, sha256=sha256(CONTENT).hexdigest()
)
LEFT_OUT = [
    billing.LeftOut(
        client_id=ADA, reason="NO_CONSENT", claim_id=CLAIMS[3], service_date=on("2026-03-02")
    ),
    billing.LeftOut(client_id=BEN, reason="MISSING", claim_id=CLAIMS[4], field="member_id"),
    billing.LeftOut(reason="OVERLAPS", claim_id=CLAIMS[5], other_claim_id=CLAIMS[1]),
]
SITES = attendance.ListSitesResponse(
    sites=[
        attendance.ListedSite(
            site_id=LAKESIDE,
            name="Lakeside",
            programs=[attendance.ListedProgram(program=SUBSTANCE_USE, seats=24)],
        ),
        attendance.ListedSite(site_id=HARBOR, name="Harbor"),
    ]
)


def stay(site_id: str, closed_on: str = "") -> intake.ClientEpisode:
    return intake.ClientEpisode(
        episode_id=numbered(0xE915, 1),
        site_id=site_id,
        program=SUBSTANCE_USE if site_id == LAKESIDE else MENTAL_HEALTH,
        admitted_level="2.1",
        admitted_on=on("2026-01-05"),
        closed_on=on(closed_on) if closed_on else None,
    )


CLIENT_PAGES = [
    intake.ListClientsResponse(
        clients=[
            intake.ListedClient(client_id=ADA, newest_episode=stay(LAKESIDE)),
            intake.ListedClient(client_id=BEN, registered_at=at("2026-01-02T03:04:05")),
        ],
        next_page_token="1",
    ),
    intake.ListClientsResponse(
        clients=[
            intake.ListedClient(client_id=CAM, newest_episode=stay(HARBOR, "2026-02-01")),
            intake.ListedClient(client_id=ADA, newest_episode=stay(UNKNOWN_SITE)),
            intake.ListedClient(client_id=BEN, newest_episode=stay(LAKESIDE, "2026-02-02")),
        ]
    ),
]
DUE: Answers = {
    "intake ListDue": intake.ListDueResponse(
        items=[
            due.DueItem(
                kind="SAFETY_TASK",
                client_id=ADA,
                site_id=LAKESIDE,
                about_id=CLAIMS[0],
                person="staff/ada",
                roles=["clinician"],
                since=on("2026-03-02"),
                until=on("2026-03-03"),
                overdue=True,
                detail="phq9 item 9",
                due_at=at("2026-03-03T09:30:00"),
            )
        ]
    ),
    "plans ListDue": courses.ListDueResponse(
        items=[
            due.DueItem(
                kind="PLAN_REVIEW",
                client_id=BEN,
                site_id=LAKESIDE,
                about_id=CLAIMS[1],
                roles=["clinician", "front_desk"],
                since=on("2026-03-01"),
                until=on("2026-03-09"),
            ),
            due.DueItem(
                kind="PLAN_SIGNATURE",
                site_id=HARBOR,
                about_id=CLAIMS[2],
                person="x/bo",
                since=on("2026-03-02"),
            ),
            due.DueItem(kind="NOTHING_KNOWN", since=on("2026-03-01"), roles=["biller"]),
        ]
    ),
    "billing ListDue": deadlines.ListDueResponse(
        items=[
            due.DueItem(
                kind="AUTHORIZATION_ENDS_BEFORE_LONG",
                site_id=UNKNOWN_SITE,
                about_id=CLAIMS[3],
                roles=["biller"],
                since=on("2026-03-01"),
                detail="AUTH 7",
            )
        ]
    ),
    "ListSites": SITES,
}
CENSUS = courses.ReadCensusResponse(
    rows=[
        courses.CensusRow(site_id=LAKESIDE, program=SUBSTANCE_USE, level_of_care="2.1", clients=12),
        courses.CensusRow(site_id=LAKESIDE, program=SUBSTANCE_USE, level_of_care="2.5", clients=3),
    ],
    flows=[
        courses.CensusFlow(site_id=LAKESIDE, program=SUBSTANCE_USE, admitted=4, discharged=1),
        courses.CensusFlow(site_id=HARBOR, program=MENTAL_HEALTH, discharged=11),
        courses.CensusFlow(site_id=UNKNOWN_SITE),
    ],
)
PARKED: Answers = {
    "intake ListParked": listener.ListParkedResponse(
        parked=[
            listener.Parked(
                kind="record",
                subject=f"client/{ADA}",
                topic="ninehours.plans.v1",
                offset=7,
                error="UnknownType at hearing.py:1",
                type="ninehours.plans.v1.PlanApproved",
                id="record:7",
            ),
            listener.Parked(kind="derivation", error="ValueError", id=f"derivation:{ADA}"),
        ]
    ),
    "billing ListParked": listener.ListParkedResponse(
        parked=[listener.Parked(kind="topic", error="EPOCH_RAISED", id="topic:ninehours.plans.v1")]
    ),
}
ONE_PARKED = operating.GetParkedResponse(
    kind="record",
    subject=f"client/{ADA}",
    topic="ninehours.plans.v1",
    type="ninehours.plans.v1.PlanApproved",
    error="UnknownType at hearing.py:1",
    at=at("2026-03-02T09:30:00"),
    partition=2,
    offset=7,
    headers={"ce_id": CLAIMS[0]},
    body_bytes=99,
    release="tries it again",
)


def service_status(service: str, **changes: Any) -> operating.GetStatusResponse:
    """All well, but for what is told."""
    told: dict[str, Any] = {
        "service": service,
        "processes": [
            operating.Process(name="api", up=True, beat_seconds=0.4),
            operating.Process(name="relay", up=True, beat_seconds=12),
            operating.Process(name="stream", up=True, ordinals=[0, 1], beat_seconds=3),
        ],
        "kafka": True,
    }
    return operating.GetStatusResponse(**{**told, **changes})


WELL: Answers = {
    f"{name} GetStatus": service_status(name, lags=[operating.Lag(topic="ninehours.intake.v1")])
    for name in SERVICES
}
MASTER_KEYS: Answers = {
    **WELL,
    "intake GetStatus": service_status(
        "intake",
        master_keys=[
            operating.MasterKey(id="first", seconds=86_400 * 400, wraps=12),
            operating.MasterKey(id="2027-01", in_use=True, seconds=3600, wraps=30),
        ],
    ),
    "plans GetStatus": service_status(
        "plans", master_keys=[operating.MasterKey(id="lost", wraps=2, missing=True)]
    ),
    "billing GetStatus": service_status("billing", key_store_away=True),
}
DAY = 86_400


def certificate(wire: str, name: str, *, days: float, left: float) -> operating.Certificate:
    return operating.Certificate(wire=wire, name=name, seconds=days * DAY, left_seconds=left * DAY)


def shown(service: str, **kafka: tuple[float, float]) -> list[operating.Process]:
    """By each process, with the days that the one for Kafka is and will be valid."""
    both = [
        certificate("rpc", service, days=29.9, left=60.5),
        certificate("database", service, days=84.5, left=5.5),
    ]
    return [
        operating.Process(
            name=name,
            up=True,
            beat_seconds=1,
            ordinals=[0] if name == "stream" else [],
            certificates=[
                *(both if name != "relay" else both[1:]),
                certificate("kafka", f"{service}-{name}", days=days, left=left),
            ],
        )
        for name, (days, left) in kafka.items()
    ]


AGES: Answers = {
    **WELL,
    "intake GetStatus": service_status(
        "intake",
        processes=shown("intake", api=(300, 65), relay=(361, 4), stream=(0.5, 0.5)),
        signing_keys=[
            operating.SigningKey(use="tokens", id="intake", seconds=400 * DAY),
            operating.SigningKey(use="tokens", id="intake/2027", signs=True, seconds=4000),
            operating.SigningKey(use="facts", id="intake", signs=True),
        ],
    ),
    "plans GetStatus": service_status(
        "plans",
        processes=shown("plans", api=(365, -1.25), relay=(0.85, 0.15), stream=(10, 355)),
        signing_keys=[
            operating.SigningKey(use="tokens", id="plans", signs=True, seconds=9, unpublished=True),
        ],
    ),
}
UNWELL: Answers = {
    "intake GetStatus": service_status(
        "intake",
        processes=[
            operating.Process(name="api", up=True),
            operating.Process(name="relay"),
            operating.Process(name="stream", up=True, beat_seconds=75),
        ],
        outbox=operating.Outbox(unsent=3, oldest_seconds=61.25),
        lags=[
            operating.Lag(topic="ninehours.plans.v1", facts=4, seconds=61.25),
            operating.Lag(topic="ninehours.billing.v1", owner_away="UNAVAILABLE"),
        ],
        behind=4,
    ),
    "plans GetStatus": service_status(
        "plans",
        processes=[operating.Process(name="api", up=True)],
        kafka=False,
        no_write="DISK_FULL",
        lags=[
            operating.Lag(topic="ninehours.intake.v1", stopped="EPOCH_RAISED"),
            operating.Lag(topic="ninehours.attendance.v1", contradicted=2),
        ],
        due=12,
        oldest_due_seconds=99.96,
        stopped=1,
        failed=2,
        parked=3,
    ),
    "attendance GetStatus": service_status("attendance"),
    "billing GetStatus": CallOutcome(
        grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "late"
    ),
}
VERIFIED = [
    operating.VerifyResponse(check="published", in_progress=True),
    operating.VerifyResponse(check="published", looked_at=12, unit="facts"),
    operating.VerifyResponse(check="heard"),
]
FOUND = [
    operating.VerifyResponse(
        check="due",
        looked_at=3,
        unit="clients",
        findings_total=4,
        findings=[operating.Finding(reason="DUE_LOST", about=ADA, says="isn't due")],
    )
]
FOLLOWED = log.FollowResponse(
    facts=[
        log.PublishedFact(
            subject=f"claim/{CLAIMS[0]}",
            sequence=2,
            headers={
                name: value.encode()
                for name, value in (
                    ("ce_time", "2026-03-02T09:30:00.123456"),
                    ("ce_type", "ninehours.billing.v1.CorrectionProposed"),
                    ("ce_label", "HIPAA"),
                    ("ce_id", CLAIMS[1]),
                    ("ce_causationid", CLAIMS[2]),
                    ("ce_correlationid", CLAIMS[3]),
                )
            },
            body=READY[0].SerializeToString(),
        )
    ],
    cursor="1",
)
SCORES = [
    intake.Score(
        instrument="phq9/1",
        total=20,
        band="MODERATELY_SEVERE",
        safety_flag=True,
        partial=True,
        completed_at=at("2026-01-05T12:00:00"),
    ),
    intake.Score(instrument="gad7/1", total=4, band="MINIMAL", completed_at=at("2026-02-05")),
]
READ_CLIENT = intake.ReadClientResponse(
    client_id=ADA,
    registered_at=at("2026-01-02T03:04:05"),
    episodes=[stay(LAKESIDE), stay(HARBOR, "2026-02-01")],
    scores=SCORES,
    diagnoses=[
        intake.EffectiveDiagnosis(code="F10.20", rank=1, effective_from=on("2026-01-05")),
        intake.EffectiveDiagnosis(
            code="F32.1", rank=2, effective_from=on("2026-01-05"), last_day=on("2026-02-01")
        ),
    ],
)
COURSE = courses.ReadCourseResponse(
    episodes=[
        courses.CourseEpisode(
            episode_id=numbered(0xE915, 1),
            site_id=LAKESIDE,
            program=SUBSTANCE_USE,
            admitted_on=on("2026-01-05"),
            levels=[
                courses.LevelSegment(
                    level_of_care="2.1",
                    to=on("2026-01-18"),
                    floor_minutes=540,
                    ceiling_minutes=900,
                    **since("2026-01-05"),
                ),
                courses.LevelSegment(level_of_care="1", **since("2026-01-19")),
            ],
            plan_id=numbered(0x91A, 1),
            in_force_from=on("2026-01-07"),
            next_review_by=on("2026-04-07"),
            recertify_by=on("2026-03-07"),
        ),
        courses.CourseEpisode(
            episode_id=numbered(0xE915, 2),
            site_id=HARBOR,
            program=MENTAL_HEALTH,
            admitted_on=on("2025-01-05"),
            discharged_on=on("2025-04-05"),
            discharge_reason=plans.DISCHARGE_REASON_LEFT_AGAINST_ADVICE,
        ),
    ]
)


def week(monday: str, delivered: int, **changes: Any) -> plans.WeekOfProgress:
    told = {"complete": True, "attended": 3, "episode_id": numbered(0xE915, 1), **changes}
    return plans.WeekOfProgress(week_start=on(monday), delivered_minutes=delivered, **told)


PROGRESS = plans.ListProgressResponse(
    weeks=[
        week("2026-01-05", 540, reaches_band=True),
        week("2026-01-12", 170),
        week(
            "2026-01-19",
            1_000,
            complete=False,
            phq9=plans.ScoreTrend(
                known=True, first=20, latest=9, change=plans.SCORE_CHANGE_RELIABLY_IMPROVED
            ),
        ),
    ]
)


def session(day: str, state: attendance.SessionState, **changes: Any) -> attendance.ClientSession:
    return attendance.ClientSession(service_date=on(day), state=state, **changes)


SESSIONS = attendance.ListClientSessionsResponse(
    sessions=[
        session("2026-01-05", attendance.SESSION_STATE_ATTENDED, note_signed=True),
        session("2026-01-07", attendance.SESSION_STATE_ATTENDED, corrections=1),
        session("2026-01-13", attendance.SESSION_STATE_MISSED),
        session("2026-01-18", attendance.SESSION_STATE_CANCELLED),
        session("2026-01-20", attendance.SESSION_STATE_SCHEDULED),
    ]
)


def on_account(number: int, frequency: str, replaces: str = "") -> accounts.AccountClaim:
    return accounts.AccountClaim(
        claim_id=CLAIMS[number],
        charge=usd(120_000),
        frequency=frequency,
        replaces_claim_id=replaces,
        **since("2026-01-05"),
    )


ACCOUNT = accounts.ReadAccountResponse(
    authorizations=[
        billing.AuthorizationBalance(
            authorization_id="AUTH 7",
            units=12,
            issued=4,
            allocated=3,
            unit=rules.AUTHORIZATION_UNIT_DAYS,
            effective_from=on("2026-01-05"),
            effective_to=on("2026-03-05"),
        )
    ],
    claims=[
        on_account(0, "1"),
        on_account(1, "7", CLAIMS[0]),
        on_account(2, "8", CLAIMS[1]),
        on_account(3, "1"),
    ],
)
CLIENT: Answers = {
    "ReadClient": READ_CLIENT,
    "ReadCourse": COURSE,
    "ListProgress": PROGRESS,
    "ListClientSessions": SESSIONS,
    "ReadAccount": ACCOUNT,
    "ListSites": SITES,
}
