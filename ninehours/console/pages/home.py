"""The first page: where each role begins."""

from ninehours.console.visit import Screen, Visit


def home(visit: Visit) -> Screen:
    """What there is for the role, and what isn't there yet."""
    _ = visit
    return Screen("home.html")
