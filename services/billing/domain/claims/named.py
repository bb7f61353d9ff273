"""By which numbers an issued claim named others, and whether that is what they are.

A number that was typed wrong was wrong all along: what had left with it is sent again with the one
that stands. A name or an address of who bills stands on the next file, and corrects nothing.
"""

from services.billing.domain.history.history import BillingHistory, IssuedClaim, facts_of


def named_otherwise(claim: IssuedClaim, history: BillingHistory) -> frozenset[str]:
    """The facts by which the claim would name others by another number; none: it would not."""
    billed_by = [
        provider
        for provider in history.providers
        if provider.provider_id == claim.provider_id
        and (claim.provider_npi or provider.first_npi or provider.npi) != provider.npi
    ]
    authorized_by = [
        authorization
        for authorization in history.authorizations
        if authorization.authorization_id == claim.authorization_id
        and not authorization.taken_back
        and authorization.renumbered != claim.renumbered
    ]
    return facts_of(billed_by, authorized_by)
