"""Which sites a caller speaks for: those the token names, or every one."""

from collections.abc import Collection

from kernel.refusal import NotAllowed

EVERY_SITE = "*"


def require_site(sites: Collection[str], site_id: str) -> None:
    """Refuses SITE_NOT_ALLOWED what belongs to a site the caller doesn't speak for."""
    if EVERY_SITE not in sites and site_id not in sites:
        raise NotAllowed("SITE_NOT_ALLOWED", "your token does not cover this site")
