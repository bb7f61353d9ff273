"""What a token of one site could reach of another's clients."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.process import Service
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.billing.api import servicer
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.billing.known import day
from tests.billing.office import Office, covered
from tests.billing.told import COVERAGE, Story
from tests.billing.told import SITE as HERE
from tests.intake.desk import SITE, Desk, consent
from tests.plans.made import Log, Plans, draft
from tests.plans.treated import Treated
from tests.whose.served import served

ELSEWHERE = "51000000-0000-4000-8000-00000000000e"
DENIED = "SITE_NOT_ALLOWED"
NewStore = Callable[[Service], Store]


def test_nobody_signs_a_consent_of_another_sites_client(
    new_store: NewStore, secrets_dir: Path
) -> None:
    desk = Desk(new_store(INTAKE))
    client_id = desk.registered()
    desk.admitted(client_id)
    with served(INTAKE, desk.store, desk.servicers, secrets_dir) as ask:
        request = consent(client_id)
        assert ask(request, "clinician", "TREATMENT", ELSEWHERE, now=desk.now) == DENIED
        assert ask(request, "clinician", "TREATMENT", SITE, now=desk.now).consent_id


def test_safety_tasks_are_shown_at_their_clients_sites(
    new_store: NewStore, secrets_dir: Path
) -> None:
    desk = Desk(new_store(INTAKE))
    client_id = desk.registered()
    desk.admitted(client_id)
    desk.scored(client_id)
    request = intake.ListSafetyTasksRequest()
    with served(INTAKE, desk.store, desk.servicers, secrets_dir) as ask:
        assert not ask(request, "clinician", "TREATMENT", ELSEWHERE).tasks
        assert len(ask(request, "clinician", "TREATMENT", SITE).tasks) == 1


def test_nobody_drafts_a_plan_for_another_sites_episode(
    new_store: NewStore, secrets_dir: Path
) -> None:
    desk = Plans(new_store(PLANS))
    ada = Treated(Log())
    desk.hear([ada.admitted()])
    request = draft(ada.client_id, ada.episode_id)
    with served(PLANS, desk.store, desk.answers, secrets_dir) as ask:
        assert ask(request, "clinician", "TREATMENT", ELSEWHERE, now=desk.now) == DENIED
        progress = plans.ListProgressRequest(client_id=ada.client_id)
        assert ask(progress, "clinician", "TREATMENT", ELSEWHERE) == DENIED
        assert ask(request, "clinician", "TREATMENT", ada.site_id, now=desk.now).plan_id


def test_claims_are_issued_and_read_by_their_own_site(
    new_store: NewStore, secrets_dir: Path
) -> None:
    office, story = Office(new_store(BILLING)), Story()
    client_id = "0c11e700-0000-4000-8000-000000000001"
    office.set_up(HERE, [client_id], filing_limit_days=3650)
    office.hear(story.admitted(client_id, office.payer_id))
    office.hear(story.attended(client_id, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
    through = common.Date(year=2026, month=3, day=31)
    with served(BILLING, office.store, {servicer.SERVICE: office.answers}, secrets_dir) as ask:

        def issue(site_id: str) -> billing.IssueClaimsResponse:
            request = billing.IssueClaimsRequest(payer_id=office.payer_id, through=through)
            answer = ask(request, "biller", "PAYMENT", site_id, now=office.now + timedelta(days=40))
            assert isinstance(answer, billing.IssueClaimsResponse)
            return answer

        assert issue(ELSEWHERE).claims == 0
        [batch_id] = issue(HERE).batch_ids
        batch = billing.ReadBatchRequest(batch_id=batch_id)
        assert ask(batch, "biller", "PAYMENT", ELSEWHERE) == DENIED
        assert ask(batch, "biller", "PAYMENT", HERE).content
