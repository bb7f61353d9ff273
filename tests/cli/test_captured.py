"""What each command of the command line prints from fixed answers, to the byte, and what it asks.

`NINEHOURS_WRITE_GOLDEN=1` writes the golden files.
"""

import fcntl
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import typer
from google.protobuf.message import Message
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_service
from ninehours.intake.v1 import search_service_pb2 as search
from typer.testing import CliRunner

from kernel.rpc.answer import CallOutcome
from ninehours.cli.app import app
from ninehours.local.folder import Running, keep_running
from tests.cli import fixed_answers as fixed
from tests.cli import fixed_explanations as explained
from tests.cli import fixed_records as recorded
from tests.cli.fixed_services import Answers, FixedServices
from tests.harness.golden import assert_as_kept

GOLDEN = Path(__file__).parent / "golden"
RULES = Path(__file__).resolve().parents[2] / "services/billing/rules/discrete_h0005_h0004.yaml"
WRITTEN = ("out.csv", "page.html")
COMMAND_ID = fixed.numbered(0xC0, 1)


@dataclass(frozen=True)
class Capture:
    """A command line and what it is answered; several lines are given one after another."""

    name: str
    lines: tuple[str, ...]
    answers: Answers


def listed(name: str, rpc: str, pages: Sequence[Message], *filters: str) -> list[Capture]:
    """A list in each of its forms: screen, JSON, CSV; what changed; with its filters; empty."""
    answers: Answers = {"ListPayers": fixed.PAYERS, rpc: pages}
    return [
        Capture(f"{name}_screen", (name,), answers),
        Capture(f"{name}_json", (f"{name} --json",), answers),
        Capture(
            f"{name}_csv",
            (f"{name} --csv -", f"{name} --csv out.csv", f"{name} --csv out.csv --json"),
            answers,
        ),
        Capture(
            f"{name}_changed",
            (f"{name} --changed-since 0", f"{name} --changed-since 2 --json"),
            answers,
        ),
        Capture(f"{name}_filters", filters, {"ListPayers": fixed.PAYERS}),
        Capture(f"{name}_empty", (name, f"{name} --csv -", f"{name} --json"), {}),
    ]


WHOSE = f"--client {fixed.ADA} --site {fixed.LAKESIDE} --from 2026-03-01 --to 2026-03-31"
CLAIM = fixed.CLAIMS[0]
CAPTURES = [
    Capture("payers", ("payers", "payers --json"), {"ListPayers": fixed.PAYERS}),
    *listed(
        "claims",
        "ListClaims",
        fixed.CLAIM_PAGES,
        f"claims {WHOSE} --payer prairie --state issued --adjudication reversed --batch B",
        "claims --as-of 2026-03-01",
        "claims --as-of 2026-03-01T10:11:12+01:00 --state drafted",
        "claims --payer nobody",
        "claims --payer a",
        f"claims --payer {fixed.UNLISTED}",
        "claims --csv - --json",
    ),
    *listed(
        "days",
        "ListServiceDays",
        fixed.DAY_PAGES,
        f"days {WHOSE} --payer prairie --outcome not-billable --reason NOTE_UNSIGNED",
        "days --outcome per-diem",
    ),
    *listed(
        "holds",
        "ListHolds",
        fixed.HOLD_PAGES,
        f"holds {WHOSE} --payer summit --reason NOTE_UNSIGNED --on 2026-04-01",
    ),
    *listed(
        "proposals",
        "ListProposals",
        [*fixed.PROPOSAL_PAGES, fixed.PROPOSAL_PAGES[0], fixed.PROPOSAL_PAGES[0]],
        f"proposals {WHOSE} --payer prairie --state awaiting-control-number",
    ),
    Capture(
        "proposals_none_awaited",
        ("proposals",),
        {"ListProposals": billing.ListProposalsResponse(proposals=fixed.READY)},
    ),
    Capture(
        "authorizations",
        (f"authorizations {fixed.ADA}", f"authorizations {fixed.ADA} --json"),
        {
            "ListPayers": fixed.PAYERS,
            "ListAuthorizations": billing.ListAuthorizationsResponse(authorizations=fixed.BALANCES),
        },
    ),
    Capture(
        "authorizations_empty",
        (f"authorizations {fixed.ADA}", f"authorizations {fixed.ADA} --json"),
        {},
    ),
    Capture(
        "replay",
        (
            f"replay --rules {RULES} --from 2026-03-01 --payer prairie",
            f"replay --rules {RULES} --from 2026-03-01 --to 2026-03-31 --payer prairie --csv -",
            f"replay --rules {RULES} --from 2026-03-01 --payer prairie --csv out.csv --json",
        ),
        {"ListPayers": fixed.PAYERS, "Replay": fixed.REPLAYED},
    ),
    Capture(
        "replay_nothing",
        (f"replay --rules {RULES} --from 2026-03-01 --to 2026-03-31 --payer prairie",),
        {"ListPayers": fixed.PAYERS, "Replay": [work.ReplayResponse(summary={})]},
    ),
    Capture(
        "issue",
        (
            f"issue --payer prairie --through 2026-03-08 --command-id {COMMAND_ID}",
            f"issue --payer prairie --through 2026-03-08 --command-id {COMMAND_ID} --json",
            "issue --payer prairie --through 2026-03-08 --command-id x",
            "issue --payer prairie --corrections --through 2026-03-08",
        ),
        {
            "ListPayers": fixed.PAYERS,
            "IssueClaims": billing.IssueClaimsResponse(
                claims=2,
                charge=fixed.usd(90_000),
                batch_ids=[fixed.BATCH],
                left_out=fixed.LEFT_OUT,
            ),
            "ReadBatch": fixed.FILE,
        },
    ),
    Capture(
        "issue_nothing",
        (f"issue --payer prairie --through 2026-03-08 --command-id {COMMAND_ID}",),
        {"ListPayers": fixed.PAYERS},
    ),
    Capture(
        "issue_corrections",
        (
            "issue --payer prairie --corrections",
            "issue --payer prairie --corrections --json",
            f"issue --payer prairie --corrections --correct {CLAIM}@2 --exports out"
            f" --command-id {COMMAND_ID} --without-waiting never-comes",
            f"issue --payer prairie --corrections --correct {CLAIM}@x",
            "issue --payer prairie --corrections --without-waiting payer-asked",
            f"issue --payer prairie --correct {CLAIM}@2 --through 2026-03-08",
        ),
        {
            "ListPayers": fixed.PAYERS,
            "ListProposals": billing.ListProposalsResponse(proposals=fixed.READY),
            "IssueCorrections": billing.IssueCorrectionsResponse(
                replaced=1,
                issued_charge=fixed.usd(60_000),
                corrected_charge=fixed.usd(30_000),
                batch_ids=[fixed.BATCH],
            ),
            "ReadBatch": fixed.FILE,
        },
    ),
    Capture(
        "issue_corrections_none",
        ("issue --payer prairie --corrections",),
        {"ListPayers": fixed.PAYERS},
    ),
    Capture(
        "adjudicate",
        (
            f"adjudicate {CLAIM} --control-number P1 --status paid --paid $1,234.50"
            f" --on 2026-04-01 --command-id {COMMAND_ID}",
            f"adjudicate {CLAIM} --control-number P1 --status denied --override entered-wrong"
            f" --override payer-paid-more --on 2026-04-01 --command-id {COMMAND_ID} --json",
            f"adjudicate {CLAIM} --control-number P1 --status denied --paid 3",
            f"adjudicate {CLAIM} --control-number P1 --status paid --paid much"
            f" --command-id {COMMAND_ID}",
        ),
        {},
    ),
    Capture(
        "clients",
        (
            "clients",
            "clients --json",
            f"clients --active --site {fixed.HARBOR}",
            "clients --site x",
        ),
        {"ListClients": fixed.CLIENT_PAGES, "ListSites": fixed.SITES},
    ),
    Capture("clients_empty", ("clients", "clients --json"), {}),
    Capture(
        "due",
        (
            "due --on 2026-03-04",
            "due --on 2026-03-04 --json",
            f"due --on 2026-03-04 --ahead 7 --site {fixed.HARBOR} --person staff/ada",
        ),
        fixed.DUE,
    ),
    Capture(
        "due_withheld",
        ("due --on 2026-03-04", "due --on 2026-03-04 --json"),
        {**fixed.DUE, "billing ListDue": fixed.denied(), "intake ListDue": fixed.denied()},
    ),
    Capture("due_denied", ("due --on 2026-03-04",), {"ListDue": fixed.denied()}),
    Capture(
        "census",
        ("census --on 2026-03-04", "census --on 2026-03-04 --json"),
        {"ReadCensus": fixed.CENSUS, "ListSites": fixed.SITES},
    ),
    Capture("census_empty", ("census --on 2026-03-04",), {}),
    Capture(
        "client",
        (
            f"client {fixed.ADA}",
            f"client {fixed.ADA} --json",
            f"client {fixed.ADA} --as-of 2026-03-01 --as staff/ada",
            "client ada",
        ),
        fixed.CLIENT,
    ),
    Capture(
        "find",
        (
            "find exampel 1984-02-29",
            f"find ada --site {fixed.LAKESIDE} --most 2 --as person/front --json",
            "find ada --site lakeside",
        ),
        recorded.FOUND,
    ),
    Capture("find_nobody", ("find nobody",), {"ListSites": fixed.SITES}),
    Capture(
        "person",
        (
            f"person {fixed.ADA}",
            f"person {fixed.ADA} --as-of 2026-03-01 --as person/front --json",
            "person ada",
        ),
        recorded.PERSON,
    ),
    Capture("chart", (f"chart {fixed.ADA} --as staff/ada",), recorded.CHART),
    Capture(
        "chart_withheld",
        (f"chart {fixed.ADA}", f"chart {fixed.ADA} --json"),
        recorded.WITHHELD,
    ),
    Capture("care", (f"care {fixed.ADA} --as staff/ada",), recorded.CARE),
    Capture(
        "standing",
        (
            f"standing {fixed.ADA} {fixed.BEN} --on 2026-03-04",
            f"standing {fixed.ADA} --on 2026-03-04 --ahead 0 --json",
            "standing ada",
        ),
        {"ListStanding": explained.STANDINGS, "ListSites": fixed.SITES},
    ),
    Capture("ledger", (f"ledger {fixed.ADA} --as person/bo",), recorded.LEDGER),
    Capture(
        "roster",
        (
            f"roster {fixed.LAKESIDE} --on 2026-03-02 --as staff/ada",
            f"roster {fixed.LAKESIDE} --on 2026-03-02 --json",
            "roster lakeside",
        ),
        recorded.ROSTER,
    ),
    Capture("reads", (f"reads {fixed.ADA}", f"reads {fixed.ADA} --json"), recorded.READS),
    Capture(
        "forget",
        (
            f"forget {fixed.ADA} --command-id {fixed.CLAIMS[0]}",
            f"forget {fixed.ADA} --agree --as person/omar --command-id {fixed.CLAIMS[0]}",
            f"forget {fixed.ADA} --withdraw --json --command-id {fixed.CLAIMS[0]}",
            f"forget {fixed.ADA} --withdraw --agree",
            "forget ada",
        ),
        {
            "AskToForget": intake_service.AskToForgetResponse(),
            "AgreeToForget": intake_service.AgreeToForgetResponse(),
            "WithdrawForgetting": intake_service.WithdrawForgettingResponse(),
        },
    ),
    Capture(
        "client_withheld",
        (f"client {fixed.ADA}", f"client {fixed.ADA} --json"),
        {
            "ReadClient": intake.ReadClientResponse(
                client_id=fixed.ADA,
                episodes=fixed.READ_CLIENT.episodes,
                diagnoses_withheld=True,
                scores_withheld=True,
            ),
            "ReadCourse": fixed.denied(),
            "ListProgress": fixed.denied(),
            "ListClientSessions": fixed.denied(),
            "ReadAccount": fixed.denied(),
            "ListSites": fixed.SITES,
        },
    ),
    Capture(
        "parked",
        (
            "parked list",
            "parked list --json",
            "parked list --service billing",
            "parked list --service x",
            "parked show record:7 --service plans",
            "parked show record:7 --service plans --json",
            "parked release record:7 --service plans --reason mended",
            "parked give-up record:7 --service plans --reason why",
            "resync ninehours.intake.v1 --service plans",
            "resync ninehours.intake.v1 --service plans --json",
        ),
        {
            **fixed.PARKED,
            "GetParked": fixed.ONE_PARKED,
            "ReleaseParked": operating.ReleaseParkedResponse(does="tries it again"),
            "GiveUpParked": operating.GiveUpParkedResponse(
                given_up_by="person/operator", given_up_at=fixed.at("2026-03-02T09:30:00+00:00")
            ),
            "ResyncTopic": operating.ResyncTopicResponse(epoch=2, subjects=90),
        },
    ),
    Capture("parked_empty", ("parked list", "parked list --json"), {}),
    Capture(
        "parked_without_record",
        ("parked show topic:x --service billing",),
        {
            "GetParked": operating.GetParkedResponse(kind="topic", release="see resync"),
        },
    ),
    Capture("status_well", ("status", "status --json"), fixed.WELL),
    Capture("status_unwell", ("status", "status --json"), fixed.UNWELL),
    Capture(
        "status_stopped",
        ("status",),
        {**fixed.UNWELL, "billing GetStatus": fixed.service_status("billing")},
    ),
    Capture("status_keys", ("status", "status --json"), fixed.MASTER_KEYS),
    Capture("status_ages", ("status", "status --json"), fixed.AGES),
    Capture(
        "keys_rewrap",
        ("keys rewrap", "keys rewrap --json --service plans", "keys rewrap --service x"),
        {
            "intake RewrapKeys": operating.RewrapKeysResponse(rewrapped=500, master_key="2027-01"),
            "plans RewrapKeys": operating.RewrapKeysResponse(master_key="first"),
            "attendance RewrapKeys": operating.RewrapKeysResponse(master_key="2027-01", left=3),
        },
    ),
    Capture(
        "search_rebuild",
        ("search rebuild", "search rebuild --json"),
        {"RebuildSearch": search.RebuildSearchResponse(looked_at=42, mended=3)},
    ),
    Capture(
        "search_rebuild_unopened",
        ("search rebuild",),
        {"RebuildSearch": search.RebuildSearchResponse(looked_at=42, mended=3, unopened=1)},
    ),
    Capture(
        "verify",
        ("verify", "verify --json --service plans"),
        {"Verify": fixed.VERIFIED},
    ),
    Capture(
        "verify_found",
        ("verify --service intake", "verify --service intake --json"),
        {"Verify": fixed.FOUND},
    ),
    Capture(
        "rebuild",
        ("rebuild", "rebuild --json --service plans"),
        {
            "plans Rebuild": operating.RebuildResponse(due=9, revisions=20),
            "billing Rebuild": operating.RebuildResponse(due=1, revisions=3),
            "plans CountDerived": operating.CountDerivedResponse(revisions=22),
            "billing CountDerived": operating.CountDerivedResponse(revisions=3, failed=1),
        },
    ),
    Capture(
        "tail",
        (
            "tail -n 1 --service billing --type CorrectionProposed",
            f"tail -n 1 --from-start --type ninehours.billing.v1.ClaimIssued --client {fixed.ADA}"
            " --json",
            "tail -n 1 --service billing --payload",
            "tail -n 1 --service billing --payload --json",
        ),
        {"Follow": fixed.FOLLOWED},
    ),
    Capture(
        "why_claim",
        (
            f"why claim {fixed.CLAIMS[1]}",
            f"why claim {fixed.CLAIMS[1]} --json --as-of 2026-03-01",
            f"why claim {fixed.CLAIMS[3]}",
            f"why claim {fixed.CLAIMS[1]} --html page.html",
        ),
        explained.WHY,
    ),
    Capture(
        "why_day",
        (
            f"why day {fixed.ADA} 2026-03-02",
            f"why day {fixed.ADA} 2026-03-02 --json",
        ),
        explained.WHY,
    ),
    Capture(
        "why_level_of_care",
        (
            f"why level-of-care {fixed.ADA} --on 2026-01-20 --as staff/ada",
            f"why level-of-care {fixed.ADA} --as-of 2026-01-20T10:11:12 --json",
        ),
        explained.WHY,
    ),
    Capture(
        "why_fact",
        (
            f"why fact {explained.FACTS[5]}",
            f"why fact {explained.ROW} --role clinician",
            f"why fact {explained.FACTS[1]} --json",
            f"why fact {explained.FACTS[7]}",
        ),
        explained.WHY,
    ),
    Capture(
        "refused",
        ("claims", "clients --site x"),
        {"ListPayers": CallOutcome(grpc.StatusCode.NOT_FOUND, "NOT_HERE", "", {"what": "payers"})},
    ),
]


@pytest.fixture(scope="module")
def services(secrets_dir: Path) -> Iterator[FixedServices]:
    fixed_services = FixedServices(secrets_dir)
    yield fixed_services
    fixed_services.stop()


@pytest.fixture
def data(
    services: FixedServices, secrets_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The data directory of the system that gives fixed answers, as if it ran."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NINEHOURS_PEERS", raising=False)
    data = Path("data")
    data.mkdir()
    (data / "secrets").mkdir()
    (data / "secrets" / "people").symlink_to(secrets_dir)
    with (data / "launcher.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keep_running(data, Running(services.addresses))
        yield data


def on_stdout(text: str) -> dict[str, str]:
    """One JSON object that is indented by two stands in one line, so that it can be read here."""
    if text.startswith("{\n"):
        told = json.loads(text)
        assert text == json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        return {"stdout, indented": json.dumps(told, ensure_ascii=False) + "\n"}
    return {"stdout": text}


def printed(line: str, services: FixedServices, data: Path | None = None) -> str:
    """Exit code, stdout, stderr, a file that was written, and what was asked; each CR is seen."""
    words = line.split()
    nested = 2 if words[0] in ("parked", "keys", "search", "why", "rpc") else 1
    whole = [*words[:nested], "--data", str(data), *words[nested:]] if data else words
    services.asked.clear()
    result = CliRunner().invoke(app, whole, prog_name="ninehours")
    parts = {
        **on_stdout(result.stdout),
        "stderr": result.stderr,
        **{name: Path(name).read_bytes().decode() for name in WRITTEN if f" {name}" in line},
        "asked": "".join(f"{question}\n" for question in services.asked),
    }
    shown = line.replace(str(RULES), RULES.name)
    text = f"$ ninehours {shown}\nexit {result.exit_code}\n"
    for name, part in parts.items():
        if part:
            text += f"--- {name}\n{part}"
    return text.replace("\r", "\\r").replace(str(Path.cwd()), "").replace(str(RULES), RULES.name)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.name)
def test_a_command_prints_what_is_kept(
    services: FixedServices, data: Path, capture: Capture
) -> None:
    with services.answering(capture.answers):
        text = "".join(printed(line, services, data) for line in capture.lines)
    assert_as_kept(GOLDEN / f"{capture.name}.txt", text)


def help_lines(command: Any, words: str = "") -> Iterator[str]:
    """Of every command and group."""
    yield f"{words} --help".strip()
    for name, inner in getattr(command, "commands", {}).items():
        yield from help_lines(inner, f"{words} {name}".strip())


def test_help_is_as_it_is_kept(services: FixedServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = list(help_lines(typer.main.get_command(app)))
    assert len(lines) > 30
    assert_as_kept(GOLDEN / "help.txt", "".join(printed(line, services) for line in lines))


def test_every_golden_is_of_a_capture() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {
        "help",
        *(capture.name for capture in CAPTURES),
    }
