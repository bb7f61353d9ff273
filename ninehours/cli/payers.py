"""Payers by id and by name: people know the name."""

from ninehours.billing.v1 import billing_work_service_pb2 as work

from ninehours.cli.connection import Services
from ninehours.cli.ending import NOT_FOUND, USAGE, Failure
from ninehours.cli.fields import is_id
from ninehours.cli.roles import BILLER


class Payers:
    """All there are, as billing lists them."""

    def __init__(self, services: Services) -> None:
        self.listed = [*services.ask(BILLER, work.ListPayersRequest()).payers]
        self._names = {payer.payer_id: payer.name for payer in self.listed}

    def name(self, payer_id: str) -> str:
        """The name; of one that isn't listed, its id."""
        return self._names.get(payer_id, payer_id) or "no payer"

    def id_of(self, given: str) -> str:
        """The id of who is meant, by id or by a part of the name; empty for nobody."""
        if not given or is_id(given):
            return given
        found = [payer for payer in self.listed if given.casefold() in payer.name.casefold()]
        if len(found) != 1:
            known = ", ".join(f"«{payer.name}»" for payer in self.listed)
            raise Failure(
                USAGE if found else NOT_FOUND,
                f"{len(found)} payers go by {given!r}; there are {known}",
            )
        return str(found[0].payer_id)
