"""How identity, membership and narratives are written to be sealed, and read when opened."""

import json
from collections.abc import Iterable, Mapping
from datetime import date

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.translate import date_of, optional, required_enum
from services.intake.domain.coverage import MembershipParts
from services.intake.domain.instruments.score import Sex
from services.intake.domain.person import IdentityParts
from services.intake.domain.search import Findable


def person_bytes(said: pb.Identity | pb.Contacts) -> bytes:
    """An identity or contacts as this contract knows them: what was not judged is not kept."""
    kept = type(said).FromString(said.SerializeToString())
    kept.DiscardUnknownFields()
    return bytes(kept.SerializeToString(deterministic=True))


def identity_of(content: bytes) -> pb.Identity:
    return pb.Identity.FromString(content)


def contacts_of(content: bytes) -> pb.Contacts:
    return pb.Contacts.FromString(content)


def parts_of(identity: bytes) -> IdentityParts:
    """The identity's, as a claim's reader compares them: capitals and spaces are no difference."""
    said = identity_of(identity)
    address = (said.address.line, said.address.city, said.address.state, said.address.zip)
    return IdentityParts(
        name=_compared(said.family_name, said.given_name),
        birth_date=date_of(said, "birth_date").isoformat(),
        sex=sex_of(identity),
        address=_compared(*address),
    )


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


def membership_parts_of(membership: bytes) -> MembershipParts:
    """The numbers, as a claim's reader compares them."""
    member_number, group_number = map(_compared, membership_of(membership))
    return MembershipParts(member_number=member_number, group_number=group_number)


def _compared(*texts: str) -> str:
    return json.dumps([" ".join(text.upper().split()) for text in texts])


def findable(identity: bytes, memberships: Iterable[bytes], contacts: bytes = b"") -> Findable:
    """By what a client is found; `contacts` empty: none are known."""
    said, phone = identity_of(identity), contacts_of(contacts).phone
    return Findable(
        family_name=said.family_name,
        given_name=said.given_name,
        birth_date=date_of(said, "birth_date"),
        member_numbers=tuple(membership_of(content)[0] for content in memberships),
        phones=(phone,) if phone else (),
    )
