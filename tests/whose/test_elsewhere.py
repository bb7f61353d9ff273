"""What a token of one site could reach of another's clients."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.process import Service
from kernel.refusal import Unknown
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.billing.api import servicer
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.billing.facts import COVERAGE, Story
from tests.harness.billing.facts import SITE as HERE
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.intake.service import SITE, Desk, consent
from tests.harness.plans.service import Log, Plans, draft, sign
from tests.harness.plans.treatments import Treated
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


@pytest.mark.parametrize("at_another_site", ["corrected", "authorized"])
def test_an_account_is_shown_to_who_speaks_for_every_site_that_it_tells_of(
    new_store: NewStore, secrets_dir: Path, at_another_site: str
) -> None:
    office, story = Office(new_store(BILLING)), Story()
    client_id = "0c11e700-0000-4000-8000-000000000001"
    office.set_up(HERE, [client_id], filing_limit_days=3650)
    office.hear(story.admitted(client_id, office.payer_id))
    request = billing.ListAuthorizationsRequest(client_id=client_id)
    with served(BILLING, office.store, {servicer.SERVICE: office.answers}, secrets_dir) as ask:
        assert ask(request, "biller", "PAYMENT", HERE).authorizations
        if at_another_site == "authorized":
            office.authorize(client_id, 10, "AUTHNUM4712", site_id=ELSEWHERE)
        else:  # they were never rostered there
            corrected = attendance.AttendanceCorrected(
                client_id=client_id,
                session_id=str(uuid4()),
                site_id=ELSEWHERE,
                service_date=to_date(day(1)),
                correction=1,
                attended=True,
                minutes=180,
            )
            office.hear([story._tell(corrected)])
        assert ask(request, "biller", "PAYMENT", HERE) == DENIED
        assert ask(request, "biller", "PAYMENT", HERE, ELSEWHERE).authorizations


@pytest.mark.parametrize("heard_of", ["before the draft", "before the signature"])
def test_nobody_plans_for_one_client_in_the_episode_of_another_at_the_same_site(
    new_store: NewStore, secrets_dir: Path, heard_of: str
) -> None:
    desk = Plans(new_store(PLANS))
    log = Log()
    ada = Treated(log)
    bob = Treated(log, site_id=ada.site_id)
    desk.hear([ada.admitted()])
    if heard_of == "before the draft":
        desk.hear([bob.admitted()])
        with served(PLANS, desk.store, desk.answers, secrets_dir) as ask:
            request = draft(ada.client_id, bob.episode_id)
            answer = ask(request, "clinician", "TREATMENT", ada.site_id, now=desk.now)
            assert answer == "EPISODE_UNKNOWN"
            assert ask(
                draft(bob.client_id, bob.episode_id),
                "clinician",
                "TREATMENT",
                ada.site_id,
                now=desk.now,
            ).plan_id
    else:
        plan_id = desk.call("DraftPlan", draft(ada.client_id, bob.episode_id)).plan_id
        desk.call("SignPlan", sign(plan_id, plans.SIGNER_ROLE_CLIENT, 2))
        desk.hear([bob.admitted()])
        with pytest.raises(Unknown):
            desk.call("SignPlan", sign(plan_id, plans.SIGNER_ROLE_CLINICIAN, 2))
