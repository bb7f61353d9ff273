"""The lists as screens: by client and payer, whole ids, within 80 columns where ids leave room."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console

from ninehours.cli.billing_columns import awaited, claimed, reasons
from ninehours.cli.billing_lists import Found, Payers, iso, name_of
from ninehours.cli.output import dollars, plural, screen, table

Cells = Sequence[object]


def show_payers(payers: Payers) -> None:
    rows = [
        (
            payer.payer_id,
            payer.name,
            ", ".join(
                f"{rules.version} from {iso(rules.effective_from)}"
                f"{'' if rules.confirmed else ' (proposed)'}"
                for rules in payer.rules
            ),
        )
        for payer in payers.listed
    ]
    _print(table(("payer", "name", "rules"), rows))


def show_claims(found: Found, payers: Payers) -> None:
    def row(claim: Any) -> Cells:
        return (
            claim.claim_id,
            period(claim.period_start, claim.period_end),
            _state_of(claim),
            dollars(claim.charge.minor_units),
        )

    groups = _grouped(found.rows, payers, lambda claim: iso(claim.period_start))
    _show(groups, ("claim", "period", "state", "charge"), row, right=("charge",))
    total = sum(claim.charge.minor_units for claim in found.rows)
    _end(found, f"{plural(len(found.rows), 'claim')}, {dollars(total)}")


def show_days(found: Found, payers: Payers) -> None:
    def row(day: Any) -> Cells:
        return (
            iso(day.service_date),
            "withdrawn" if day.withdrawn else name_of(day, "outcome"),
            day.minutes,
            dollars(claimed(day)),
            ", ".join(reasons(day.verdicts)),
        )

    groups = _grouped(found.rows, payers, lambda day: iso(day.service_date))
    columns = ("date", "outcome", "minutes", "charge", "why")
    _show(groups, columns, row, right=("minutes", "charge"))
    counts = Counter(name_of(day, "outcome") for day in found.rows)
    told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    _end(found, f"{plural(len(found.rows), 'day')}: {told}" if told else "no days")


def show_holds(found: Found, payers: Payers) -> None:
    """By reason first, the most at stake on top; then day by day."""
    held = [hold for hold in found.rows if not hold.released]
    by_reason: dict[str, list[Any]] = {}
    for hold in held:
        by_reason.setdefault(" + ".join(reasons(hold.reasons)), []).append(hold)
    rows = [
        (reason, len(each), f"{max(hold.age_days for hold in each)} days", _at_stake(each))
        for reason, each in sorted(by_reason.items(), key=lambda item: (-_stake(item[1]), item[0]))
    ]
    columns = ("why", "held", "oldest", "at stake")
    if rows:
        _print(table(columns, rows, right=columns[1:]))
        print()

    def row(hold: Any) -> Cells:
        why = "released" if hold.released else ", ".join(reasons(hold.reasons))
        return (iso(hold.service_date), f"{hold.age_days} days", _at_stake([hold]), why)

    groups = _grouped(found.rows, payers, lambda hold: iso(hold.service_date))
    by_stake = sorted(groups, key=lambda group: -_stake(group[1]))
    _show(by_stake, ("date", "age", "at stake", "why"), row, right=("age", "at stake"))
    _end(found, f"{plural(len(held), 'day')} on HOLD, {dollars(_stake(held))} at stake")


def show_proposals(found: Found, payers: Payers) -> None:
    def row(proposal: Any) -> Cells:
        return (
            proposal.claim_id,
            name_of(proposal, "action"),
            "withdrawn" if proposal.withdrawn else name_of(proposal, "state"),
            f"{dollars(proposal.issued_charge.minor_units)} → "
            f"{dollars(proposal.corrected_charge.minor_units)}",
            *([awaited(proposal)] if waiting else []),
        )

    waiting = any(proposal.waits_for for proposal in found.rows)
    groups = _grouped(found.rows, payers, lambda proposal: str(proposal.claim_id))
    columns = ("claim", "action", "state", "charge", *(["waits for"] if waiting else []))
    _show(groups, columns, row)
    _end(found, f"{plural(len(found.rows), 'correction')} proposed")


def show_authorizations(answer: Any, payers: Payers) -> None:
    rows = [
        (
            each.authorization_id,
            payers.name(each.payer_id),
            period(each.effective_from, each.effective_to),
            f"{each.issued}+{each.allocated} of {each.units} {name_of(each, 'unit').lower()}",
        )
        for each in answer.authorizations
    ]
    if rows:
        _print(table(("authorization", "payer", "dates", "issued + to come"), rows))
    else:
        print("no authorizations")


def period(start: Any, end: Any) -> str:
    """2026-03-02/08: as ISO 8601 shortens an interval."""
    first, last = iso(start), iso(end)
    if first[:7] == last[:7]:
        return f"{first}/{last[8:]}"
    return f"{first}/{last[5:]}" if first[:4] == last[:4] else f"{first}/{last}"


def _state_of(claim: Any) -> str:
    """In a word; a replacement or void with its frequency, 7 or 8, before it."""
    if claim.withdrawn:
        return "withdrawn"
    if claim.followed_by_claim_id:
        return "followed"
    state = (name_of(claim, "adjudication") or name_of(claim, "state")).lower()
    return state if claim.frequency == "1" else f"{claim.frequency} {state}"


def _stake(holds: Iterable[Any]) -> int:
    return sum(hold.at_stake.minor_units for hold in holds)


def _at_stake(holds: Sequence[Any]) -> str:
    """What is known of it."""
    return dollars(_stake(holds)) if any(hold.HasField("at_stake") for hold in holds) else "?"


def _grouped(
    rows: Iterable[Any], payers: Payers, order: Callable[[Any], str]
) -> list[tuple[str, list[Any]]]:
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.client_id, row.payer_id), []).append(row)
    return [
        (f"client {client_id}, {payers.name(payer_id)}", sorted(each, key=order))
        for (client_id, payer_id), each in sorted(groups.items())
    ]


def _show(
    groups: Iterable[tuple[str, list[Any]]],
    columns: Sequence[str],
    row: Callable[[Any], Cells],
    *,
    right: Sequence[str] = (),
) -> None:
    """One table whose columns stand under each other in all groups."""
    for line in _lines([*groups], columns, row, right):
        print(line.rstrip())


def _lines(
    groups: Sequence[tuple[str, list[Any]]],
    columns: Sequence[str],
    row: Callable[[Any], Cells],
    right: Sequence[str],
) -> Iterator[str]:
    cells = [[str(cell) for cell in row(each)] for _, rows in groups for each in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]

    def line(given: Sequence[str]) -> str:
        aligned = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(columns, given, widths, strict=True)
        )
        return "  " + "  ".join(aligned)

    left = iter(cells)
    if cells:
        yield line(columns)
    for title, rows in groups:
        yield title
        for _ in rows:
            yield line(next(left))


def _end(found: Found, told: str) -> None:
    """What it comes to; changes are no sum: one claim may be among them several times."""
    if not found.cursor:
        print(told)
        return
    print(plural(len(found.rows), "change"))
    print(f"changes from here on: --changed-since {found.cursor}")


def _print(what: Any) -> None:
    console: Console = screen()
    console.print(what)
