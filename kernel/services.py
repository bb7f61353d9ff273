"""The services of one system: whoever starts, asks or signs for each of them asks here which.

What isn't Python (deployment, packaging, contracts of imports) is compared with it by
tests/architecture.
"""

SERVICES = ("intake", "plans", "attendance", "billing")
CONSOLE = "console"
"""No service: what it asks, it asks as people. Itself it hears that something changed."""
EACH = f"{', '.join(SERVICES[:-1])} or {SERVICES[-1]}"
"""As help tells them."""


def topic_of(service: str) -> str:
    """The topic of a service's published log."""
    return f"ninehours.{service}.v1"


def service_of(topic: str) -> str:
    """Whose published log a topic is."""
    return topic.removeprefix("ninehours.").removesuffix(".v1")
