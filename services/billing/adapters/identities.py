"""Identities, asked of intake: authorized, consented and audited there."""

from collections.abc import Sequence
from datetime import date

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.client import Client
from kernel.rpc.translate import to_date
from services.billing.app.ports import People, Person

PAGE = 500
SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]


class IntakeIdentities:
    """The Identities port over intake's RPC."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, clients: Sequence[str], payer_id: str, on: date) -> People:
        persons: dict[str, Person] = {}
        withheld: dict[str, str] = {}
        for start in range(0, len(clients), PAGE):
            answer = self._client.ReadIdentities(
                pb.ReadIdentitiesRequest(
                    client_ids=clients[start : start + PAGE],
                    recipient_payer_id=payer_id,
                    on=to_date(on),
                )
            )
            withheld |= {item.client_id: item.reason for item in answer.withheld}
            persons |= {
                item.client_id: Person(
                    client_id=item.client_id,
                    version=item.identity_version,
                    coverage_id=item.coverage_id,
                    consent_id=item.consent_id,
                    particulars=item,
                )
                for item in answer.identities
            }
        return People(persons, withheld)
