"""An answer as one page: self-contained, no scripts, printable; what a colleague is shown."""

from collections.abc import Iterable
from html import escape
from string import Template

from ninehours.cli.why.answer import Explanation, Mark, Point, Section, mark_of

ENTITIES = ("&#10003;", "&#9684;", "&#10007;", "&middot;", "&sect;", "&rarr;", "&middot;")
MARKS = dict(zip(Mark, ENTITIES, strict=True))

STYLE = """
:root { --ink: #1b1f24; --soft: #5b6570; --line: #d9dee3; --pass: #1a7f4b; --hold: #9a6700;
  --refuse: #b42318; --rule: #2f5d8a; --paper: #fff; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 4rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 1rem; margin-bottom: 1.25rem; }
.product { color: var(--soft); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
h1 { font-size: 1.45rem; line-height: 1.25; margin: .3rem 0 .5rem; overflow-wrap: anywhere; }
.answer { font-size: 1.08rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0; }
section { border: 1px solid var(--line); border-radius: 6px; margin: 1.25rem 0; overflow: hidden; }
section > .head { display: flex; gap: 1rem; justify-content: space-between; align-items: baseline;
  padding: .6rem 1rem; background: #f5f7f9; border-bottom: 1px solid var(--line); }
.outcome { font-weight: 600; font-size: .8rem; letter-spacing: .04em; padding: .05rem .55rem;
  border: 1px solid currentColor; border-radius: 3px; white-space: nowrap; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .15rem 1rem; margin: .75rem 1rem; }
header + dl { margin: 0 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
section > ul > li { padding: .55rem 1rem; border-top: 1px solid var(--line); }
section > .head + ul > li:first-child { border-top: 0; }
li { break-inside: avoid; overflow-wrap: anywhere; }
li ul { margin: .2rem 0 0 1.45rem; }
.mark { display: inline-block; width: 1.45rem; font-weight: 700; }
.pass { color: var(--pass); } .hold { color: var(--hold); } .refuse { color: var(--refuse); }
.rule { color: var(--rule); } .release { color: var(--hold); } .fact, .note { color: var(--soft); }
li.is-release > .says { font-weight: 600; }
li.is-rule > .says, .code, .small { font-family: ui-monospace, Menlo, Consolas, monospace; }
li.is-rule > .says, .code { font-size: .82rem; }
.code { margin-left: .6rem; color: var(--soft); }
.small { display: block; margin-left: 1.45rem; color: var(--soft); font-size: .74rem; }
.small.inset { margin-left: 0; }
.stale { border-left: 4px solid var(--hold); padding: .5rem 1rem; background: #fff8e6; }
footer { margin-top: 2rem; padding-top: .75rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .8rem; }
footer code { overflow-wrap: anywhere; }
@page { margin: 16mm 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { border-radius: 0; }
  section > .head { break-after: avoid; }
}
"""

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<header>
<div class="product">Ninehours &middot; an answer to why</div>
<h1>$title</h1>
<p class="answer">$answer</p>
</header>
$about
$notes
$sections
<footer>
<p>Asked with <code>$asked</code>. Every id resolves with <code>ninehours why fact ID</code>.
Nobody is named here: clients, persons and payers are told by id. It is a client's record all the
same: keep it as one.</p>
</footer>
</body>
</html>
""")


def page_of(explanation: Explanation) -> str:
    """The whole page; every text in it is escaped."""
    return PAGE.substitute(
        style=STYLE,
        title=escape(explanation.title),
        answer=escape(explanation.answer),
        about=_about(explanation.about),
        notes="\n".join(f'<p class="stale">{escape(note)}</p>' for note in explanation.notes),
        sections="\n".join(_section(section) for section in explanation.sections),
        asked=escape(explanation.asked),
    )


def _section(section: Section) -> str:
    outcome = ""
    if section.outcome:
        kind = mark_of(section.outcome)
        outcome = f'<span class="outcome {kind}">{escape(section.outcome)}</span>'
    head = f'<div class="head"><h2>{escape(section.title)}</h2>{outcome}</div>'
    return f"<section>\n{head}\n{_about(section.about)}\n{_points(section.points)}\n</section>"


def _about(about: Iterable[tuple[str, str]]) -> str:
    rows = [
        f"<dt>{escape(label)}</dt><dd>{_value(label, value)}</dd>"
        for label, value in about
        if value
    ]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>" if rows else ""


def _value(label: str, value: str) -> str:
    """What goes on without a label is what the value before it rests on."""
    return escape(value) if label else f'<span class="small inset">{escape(value)}</span>'


def _points(points: tuple[Point, ...]) -> str:
    return "<ul>\n" + "\n".join(_point(point) for point in points) + "\n</ul>" if points else ""


def _point(point: Point) -> str:
    code = f'<span class="code">{escape(point.code)}</span>' if point.code else ""
    small = f'<span class="small">{escape(point.small)}</span>' if point.small else ""
    return (
        f'<li class="is-{point.kind}"><span class="mark {point.kind}">{MARKS[point.kind]}</span>'
        f'<span class="says">{escape(point.says)}</span>{code}{small}{_points(point.points)}</li>'
    )
