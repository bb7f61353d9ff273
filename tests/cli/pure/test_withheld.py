"""What a screen says where scores were withheld from who asks."""

import pytest
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import explanation_service_pb2 as plans

from ninehours.cli.client import ClientTimeline, show_client
from ninehours.cli.directories import Sites
from ninehours.cli.why.presenter import lines_of
from ninehours.cli.why.questions import asked
from ninehours.told.why.answer import NamedFacts
from ninehours.told.why.of_level import explain_level

ID = "5c4759fc-f9a3-53b7-b164-3272e78e04a8"


@pytest.mark.parametrize("withheld", [["diagnoses", "scores"], ["scores"], []])
def test_a_clients_screen_says_what_to_do_about_scores(
    capsys: pytest.CaptureFixture[str], withheld: list[str]
) -> None:
    told = ClientTimeline(
        client_id=ID, as_of=None, intake=intake.ReadClientResponse(), withheld=withheld
    )
    show_client(told, Sites({}))
    shown = " ".join(capsys.readouterr().out.split())
    assert ("Scores are withheld" in shown and "--as SUBJECT" in shown) == ("scores" in withheld)
    assert ("not for this token's role: diagnoses" in shown) == ("diagnoses" in withheld)


@pytest.mark.parametrize("withheld", [True, False])
def test_why_a_level_says_so_and_who_asked_is_asked_again(*, withheld: bool) -> None:
    episode = plans.ExplainedEpisode(segments=[plans.ExplainedSegment(level_of_care="2.1")])
    answer = plans.ExplainLevelOfCareResponse(episodes=[episode], scores_withheld=withheld)
    command = asked("level-of-care", ID, subject="staff/ada")
    told = explain_level(answer, NamedFacts(), command)
    assert ("Scores are withheld" in "\n".join(lines_of(told))) == withheld
    assert told.asked == f"ninehours why level-of-care {ID} --as staff/ada"
