"""Statements of plans and care: read back, and put right."""

from typing import Any

from ninehours.common.v1 import statements_pb2 as common
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import statements_service_pb2 as pb

from tests.harness.plans.service import Plans

REMARK = "the folder of Wolfeschlegelstein says otherwise"
AMENDED = common.StatementAmended.DESCRIPTOR.full_name


def listed(plans: Plans, client_id: str, **asked: Any) -> list[pb.Statement]:
    request = pb.ListStatementsRequest(client_id=client_id, **asked)
    return list(plans.call("ListStatements", request).statements)


def kind_of(statement: pb.Statement) -> str:
    return str(statement.revisions[0].recording.WhichOneof("said"))


def of_kind(plans: Plans, client_id: str, kind: str) -> list[pb.Statement]:
    return [statement for statement in listed(plans, client_id) if kind_of(statement) == kind]


def the(plans: Plans, client_id: str, kind: str) -> pb.Statement:
    """The client's only one of a kind."""
    [found] = of_kind(plans, client_id, kind)
    return found


def last_said(statement: pb.Statement) -> Any:
    """A copy of what it says now, to be changed."""
    recording = pb.Recording()
    recording.CopyFrom(statement.revisions[-1].recording)
    return getattr(recording, kind_of(statement))


def put_right(plans: Plans, statement: pb.Statement, content: Any | None) -> Any:
    """Says it otherwise; None takes it back."""
    told: dict[str, Any] = {
        "statement": common.StatementRevision(
            statement_id=statement.statement_id, revision=statement.revisions[-1].revision
        ),
        "correction": common.Correction(reason=common.CORRECTION_REASON_MISTYPED, remark=REMARK),
    }
    if content is None:
        answer = plans.call("VoidStatement", pb.VoidStatementRequest(**told))
    else:
        said = pb.Recording(**{kind_of(statement): content})
        request = pb.CorrectStatementRequest(**told, recording=said)
        answer = plans.call("CorrectStatement", request)
    plans.pending_work.drain()
    return answer


def changed(plans: Plans, statement: pb.Statement, **changes: Any) -> Any:
    """Says it otherwise in these fields."""
    content = last_said(statement)
    for name, value in changes.items():
        content.ClearField(name)
        content.MergeFrom(type(content)(**{name: value}))
    return put_right(plans, statement, content)


def plans_of(plans: Plans, client_id: str) -> list[care.RecordedPlan]:
    request = care.ReadPlansRequest(client_id=client_id)
    return list(plans.call("ReadPlans", request).plans)


def care_of(plans: Plans, client_id: str) -> care.ReadCareResponse:
    answer: care.ReadCareResponse = plans.call(
        "ReadCare", care.ReadCareRequest(client_id=client_id)
    )
    return answer


def resting_on_amendments(plans: Plans) -> set[tuple[str, str]]:
    """Kind and key of the current rows that rest on something that was put right."""
    rows = plans.query("SELECT id FROM heard_fact WHERE type = :type", type=AMENDED)
    facts = {str(row.id) for row in rows}
    current = plans.query("SELECT kind, row_key, provenance FROM derived WHERE current")
    return {(row.kind, row.row_key) for row in current if facts & set(row.provenance["facts"])}
