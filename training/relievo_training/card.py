"""Measured text in the model cards: what stands between `<!-- NAME -->` and `<!-- /NAME -->` is written by the commands."""
from __future__ import annotations

import pathlib


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table with aligned columns, as Prettier leaves it."""
    widths = [max(3, *(len(r[i]) for r in [head, *rows])) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths)) + " |"
    return "\n".join([line(head), line(["-" * w for w in widths]), *map(line, rows)])


def fill(path: pathlib.Path, name: str, text: str) -> None:
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    old = path.read_text()
    if old.count(opening) != 1 or old.count(closing) != 1:
        raise SystemExit(f"{path}: expected one {opening} and one {closing}")
    before, rest = old.split(opening)
    path.write_text(f"{before}{opening}\n\n{text.strip()}\n\n{closing}{rest.split(closing)[1]}")
