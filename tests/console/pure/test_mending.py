"""What keeps a day from being billed leads to where it is mended, or says who mends it."""

from string import Formatter

from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.roles import Role
from kernel.rpc.translate import to_date
from ninehours.console.pages.mending import PLACES, in_the_way, said_of
from ninehours.console.pages.routes import answers
from services.billing.adapters.explained import roles_of
from services.billing.domain.reasons import Reason
from tests.harness.billing.history import MONDAY
from tests.harness.billing.opening import commands_opening

BY_COMMAND_LINE = {
    "ChangeLevelOfCare": "a recommendation is accepted, or another level said, in To sign",
    "ConfirmRuleSet": "what a site is set up with, by two people",
    "EnrollProvider": "what a site is set up with",
    "ProposeRuleSet": "what a site is set up with; What if writes and replays it",
    "SetFee": "what a site is set up with",
}
"""No page says it yet, and why; who may is told all the same."""
NOTHING_OPENS = {
    Reason.RESTRICTED_BY_CLIENT,
    Reason.ADMISSION_TAKEN_BACK,
    Reason.NOTE_LATE_DENIED,
    Reason.VOID_NOT_ANSWERED,  # but the payer's answer
}
ABOUT = {"client_id": "C", "site_id": "S", "on": "2026-03-02"}


def test_every_reason_is_mended_on_a_page_or_it_is_said_why_not() -> None:
    asked = {
        reason: {rpc.rpartition("/")[2] for rpc in commands_opening(reason)} for reason in Reason
    }
    assert {reason for reason in Reason if not asked[reason]} == NOTHING_OPENS
    assert set().union(*asked.values()) - PLACES.keys() == BY_COMMAND_LINE.keys()
    assert not PLACES.keys() & BY_COMMAND_LINE.keys()


def test_every_place_is_a_page_and_has_words() -> None:
    for command, place in PLACES.items():
        path = place.format(**ABOUT).partition("?")[0].partition("#")[0]
        assert answers("GET", path), command
        assert said_of(command)
        asked = {name for _, name, _, _ in Formatter().parse(place) if name}
        assert asked <= ABOUT.keys()


def obstacle(reason: Reason) -> pb.Obstacle:
    releases = [
        pb.Release(says="opens it", rpc=rpc, roles=roles_of(rpc))
        for rpc in commands_opening(reason)
    ]
    return pb.Obstacle(
        on=to_date(MONDAY), says=reason.says, releases=releases or [pb.Release(says="nobody does")]
    )


def test_who_may_mend_it_finds_the_page_and_who_may_not_finds_who_may() -> None:
    for reason, role, page, who in (
        (Reason.NO_COVERAGE, Role.FRONT_DESK, "/clients/C#coverages", ""),
        (Reason.NO_CONSENT, Role.FRONT_DESK, "/clients/C/say/consent", ""),
        (Reason.NO_PLAN_IN_FORCE, Role.FRONT_DESK, "", "Clinician"),
        (Reason.NO_PLAN_IN_FORCE, Role.CLINICIAN, "/to-sign", ""),
        (Reason.NO_AUTHORIZATION, Role.BILLER, f"/days/C/{MONDAY}/authorization", ""),
        (Reason.NOT_ENROLLED, Role.FRONT_DESK, "", "Biller or Administrator"),
        (Reason.NOT_ENROLLED, Role.BILLER, "", "Biller or Administrator"),
        (Reason.RESTRICTED_BY_CLIENT, Role.FRONT_DESK, "", ""),
    ):
        [told] = in_the_way([obstacle(reason)], "C", "S", role)
        mend = told.mends[0]
        assert (told.says, mend.page, mend.who) == (reason.says, page, who)
        assert mend.says
