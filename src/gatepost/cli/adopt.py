"""`gatepost adopt`: a program and its state for a database that is there already."""

from __future__ import annotations

import re
from pathlib import Path

from gatepost.cli.display import Screen
from gatepost.cli.problems import print_json


def adopt(url: str, into: Path, name: str | None, *, json: bool) -> None:
    """Adopt the database of `url` into the folder `into`, and say what could not be taken in."""
    from gatepost.adopt.adoption import adopt as run
    from gatepost.adopt.adoption import target_of
    from gatepost.adopt.report import counted

    screen = Screen(json=json)
    project = name or re.sub(r"[^\w.-]+", "-", target_of(url).database)
    adopted = run(url, into.resolve(), project)
    left_out = adopted.program.unexpressed
    if json:
        print_json(
            {
                "operation": "adopt",
                "project": project,
                "folder": str(adopted.root),
                "unchanged": adopted.unchanged,
                "files": sorted(adopted.program.files),
                "leftOut": [one._asdict() for one in left_out],
            }
        )
        return
    screen.line(f"{project}: {counted(adopted.program)}", "bold")
    screen.line(
        f"  the program is in {adopted.root}; a preview finds {adopted.unchanged} resources unchanged"
    )
    if left_out:
        screen.line(f"\nnot in the program, {len(left_out)}:")
        for one in left_out:
            screen.line(f"  {one.what}: {one.reason}")
    screen.line("\nnext: export GATEPOST_DATABASE_URL=<the same URL>, and `gatepost preview` there")
