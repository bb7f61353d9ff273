"""`verify`: wait until all is heard, then every service checks itself; a line a check."""

from collections.abc import Iterator
from typing import Any

from ninehours.exchange.v1 import operating_service_pb2 as pb

from ninehours.cli.connection import Services, chosen, on_system
from ninehours.cli.ending import FAILED, Failure, say
from ninehours.cli.output import as_dict, plural, print_json, screen
from ninehours.cli.roles import OPERATOR
from ninehours.story.catching_up import NotCaughtUp, wait_until_caught_up

LONGEST = 3600.0  # seconds that one service's checks may take
AT_LEAST = 5  # seconds a service waits for what came after the system had settled


@on_system
def run_verify(services: Services, *, as_json: bool, only: str | None, timeout: int) -> None:
    """Prints what was checked; a problem when anything was found."""
    names = chosen(only)
    _catch_up(services, timeout)
    found = 0
    answers: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        if not as_json:
            screen().print(name)
        answers[name] = []
        for answer in _checks(services, name, min(timeout, AT_LEAST)):
            found += answer.findings_total
            answers[name].append(as_dict(answer))
            if not as_json:
                _show(answer)
    if as_json:
        print_json({"services": answers, "findings": found})
    if found:
        what = "thing is" if found == 1 else "things are"
        raise Failure(FAILED, f"{found} {what} not as it must be; see above")
    if not as_json:
        checks = sum(map(len, answers.values()))
        screen().print(
            f"{plural(checks, 'check')} in {plural(len(answers), 'service')}: nothing found"
        )


def _catch_up(services: Services, timeout: int) -> None:
    def ask(service: str, request: Any, *, deadline: float = 30.0, patience: float = 0.0) -> Any:
        del patience  # of a story that goes on through restarts
        return services.ask(OPERATOR, request, service=service, deadline=deadline)

    say("waiting until everything published is heard, and nothing is due")
    try:
        wait_until_caught_up(ask, timeout)
    except NotCaughtUp as late:
        say(f"not settled within {timeout} s: {late}; checking what is there")


def _checks(services: Services, name: str, wait: int) -> Iterator[pb.VerifyResponse]:
    request = pb.VerifyRequest(wait_seconds=wait)
    for answer in services.ask(OPERATOR, request, service=name, deadline=LONGEST):
        if answer.in_progress:
            say(f"{name}: {answer.check} …")
        else:
            yield answer


def _show(answer: pb.VerifyResponse) -> None:
    verdict = "ok" if not answer.findings_total else f"{answer.findings_total} FOUND"
    looked = f"{answer.looked_at} {answer.unit}" if answer.looked_at else "nothing to look at"
    out = screen()
    out.print(f"  {answer.check:<40} {looked:<20} {verdict}")
    for finding in answer.findings:
        out.print(f"    {finding.reason}  {finding.about}")
        out.print(f"      {finding.says}")
    if (more := answer.findings_total - len(answer.findings)) > 0:
        out.print(f"    and {more} more")
