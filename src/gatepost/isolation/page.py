"""A proof of isolation as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from itertools import groupby

from gatepost.intent import COMMANDS
from gatepost.isolation.result import Finding, Proof

_WORDS = {
    "all": "every row",
    "some": "some rows",
    "none": "no row",
    "denied": "denied",
    "unknown": "a constraint or trigger always spoke first",
}


def page(proof: Proof, title: str) -> str:
    """Return the page's HTML: its style is in it, it loads nothing."""
    style = files("gatepost.isolation").joinpath("page.css").read_text(encoding="utf-8")
    head = f"<title>Isolation of {escape(title)}</title><style>{style}</style>"
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(
        (_summary(proof, title), *_wrong(proof), *_matrices(proof), *_accepted(proof), *_equal(proof))
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{viewport}{head}<body>{body}</body></html>\n'
    )


def _summary(proof: Proof, title: str) -> str:
    verdict = "proved" if proof.ok else "not proved"
    lived = len([one for one in proof.open if one.kind == "mutant"])
    lints = len([one for one in proof.open if one.kind == "lint"])
    figures = [
        (f"{proof.cases:,}", "cases", f"{proof.random_cases:,} random, seed {proof.seed}"),
        (f"{len(proof.disagreements):,}", "disagreements", f"{proof.undecided:,} undecided"),
    ]
    if proof.mutants:
        told = f"{proof.killed} killed, {len(proof.equal)} proved equal"
        figures.append((f"{lived}", f"of {proof.mutants} policy mutants survived", told))
    figures.append((f"{lints}", f"findings of {proof.lints} lints", f"{len(proof.tables)} tables"))
    cards = "".join(
        f"<li><b>{number}</b> {escape(what)}<small>{escape(more)}</small></li>"
        for number, what, more in figures
    )
    state = "ok" if proof.ok else "bad"
    return (
        f'<header><h1>Isolation of {escape(title)} <span class="{state}">{verdict}</span></h1>'
        f'<ul class="figures">{cards}</ul></header>'
    )


def _wrong(proof: Proof) -> Iterator[str]:
    if proof.disagreements:
        yield "<h2>Where PostgreSQL disagrees with the intent</h2>"
    for one in proof.disagreements:
        yield (
            f'<article class="bad"><h3>{escape(one.table)}</h3><p>as {escape(one.asker)}</p>'
            f"<pre>{escape(one.statement)}</pre>"
            f"<p>expected <b>{escape(one.expected)}</b>, got <b>{escape(one.got)}</b></p></article>"
        )
    if proof.open:
        yield "<h2>What is open</h2>"
        yield from (_finding(one) for one in proof.open)
    yield from (f'<p class="note">{escape(note)}</p>' for note in proof.notes)


def _finding(one: Finding) -> str:
    subject = "" if one.subject in one.name else f" on {escape(one.subject)}"
    return f'<article class="bad"><h3>{escape(one.name)}{subject}</h3><p>{escape(one.detail)}</p></article>'


def _matrices(proof: Proof) -> Iterator[str]:
    yield "<h2>Who reaches which rows</h2>"
    legend = "".join(
        f'<span class="{mark}"><i>{"S" if mark == "all" else "s"}</i>{words}</span>'
        for mark, words in _WORDS.items()
    )
    yield f'<p class="legend">{legend} S select, I insert, U update, D delete</p>'
    yield f'<div class="scroll"><table><thead>{_heads(proof)}</thead>'
    for feature, tables in groupby(proof.tables, key=lambda table: proof.tables[table]):
        columns = len(proof.askers) + 1
        yield f'<tbody><tr><th class="feature" colspan="{columns}">{escape(feature)}</th></tr>'
        yield from (_row(proof, table) for table in tables)
        yield "</tbody>"
    yield "</table></div>"


def _heads(proof: Proof) -> str:
    """Return two rows of heads: the roles, and below each who asks in it."""
    roles = [(role, len(list(members))) for role, members in groupby(proof.askers, key=_role)]
    above = "".join(f'<th colspan="{number}" class="role">{escape(role)}</th>' for role, number in roles)
    below = "".join(f'<th class="asker"><span>{escape(_person(one))}</span></th>' for one in proof.askers)
    return f'<tr><th rowspan="2"></th>{above}</tr><tr>{below}</tr>'


def _role(asker: str) -> str:
    return asker.partition(": ")[0]


def _person(asker: str) -> str:
    return asker.partition(": ")[2] or "anybody"


def _row(proof: Proof, table: str) -> str:
    cells = "".join(_cell(proof, table, asker) for asker in proof.askers)
    return f"<tr><th>{escape(table)}</th>{cells}</tr>"


def _cell(proof: Proof, table: str, asker: str) -> str:
    marks = {command: proof.mark(table, asker, command) for command in COMMANDS}
    told = "; ".join(f"{command}: {_WORDS[mark]}" for command, mark in marks.items())
    signs = "".join(
        f'<i class="{mark}">{command[0].upper() if mark == "all" else command[0]}</i>'
        for command, mark in marks.items()
    )
    return f'<td title="{escape(asker)} on {escape(table)}: {told}">{signs}</td>'


def _accepted(proof: Proof) -> Iterator[str]:
    accepted = [(f"{one.name} on {one.subject}", one.accepted) for one in proof.findings if one.accepted]
    yield from _listed("Accepted, with the reason", accepted)


def _equal(proof: Proof) -> Iterator[str]:
    yield from _listed("Mutants that nobody could tell from their policy", proof.equal.items())


def _listed(title: str, told: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(reason)}</td></tr>" for name, reason in told)
    if rows:
        yield f"<details><summary>{title}</summary><table class='plain'>{rows}</table></details>"
