"""Whoever asks for a client who was merged into another is told which id to use."""

import pytest
from ninehours.intake.v1 import clients_service_pb2 as intake

from ninehours.cli.client import ClientTimeline, show_client
from ninehours.cli.directories import Sites

SURVIVOR, ABSORBED = "6f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10", "6f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a11"


def below(capsys: pytest.CaptureFixture[str], client_id: str, *client_ids: str) -> list[str]:
    """What is shown of a client of whom nothing else is known, below the registration."""
    told = ClientTimeline(
        client_id=client_id,
        as_of=None,
        intake=intake.ReadClientResponse(client_id=client_id, client_ids=client_ids),
    )
    show_client(told, Sites({}))
    return capsys.readouterr().out.splitlines()[1:]


def test_the_absorbed_one_is_told_with_the_id_that_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = below(capsys, ABSORBED, SURVIVOR, ABSORBED)
    assert said == [f"merged into {SURVIVOR}: what is new is said of that one"]


def test_the_survivor_is_told_with_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    said = below(capsys, SURVIVOR, SURVIVOR, ABSORBED)
    assert said == [f"one person with {ABSORBED}"]


@pytest.mark.parametrize("client_ids", [(), (SURVIVOR,)], ids=["not said", "alone"])
def test_who_was_merged_with_nobody_is_told_as_ever(
    capsys: pytest.CaptureFixture[str], client_ids: tuple[str, ...]
) -> None:
    assert below(capsys, SURVIVOR, *client_ids) == []
