"""The payer's rule set of the story, read from the YAML that billing keeps."""

from pathlib import Path

import yaml
from google.protobuf.json_format import ParseDict
from ninehours.billing.v1 import rules_pb2

SUD_PER_DIEM = (
    Path(__file__).resolve().parents[2] / "services/billing/rules/sud_per_diem_h0015.yaml"
)


def read_rule_set(path: Path, payer_id: str) -> rules_pb2.RuleSet:
    """The rules as a message; raises json_format.ParseError with the field that is no field."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    return ParseDict({**written, "payer_id": payer_id}, rules_pb2.RuleSet())
