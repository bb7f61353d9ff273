"""Every page of the console, as it is looked at on the played story. A page joins all checks
(tests/browsed/test_all_pages.py) by its row here; tests/console/pure finds a page without one."""

from collections.abc import Callable
from dataclasses import dataclass

from kernel.roles import Role
from ninehours.console.pages.routes import CLINIC, DESK
from ninehours.told.fields import iso
from tests.harness.console.story import PlayedStory

EVERYBODY = frozenset(Role)
BILLING = frozenset({Role.BILLER, Role.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """One look. `page`: the shape of its address, as in PAGES; empty: it is none of those.

    `roles`: who may, the first of them in `Role`'s order looks; `at`: its address on the story.
    `names`: it shows what people are called or what they wrote. `press`: the button whose answer
    it is. `status`: what it is answered with. `file`: it is one to be kept, and no screen. `sums`:
    figures from which nothing leads to why, as a table of the page has their parts: a selector.
    """

    name: str
    page: str = ""
    roles: frozenset[Role]
    at: Callable[[PlayedStory], str]
    names: bool = True
    press: str = ""
    status: int = 200
    file: bool = False
    sums: str = ""

    @property
    def role(self) -> Role:
        return next(role for role in Role if role in self.roles)

    @property
    def others(self) -> list[Role]:
        """Who may not."""
        return [role for role in Role if role not in self.roles]


LOOKED_AT = (
    LookedAt(name="my day", page="/my-day", roles=CLINIC, at=lambda _: "/my-day"),
    LookedAt(name="to sign", page="/to-sign", roles=CLINIC, at=lambda _: "/to-sign"),
    LookedAt(
        name="notes",
        page="/my-day/notes",
        roles=CLINIC,
        at=lambda story: f"/my-day/notes?{story.day}&session={story.group.session_id}",
    ),
    LookedAt(
        name="closing a safety task",
        page="/my-day/safety/{client_id}/{task_id}/{act}",
        roles=CLINIC,
        at=lambda story: f"/my-day/safety/{story.safety_task}/close",
    ),
    LookedAt(
        name="handing a safety task on",
        roles=CLINIC,
        at=lambda story: f"/my-day/safety/{story.safety_task}/hand_on",
    ),
    LookedAt(
        name="reviewing a plan",
        page="/my-day/plans/{client_id}/{plan_id}/review",
        roles=CLINIC,
        at=lambda story: f"/my-day/plans/{story.plan[0]}/{story.plan[1]}/review",
    ),
    LookedAt(
        name="drafting a plan",
        page="/my-day/plans/{client_id}/{episode_id}/draft",
        roles=CLINIC,
        at=lambda story: f"/my-day/plans/{story.plan[0]}/{story.plan[2]}/draft",
    ),
    LookedAt(
        name="certifying",
        roles=CLINIC,
        at=lambda _: "/to-sign?kind=TO_SIGN_KIND_CERTIFICATION",
    ),
    LookedAt(
        name="today",
        page="/today",
        roles=DESK,
        at=lambda story: f"/today?{story.day}",
    ),
    LookedAt(
        name="closing",
        page="/today/close",
        roles=DESK,
        at=lambda story: f"/today/close?{story.day}&session={story.group.session_id}",
    ),
    LookedAt(
        name="cancelling",
        page="/today/cancel",
        roles=DESK,
        at=lambda story: f"/today/cancel?{story.day}&session={story.group.session_id}",
    ),
    LookedAt(
        name="who was there",
        page="/today/was-there/{site}/{on}/{session}/{client_id}",
        roles=DESK,
        at=lambda story: f"/today/was-there/{story.attended}",
    ),
    LookedAt(
        name="chart",
        page="/clients/{client_id}/chart",
        roles=DESK | {Role.BILLER},
        at=lambda story: f"/clients/{story.client_id}/chart",
    ),
    LookedAt(
        name="chart, of a clinician",
        roles=frozenset({Role.CLINICIAN}),
        at=lambda story: f"/clients/{story.client_id}/chart",
    ),
    LookedAt(
        name="chart, of a biller",
        roles=frozenset({Role.BILLER}),
        at=lambda story: f"/clients/{story.client_id}/chart",
    ),
    LookedAt(
        name="worklist",
        page="/worklist",
        roles=BILLING,
        at=lambda _: "/worklist",
    ),
    LookedAt(
        name="worklist, as a file",
        page="/worklist/file",
        roles=BILLING,
        at=lambda _: "/worklist/file",
        file=True,
    ),
    LookedAt(
        name="issue",
        page="/issue",
        roles=frozenset({Role.BILLER}),
        at=lambda story: f"/issue?payer={story.draft.payer_id}&through={iso(story.draft.last)}",
        sums="[role=status], form button",
    ),
    LookedAt(
        name="corrections",
        page="/issue/corrections",
        roles=BILLING,
        at=lambda story: f"/issue/corrections?payer={story.correction.payer_id}",
    ),
    LookedAt(
        name="what if",
        page="/what-if",
        roles=BILLING | {Role.ADMINISTRATOR},
        at=lambda story: f"/what-if?payer={story.correction.payer_id}",
    ),
    LookedAt(
        name="a batch, as a file",
        page="/claims/batches/{batch_id}",
        roles=frozenset({Role.BILLER}),
        at=lambda story: f"/claims/batches/{story.issued.batch_id}",
        file=True,
    ),
    LookedAt(
        name="claim",
        page="/claims/{claim_id}",
        roles=BILLING,
        at=lambda story: f"/claims/{story.correction.claim_id}",
    ),
    LookedAt(
        name="the payer's answer",
        page="/claims/{claim_id}/answer",
        roles=BILLING,
        at=lambda story: f"/claims/{story.correction.claim_id}/answer",
    ),
    LookedAt(
        name="what opens a day",
        page="/days/{client_id}/{service_date}/{act}",
        roles=BILLING,
        at=lambda story: f"/days/{story.held_day}/without_authorization",
    ),
    LookedAt(
        name="why a day",
        page="/why/days/{client_id}/{service_date}",
        roles=BILLING,
        at=lambda story: f"/why/days/{story.held_day}",
    ),
    LookedAt(
        name="why a claim",
        page="/why/claims/{claim_id}",
        roles=BILLING,
        at=lambda story: f"/why/claims/{story.correction.claim_id}",
    ),
    LookedAt(
        name="why a level",
        page="/why/levels/{client_id}",
        roles=frozenset({Role.CLINICIAN, Role.OPERATOR}),
        at=lambda story: f"/why/levels/{story.correction.client_id}",
    ),
    LookedAt(
        name="why a fact",
        page="/why/facts/{fact_id}",
        roles=EVERYBODY,
        at=lambda story: f"/why/facts/{story.issued.fact_id}",
        names=False,
    ),
    LookedAt(
        name="choosing an instrument",
        page="/clients/{client_id}/assess",
        roles=frozenset({Role.CLINICIAN}),
        at=lambda story: f"/clients/{story.client_id}/assess",
    ),
    LookedAt(
        name="assessing",
        page="/clients/{client_id}/assess/{instrument}",
        roles=frozenset({Role.CLINICIAN}),
        at=lambda story: f"/clients/{story.client_id}/assess/phq9",
    ),
    LookedAt(
        name="system",
        page="/system",
        roles=frozenset({Role.OPERATOR}),
        at=lambda _: "/system",
    ),
    LookedAt(
        name="parked, and nothing is",
        page="/system/parked",
        roles=frozenset({Role.OPERATOR}),
        at=lambda _: "/system/parked?service=billing&id=record:1",
        names=False,
        status=404,
    ),
    LookedAt(
        name="reads",
        page="/reads",
        roles=frozenset({Role.ADMINISTRATOR}),
        at=lambda story: f"/reads?client={story.client_id}",
    ),
    LookedAt(
        name="clients",
        page="/clients",
        roles=DESK | {Role.BILLER},
        at=lambda _: "/clients",
        names=False,
    ),
    LookedAt(
        name="registering",
        page="/clients/new",
        roles=DESK,
        at=lambda _: "/clients/new",
        names=False,
    ),
    LookedAt(
        name="client",
        page="/clients/{client_id}",
        roles=DESK | {Role.BILLER},
        at=lambda story: f"/clients/{story.client_id}",
    ),
    LookedAt(
        name="client, of a clinician",
        roles=frozenset({Role.CLINICIAN}),
        at=lambda story: f"/clients/{story.client_id}",
    ),
    LookedAt(
        name="what is said of a client anew",
        page="/clients/{client_id}/say/{kind}",
        roles=DESK,
        at=lambda story: f"/clients/{story.client_id}/say/change_of_person",
    ),
    LookedAt(
        name="what was said of a client put right",
        page="/clients/{client_id}/statements/{statement_id}/{mode}",
        roles=DESK | {Role.BILLER},
        at=lambda story: f"/clients/{story.client_id}/statements/{story.registration}/correct",
    ),
    LookedAt(
        name="one person, or two",
        page="/clients/{client_id}/doubles/{other_client_id}",
        roles=frozenset({Role.FRONT_DESK, Role.BILLER}),
        at=lambda story: f"/clients/{story.client_id}/doubles/{story.another}",
    ),
    LookedAt(
        name="two records of one person",
        page="/clients/{client_id}/doubles/{other_client_id}/{act}",
        roles=frozenset({Role.FRONT_DESK, Role.BILLER}),
        at=lambda story: f"/clients/{story.client_id}/doubles/{story.another}/merge",
    ),
    LookedAt(
        name="home",
        page="/",
        roles=frozenset({Role.ADMINISTRATOR}),
        at=lambda _: "/",
        names=False,
    ),
    LookedAt(
        name="roles",
        roles=EVERYBODY,
        at=lambda _: "/sign-in",
        names=False,
    ),
    LookedAt(
        name="signed out",
        roles=frozenset({Role.ADMINISTRATOR}),
        at=lambda _: "/",
        press="Sign out",
        names=False,
    ),
    LookedAt(
        name="not for this role",
        roles=frozenset({Role.BILLER}),
        at=lambda story: f"/today?{story.day}",
        names=False,
        status=403,
    ),
    LookedAt(
        name="nothing there",
        roles=EVERYBODY,
        at=lambda _: "/nothing/there",
        names=False,
        status=404,
    ),
)
