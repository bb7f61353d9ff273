"""What was told wrong, and is put right by whoever finds out."""

from datetime import datetime
from typing import Any

from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as intake_statements
from ninehours.plans.v1 import plans_service_pb2 as plans
from ninehours.plans.v1 import statements_service_pb2 as plans_statements

from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.statements import FIRST
from ninehours.story import days, requests
from ninehours.story.courses import StoryName
from ninehours.story.days import at
from ninehours.story.gateway import MANAGER
from ninehours.story.people import ANEW
from ninehours.story.story import Chart, DemoStory, StoryFailed


def end_coverage(story: DemoStory) -> None:
    """The payer says that a client was no member any more, weeks after it was billed."""
    chart = story.charts[StoryName.COVERAGE_ENDED_LATE]
    request = intake.EndCoverageRequest(
        coverage_id=chart.coverage_id,
        last_day=to_date(days.COVERED_LAST),
        reason="COVERAGE_END_REASON_TERMINATED",
    )
    now = at(days.TOLD_OF_COVERAGE, 9)
    story.give_for(chart, story.network.front_desk, "end coverage", request, now)


def correct_member_number(story: DemoStory) -> None:
    """As the card says, and as no claim did that left."""
    chart = story.charts[StoryName.MEMBER_NUMBER_MISTYPED]
    now = at(days.NUMBER_CORRECTED, 9)
    _correct_number(story, chart, chart.client.member_number, "Typed from behind.", now)


def merge_records(story: DemoStory) -> None:
    """Without the suffix the number is another client's: it is theirs, who were registered twice.

    The second admission is taken back, and from then on nobody comes as the second one.
    """
    story.gateway.catch_up()  # without that, some of the days would never be seen on HOLD
    chart, anew = story.charts[StoryName.REGISTERED_TWICE], story.charts.pop(ANEW)
    number, now = chart.client.member_number, at(days.MERGED, 8)
    _correct_number(story, anew, number, "The suffix is the plan's, not the member's.", now)
    request = intake.MergeClientsRequest(
        survivor_client_id=chart.client_id,
        absorbed_client_id=anew.client_id,
        reason="MERGE_REASON_REGISTERED_TWICE",
        remark="One card, one birth date, one face.",
        settled=["MERGE_DIFFERENCE_OPEN_EPISODES"],
    )
    story.give(MANAGER, f"{chart.client.key}: merge", request, at(days.MERGED, 8, 20))
    clinician = story.clinician_of(chart.client, days.block_of(days.MERGED))
    taken_back = intake_statements.VoidStatementRequest(
        statement=_first_said(
            story, anew, clinician, intake_statements.ListStatementsRequest, "admission"
        ),
        correction=common.Correction(
            reason=common.CORRECTION_REASON_TWICE, remark="Was admitted in March."
        ),
    )
    now = at(days.MERGED, 8, 40)
    story.give_for(chart, clinician, "take back second admission", taken_back, now)


def withdraw_discharge(story: DemoStory) -> None:
    """Somebody else had left: the one who was discharged comes on Thursday, as ever."""
    chart, on = story.charts[StoryName.DISCHARGE_WITHDRAWN], days.DISCHARGED_BY_MISTAKE
    clinician = story.clinician_of(chart.client, days.block_of(on))
    request = plans.DischargeClientRequest(
        episode_id=chart.episode_id,
        reason="DISCHARGE_REASON_LEFT_AGAINST_ADVICE",
        discharged_on=to_date(on),
    )
    story.give_for(chart, clinician, "discharge by mistake", request, at(on, 15))
    taken_back = plans_statements.VoidStatementRequest(
        statement=_first_said(
            story, chart, clinician, plans_statements.ListStatementsRequest, "discharge"
        ),
        correction=common.Correction(
            reason=common.CORRECTION_REASON_WRONG_CLIENT,
            remark="Somebody else of the group had left.",
        ),
    )
    story.give_for(chart, clinician, "take back discharge", taken_back, at(on, 16, 30))


def _correct_number(
    story: DemoStory, chart: Chart, number: str, remark: str, now: datetime
) -> None:
    """`remark`: how the number came to be told otherwise."""
    front_desk = story.network.front_desk
    request = intake_statements.CorrectStatementRequest(
        statement=_first_said(
            story, chart, front_desk, intake_statements.ListStatementsRequest, "membership"
        ),
        correction=common.Correction(reason=common.CORRECTION_REASON_MISTYPED, remark=remark),
        recording=intake_statements.Recording(
            membership=requests.cover(story.payer_of(chart), number)
        ),
    )
    request.recording.membership.client_id = chart.client_id
    story.give_for(chart, front_desk, "correct member number", request, now)


def _first_said(
    story: DemoStory, chart: Chart, actor: Actor, question: type[Any], said: str
) -> common.StatementRevision:
    """The client's only statement of a kind, as it was said first: played again, the same.

    Of who was merged, the one that was said under this id.
    """
    listed = story.gateway.ask(actor, question(client_id=chart.client_id))
    for statement in listed.statements:
        recording = statement.revisions[0].recording
        if (
            recording.WhichOneof("said") == said
            and getattr(recording, said).client_id == chart.client_id
        ):
            return common.StatementRevision(statement_id=statement.statement_id, revision=FIRST)
    raise StoryFailed(f"{chart.client.key}: nobody said a {said}")
