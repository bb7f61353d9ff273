"""What plans brings to being verified: sealed plans are what their facts say."""

from collections.abc import Iterator

from operations.verifying.examination import Check, Finding, Looking, OwnPart
from services.plans.adapters.publication import publish
from services.plans.app.streams import client_subject, plan_stream


def plans_are_as_drafted(looking: Looking) -> Iterator[Finding]:
    """The document of each plan has the hash that its fact carries."""
    rows = looking.each("SELECT * FROM fact WHERE type = 'plans.plan_drafted.v1'")
    for recorded in looking.recorded(rows):
        looking.look()
        drafted = recorded.fact
        found = looking.rows(
            "SELECT digest FROM document WHERE owner = :owner AND kind = :kind",
            owner=client_subject(drafted.client_id),
            kind=plan_stream(drafted.plan_id),
        )
        if drafted.content_hash not in {bytes(row.digest).hex() for row in found}:
            says = "its document has another hash than was recorded when it was drafted"
            yield Finding("DOCUMENT_HASH", plan_stream(drafted.plan_id), says)


PART = OwnPart(
    publish=publish,
    checks=(Check("plans are as they were drafted", "plans", plans_are_as_drafted),),
)
