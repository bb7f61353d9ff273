"""Statements of a front desk: read back, and put right by somebody in every role."""

from typing import Any

from ninehours.attendance.v1 import statements_service_pb2 as pb
from ninehours.common.v1 import statements_pb2 as common

from tests.harness.attendance.front_desk import FrontDesk

REMARK = "the sheet of Wolfeschlegelstein says otherwise"
ROLES = frozenset({"front_desk", "clinician", "administrator"})
OF_THE_HOUSE = ("site", "program", "holiday", "grace", "template", "credential")


def listed(desk: FrontDesk, client_id: str = "", about: str = "", **asked: Any) -> list[Any]:
    """Of a client, or about a session, a site or a staff member; for either purpose."""
    found: dict[str, Any] = {}
    for purpose in ("TREATMENT", "OPERATIONS"):
        request = pb.ListStatementsRequest(client_id=client_id, about=about, **asked)
        for statement in desk.ask(request, roles=ROLES, purpose=purpose).statements:
            found.setdefault(statement.statement_id, statement)
    return list(found.values())


def of_kind(desk: FrontDesk, kind: str, client_id: str = "", about: str = "") -> Any:
    """The only one of a kind."""
    [found] = [each for each in listed(desk, client_id, about) if kind_of(each) == kind]
    return found


def kind_of(statement: pb.Statement) -> str:
    return str(statement.revisions[0].recording.WhichOneof("said"))


def last_said(statement: pb.Statement) -> Any:
    """A copy of what it says now, to be changed."""
    recording = pb.Recording()
    recording.CopyFrom(statement.revisions[-1].recording)
    return getattr(recording, kind_of(statement))


def put_right(desk: FrontDesk, statement: pb.Statement, content: Any | None) -> Any:
    """Says it otherwise; None takes it back."""
    kind = kind_of(statement)
    told: dict[str, Any] = {
        "statement": common.StatementRevision(
            statement_id=statement.statement_id, revision=statement.revisions[-1].revision
        ),
        "correction": common.Correction(reason=common.CORRECTION_REASON_MISTYPED, remark=REMARK),
    }
    purpose = "OPERATIONS" if kind.removeprefix("end_of_") in OF_THE_HOUSE else "TREATMENT"
    request: Any = pb.VoidStatementRequest(**told)
    if content is not None:
        said = pb.Recording(**{kind: content})
        request = pb.CorrectStatementRequest(**told, recording=said)
    return desk.ask(request, roles=ROLES, purpose=purpose)
