"""Tokens and people who are believed no more, from a file that changes while a process runs."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kernel.rereading import rereading_one
from kernel.rpc.denied import denied_in
from kernel.rpc.tokens import Issuer, Unauthenticated
from kernel.rpc.verifier import Verifier

BEGAN = 1_800_000_000.0
BILLING = ("service/billing", ["service:billing"], ["*"], "PAYMENT")


@dataclass
class Clock:
    now: float = BEGAN

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "denied.json"
    file.write_text('{"denied": []}')
    return file


@pytest.fixture
def is_denied(secrets_dir: Path, clock: Clock, file: Path) -> Callable[[str], bool]:
    verifier = Verifier(
        secrets_dir, denied=rereading_one(file, denied_in, clock=clock), clock=clock
    )
    people = Issuer(secrets_dir, "people", clock=clock)

    def is_denied(who: str) -> bool:
        token = people.token(who, ["clinician"], ["*"], "TREATMENT", timedelta(days=7))
        try:
            return verifier.actor(token).id != who
        except Unauthenticated as refused:
            assert refused.reason == "TOKEN_DENIED"
            return True

    return is_denied


def in_hours(hours: float) -> str:
    return datetime.fromtimestamp(BEGAN + hours * 3600, UTC).isoformat()


def denying(*entries: dict[str, object]) -> str:
    return json.dumps({"denied": [*entries]})


def test_who_is_denied_is_refused_within_a_minute_and_until_then(
    is_denied: Callable[[str], bool], clock: Clock, file: Path
) -> None:
    assert not is_denied("staff/ada")
    file.write_text(denying({"subject": "staff/ada", "until": in_hours(5)}))
    clock.now += 60
    assert is_denied("staff/ada")
    assert not is_denied("staff/bea")
    clock.now = BEGAN + 5 * 3600
    assert not is_denied("staff/ada")


def test_who_is_denied_twice_is_until_the_later_end(
    is_denied: Callable[[str], bool], clock: Clock, file: Path
) -> None:
    entries = [{"subject": "staff/ada", "until": in_hours(hours)} for hours in (5, 9, 1)]
    file.write_text(denying(*entries))
    clock.now += 8 * 3600
    assert is_denied("staff/ada")
    clock.now += 2 * 3600
    assert not is_denied("staff/ada")


def test_who_is_taken_off_the_list_is_believed_again_within_a_minute(
    is_denied: Callable[[str], bool], clock: Clock, file: Path
) -> None:
    file.write_text(denying({"subject": "staff/ada", "until": in_hours(5)}))
    clock.now += 60
    assert is_denied("staff/ada")
    file.write_text(denying())
    clock.now += 60
    assert not is_denied("staff/ada")


def test_a_service_can_be_denied_too(secrets_dir: Path, clock: Clock, file: Path) -> None:
    file.write_text(denying({"subject": "service/billing", "until": in_hours(5)}))
    verifier = Verifier(
        secrets_dir, denied=rereading_one(file, denied_in, clock=clock), clock=clock
    )
    with pytest.raises(Unauthenticated):
        verifier.actor(Issuer(secrets_dir, "billing", clock=clock).token(*BILLING))


BROKEN = [
    denying({"subject": "staff/ada", "until": in_hours(5)})[:-3],
    "",
    "{}",
    "[]",
    '{"denied": {}}',
    '{"denied": [], "allowed": ["staff/ada"]}',
    denying({"subject": "staff/bea"}),
    denying({"subject": "staff/bea", "until": "tomorrow"}),
    denying({"subject": "staff/bea", "until": "2100-01-01T00:00:00"}),
    denying({"subject": "staff/bea", "jti": "1", "until": in_hours(5)}),
    denying({"subject": "", "until": in_hours(5)}),
    denying({"subjects": "staff/bea", "until": in_hours(5)}),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_file_takes_nobody_off_and_is_said_once(
    is_denied: Callable[[str], bool],
    clock: Clock,
    file: Path,
    broken: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file.write_text(denying({"subject": "staff/ada", "until": in_hours(24)}))
    clock.now += 60
    assert is_denied("staff/ada")
    capsys.readouterr()
    file.write_text(broken)
    for _ in range(5):
        clock.now += 60
        assert is_denied("staff/ada")
        assert not is_denied("staff/bea")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["file"] == "denied.json"
    assert "ada" not in line
    file.unlink()
    clock.now += 60
    assert is_denied("staff/ada")
    file.write_text(denying({"subject": "staff/bea", "until": in_hours(24)}))
    clock.now += 60
    assert [is_denied("staff/ada"), is_denied("staff/bea")] == [False, True]
