"""Everything that intake can be told, and then all that it is asked."""

from collections.abc import Callable
from itertools import count
from typing import Any

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as revisions
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import statements_service_pb2 as said

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from tests.harness.intake.service import OTHER_PAYER, PAYER, PROGRAM, SITE, Desk, network
from tests.harness.intake.strategies import day
from tests.harness.plans.service import credentialed
from tests.intake.test_forgetting import YEARS, agree, ask, long_after
from tests.read_back.canaries import Canaries, Played

ROLES = frozenset({"clinician", "front_desk", "administrator"})
COLLEAGUE = "5a000000-0000-4000-8000-000000000002"
AREAS = pb.AssessmentArea.keys()[1:]
C_SSRS = {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}

ELSEWHERE = "51000000-0000-4000-8000-000000000002"


def play(new_store: Callable[[Service], Store]) -> Played:
    desk = Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)
    played, fill = Played(), Canaries(day(-300))
    born = common.Date(year=1984, month=2, day=29)

    def filled(kind: type[Message], **given: Any) -> Any:
        """What is `given` as a function says something else each time."""
        made = {name: value() if callable(value) else value for name, value in given.items()}
        return fill.filled(kind, **made)

    def command(kind: type[Message], **given: Any) -> Any:
        request = filled(kind, **given)
        return played.give(
            desk.store,
            request,
            lambda command_id: desk.call(request, command_id, roles=ROLES, purpose="TREATMENT"),
        )

    def statements(of: str = "") -> dict[str, revisions.StatementRevision]:
        """The last one said of each kind, as it stands."""
        request = said.ListStatementsRequest(client_id=of or client_id)
        listed = desk.call(request, roles=ROLES, purpose="TREATMENT").statements
        return {
            str(one.revisions[-1].recording.WhichOneof("said")): revisions.StatementRevision(
                statement_id=one.statement_id, revision=one.revisions[-1].revision
            )
            for one in listed
        }

    def stated(name: str, kind: type[Message], **given: Any) -> Any:
        """Said, and then put right, each with words of its own."""
        answer = command(kind, **given)
        command(
            said.CorrectStatementRequest,
            statement=statements()[name],
            recording=said.Recording(**{name: filled(kind, **given)}),
        )
        return answer

    def question(request: Message) -> None:
        played.answers.append(desk.call(request, roles=ROLES, purpose="TREATMENT"))

    def who() -> pb.Identity:
        address = fill.filled(common.PostalAddress, state="CO", zip="802021234")
        said_so = fill.filled(pb.Identity, birth_date=born, sex=pb.SEX_FEMALE, address=address)
        return pb.Identity.FromString(said_so.SerializeToString())

    tongues = count(1)

    def reached() -> pb.Contacts:
        told: pb.Contacts = fill.filled(pb.Contacts, language=f"qaa-{next(tongues)}")
        return told

    def registered(*others: pb.OtherPerson) -> str:
        said = {"identity": who, "contacts": reached, "site_id": SITE, "other_people": others}
        return str(command(pb.RegisterClientRequest, **said).client_id)

    ends = count(300)

    def late() -> common.Date:
        return to_date(day(next(ends)))

    client_id, other = registered(), registered()
    whose = {"client_id": client_id}
    command(
        said.CorrectStatementRequest,
        statement=statements()["registration"],
        recording=said.Recording(
            registration=filled(
                pb.RegisterClientRequest,
                identity=who,
                contacts=reached,
                site_id=SITE,
                other_people=(),
            )
        ),
    )
    stated("change_of_person", pb.ChangePersonRequest, **whose, identity=who, contacts=reached)
    command(pb.JudgeDoublesRequest, **whose, other_client_id=other)
    consented = stated(
        "consent",
        pb.GiveConsentRequest,
        **whose,
        recipient_payer_id=PAYER,
        given_on=fill.day,
        expires_on=fill.day,
    )
    stated("revocation", pb.RevokeConsentRequest, **whose, consent_id=consented.consent_id)
    stated("restriction", pb.RestrictDisclosureRequest, **whose, payer_id=OTHER_PAYER)
    covered = stated("membership", pb.AddCoverageRequest, **whose, payer_id=OTHER_PAYER, order=3)
    of_coverage = {**whose, "coverage_id": covered.coverage_id}
    stated("coverage", pb.VerifyCoverageRequest, **of_coverage, verified_to=late)
    stated("end_of_coverage", pb.EndCoverageRequest, **of_coverage)
    stated(
        "areas",
        pb.AssessAreasRequest,
        **whose,
        areas=lambda: [
            pb.AssessedArea(area=area, narrative=fill.text(), need=True) for area in AREAS
        ],
    )
    rated = [pb.DimensionRating(dimension=number, rating=f"D{number}") for number in range(1, 7)]
    stated(
        "dimensions",
        pb.RateDimensionsRequest,
        **whose,
        edition=pb.CRITERIA_EDITION_ASAM_4,
        ratings=rated,
        indicated_level="3.1",
        chosen_level="2.5",
    )
    principal = {**whose, "rank": 1}
    first_day = common.Date(year=2025, month=2, day=3)
    command(
        pb.RecordDiagnosisRequest,
        **principal,
        code="F10.20",
        replaces_code=None,
        effective_from=first_day,
    )
    days = iter([first_day, common.Date(year=2025, month=2, day=4)])
    stated(
        "diagnosis",
        pb.RecordDiagnosisRequest,
        **principal,
        code="F11.20",
        replaces_code="F10.20",
        effective_from=lambda: next(days),
    )
    stated("end_of_diagnosis", pb.EndDiagnosisRequest, **whose, code="F11.20")
    answers = iter([C_SSRS, {**C_SSRS, 5: 1}])
    assessed = stated(
        "assessment",
        pb.CompleteAssessmentRequest,
        **whose,
        instrument="c_ssrs/1",
        answers=lambda: next(answers),
    )
    program = common.Program(
        program_id=PROGRAM, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
    )
    admitted_on = iter([common.Date(year=2026, month=2, day=number) for number in (27, 26)])
    stated(
        "admission",
        pb.AdmitClientRequest,
        **whose,
        site_id=SITE,
        program=program,
        program_id=PROGRAM,
        level_of_care="2.1",
        admitted_on=lambda: next(admitted_on),
    )
    [episode] = desk.rows(f"SELECT episode_id FROM episode WHERE client_id = '{client_id}'")
    desk.told(*network(ELSEWHERE))
    moved_on = iter([common.Date(year=2026, month=6, day=number) for number in (27, 26)])
    stated(
        "transfer",
        pb.TransferClientRequest,
        **whose,
        episode_id=str(episode.episode_id),
        site_id=ELSEWHERE,
        program_id=PROGRAM,
        transferred_on=lambda: next(moved_on),
    )
    desk.told(credentialed(COLLEAGUE, "LCSW", token_subject="staff/2"))
    of_task = {**whose, "task_id": assessed.safety_task_id}
    stated("handing_on", pb.HandOnSafetyTaskRequest, **of_task, owner="staff/2")
    stated("closing", pb.CloseSafetyTaskRequest, **of_task)
    stated("screening", pb.ScreenClientRequest, **whose)
    desk.scored(other)
    command(
        said.MoveStatementRequest, statement=statements(other)["assessment"], client_id=client_id
    )
    command(said.VoidStatementRequest, statement=statements()["restriction"])

    for kind in (
        chart.ReadPersonRequest,
        chart.ListCoveragesRequest,
        chart.ListConsentsRequest,
        chart.ReadChartRequest,
        chart.ListAssessmentsRequest,
        said.ListStatementsRequest,
    ):
        question(kind(client_id=client_id))
    question(said.ListStatementsRequest(client_id=other))
    pair = {"survivor_client_id": other, "absorbed_client_id": registered()}
    differences = [value.number for value in pb.MergeDifference.DESCRIPTOR.values][1:]
    command(
        pb.MergeClientsRequest,
        **pair,
        reason=pb.MERGE_REASON_IDENTIFIED_LATER,
        settled=differences,
    )
    command(pb.UnmergeClientsRequest, **pair, reason=pb.UNMERGE_REASON_OTHER_SURVIVOR)
    gone = registered(pb.OtherPerson(other_client_id=other, reason=fill.text()))
    for person in (*pair.values(), gone):
        question(chart.ReadPersonRequest(client_id=person))
    long_after(desk)
    _forget(desk, played, gone)
    question(chart.ReadPersonRequest(client_id=gone))
    return played


def _forget(desk: Desk, played: Played, client_id: str) -> None:
    ask(desk, client_id)
    desk.call(pb.WithdrawForgettingRequest(client_id=client_id))
    ask(desk, client_id)
    agree(desk, client_id)
    played.commands += [
        kind(client_id=client_id)
        for kind in (
            pb.AskToForgetRequest,
            pb.WithdrawForgettingRequest,
            pb.AgreeToForgetRequest,
        )
    ]
