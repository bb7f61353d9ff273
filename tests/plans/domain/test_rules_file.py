"""The rule table that comes with the service: read as the message it is the YAML of."""

from pathlib import Path

import pytest
import yaml
from google.protobuf.json_format import ParseDict
from ninehours.plans.v1 import plans_service_pb2 as pb

import services.plans
from services.plans.adapters.level_rules import level_rules_message, to_proposed_rules

FILES = sorted((Path(services.plans.__file__).parent / "rules").glob("*.yaml"))


def test_there_is_one() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_states_rules_that_can_be_proposed(path: Path) -> None:
    message = ParseDict(yaml.safe_load(path.read_text()), pb.LevelRules())
    assert level_rules_message(to_proposed_rules(message)) == message
