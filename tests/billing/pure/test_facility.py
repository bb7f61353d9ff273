"""Where services were given, as a claim names it: the loop of the service facility."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.adapters.claim_file import facility_of
from services.billing.app.ports import Filing, Site
from services.billing.domain.payers.payer import PayerRegistered
from services.billing.domain.providers.provider import PROVIDER, OrganisationAddress
from services.billing.domain.x12.t837 import claim as x12
from tests.billing.domain.test_deciders import ISSUED, REGISTER
from tests.harness.billing.history import day, line

OFFICE = REGISTER.address
BRANCH = OrganisationAddress(line="8 Breakwater Way", city="Milwaukee", state="WI", zip="532021904")
[REGISTERED] = PROVIDER.decide(REGISTER, PROVIDER.fold([]))


def facility(at: OrganisationAddress, *places: str) -> x12.ServiceFacility | None:
    claim = replace(
        ISSUED,
        provider_id="provider",
        site_id="site",
        lines=tuple(replace(line(day(0)), place_of_service=place) for place in places),
    )
    filing = Filing(
        claims=[claim],
        persons={},
        payer=PayerRegistered(payer_id="p", name="P", payer_number="P1", filing_indicator="CI"),
        providers={"provider": REGISTERED},
        authorization_numbers={},
        created=datetime(2026, 3, 9, tzinfo=UTC),
        sites={"site": Site(name="Breakwater IOP", address=at)},
    )
    return facility_of(claim, filing)


def test_a_site_at_another_address_is_named_without_an_npi_as_it_is_a_part_of_who_bills() -> None:
    named: Any = facility(BRANCH, "57", "57")
    assert (named.name, named.npi) == ("Breakwater IOP", None)
    assert (named.address.line1, named.address.postal_code) == ("8 Breakwater Way", "532021904")


@pytest.mark.parametrize(
    "at",
    [OFFICE, replace(OFFICE, line="1  LAKE ST ", city="chicago"), replace(OFFICE, zip="60601")],
    ids=["same", "as written", "without the four"],
)
def test_who_bills_from_the_site_needs_no_facility(at: OrganisationAddress) -> None:
    assert facility(at, "57") is None


def test_services_at_the_patients_home_were_at_no_facility_and_one_that_was_not_names_it() -> None:
    assert facility(BRANCH, "10", "10") is None
    assert facility(BRANCH, "10", "57") is not None
