"""A sender never gives an interchange's number twice, whoever the payer is."""

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.rpc.translate import to_date
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import BOB, Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"


def numbers(content: bytes) -> tuple[int, int, str]:
    """ISA13, GS06 and BHT03."""
    segments = {part.split("*")[0]: part.split("*") for part in content.decode().split("~\n")}
    return int(segments["ISA"][13]), int(segments["GS"][6]), segments["BHT"][3]


def issued(office: Office, story: Story, client_id: str, command: str) -> bytes:
    office.hear(story.admitted(client_id, office.payer_id) + story.attended(client_id, [day(0)]))
    office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
    return office.file(office.issue(day(6), command=command).batch_id)


def to_another_payer(office: Office, client_id: str) -> None:
    request = pb.RegisterPayerRequest(name="Q", payer_number="QQ1", filing_indicator="CI")
    office.payer_id = office.call("RegisterPayer", request, command="payer two").payer_id
    enrolled = pb.EnrollProviderRequest(
        provider_id=office.provider_id,
        payer_id=office.payer_id,
        site_id=SITE,
        effective_from=to_date(day(-60)),
    )
    office.call("EnrollProvider", enrolled)
    office.propose()
    confirmed = pb.ConfirmRuleSetRequest(payer_id=office.payer_id, version=1)
    office.call("ConfirmRuleSet", confirmed, by=BOB)
    office.authorize(client_id, number="AUTHTWO")


def test_files_to_two_payers_have_two_numbers(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    first = numbers(issued(office, story, CLIENT, "one"))
    to_another_payer(office, OTHER)
    second = numbers(issued(office, story, OTHER, "two"))
    assert first[0] < second[0]
    assert first[1] < second[1]
    assert first[2] != second[2]
