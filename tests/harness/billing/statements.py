"""Statements of an office: read back, put right, and what follows."""

from typing import Any

from ninehours.billing.v1 import statements_service_pb2 as pb
from ninehours.common.v1 import statements_pb2 as common

from tests.harness.billing.service import Office

REMARK = "the letter of Wolfeschlegelstein says otherwise"
AMENDED = common.StatementAmended.DESCRIPTOR.full_name


def listed(office: Office, client_id: str = "", **asked: Any) -> list[pb.Statement]:
    request = pb.ListStatementsRequest(client_id=client_id, **asked)
    return list(office.call("ListStatements", request).statements)


def of_kind(office: Office, client_id: str, kind: str, **asked: Any) -> pb.Statement:
    """The client's only one of a kind; without a client, of what is asked `about`."""
    [found] = [
        statement for statement in listed(office, client_id, **asked) if kind_of(statement) == kind
    ]
    return found


def kind_of(statement: pb.Statement) -> str:
    return str(statement.revisions[0].recording.WhichOneof("said"))


def last_said(statement: pb.Statement) -> Any:
    """A copy of what it says now, to be changed."""
    recording = pb.Recording()
    recording.CopyFrom(statement.revisions[-1].recording)
    return getattr(recording, kind_of(statement))


def put_right(office: Office, statement: pb.Statement, content: Any | None, **called: Any) -> Any:
    """Says it otherwise; None takes it back."""
    told: dict[str, Any] = {
        "statement": common.StatementRevision(
            statement_id=statement.statement_id, revision=statement.revisions[-1].revision
        ),
        "correction": common.Correction(reason=common.CORRECTION_REASON_MISTYPED, remark=REMARK),
    }
    if content is None:
        answer = office.call("VoidStatement", pb.VoidStatementRequest(**told), **called)
    else:
        said = pb.Recording(**{kind_of(statement): content})
        request = pb.CorrectStatementRequest(**told, recording=said)
        answer = office.call("CorrectStatement", request, **called)
    office.pending_work.drain()
    return answer


def resting_on_amendments(office: Office) -> set[tuple[str, str]]:
    """Kind and key of the current rows that rest on something that was put right."""
    rows = office.query("SELECT id FROM heard_fact WHERE type = :type", type=AMENDED)
    facts = {str(row.id) for row in rows}
    current = office.query("SELECT kind, row_key, provenance FROM derived WHERE current")
    return {(row.kind, row.row_key) for row in current if facts & set(row.provenance["facts"])}
