"""What `verify` says of a running system, asked of each service as its operator."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from ninehours.exchange.v1 import operating_service_pb2 as pb

from kernel.rpc.client import Client
from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE

SERVICE = pb.DESCRIPTOR.services_by_name["OperatingService"]


class Operator:
    """Somebody who asks the running services, and is answered in full."""

    def __init__(self, addresses: Mapping[str, str], secrets_dir: Path) -> None:
        self._addresses = addresses
        self._issuer = Issuer(secrets_dir, PEOPLE)

    def client(self, service: str) -> Client:
        return Client(self._addresses[service], SERVICE, token=self._token, deadline=600.0)

    def checks(self, service: str) -> list[pb.VerifyResponse]:
        client = self.client(service)
        try:
            answers = client.Verify(pb.VerifyRequest())
            return [answer for answer in answers if not answer.in_progress]
        finally:
            client.close()

    def findings(self, service: str) -> list[str]:
        """`REASON about: what it says`, in the order of the checks."""
        return [
            f"{each.reason} {each.about}: {each.says}"
            for check in self.checks(service)
            for each in check.findings
        ]

    def _token(self) -> str:
        return self._issuer.token(
            "person/operator", ["operator"], ["*"], "OPERATIONS", timedelta(minutes=5)
        )
