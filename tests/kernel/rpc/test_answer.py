"""One call over loopback: who is let in, what comes with a call, what the log says of it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1.policy_pb2 import Bound
from ninehours.common.v1.policy_pb2 import Policy as Declared
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.refusal import NotYet
from kernel.rpc.call import Call
from kernel.rpc.remote_refusal import RemoteRefusal, refusal_of
from kernel.rpc.server import MOST_WATCHING, THREADS
from kernel.rpc.tokens import Issuer
from tests.harness.kernel.counters import PATIENCE, until
from tests.harness.kernel.rpc import DEADLINE, LOG, Ask, Log, Serve, bound, declare, lines, raw_read

Code = grpc.StatusCode
HERE, ELSEWHERE = str(UUID(int=1)), str(UUID(int=2))
TREATING = bound({"kind": "site", "field": "site_id"})


def test_a_permitted_call_is_answered_and_leaves_one_line(
    serve: Serve, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    servicer = Log()
    client = ask(serve({LOG: servicer}), LOG)
    capsys.readouterr()
    asked_at = datetime.now(UTC)
    answer = client.Read(log_pb2.ReadRequest(subject="client/secret", after_sequence=4))
    assert answer.epoch == 5
    [call] = servicer.calls
    assert call.actor.id == "staff/ada"
    assert call.now.tzinfo is UTC and asked_at <= call.now <= datetime.now(UTC)
    left = call.deadline()
    assert left is not None and left < DEADLINE + 0.5
    assert UUID(call.correlation_id)
    written = capsys.readouterr().err
    [line] = lines(written)
    assert line["rpc"] == "made.log.LogService/Read"
    assert (line["actor"], line["outcome"]) == ("staff/ada", "OK")
    assert line["correlation_id"] == call.correlation_id
    assert line["milliseconds"] > 0
    assert "secret" not in written


def test_no_token_and_a_bad_token_are_unauthenticated(serve: Serve, ask: Ask) -> None:
    servicer = Log()
    server = serve({LOG: servicer})
    for token in ("", "nonsense"):
        client = ask(server, LOG, partial(str, token))
        with pytest.raises(RemoteRefusal) as refused:
            client.Read(log_pb2.ReadRequest())
        assert refused.value.code is Code.UNAUTHENTICATED
        assert refused.value.reason == "TOKEN_INVALID"
    with pytest.raises(grpc.RpcError) as error:
        raw_read(server)
    assert refusal_of(error.value).reason == "TOKEN_MISSING"
    assert servicer.calls == []


def test_a_token_expires_by_the_real_clock_when_callers_tell_the_time(
    serve: Serve, ask: Ask, secrets_dir: Path
) -> None:
    yesterday = time.time() - 24 * 3600
    old = Issuer(secrets_dir, "people", clock=lambda: yesterday).token(
        "staff/ada", ["operator"], ["*"], "OPERATIONS"
    )
    client = ask(serve({LOG: Log()}, clock="caller"), LOG, lambda: old)
    with pytest.raises(RemoteRefusal) as refused:
        client.Read(log_pb2.ReadRequest(), now=datetime(2001, 1, 1, tzinfo=UTC))
    assert refused.value.reason == "TOKEN_EXPIRED"


def test_a_role_purpose_or_site_that_is_not_covered_is_denied(
    serve: Serve, ask: Ask, secrets_dir: Path
) -> None:
    class Servicer:
        def Do(self, request: Any, call: Call) -> Any:
            return respond(count=1)

    service = declare(TREATING)
    respond = GetMessageClass(service.methods[0].output_type)
    request = GetMessageClass(service.methods[0].input_type)
    server = serve({service: Servicer()})
    people = Issuer(secrets_dir, "people")

    def reason(roles: list[str], sites: list[str], purpose: str, site_id: str) -> str:
        client = ask(server, service, lambda: people.token("staff/ada", roles, sites, purpose))
        with pytest.raises(RemoteRefusal) as refused:
            client.Do(request(site_id=site_id))
        assert refused.value.code is Code.PERMISSION_DENIED
        return refused.value.reason

    assert reason(["operator"], ["*"], "TREATMENT", HERE) == "ROLE_NOT_ALLOWED"
    assert reason(["clinician"], ["*"], "PAYMENT", HERE) == "PURPOSE_NOT_ALLOWED"
    assert reason(["clinician"], [HERE], "TREATMENT", ELSEWHERE) == "SITE_NOT_ALLOWED"
    allowed = ask(
        server, service, lambda: people.token("staff/ada", ["clinician"], [HERE], "TREATMENT")
    )
    assert allowed.Do(request(site_id=HERE)).count == 1


def test_the_callers_now_counts_only_where_settings_say_so(serve: Serve, ask: Ask) -> None:
    told = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
    for clock, believed in (("caller", True), ("server", False)):
        servicer = Log()
        ask(serve({LOG: servicer}, clock=clock), LOG).Read(log_pb2.ReadRequest(), now=told)
        assert (servicer.calls[0].now == told) is believed


def test_without_a_callers_now_the_servers_clock_counts(serve: Serve, ask: Ask) -> None:
    servicer = Log()
    asked_at = datetime.now(UTC)
    ask(serve({LOG: servicer}, clock="caller"), LOG).Read(log_pb2.ReadRequest())
    assert asked_at <= servicer.calls[0].now <= datetime.now(UTC)


@pytest.mark.parametrize(
    "now",
    [
        "2026-03-01T09:30:00",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T00:00:00Z",
        "2026-03-01",
        "2026-13-01T00:00:00Z",
        "soon",
        "",
    ],
)
def test_a_now_that_is_naive_absurd_or_no_time_is_malformed(
    serve: Serve, operator: Callable[[], str], now: str
) -> None:
    servicer = Log()
    server = serve({LOG: servicer}, clock="caller")
    with pytest.raises(grpc.RpcError) as error:
        raw_read(server, authorization=f"Bearer {operator()}", ninehours_now=now)
    assert refusal_of(error.value).code is Code.INVALID_ARGUMENT
    assert servicer.calls == []


def test_correlation_and_trace_travel_on_and_nothing_else_gets_into_the_log(
    serve: Serve, operator: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    servicer = Log()
    server = serve({LOG: servicer})
    known, trace = str(uuid4()), f"00-{'a' * 32}-{'b' * 16}-01"
    for correlation_id, traceparent in [(known, trace), ("Jane Doe", "Jane Doe")]:
        raw_read(
            server,
            authorization=f"Bearer {operator()}",
            ninehours_correlation_id=correlation_id,
            traceparent=traceparent,
        )
    kept, replaced = servicer.calls
    assert (kept.correlation_id, kept.traceparent) == (known, trace)
    assert UUID(replaced.correlation_id) and replaced.traceparent.startswith("00-")
    assert "Jane" not in capsys.readouterr().err


def test_a_call_whose_deadline_passed_in_the_queue_is_not_begun(
    serve: Serve, ask: Ask, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Issuer(secrets_dir, "people")
    go, busy, begun = threading.Event(), threading.Semaphore(0), []

    def read(request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        begun.append(request.subject)
        busy.release()
        go.wait(PATIENCE)
        return log_pb2.ReadResponse()

    servicer = Log()
    monkeypatch.setattr(servicer, "Read", read)
    server = serve({LOG: servicer})
    client = ask(server, LOG)
    others = [
        ask(server, LOG, partial(people.token, who, ["operator"], ["*"], "OPERATIONS"))
        for who in ("staff/eve", "staff/bob", "staff/joe", "staff/kim")
    ]
    every = THREADS + MOST_WATCHING
    with ThreadPoolExecutor(every) as pool:
        slow = [
            pool.submit(other.Read, log_pb2.ReadRequest(subject="slow"), deadline=PATIENCE)
            for other in islice(cycle(others), every)
        ]
        for _ in slow:
            assert busy.acquire(timeout=PATIENCE)
        with pytest.raises(RemoteRefusal) as refused:
            client.Read(log_pb2.ReadRequest(subject="late"), deadline=0.2)
        go.set()
        for begun_call in slow:
            begun_call.result()
    assert refused.value.code is Code.DEADLINE_EXCEEDED
    client.Read(log_pb2.ReadRequest(subject="next"))
    assert "late" not in begun and begun[-1] == "next"


def streaming(answer: Callable[[Any], Iterator[Any]]) -> tuple[Any, Any, Any]:
    service = declare(
        Declared(roles=["operator"], purposes=["OPERATIONS"], bound_by=[Bound(kind="network")]),
        streams=True,
    )
    respond = GetMessageClass(service.methods[0].output_type)

    class Servicer:
        def Do(self, request: Any, call: Call) -> Iterator[Any]:
            return answer(respond)

    return service, Servicer(), GetMessageClass(service.methods[0].input_type)


def test_a_stream_is_answered_message_by_message(
    serve: Serve, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    service, servicer, request = streaming(
        lambda respond: (respond(count=number) for number in range(3))
    )
    client = ask(serve({service: servicer}), service)
    capsys.readouterr()
    assert [message.count for message in client.Do(request())] == [0, 1, 2]
    written: list[str] = []

    def told() -> bool:
        written.append(capsys.readouterr().err)
        return bool(written[-1])

    until(told)
    assert [line["outcome"] for line in lines("".join(written))] == ["OK"]


def test_a_stream_refused_halfway_gives_what_it_had_and_then_the_refusal(
    serve: Serve, ask: Ask
) -> None:
    def answer(respond: Any) -> Iterator[Any]:
        yield respond(count=1)
        raise NotYet("NOT_HEARD_YET", "wait")

    service, servicer, request = streaming(answer)
    answers = ask(serve({service: servicer}), service).Do(request())
    assert next(answers).count == 1
    with pytest.raises(RemoteRefusal) as refused:
        next(answers)
    assert refused.value.reason == "NOT_HEARD_YET"
