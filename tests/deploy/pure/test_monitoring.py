"""Alerts and the dashboard ask for what is exported, and each alert names what to do."""

import re
from pathlib import Path

import promql_parser
import pytest

from kernel.rpc.counting import CODES
from kernel.services import CONSOLE, SERVICES
from kernel.watching.commands import Became
from tests.harness.deploy.monitoring import ALERTS, DASHBOARD, asked, selectors, targets
from tests.harness.kernel.exported import documented_name, exported, sample_names

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
EXPORTED = {name for metric in exported() for name in sample_names(metric)}
CLOSED = {"outcome": {*Became}, "grpc_code": {*CODES.values()}, "service": {*SERVICES, CONSOLE}}
CLOSED["grpc_type"] = {"unary", "server_stream"}
RUNBOOK = "docs/operations.md#"


def test_there_is_something_to_look_at() -> None:
    assert len(ALERTS) >= 15
    assert len([*targets()]) >= 20
    assert len([name for name in EXPORTED if name.startswith("ninehours_")]) >= 30


@pytest.mark.parametrize(("who", "expression"), asked())
def test_what_is_asked_for_is_exported(who: str, expression: str) -> None:
    found = [*selectors(expression)]
    assert found, who
    for selector in found:
        assert selector.name in EXPORTED, who
        for matcher in selector.matchers.matchers:
            if matcher.op == promql_parser.MatchOp.Equal and matcher.name in CLOSED:
                assert matcher.value in CLOSED[matcher.name], who


def test_a_metric_that_is_not_exported_would_be_found() -> None:
    [wrong] = selectors('max by (service) (ninehours_unsent_fact{service="intake"})')
    assert wrong.name not in EXPORTED


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def runbooks() -> list[str]:
    """The sections of the page that say what to do when an alert fires."""
    section = OPERATIONS.partition("\n## When an alert fires\n")[2].partition("\n## ")[0]
    return [slug(heading) for heading in re.findall(r"^### (.+)$", section, re.MULTILINE)]


def test_each_alert_names_a_section_that_says_what_to_do_and_each_section_has_an_alert() -> None:
    named = [rule["annotations"]["runbook"] for rule in ALERTS]
    assert all(name.startswith(RUNBOOK) for name in named)
    assert sorted(name.removeprefix(RUNBOOK) for name in named) == sorted(runbooks())


def test_an_alert_says_how_bad_it_is_and_of_what() -> None:
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        shown = {*re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])}
        kept = {*re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"])))}
        kept |= {*re.findall(r"(\w+)=\"", rule["expr"])}  # absent() tells what it looked for
        assert "service" in shown <= kept, rule["alert"]


def test_the_page_lists_every_metric_and_no_other() -> None:
    section = OPERATIONS.partition("\n## Being watched\n")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `"))
    listed = re.findall(r"`((?:ninehours|grpc)_\w+)`", table)
    ours = [documented_name(metric) for metric in exported()]
    expected = {name for name in ours if name.startswith(("ninehours_", "grpc_server_"))}
    assert {name for name in listed if not name.startswith("grpc_")} | {
        name for name in listed if name.startswith("grpc_server_")
    } == expected | {"ninehours_database_up"}


def test_metrics_have_base_units_and_say_what_they_are() -> None:
    names = [metric for metric in exported() if metric.name.startswith("ninehours_")]
    for metric in names:
        assert metric.documentation.endswith("."), metric.name
        assert not re.search(r"milli|minutes|_ms\b|percent", metric.name)
    assert len({metric.name for metric in names}) == len(names)


def test_the_dashboard_s_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
