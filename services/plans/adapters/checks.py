"""What plans brings to being verified: sealed plans are what their facts say."""

from collections.abc import Iterator

from kernel.statements import content_of
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from services.plans.adapters.publication import publish
from services.plans.app.streams import client_subject, plan_stream


def plans_are_as_drafted(examination: Examination) -> Iterator[Finding]:
    """The document of each draft has the hash that its fact carries; who was forgotten has none."""
    rows = examination.paged(
        "SELECT * FROM fact WHERE type = 'plans.plan_drafted.v1'"
        " OR type = 'plans.statement_amended.v1' AND body->>'type' = 'plans.plan_drafted.v1'"
    )
    for recorded in examination.recorded(rows):
        examination.count()
        drafted = content_of(recorded)
        owner = client_subject(drafted.client_id)
        if examination.is_forgotten(owner):
            continue
        found = examination.rows(
            "SELECT digest FROM document WHERE owner = :owner AND kind = :kind",
            owner=owner,
            kind=plan_stream(drafted.plan_id),
        )
        if drafted.content_hash not in {bytes(row.digest).hex() for row in found}:
            says = "its document has another hash than was recorded when it was drafted"
            yield Finding("DOCUMENT_HASH", plan_stream(drafted.plan_id), says)


SERVICE_CHECKS = ServiceChecks(
    publish=publish,
    checks=(Check("plans are as they were drafted", "plans", plans_are_as_drafted),),
)
