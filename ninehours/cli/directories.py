"""Payers, sites and programs by their names: ids alone say little on a screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
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
            names = ", ".join(f"«{payer.name}»" for payer in self.listed)
            raise Failure(
                USAGE if found else NOT_FOUND,
                f"{len(found)} payers go by {given!r}; there are {names}",
            )
        return str(found[0].payer_id)


KINDS = {1: "substance use", 2: "mental health", 3: "dual"}


@dataclass(frozen=True, slots=True)
class Sites:
    """Every site by id."""

    by_id: Mapping[str, calendar.ListedSite]

    def name(self, site_id: str) -> str:
        """The id itself where the site is not known."""
        return self.by_id[site_id].name if site_id in self.by_id else site_id or "no site"

    def heading(self, site_id: str) -> str:
        """Name and id, which --site takes."""
        return f"{self.name(site_id)}  {site_id}" if site_id in self.by_id else self.name(site_id)

    def seats(self, program_id: str) -> int:
        """Of a program; 0: not known."""
        programs = (program for site in self.by_id.values() for program in site.programs)
        return next((held.seats for held in programs if held.program.program_id == program_id), 0)


def sites_of(services: Services, role: str) -> Sites:
    """All of the network."""
    found = services.ask(role, calendar.ListSitesRequest()).sites
    return Sites({site.site_id: site for site in found})


def kind_of(program: Any) -> str:
    """`substance use`, `mental health` or `dual`."""
    return KINDS.get(program.kind, "unknown")
