"""The catalogue of facts and RPCs says what protos and subscriptions say today."""

from kernel.messaging.amendments import AMENDED
from kernel.messaging.persons import SAYINGS
from kernel.services import SERVICES
from protos.catalogue import PAGE, catalogue, facts_of, hearings, read_protos


def test_the_catalogue_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue(), "make catalogue writes it anew"


def test_it_names_every_fact_that_is_heard_and_every_rpc() -> None:
    protos = read_protos()
    facts = {
        fact.type
        for service in SERVICES
        for fact in facts_of(protos[f"ninehours/{service}/v1/{service}_events.proto"], service)
    }
    rpcs = [
        f"{service.name}.{method.name}"
        for proto in protos.values()
        for service in proto.file.service
        for method in service.method
    ]
    heard = hearings()
    assert len(facts) >= 59
    assert len(rpcs) >= 104
    assert len(heard) >= 40
    assert heard.keys() <= {AMENDED, *SAYINGS, *facts}
    told = PAGE.read_text(encoding="utf-8")
    for name in [AMENDED, *facts, *rpcs]:
        assert f"{name}`" in told or f"#### {name}\n" in told, f"{name} is not told"


def test_who_hears_a_revoked_consent_is_found_in_one_place() -> None:
    told = PAGE.read_text(encoding="utf-8").partition("#### ConsentRevoked\n")[2]
    assert "- heard by billing; derives `claims`" in told.partition("####")[0]
