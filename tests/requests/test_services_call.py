"""A service may call exactly what the policies say, at all four services, and nothing else.

A request that nobody can read tells what was judged before it: an RPC that is open finds it
malformed, and one that isn't says so first.
"""

from pathlib import Path

import grpc
import pytest

from kernel.rpc.policy import policies_of
from kernel.rpc.remote_refusal import refusal_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import PURPOSES, SERVICE_ROLE, SERVICE_SUBJECT, Issuer
from kernel.services import SERVICES
from ninehours.local.probes import LOOPBACK

UNREADABLE = b"\xff"
PATIENCE = 600.0  # seconds: no test fails for being slow
EXCHANGE = {"Read", "Heads", "ListFingerprints"}  # of every owner, by every listener
# Who of the services calls what beside it.
OPEN = {
    "attendance": set[str](),
    "billing": {"ReadIdentities"},
    "intake": set[str](),
    "plans": set[str](),
}


def judged(channel: grpc.Channel, path: str, token: str, *, streams: bool) -> str:
    """The reason for which the unreadable request was refused."""
    told = {"timeout": PATIENCE, "metadata": (("authorization", f"Bearer {token}"),)}
    try:
        if streams:
            list(channel.unary_stream(path, None, None)(UNREADABLE, **told))
        else:
            channel.unary_unary(path, None, None)(UNREADABLE, **told)
    except grpc.RpcError as error:
        return refusal_of(error).reason
    return "ANSWERED"


@pytest.mark.parametrize("caller", SERVICES)
def test_a_service_may_call_exactly_what_the_policies_say(
    servers: dict[str, Server], secrets_dir: Path, caller: str
) -> None:
    issuer = Issuer(secrets_dir, caller)
    role = f"{SERVICE_ROLE}{caller}"
    tokens = {
        purpose: issuer.token(f"{SERVICE_SUBJECT}{caller}", [role], ["*"], purpose)
        for purpose in sorted(PURPOSES)
    }
    called, refused = set[str](), 0
    for server in servers.values():
        with grpc.insecure_channel(f"{LOOPBACK}:{server.port}") as channel:
            for service in server.services:
                for method in service.methods:
                    policy = policies_of(service)[method.name]
                    path = f"/{service.full_name}/{method.name}"
                    for purpose, token in tokens.items():
                        reason = judged(channel, path, token, streams=method.server_streaming)
                        if role not in policy.roles:
                            expected = "ROLE_NOT_ALLOWED"
                        elif purpose not in policy.purposes:
                            expected = "PURPOSE_NOT_ALLOWED"
                        else:
                            expected = "MALFORMED"
                            called.add(method.name)
                        assert reason == expected, (path, purpose)
                        refused += expected != "MALFORMED"
    assert refused > 390
    assert called - EXCHANGE == OPEN[caller]
