"""`replay`: other rules over what was attended, as a screen, JSON or CSV. Labelled in all three."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.json_format import ParseDict, ParseError
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import rules_pb2

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Payers
from ninehours.cli.ending import FAILED, USAGE, Failure
from ninehours.cli.lists.column import Column, ColumnKind, Value
from ninehours.cli.lists.csv_presenter import STDOUT, check_csv, write_csv
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.told.amounts import dollars
from ninehours.told.fields import date_of, iso, name_in, period

LABEL = "HYPOTHETICAL"
SAID = "nothing was changed, published or sent"
DEADLINE = 600.0
NO_FIELD = re.compile(r'has no field named "(?P<name>[^"]+)" at "(?P<at>[^"]+)"')


@dataclass(frozen=True, slots=True)
class ReplayedChange:
    """One line of the difference: a day or a claim, of a client."""

    client_id: str
    day: work.DayChange | None = None
    claim: work.ClaimChange | None = None

    @property
    def where(self) -> Any:
        """What names the payer and the site."""
        return self.day.after if self.day else self.claim

    @property
    def amounts(self) -> tuple[int, int]:
        """Before and after, in cents."""
        if self.day:
            return self.day.before.amount.minor_units, self.day.after.amount.minor_units
        assert self.claim
        return self.claim.before.minor_units, self.claim.after.minor_units

    def charge(self) -> int:
        """What a changed day would charge; claims are made of days."""
        return self.amounts[1] if self.day else 0


@on_system
def run_replay(
    services: Services,
    rules: Path,
    *,
    first: datetime,
    last: datetime | None,
    payer: str,
    csv: str | None,
    as_json: bool,
) -> None:
    """The difference between what is and what would be."""
    check_csv(csv, as_json)
    payers = Payers(services)
    rule_set = rule_set_of(rules, payers.id_of(payer))
    request = work.ReplayRequest(
        rule_set=rule_set, first=to_date(first.date()), last=to_date(last.date()) if last else None
    )
    *clients, end = services.ask(BILLER, request, deadline=DEADLINE)
    changes = [*_changes(answer.client for answer in clients)]
    charge = sum(change.charge() for change in changes)
    receipt = write_csv(csv, COLUMNS, changes, payers.name, charge) if csv else None
    if as_json:
        answer: dict[str, Any] = {
            "label": LABEL,
            "rules_file": str(rules),
            "payer_id": rule_set.payer_id,
            "clients": [as_dict(answer.client) for answer in clients],
            "summary": as_dict(end.summary),
        }
        print_json(answer | ({"csv": asdict(receipt)} if receipt else {}))
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


def _unreadable(message: str) -> str:
    """Which field, of what ParseDict tells in one long line."""
    first = message.splitlines()[0]
    if found := NO_FIELD.search(first):
        name, at = found["name"], found["at"]
        return f"{at.partition('.')[2]}.{name}".removeprefix(".") + ": is no field of a rule set"
    return first.removeprefix("Failed to parse ")


def _changes(clients: Iterable[work.ClientReplay]) -> Iterator[ReplayedChange]:
    for client in clients:
        for day in client.days:
            yield ReplayedChange(client.client_id, day=day)
        for claim in client.claims:
            yield ReplayedChange(client.client_id, claim=claim)


def _of_day(read: Callable[[work.DayChange], Value]) -> Callable[[ReplayedChange], Value]:
    return lambda change: read(change.day) if change.day else None


def _of_claim(read: Callable[[work.ClaimChange], Value]) -> Callable[[ReplayedChange], Value]:
    return lambda change: read(change.claim) if change.claim else None


COLUMNS: Sequence[Column[ReplayedChange]] = (
    Column("label", value=lambda _: LABEL),
    Column("kind", ColumnKind.ENUM, lambda change: "DAY" if change.day else "CLAIM"),
    Column("client_id", ColumnKind.ID),
    Column("payer_id", ColumnKind.ID, lambda change: change.where.payer_id),
    Column("payer", ColumnKind.NAME, lambda change: change.where.payer_id),
    Column("site_id", ColumnKind.ID, lambda change: change.where.site_id),
    Column("service_date", ColumnKind.DATE, _of_day(lambda day: date_of(day.service_date))),
    Column("minutes", ColumnKind.COUNT, _of_day(lambda day: day.after.minutes)),
    Column("outcome_before", ColumnKind.ENUM, _of_day(lambda day: name_in(day.before, "outcome"))),
    Column("outcome_after", ColumnKind.ENUM, _of_day(lambda day: name_in(day.after, "outcome"))),
    Column("reasons_before", ColumnKind.TEXTS, _of_day(lambda day: day.before.reasons)),
    Column("reasons_after", ColumnKind.TEXTS, _of_day(lambda day: day.after.reasons)),
    Column("claim_id", ColumnKind.ID, _of_claim(lambda claim: claim.claim_id)),
    Column("consequence", ColumnKind.ENUM, _of_claim(lambda claim: name_in(claim, "consequence"))),
    Column("period_start", ColumnKind.DATE, _of_claim(lambda claim: date_of(claim.period_start))),
    Column("period_end", ColumnKind.DATE, _of_claim(lambda claim: date_of(claim.period_end))),
    Column(
        "changed_dates", ColumnKind.TEXTS, _of_claim(lambda claim: [*map(iso, claim.changed_dates)])
    ),
    Column("amount_before", ColumnKind.MONEY, lambda change: change.amounts[0]),
    Column("amount_after", ColumnKind.MONEY, lambda change: change.amounts[1]),
)
TOTALS: Sequence[Column[work.ReplayTotal]] = (
    Column("payer", ColumnKind.NAME, lambda total: total.payer_id),
    Column("site", ColumnKind.ID, lambda total: total.site_id),
    Column("days", ColumnKind.COUNT, lambda total: total.changed_days),
    Column(
        "difference",
        value=lambda total: _difference(total.before.minor_units, total.after.minor_units),
    ),
)


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
        print(f"  {_day(change.day) if change.day else _claim(change.claim)}")
    if summary.totals:
        print()
        screen().print(table_of(TOTALS, summary.totals, payers.name))
    kinds = Counter(name_in(change.claim, "consequence") for change in changes if change.claim)
    counted = ", ".join(
        f"{n} {kind.lower().replace('_', ' ')}" for kind, n in sorted(kinds.items())
    )
    print(
        f"{LABEL}: {summary.changed_days} of {summary.days} days of {summary.clients} clients "
        f"would change; claims: {counted or 'none'}"
    )


def _day(change: Any) -> str:
    was, now = (name_in(side, "outcome") for side in (change.before, change.after))
    why = ", ".join(change.after.reasons or change.before.reasons)
    sums = (change.before.amount.minor_units, change.after.amount.minor_units)
    return (
        f"{iso(change.service_date)}  {change.after.minutes} min  {was} → {now}"
        f"  {dollars(sums[0])} → {dollars(sums[1])}{f'  ({why})' if why else ''}"
    )


def _claim(change: Any) -> str:
    consequence = name_in(change, "consequence").lower().replace("_", " ")
    which = f" {change.claim_id}" if change.claim_id else ""
    sums = f"{dollars(change.before.minor_units)} → {dollars(change.after.minor_units)}"
    return f"{consequence}{which}  {period(change.period_start, change.period_end)}  {sums}"


def _difference(before: int, after: int) -> str:
    sign = "+" if after > before else ""
    return f"{dollars(before)} → {dollars(after)} ({sign}{dollars(after - before)})"
