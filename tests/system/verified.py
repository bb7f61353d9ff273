"""What `verify` says of a running system, asked of each service as its operator."""

from ninehours.exchange.v1 import operating_service_pb2 as pb

from ninehours.cli.connection import Services

LONGEST = 600.0  # seconds


def checks_of(services: Services, service: str) -> list[pb.VerifyResponse]:
    """Every check of a service, in full."""
    answers = services.ask("operator", pb.VerifyRequest(), service=service, deadline=LONGEST)
    return [answer for answer in answers if not answer.in_progress]


def findings_of(services: Services, service: str) -> list[str]:
    """`REASON about: what it says`, in the order of the checks."""
    return [
        f"{finding.reason} {finding.about}: {finding.says}"
        for check in checks_of(services, service)
        for finding in check.findings
    ]
