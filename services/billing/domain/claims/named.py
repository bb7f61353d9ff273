"""By which numbers an issued claim named others, and whether that is what they are.

A number that was typed wrong was wrong all along: what had left with it is sent again with the one
that stands. A name or an address of who bills or renders stands on the next file, and corrects
nothing.
"""

from services.billing.domain.history.history import (
    BillingHistory,
    IssuedClaim,
    NumberedPractitioner,
    facts_of,
)


def named_otherwise(claim: IssuedClaim, history: BillingHistory) -> frozenset[str]:
    """The facts by which the claim would name others by another number; none: it would not."""
    billed_by = [
        provider
        for provider in history.providers
        if provider.provider_id == claim.provider_id
        and (claim.provider_npi or provider.first_npi or provider.npi) != provider.npi
    ]
    rendered_by = [
        practitioner
        for practitioner in _named_last(claim.rendering_staff_id, history)
        if (claim.rendering_npi or practitioner.first_npi) != practitioner.npi
    ]
    authorized_by = [
        authorization
        for authorization in history.authorizations
        if authorization.authorization_id == claim.authorization_id
        and not authorization.taken_back
        and authorization.renumbered != claim.renumbered
    ]
    return facts_of(billed_by, rendered_by, authorized_by)


def _named_last(staff_id: str, history: BillingHistory) -> list[NumberedPractitioner]:
    """As the person is named now; of nobody nothing."""
    found = [one for one in history.practitioners if one.staff_id == staff_id]
    return sorted(found, key=lambda one: one.sequence)[-1:]
