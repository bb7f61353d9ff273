"""What alerts and the dashboard ask Prometheus."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml

MONITORING = Path(__file__).resolve().parents[3] / "deploy" / "components" / "monitoring"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text())


def targets() -> Iterator[tuple[str, str]]:
    """Of each panel, what it asks."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def selectors(expression: str) -> Iterator[Any]:
    """Every selector in it; raises where it is no PromQL."""
    plain = expression.replace("$__rate_interval", "5m").replace("$service", ".+")
    waiting = [promql_parser.parse(plain)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, promql_parser.VectorSelector):
            yield node
        for part in ("expr", "lhs", "rhs", "param", "vector_selector", "args"):
            found = getattr(node, part, None)
            waiting += found if isinstance(found, list) else [found] if found is not None else []


def asked() -> list[tuple[str, str]]:
    """Who asks, and what."""
    return [*((rule["alert"], rule["expr"]) for rule in ALERTS), *targets()]
