"""The command line for billing teams, against a served billing."""

import csv
import hashlib
import io
import json
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from click.testing import Result
from google.protobuf.json_format import MessageToDict
from typer.testing import CliRunner

from kernel.config import Settings
from kernel.rpc.policy import Scope
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.rpc.verifier import Verifier
from kernel.secrets import PEOPLE
from kernel.watching.health import Health
from ninehours.cli.app import app
from ninehours.cli.connection import person
from ninehours.cli.issue import cents
from ninehours.cli.lists.column import Column
from ninehours.cli.lists.csv_presenter import csv_bytes, harmless
from services.billing.adapters.bindings import KINDS
from services.billing.adapters.rule_sets import message_of
from services.billing.api import servicer, work
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
NOBODY = "0c11e700-0000-4000-8000-00000000dead"
FAILED, USAGE, NOT_FOUND, CONFLICT = 1, 2, 3, 4
Run = Callable[..., Result]


@pytest.fixture
def served(office: Office, story: Story, secrets_dir: Path) -> Iterator[str]:
    """One client with a billable week and another without authorization; billing's address."""
    office.set_up(SITE, [CLIENT], filing_limit_days=3650)
    for client_id in (CLIENT, OTHER):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    settings: dict[str, Any] = {
        "service": "billing",
        "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
        "secrets_dir": secrets_dir,
        "environment": "test",
        "network": "test",
    }
    server = Server(
        {servicer.SERVICE: office.answers, work.SERVICE: office.work},
        verifier=Verifier(secrets_dir),
        scope=Scope(office.store, KINDS),
        settings=Settings(**settings),
        health=Health(lambda: True),
    )
    server.start()
    yield f"127.0.0.1:{server.port}"
    server.stop(grace=0)


@pytest.fixture
def run(served: str, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command as a biller with a token; stdout and stderr apart."""
    who = person("biller")
    token = Issuer(secrets_dir, PEOPLE).token(
        who.id, who.roles, who.sites, who.purpose, timedelta(minutes=5)
    )
    monkeypatch.setenv("NINEHOURS_PEERS", f"billing={served}")
    monkeypatch.setenv("NINEHOURS_TOKEN", token)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def rules_file(path: Path, minutes: int, **changes: Any) -> Path:
    rules = message_of(RULES)
    rules.per_diem.minimum_minutes = minutes
    written = MessageToDict(rules, preserving_proto_field_name=True)
    del written["payer_id"]
    path.write_text(yaml.safe_dump({**written, **changes}))
    return path


def test_lists_show_whole_ids_within_eighty_columns(run: Run) -> None:
    for command in ("claims", "days", "holds"):
        shown = run(command).stdout
        assert OTHER in shown or command == "claims"
        assert "Prairie Health" in shown
        assert max(map(len, shown.splitlines())) <= 80


def test_holds_are_summed_by_reason_with_age_and_what_is_at_stake(run: Run) -> None:
    first, second, *_ = run("holds", "--on", day(30)).stdout.splitlines()
    assert first.split() == ["why", "held", "oldest", "at", "stake"]
    assert second.split() == ["NO_AUTHORIZATION", "2", "30", "days", "$600.00"]


def test_a_csv_is_proved_by_its_rows_its_sum_and_its_digest(run: Run, tmp_path: Path) -> None:
    answer = told(run("claims", "--csv", tmp_path / "claims.csv", "--json"))
    content = (tmp_path / "claims.csv").read_bytes()
    rows = [*csv.DictReader(io.StringIO(content.decode(), newline=""))]
    assert content.count(b"\r\n") == len(rows) + 1
    assert answer["csv"] == {
        "file": str(tmp_path / "claims.csv"),
        "rows": len(rows),
        "charge_total": "600.00",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert [(row["client_id"], row["charge"]) for row in rows] == [(CLIENT, "600.00")]
    assert stat.S_IMODE((tmp_path / "claims.csv").stat().st_mode) == 0o600
    piped = run("claims", "--csv", "-")
    assert piped.stdout_bytes == content
    assert answer["csv"]["sha256"] in piped.stderr


def test_json_and_csv_dont_share_stdout(run: Run) -> None:
    assert run("claims", "--csv", "-", "--json").exit_code == USAGE


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=x"])
def test_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_what_csv_means_by_itself_is_quoted_and_comes_back() -> None:
    cell = 'a "b", c\nd é'
    content = csv_bytes([Column("x", value=lambda row: row)], [cell])
    assert [*csv.reader(io.StringIO(content.decode(), newline=""))] == [["x"], [cell]]


def test_changes_are_followed_by_the_cursor_that_was_told(
    run: Run, office: Office, story: Story
) -> None:
    first = told(run("days", "--changed-since", "", "--json"))
    assert first["count"] > 0
    again = told(run("days", "--changed-since", first["cursor"], "--json"))
    assert (again["days"], again["cursor"]) == ([], first["cursor"])
    office.hear(story.attended(CLIENT, [day(7)]))
    more = told(run("days", "--changed-since", first["cursor"], "--json"))
    assert {told_day["client_id"] for told_day in more["days"]} == {CLIENT}


def test_a_payer_goes_by_id_or_by_a_part_of_its_name(run: Run, office: Office) -> None:
    assert told(run("payers", "--json"))["payers"][0]["payer_id"] == office.payer_id
    assert told(run("claims", "--payer", "prairie", "--json"))["count"] == 1
    assert told(run("claims", "--payer", office.payer_id, "--json"))["count"] == 1
    assert run("claims", "--payer", "nobody").exit_code == NOT_FOUND


def test_issuing_writes_the_file_once_however_often_the_command_is_given(
    run: Run, office: Office, tmp_path: Path
) -> None:
    command_id = str(uuid4())
    words = ("issue", "--payer", "prairie", "--through", day(6), "--exports", tmp_path / "out")
    first = told(run(*words, "--command-id", command_id, "--json"))
    assert (first["claims"], first["command_id"]) == (1, command_id)
    [file] = [Path(name) for name in first["files"]]
    content = file.read_bytes()
    assert b"CLM*" in content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told(run(*words, "--command-id", command_id, "--json")) == first
    assert file.read_bytes() == content
    office.pending_work.drain()
    other = run(*words, "--command-id", str(uuid4()))
    assert (other.exit_code, other.stdout) == (0, "nothing was issued\n")
    assert "command " in other.stderr


def test_what_is_left_out_is_told_with_its_day_and_the_reason(run: Run, office: Office) -> None:
    office.identities.withheld[CLIENT] = "NO_CONSENT"
    [draft] = told(run("claims", "--json"))["claims"]
    shown = run("issue", "--payer", "prairie", "--through", day(6)).stdout
    assert "nothing was issued\n1 left out\n" in shown
    assert f"{draft['claim_id']}  {day(0)}  NO_CONSENT" in shown


def test_an_answer_makes_a_correction_ready_and_it_is_issued(
    run: Run, office: Office, story: Story, tmp_path: Path
) -> None:
    told(run("issue", "--payer", "prairie", "--through", day(6), "--json"))
    office.pending_work.drain()
    [claim] = told(run("claims", "--state", "issued", "--json"))["claims"]
    office.hear(story.corrected(CLIENT, day(0), 1, 30))
    words = ("adjudicate", claim["claim_id"], "--control-number", "PCN1", "--status", "paid")
    assert run(*words).exit_code == USAGE
    assert run(*words, "--paid", "600.00").exit_code == 0
    office.pending_work.drain()
    assert "REPLACE  READY  $600.00 → $300.00" in run("proposals").stdout
    words = ("issue", "--payer", "prairie", "--corrections", "--exports", tmp_path / "out")
    preview = run(*words).stdout
    assert "1 correction could be issued, $600.00 → $300.00; nothing was." in preview
    named = preview.splitlines()[-1].split("--correct ")[1]
    assert named.startswith(f"{claim['claim_id']}@")
    assert told(run(*words, "--json"))["named"] == [named]
    stale = f"{claim['claim_id']}@999"
    assert run(*words, "--correct", stale).exit_code == CONFLICT
    assert run(*words, "--correct", "everything").exit_code == USAGE
    assert run(*words, "--without-waiting", "never-comes").exit_code == USAGE
    issued = run(*words, "--correct", named).stdout
    assert "1 claim replaced, 0 voided, $600.00 → $300.00" in issued
    office.pending_work.drain()
    assert "no correction is READY" in run(*words).stdout
    listed = told(run("claims", "--adjudication", "paid", "--json"))["claims"]
    assert [(item["claim_id"], item["paid"]["minor_units"]) for item in listed] == [
        (claim["claim_id"], "60000")
    ]


def test_issue_wants_originals_or_corrections(run: Run) -> None:
    assert run("issue", "--payer", "prairie").exit_code == USAGE
    both = run("issue", "--payer", "prairie", "--through", day(6), "--corrections")
    assert both.exit_code == USAGE
    named = run("issue", "--payer", "prairie", "--through", day(6), "--correct", f"{CLIENT}@1")
    assert named.exit_code == USAGE


@pytest.mark.parametrize(("text", "minor"), [("300", 30_000), ("$1,234.5", 123_450), ("0", 0)])
def test_amounts_are_read_as_people_write_them(text: str, minor: int) -> None:
    assert cents(text) == minor


def test_a_replay_under_the_same_rules_changes_nothing_and_says_it_is_hypothetical(
    run: Run, tmp_path: Path
) -> None:
    words = ("replay", "--from", day(0), "--payer", "prairie", "--rules")
    shown = run(*words, rules_file(tmp_path / "rules.yaml", 180, filing_limit_days=3650)).stdout
    assert shown.startswith("HYPOTHETICAL: nothing was changed, published or sent\n")
    assert "HYPOTHETICAL: 0 of 4 days of 2 clients would change; claims: none" in shown


def test_a_replay_tells_days_claims_and_sums_in_three_ways(run: Run, tmp_path: Path) -> None:
    file = rules_file(tmp_path / "rules.yaml", 181)
    words = ("replay", "--from", day(0), "--payer", "prairie", "--rules", file)
    shown = run(*words).stdout
    assert "180 min  PER_DIEM → NOT_BILLABLE  $300.00 → $0.00  (SHORT_OF_MINUTES)" in shown
    assert "180 min  HOLD → NOT_BILLABLE" in shown
    assert "drop draft " in shown
    assert "$600.00 → $0.00 (-$600.00)" in shown
    answer = told(run(*words, "--csv", tmp_path / "replay.csv", "--json"))
    assert (answer["label"], answer["summary"]["changed_days"]) == ("HYPOTHETICAL", 4)
    rows = [*csv.DictReader((tmp_path / "replay.csv").read_text().splitlines())]
    assert answer["csv"]["rows"] == len(rows) == 5
    assert {row["label"] for row in rows} == {"HYPOTHETICAL"}
    assert [row["consequence"] for row in rows if row["kind"] == "CLAIM"] == ["DROP_DRAFT"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"per_diem": {"code": "H0015", "minutes": 1}}, "per_diem.minutes"),
        ({"claim_form": "CLAIM_FORM_X"}, "claim_form"),
        ({"per_diem": {"code": "H0015", "minimum_minutes": 0}}, "per_diem.minimum_minutes"),
        ({"billed_level": ""}, "billed_level"),
    ],
)
def test_a_file_that_is_no_rule_set_is_refused_by_the_name_of_the_field(
    run: Run, tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    file = rules_file(tmp_path / "rules.yaml", 180, **changes)
    refused = run("replay", "--rules", file, "--from", day(0), "--payer", "prairie")
    assert refused.exit_code == FAILED
    assert field in refused.stderr


def test_a_file_that_names_no_payer_needs_one(run: Run, tmp_path: Path) -> None:
    file = rules_file(tmp_path / "rules.yaml", 180)
    assert run("replay", "--rules", file, "--from", day(0)).exit_code == USAGE
    other = rules_file(tmp_path / "other.yaml", 180, payer_id=NOBODY)
    assert run("replay", "--rules", other, "--from", day(0)).exit_code == NOT_FOUND


def test_no_command_shows_who_a_client_is(run: Run, tmp_path: Path) -> None:
    shown = "".join(
        f"{result.stdout}{result.stderr}"
        for result in (
            *(
                run(command, *form)
                for command in ("claims", "days", "holds", "proposals", "payers")
                for form in ((), ("--json",))
            ),
            run("authorizations", CLIENT),
            run("issue", "--payer", "prairie", "--through", day(6)),
        )
    )
    for canary in ("Zyxwander", "Quorla", "Wobblecroft", "MEMB90210", "AUTHNUM4711"):
        assert canary not in shown
