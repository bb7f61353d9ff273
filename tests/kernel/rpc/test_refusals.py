"""What a refusal or a failure looks like from outside, and what it never shows."""

from collections.abc import Callable

import grpc
import psycopg
import pytest
import sqlalchemy.exc
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.codec import UnreadableFact
from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, NotYet, Refusal, Stale, Unknown
from kernel.rpc.remote_refusal import RemoteRefusal, refusal_of
from kernel.rpc.server import LARGEST
from tests.harness.kernel.rpc import LOG, Ask, Log, Serve, lines, raw_read

Code = grpc.StatusCode


@pytest.mark.parametrize(
    ("error", "status", "details"),
    [
        (Unknown("client", "7"), (Code.NOT_FOUND, "CLIENT_UNKNOWN"), {"kind": "client", "id": "7"}),
        (
            Malformed(meta__command_id="is required", until="is not a date"),
            (Code.INVALID_ARGUMENT, "MALFORMED"),
            {"meta.command_id": "is required", "until": "is not a date"},
        ),
        (
            AgainstTheRules("PLAN_NOT_SIGNED", "sign it", plan="9"),
            (Code.FAILED_PRECONDITION, "PLAN_NOT_SIGNED"),
            {"plan": "9"},
        ),
        (Stale("STALE", "read again", version="3"), (Code.ABORTED, "STALE"), {"version": "3"}),
        (NotAllowed("NOT_YOURS", "no"), (Code.PERMISSION_DENIED, "NOT_YOURS"), {}),
        (Refusal("BARE", "no"), (Code.FAILED_PRECONDITION, "BARE"), {}),
    ],
)
def test_a_refusal_arrives_with_its_code_reason_and_details(
    serve: Serve,
    ask: Ask,
    error: Exception,
    status: tuple[grpc.StatusCode, str],
    details: dict[str, str],
) -> None:
    with pytest.raises(RemoteRefusal) as refused:
        ask(serve({LOG: Log(error)}), LOG).Read(log_pb2.ReadRequest())
    assert (refused.value.code, refused.value.reason) == status
    assert refused.value.details == details
    assert refused.value.message == str(error)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotYet("NOT_HEARD_YET", "wait"), "NOT_HEARD_YET"),
        (
            sqlalchemy.exc.OperationalError("SELECT 'Jane'", {}, Exception("Jane")),
            "DATABASE_AWAY",
        ),
        (
            sqlalchemy.exc.InterfaceError("S", {}, Exception("Jane"), connection_invalidated=True),
            "DATABASE_AWAY",
        ),
        (psycopg.OperationalError("Jane"), "DATABASE_AWAY"),
        (sqlalchemy.exc.TimeoutError("Jane"), "DATABASE_BUSY"),
        (RemoteRefusal(Code.UNAVAILABLE, "DATABASE_AWAY", "Jane", {}), "PEER_AWAY"),
        (UnreadableFact("Jane"), "FACT_UNREADABLE"),
    ],
)
def test_what_may_be_answered_in_a_moment_is_unavailable(
    serve: Serve, operator: Callable[[], str], error: Exception, reason: str
) -> None:
    with pytest.raises(grpc.RpcError) as asked:
        raw_read(serve({LOG: Log(error)}), authorization=f"Bearer {operator()}")
    refused = refusal_of(asked.value)
    assert (refused.code, refused.reason) == (Code.UNAVAILABLE, reason)
    assert "Jane" not in str(refused)


def test_an_error_nobody_foresaw_tells_its_incident_and_nothing_else(
    serve: Serve, ask: Ask, capfd: pytest.CaptureFixture[str]
) -> None:
    client = ask(serve({LOG: Log(KeyError("Jane Doe"))}), LOG)
    with pytest.raises(RemoteRefusal) as refused:
        client.Read(log_pb2.ReadRequest())
    assert refused.value.code is Code.INTERNAL
    incident = refused.value.details["incident"]
    assert refused.value.message == f"incident {incident}"
    written = capfd.readouterr().err
    line = next(line for line in lines(written) if line.get("incident") == incident)
    assert (line["level"], line["error"]) == ("error", "KeyError")
    assert line["place"].startswith("tests/harness/kernel/rpc.py:")
    assert "Jane" not in written and "Jane" not in str(refused.value)


def test_an_answer_of_the_wrong_type_is_an_internal_error(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    servicer = Log()
    monkeypatch.setattr(servicer, "Read", lambda request, call: request)
    with pytest.raises(RemoteRefusal) as refused:
        ask(serve({LOG: servicer}), LOG).Read(log_pb2.ReadRequest())
    assert refused.value.code is Code.INTERNAL


def test_a_refusal_with_much_to_say_still_arrives(serve: Serve, ask: Ask) -> None:
    many = {f"field_{number}": "ü" * 500 for number in range(200)}
    with pytest.raises(RemoteRefusal) as refused:
        ask(serve({LOG: Log(Malformed(**many))}), LOG).Read(log_pb2.ReadRequest())
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert refused.value.reason == "MALFORMED"
    assert "field_0" in refused.value.details


def test_bytes_that_are_no_request_are_malformed_but_only_to_those_who_may_ask(
    serve: Serve, operator: Callable[[], str]
) -> None:
    server = serve({LOG: Log()})
    with pytest.raises(grpc.RpcError) as error:
        raw_read(server, b"\xff\xff\xff", authorization=f"Bearer {operator()}")
    assert refusal_of(error.value).reason == "MALFORMED"
    with pytest.raises(grpc.RpcError) as error:
        raw_read(server, b"\xff\xff\xff")
    assert refusal_of(error.value).code is Code.UNAUTHENTICATED


def test_a_message_over_four_mebibytes_is_refused_both_ways(serve: Serve, ask: Ask) -> None:
    client = ask(serve({LOG: Log()}), LOG)
    with pytest.raises(RemoteRefusal) as refused:
        client.Read(log_pb2.ReadRequest(subject="x" * (LARGEST + 1)))
    assert refused.value.code is Code.RESOURCE_EXHAUSTED
    with pytest.raises(RemoteRefusal) as refused:
        client.Heads(log_pb2.HeadsRequest(page_size=LARGEST + 1))
    assert refused.value.code is Code.RESOURCE_EXHAUSTED
    assert len(client.Heads(log_pb2.HeadsRequest(page_size=LARGEST - 100)).topic) > 0
