"""Whom an address names, as each of a client's pages says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from ninehours.intake.v1 import chart_service_pb2 as chart

from ninehours.console.pages.clients.finding import full_name
from ninehours.console.pages.clients.names import TELLING
from ninehours.console.texts import words
from ninehours.console.visit import NoSuchPage, Visit
from ninehours.told.fields import iso

CLIENT_ID = "client_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoTheyAre:
    """A client, as each of their pages says it. `goes_on_as`: whom they were merged into;
    `judged`: with whom somebody judged whether they are one person."""

    client_id: str
    name: str
    born: str
    identity: Any
    contacts: Any
    site_id: str
    goes_on_as: str
    merged: Sequence[str]
    judged: Sequence[chart.JudgedDouble] = field(repr=False)
    registered_at: datetime

    @property
    def address(self) -> str:
        return f"/clients/{self.client_id}"

    @property
    def about(self) -> str:
        """`Abbott, Robin, born 1984-02-29`."""
        return ", ".join(filter(None, (self.name, self.born and words().clients.born + self.born)))

    @property
    def record(self) -> str:
        """`record 3f2a91bc`: which of several that look alike."""
        return str(words().clients.record.format(id=self.client_id[:TELLING]))

    def told_apart(self, zone: tzinfo) -> str:
        """The same as `about`, with what tells two records of one person apart."""
        on = self.registered_at.astimezone(zone).date()
        return f"{self.about}, {words().clients.registered_on.format(on=on)}, {self.record}"


def who_of(visit: Visit, named: str = CLIENT_ID) -> WhoTheyAre:
    """Whom the address names, at that place of it."""
    client_id = visit.place[named]
    if not is_uuid(client_id):
        raise NoSuchPage
    told = visit.ask(chart.ReadPersonRequest(client_id=client_id))
    is_known = told.HasField("identity")
    survivor = told.client_ids[0] if told.client_ids else client_id
    return WhoTheyAre(
        client_id=client_id,
        name=full_name(told.identity) if is_known else client_id,
        born=iso(told.identity.birth_date) if is_known else "",
        identity=told.identity,
        contacts=told.contacts,
        site_id=told.site_id,
        goes_on_as=survivor if survivor != client_id else "",
        merged=[each for each in told.client_ids if each != survivor],
        judged=told.doubles,
        registered_at=told.recorded_at.ToDatetime(tzinfo=UTC),
    )


def is_uuid(text: str) -> bool:
    """As ids stand in addresses."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
