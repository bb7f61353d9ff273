"""Each band's table: what is drawn, in words and numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ninehours.console.pages.chart.asking import ToldPart
from ninehours.console.pages.chart.bands import (
    Bands,
    ClaimRow,
    LevelRow,
    PlanRow,
    ScoreRow,
    WeekRow,
)
from ninehours.console.pages.chart.telling import (
    dollars,
    frequency,
    hours,
    name_of,
    severity,
    shown,
    subscale_name,
)
from ninehours.console.texts import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name`: of its words; `about`: whose of several it is, and `called`; cells as they are shown,
    the first of each row names it. `why_not`: it isn't told. `links`: of each row where it leads,
    none: nowhere."""

    name: str
    about: str = ""
    called: str = ""
    rows: Sequence[Sequence[str]]
    why_not: str = ""
    links: Sequence[str] = ()


def tables_of(bands: Bands, answers: Mapping[str, ToldPart]) -> list[Table]:
    """In the order of care, for the visitor's role. `answers`: what each rests on."""
    rows: dict[str, list[Sequence[str]]] = {
        "levels": [_level(row) for row in bands.levels],
        "hours": [_week(row) for row in bands.weeks],
        "changes": [_change(row) for row in bands.changes],
        "plans": [_plan(row) for row in bands.plans],
        "authorizations": [
            (
                row.payer,
                f"{shown(row.first)} – {shown(row.last)}",
                f"{row.units} {row.unit}",
                str(row.left),
            )
            for row in bands.authorizations
        ],
        "claims": [_claim(row) for row in bands.claims],
    }
    links = {"claims": [f"/claims/{row.claim_id}" for row in bands.claims]}
    found: list[Table] = []
    for name, told in answers.items():
        if name == "scores" and bands.scores:
            found += _by_instrument(bands.scores)
        elif not told.of_other_roles:
            table = Table(
                name=name,
                rows=rows.get(name, ()),
                why_not=told.why_not,
                links=links.get(name, ()),
            )
            found.append(table)
    return found


def _by_instrument(scores: Sequence[ScoreRow]) -> Iterator[Table]:
    for instrument in dict.fromkeys(row.instrument for row in scores):
        yield Table(
            name="scores",
            about=instrument.partition("/")[0],
            called=name_of(instrument),
            rows=[score_cells(row) for row in scores if row.instrument == instrument],
        )


def _level(row: LevelRow) -> Sequence[str]:
    text = words().chart.says
    return (
        row.level,
        f"{shown(row.first)} – {shown(row.last) or text.goes_on}",
        row.site,
        f"{row.program}, {text.part2 if row.under_part2 else text.no_part2}",
        row.ended,
    )


def _week(row: WeekRow) -> Sequence[str]:
    return (
        shown(row.monday),
        hours(row.delivered),
        hours(row.planned),
        _asked(row),
        str(row.attended),
        str(row.missed),
    )


def _asked(row: WeekRow) -> str:
    """What the level asks of a week, and whether this one has it."""
    text = words().chart.says
    if row.level is None:
        return ""
    if not row.level.floor:
        return str(text.no_band)
    asks = text.asks.format(floor=row.level.floor // 60, ceiling=row.level.ceiling // 60)
    if not (row.attended or row.missed):
        return f"{asks}: {text.no_session}"
    if not row.complete:
        return f"{asks}: {text.not_over}"
    if row.reaches:
        return f"{asks}: {text.reached}"
    return f"{asks}: {text.short}"


def score_cells(row: ScoreRow) -> Sequence[str]:
    """Day, score, what it means, note; of what finds a category no score."""
    text = words().chart.says
    scores = (
        ", ".join(f"{subscale_name(name)} {score}" for name, score in row.subscales.items())
        if row.subscales
        else str(row.score)
        if row.scored
        else ""
    )
    notes = [text.partial] * row.partial + [text.safety] * row.safety
    return shown(row.on), scores, severity(row.band), ", ".join(notes)


def _change(row: WeekRow) -> Sequence[str]:
    return shown(row.monday), str(row.first_score), str(row.latest_score), row.change


def _plan(row: PlanRow) -> Sequence[str]:
    text = words().chart.says
    in_force = f"{shown(row.first)} – {shown(row.last) or text.goes_on}" if row.first else ""
    signed = [f"{who} {shown(on)}" for who, on in row.signed]
    refused = [text.refused_by.format(who=who, on=shown(on)) for who, on in row.refused]
    return (
        str(row.version),
        in_force or text.never_in_force,
        hours(row.minutes),
        "; ".join([*signed, *refused]),
        "; ".join(_until(on, until, text.certify_by) for on, until in row.certified),
        "; ".join(_until(on, until, text.review_by) for on, until in row.reviewed),
    )


def _until(on: date, until: date | None, says: str) -> str:
    return f"{shown(on)}, {says.format(on=shown(until))}" if until else shown(on)


def _claim(row: ClaimRow) -> Sequence[str]:
    text = words().chart.says
    return (
        f"{shown(row.first)} – {shown(row.last)}",
        row.payer,
        dollars(row.charge),
        frequency(row.frequency),
        text.stands if row.stands else text.fallen,
    )
