"""How identity, membership and narratives are written to be sealed, and read when opened."""

import json
from collections.abc import Mapping
from datetime import date

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.translate import date_of, optional, required_enum
from services.intake.domain.instruments.score import Sex


def identity_bytes(identity: pb.Identity) -> bytes:
    """The identity as this contract knows it: what was not judged is not kept."""
    kept = pb.Identity()
    kept.CopyFrom(identity)
    kept.DiscardUnknownFields()
    return bytes(kept.SerializeToString(deterministic=True))


def identity_of(content: bytes) -> pb.Identity:
    return pb.Identity.FromString(content)


def sex_of(identity: bytes) -> Sex:
    """The identity's; UNKNOWN where it says none."""
    found = optional(required_enum, identity_of(identity), "sex")
    return Sex(found) if found else Sex.UNKNOWN


def born_on(identity: bytes) -> date:
    """The identity's birth date."""
    return date_of(identity_of(identity), "birth_date")


def narratives_bytes(narratives: Mapping[str, str]) -> bytes:
    """What was told, by area."""
    return json.dumps(narratives, sort_keys=True).encode()


def narratives_of(content: bytes) -> Mapping[str, str]:
    """What was told, by area."""
    narratives: Mapping[str, str] = json.loads(content)
    return narratives


def membership_bytes(member_number: str, group_number: str) -> bytes:
    membership = {"member_number": member_number, "group_number": group_number}
    return json.dumps(membership, sort_keys=True).encode()


def membership_of(content: bytes) -> tuple[str, str]:
    """The member number and the group number."""
    membership = json.loads(content)
    return membership["member_number"], membership["group_number"]
