"""Billing with a real intake beside it: permits are asked of intake's own servicer and database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.envelope import Record
from kernel.rpc.call import Call
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.store import published
from services.billing.adapters.identities import IntakeIdentities
from services.billing.app.ports import DisclosedClients
from tests.harness.billing.facts import Story
from tests.harness.billing.history import MONDAY, day
from tests.harness.billing.service import NOW, Office
from tests.harness.intake import service as asked
from tests.harness.intake.service import Desk

PART2, NOT_PART2 = True, False


@dataclass
class House:
    """One intake, one billing; what intake publishes is heard when `relay` is called.

    `permitted` is called each time intake has answered, before billing's transaction begins.
    """

    desk: Desk
    office: Office
    story: Story = field(default_factory=lambda: Story(site_id=asked.SITE))
    permitted: Callable[[], object] = lambda: None
    relayed: int = 0

    def __post_init__(self) -> None:
        self.desk.now = self.office.now = NOW
        self.office.issue_with(_Asking(self))
        self.office.set_up(asked.SITE, [])
        self.desk.told(asked.payer(self.payer_id))

    @property
    def payer_id(self) -> str:
        return self.office.payer_id

    def admit(
        self,
        *,
        under_part2: bool = PART2,
        days: Sequence[int] = (0, 2, 4),
        units: int = 30,
        member_number: str = "",
        facilitator: str = "",
        **identity: Any,
    ) -> str:
        """A client with all a claim needs, who came on these days; a member of their own."""
        client_id = self.desk.registered(**identity)
        self.consent(client_id)
        self.cover(client_id, **({"member_number": member_number} if member_number else {}))
        self.desk.call(asked.diagnose(client_id, effective_from=to_date(day(0))))
        self.desk.admitted(client_id, under_part2=under_part2, admitted_on=to_date(day(0)))
        self.relay()
        self.office.authorize(client_id, units)
        activated = plans.PlanActivated(
            client_id=client_id,
            episode_id=client_id,
            plan_id=client_id,
            in_force_from=to_date(day(3)),
        )
        told = [self.story._tell(activated)]
        came = [day(number) for number in days]
        self.office.hear([*told, *self.story.attended(client_id, came, facilitator=facilitator)])
        return client_id

    def cover(self, client_id: str, **changes: Any) -> str:
        """A coverage by the payer, verified from January on."""
        given = {"member_number": f"MEMBER-{client_id}", **changes}
        coverage = asked.coverage(client_id, payer_id=self.payer_id, **given)
        coverage_id = str(self.desk.call(coverage).coverage_id)
        self.verify_coverage(client_id, coverage_id)
        return coverage_id

    def verify_coverage(self, client_id: str, coverage_id: str) -> Any:
        """Confirmed from January on."""
        verified = pb.VerifyCoverageRequest(
            client_id=client_id,
            coverage_id=coverage_id,
            verified_from=to_date(date(2026, 1, 1)),
        )
        return self.desk.call(verified)

    def consent_of(self, client_id: str) -> str:
        """The consent given last."""
        [*_, row] = self.desk.rows(
            "SELECT body->>'consent_id' AS consent_id FROM fact"
            f" WHERE type = 'intake.consent_given.v1' AND stream = 'client/{client_id}'"
            " ORDER BY version"
        )
        return str(row.consent_id)

    def consent(self, client_id: str) -> str:
        """Given to the payer on Monday."""
        return self.desk.consented(
            client_id, recipient_payer_id=self.payer_id, given_on=to_date(MONDAY)
        )

    def revoke(
        self, client_id: str, consent_id: str | None = None, command_id: str | None = None
    ) -> Any:
        """Revokes the consent, by default the one given last, from today on."""
        revoking = pb.RevokeConsentRequest(
            client_id=client_id,
            consent_id=consent_id or self.consent_of(client_id),
            revoked_on=to_date(self.desk.now.date()),
        )
        return self.desk.call(revoking, command_id)

    def restrict(self, client_id: str, on: date = MONDAY) -> Any:
        """Keeps this date from the payer."""
        dates: dict[str, Any] = {"from": to_date(on), "to": to_date(on)}
        return self.desk.call(
            pb.RestrictDisclosureRequest(client_id=client_id, payer_id=self.payer_id, **dates)
        )

    def told(self) -> list[Record]:
        """What intake published since, as Kafka would carry it."""
        with self.desk.store.transaction() as tx:
            rows = tx.connection.exec_driver_sql(
                "SELECT * FROM published WHERE position > %s ORDER BY position", (self.relayed,)
            ).all()
            epoch = published.epoch_of(tx.connection)
        return [
            Record(
                topic=self.desk.store.topic,
                partition=0,
                offset=row.position,
                headers=published.envelope_of(
                    row, source="/services/intake", epoch=epoch
                ).headers(),
                body=bytes(row.body),
            )
            for row in rows
        ]

    def relay(self) -> None:
        """Billing hears all that intake published, and derives what follows."""
        records = self.told()
        self.office.hear(records)
        self.relayed = max([self.relayed, *(record.offset for record in records)])


@dataclass
class _Asking:
    """The Identities port: the adapter's own, with intake's servicer at the other end."""

    house: House

    def __call__(
        self,
        clients: Sequence[str],
        payer_id: str,
        on: date,
        settled: Sequence[str],
        programs: Mapping[str, Collection[str]],
    ) -> DisclosedClients:
        call = Call(
            actor=Actor("staff/ada", frozenset({"biller"}), frozenset({"*"}), "PAYMENT"),
            now=self.house.office.now,
            deadline=lambda: None,
            correlation_id="c",
            traceparent="",
        )
        asking = IntakeIdentities(self, call)  # type: ignore[arg-type]
        people = asking(clients, payer_id, on, settled, programs)
        self.house.permitted()
        return people

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, *, via: Call, leaves_nothing: bool
    ) -> Any:
        del via
        assert leaves_nothing == request.supposed
        return self.house.desk.call(request, actor="service/billing")
