"""`replay`: other rules over what was attended, as a screen, JSON or CSV. Labelled in all three."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.json_format import ParseDict, ParseError
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import rules_pb2

from kernel.rpc.translate import to_date
from ninehours.cli.billing_lists import BILLER, Payers, iso, name_of
from ninehours.cli.billing_screens import period
from ninehours.cli.connection import connected
from ninehours.cli.csv_export import STDOUT, Column, amount, check_csv, write_csv
from ninehours.cli.ending import FAILED, USAGE, Failure
from ninehours.cli.output import as_dict, dollars, print_json, screen, table

LABEL = "HYPOTHETICAL"
SAID = "nothing was changed, published or sent"
DEADLINE = 600.0
NO_FIELD = re.compile(r'has no field named "(?P<name>[^"]+)" at "(?P<at>[^"]+)"')


@dataclass(frozen=True, slots=True)
class ReplayedChange:
    """One line of the difference: a day or a claim, of a client."""

    client_id: str
    what: Any

    @property
    def is_day(self) -> bool:
        return isinstance(self.what, work.DayChange)


def run_replay(
    data: Path | None,
    rules: Path,
    *,
    first: datetime,
    last: datetime | None,
    payer: str,
    csv: str | None,
    as_json: bool,
) -> None:
    """The difference between what is and what would be."""
    with connected(data) as services:
        check_csv(csv, as_json)
        payers = Payers(services)
        rule_set = rule_set_of(rules, payers.id_of(payer))
        request = work.ReplayRequest(
            rule_set=rule_set,
            first=to_date(first.date()),
            last=to_date(last.date()) if last else None,
        )
        *clients, end = services.ask(BILLER, request, deadline=DEADLINE)
        changes = [*_changes([each.client for each in clients])]
        written = csv and write_csv(csv, _columns(payers), changes, _charge)
        if as_json:
            told: dict[str, Any] = {
                "label": LABEL,
                "rules_file": str(rules),
                "payer_id": rule_set.payer_id,
                "clients": [as_dict(each.client) for each in clients],
                "summary": as_dict(end.summary),
            }
            print_json(told | ({"csv": written.as_dict()} if written else {}))
        elif csv != STDOUT:
            _show(changes, end.summary, payers, rule_set.payer_id, request)


def rule_set_of(path: Path, payer_id: str) -> rules_pb2.RuleSet:
    """The file's rules; a problem that names the field which is none, or of another kind."""
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise Failure(FAILED, f"{path}{line}: is no YAML") from None
    if not isinstance(written, dict):
        raise Failure(FAILED, f"{path}: is no rule set, but a {type(written).__name__}")
    try:
        rule_set = ParseDict(written, rules_pb2.RuleSet())
    except ParseError as error:
        raise Failure(FAILED, f"{path}: {_unreadable(str(error))}") from None
    if payer_id and rule_set.payer_id not in ("", payer_id):
        raise Failure(USAGE, f"{path}: payer_id: is another payer than --payer")
    rule_set.payer_id = rule_set.payer_id or payer_id
    if not rule_set.payer_id:
        raise Failure(USAGE, f"{path}: payer_id: the file names none; say --payer")
    return rule_set


def _unreadable(told: str) -> str:
    """Which field, of what ParseDict tells in one long line."""
    first = told.splitlines()[0]
    if found := NO_FIELD.search(first):
        name, at = found["name"], found["at"]
        return f"{at.partition('.')[2]}.{name}".removeprefix(".") + ": is no field of a rule set"
    return first.removeprefix("Failed to parse ")


def _changes(clients: Sequence[Any]) -> Iterator[ReplayedChange]:
    for client in clients:
        for day in client.days:
            yield ReplayedChange(client.client_id, day)
        for claim in client.claims:
            yield ReplayedChange(client.client_id, claim)


def _charge(change: ReplayedChange) -> int:
    """What a changed day would charge; claims are made of days."""
    return change.what.after.amount.minor_units if change.is_day else 0


def _columns(payers: Payers) -> list[Column]:
    def of_day(read: Any) -> Any:
        return lambda change: read(change.what) if change.is_day else ""

    def of_claim(read: Any) -> Any:
        return lambda change: "" if change.is_day else read(change.what)

    def money(side: str) -> Any:
        def read(change: ReplayedChange) -> object:
            told = getattr(change.what, side)
            return amount((told.amount if change.is_day else told).minor_units)

        return read

    def place(field: str) -> Any:
        return lambda change: getattr(change.what.after if change.is_day else change.what, field)

    return [
        ("label", lambda _: LABEL),
        ("kind", lambda change: "DAY" if change.is_day else "CLAIM"),
        ("client_id", lambda change: change.client_id),
        ("payer_id", place("payer_id")),
        ("payer", lambda change: payers.name(place("payer_id")(change))),
        ("site_id", place("site_id")),
        ("service_date", of_day(lambda day: iso(day.service_date))),
        ("minutes", of_day(lambda day: day.after.minutes)),
        ("outcome_before", of_day(lambda day: name_of(day.before, "outcome"))),
        ("outcome_after", of_day(lambda day: name_of(day.after, "outcome"))),
        ("reasons_before", of_day(lambda day: " ".join(day.before.reasons))),
        ("reasons_after", of_day(lambda day: " ".join(day.after.reasons))),
        ("claim_id", of_claim(lambda claim: claim.claim_id)),
        ("consequence", of_claim(lambda claim: name_of(claim, "consequence"))),
        ("period_start", of_claim(lambda claim: iso(claim.period_start))),
        ("period_end", of_claim(lambda claim: iso(claim.period_end))),
        ("changed_dates", of_claim(lambda claim: " ".join(map(iso, claim.changed_dates)))),
        ("amount_before", money("before")),
        ("amount_after", money("after")),
    ]


def _show(
    changes: Sequence[ReplayedChange], summary: Any, payers: Payers, payer_id: str, request: Any
) -> None:
    until = f" to {iso(request.last)}" if request.HasField("last") else " on"
    print(f"{LABEL}: {SAID}")
    print(f"{payers.name(payer_id)} under other rules, service dates {iso(request.first)}{until}")
    for name in summary.unreproduced_examples:
        print(f"  these rules don't come to their own example «{name}»: they can't be confirmed")
    client = ""
    for change in changes:
        if change.client_id != client:
            client = change.client_id
            print(f"client {client}")
        print(f"  {_day(change.what) if change.is_day else _claim(change.what)}")
    if summary.totals:
        print()
        rows = [
            (
                payers.name(total.payer_id),
                total.site_id,
                total.changed_days,
                _difference(total.before.minor_units, total.after.minor_units),
            )
            for total in summary.totals
        ]
        screen().print(table(("payer", "site", "days", "difference"), rows, right=("days",)))
    kinds = Counter(name_of(c.what, "consequence") for c in changes if not c.is_day)
    told = ", ".join(f"{n} {kind.lower().replace('_', ' ')}" for kind, n in sorted(kinds.items()))
    print(
        f"{LABEL}: {summary.changed_days} of {summary.days} days of {summary.clients} clients "
        f"would change; claims: {told or 'none'}"
    )


def _day(change: Any) -> str:
    was, now = (name_of(side, "outcome") for side in (change.before, change.after))
    why = ", ".join(change.after.reasons or change.before.reasons)
    sums = (change.before.amount.minor_units, change.after.amount.minor_units)
    return (
        f"{iso(change.service_date)}  {change.after.minutes} min  {was} → {now}"
        f"  {dollars(sums[0])} → {dollars(sums[1])}{f'  ({why})' if why else ''}"
    )


def _claim(change: Any) -> str:
    consequence = name_of(change, "consequence").lower().replace("_", " ")
    which = f" {change.claim_id}" if change.claim_id else ""
    sums = f"{dollars(change.before.minor_units)} → {dollars(change.after.minor_units)}"
    return f"{consequence}{which}  {period(change.period_start, change.period_end)}  {sums}"


def _difference(before: int, after: int) -> str:
    sign = "+" if after > before else ""
    return f"{dollars(before)} → {dollars(after)} ({sign}{dollars(after - before)})"
