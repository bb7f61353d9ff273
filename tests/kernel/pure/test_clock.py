"""What time it is for a process whose clock is apart from its host's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kernel import clock
from kernel.rpc.call import now_of
from kernel.rpc.issuers import LEEWAY
from kernel.rpc.tokens import Issuer, Unauthenticated
from kernel.rpc.verifier import Verifier

MINUTE = timedelta(minutes=1)
BILLING = ("service/billing", ["service:billing"], ["*"], "OPERATIONS")


@pytest.fixture(autouse=True)
def as_the_host_tells() -> Iterator[None]:
    yield
    clock.set_ahead(0)


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
def test_both_ways_of_telling_it_are_as_far_ahead(ahead: float) -> None:
    before = datetime.now(UTC)
    clock.set_ahead(ahead)
    for told in (clock.now(), datetime.fromtimestamp(clock.seconds(), UTC)):
        assert abs(told - before - timedelta(seconds=ahead)) < MINUTE


def test_requests_that_tell_no_time_are_of_the_processs_own() -> None:
    clock.set_ahead(7200)
    assert now_of([], from_caller=True) - datetime.now(UTC) > timedelta(hours=1)


def test_a_host_whose_clock_differs_by_less_than_the_leeway_is_believed(secrets_dir: Path) -> None:
    verifier, issuer = Verifier(secrets_dir), Issuer(secrets_dir, "billing")
    clock.set_ahead(LEEWAY - 20)
    token = issuer.token(*BILLING)
    clock.set_ahead(0)
    assert verifier.actor(token).id == "service/billing"


def test_a_host_whose_clock_is_further_ahead_is_not_believed_yet(secrets_dir: Path) -> None:
    verifier, issuer = Verifier(secrets_dir), Issuer(secrets_dir, "billing")
    clock.set_ahead(LEEWAY + 3600)
    token = issuer.token(*BILLING)
    clock.set_ahead(0)
    with pytest.raises(Unauthenticated):
        verifier.actor(token)
