"""Typed definitions: their compilers accept them, and refuse what the database would."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fix_platform import Deployed
from fix_provider import target_of
from fix_workspace import Workspace
from psycopg.rows import dict_row
from servers import Server

from gatepost.errors import UsageError
from gatepost.postgres.connect import connect
from gatepost.types import Definitions, python, read, typescript

IMPORTS = """from database import *
from datetime import *
from decimal import Decimal
from uuid import UUID
from psycopg.types.range import Range
"""
EVERYTHING = Path(__file__).with_name("everything.sql")


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[str]:
    with server.database() as made:
        with psycopg.connect(made.superuser_url, autocommit=True) as connection:
            connection.execute(EVERYTHING.read_bytes())
        yield made.superuser_url


@pytest.fixture(scope="module")
def everything(url: str) -> Definitions:
    with closing(connect(target_of(url))) as connection:
        return read(connection)


@pytest.fixture(scope="module")
def of_platform(platform: Deployed) -> Definitions:
    with closing(connect(target_of(platform.superuser_url))) as connection:
        return read(connection)


@pytest.fixture(scope="session")
def tsc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript compiler."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on PATH: the TypeScript compiler cannot be had")
    folder = tmp_path_factory.mktemp("typescript")
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "typescript@5"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm could not install typescript: {done.stderr[-200:]}")
    return folder / "node_modules" / ".bin" / "tsc"


def tsc_errors(tsc: Path, folder: Path, definitions: str, use: str) -> str:
    (folder / "database.ts").write_text(definitions)
    (folder / "use.ts").write_text("import type { Database, Json } from './database'\n" + use)
    command = [
        tsc,
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        folder / "use.ts",
        folder / "database.ts",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def mypy_errors(folder: Path, definitions: str, use: str) -> str:
    (folder / "database.py").write_text(definitions)
    (folder / "use.py").write_text(IMPORTS + use)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(folder / "cache"),
        "database.py",
        "use.py",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


TYPESCRIPT = """
type Public = Database['public']
type Kind = Public['Tables']['kinds']
const insert: Kind['Insert'] = { parent_id: 1, whole: 2, must: 'a', document: { a: [1, null] } }
const update: Kind['Update'] = {
  feelings: ['happy', "it's \\"so\\" so"], place: { x: 1, y: null, z: 2, moods: null },
}
declare const row: Kind['Row']
const text: string | null = row.words
const whole: number = row.whole
const document: Json = row.document
const doubled: number | null = row.doubled
const matrix: number[] | null = row.matrix
const odd: string | null = ({} as Public['Tables']['parents']['Row'])['odd name']
const one: true = {} as Kind['Relationships'][0]['isOneToOne']
const many: false = {} as Kind['Relationships'][1]['isOneToOne']
const mood: Public['Enums']['mood'] = 'back\\\\slash'
type Found = { id: string | null; 'odd name': string | null }
const table: Found[] = {} as Public['Functions']['a_table']['Returns']
const kinds: Kind['Row'][] = {} as Public['Functions']['all_kinds']['Returns']
const sum: Public['Functions']['add'] = { Args: { a: 1 }, Returns: 2 }
const joined: Public['Functions']['add'] = { Args: { a: 'x' }, Returns: 'x' }
declare const returned: Public['Functions']['nothing']['Returns']
const nothing: undefined = returned
const view: Public['Views']['simple']['Insert'] = { whole: 1 }
const halves: Public['Tables']['halves']['Row'] = { id: 1, day: '2026-01-01' }
"""


def test_typescript_compiles(tsc: Path, everything: Definitions, tmp_path: Path) -> None:
    assert tsc_errors(tsc, tmp_path, typescript(everything), TYPESCRIPT) == ""


WRONG_TYPESCRIPT = [
    "const a: Database['public']['Tables']['kinds']['Insert'] = { parent_id: 1, must: 'a' }",
    "const a: Database['public']['Tables']['kinds']['Insert'] = { parent_id: 1, whole: 2 }",
    "const a: Database['public']['Tables']['kinds']['Update'] = { doubled: 2 }",
    "const a: Database['public']['Tables']['parents']['Insert'] = { id: 1, class: 1 }",
    "const a: Database['public']['Tables']['kinds']['Update'] = { whole: null }",
    "const a: Database['public']['Tables']['kinds']['Update'] = { feeling: 'sad' }",
    "const a: Database['public']['Tables']['kinds']['Update'] = { nonsense: 1 }",
    "const a: string = ({} as Database['public']['Tables']['kinds']['Row']).words",
    "const a: number = ({} as Database['public']['Views']['joined']['Row']).class",
    "type A = Database['public']['Views']['joined']['Insert']",
    "type A = Database['public']['Tables']['halves_2026']",
    "type A = Database['public']['Functions']['fires']",
    "type A = Database['public']['Functions']['acts']",
    "const a: Database['public']['Functions']['add'] = { Args: { b: 1 }, Returns: 1 }",
]


def test_typescript_refuses(tsc: Path, everything: Definitions, tmp_path: Path) -> None:
    lines = [
        line.replace(" a:", f" a{number}:", 1).replace(" A =", f" A{number} =", 1)
        for number, line in enumerate(WRONG_TYPESCRIPT)
    ]
    errors = tsc_errors(tsc, tmp_path, typescript(everything), "\n".join(lines))
    refused = {int(number) - 2 for number in re.findall(r"use\.ts\((\d+),", errors)}
    assert refused == set(range(len(lines))), errors


PYTHON = """
insert: KindsInsert = {"parent_id": 1, "whole": 2, "must": "a", "document": {"a": [1, None]}}
update: KindsUpdate = {"feeling": "happy", "feelings": ["back\\\\slash"], "exact": Decimal("1.5")}
parent: ParentsRow = {"id": 1, "odd name": None, "class": 3, 'quote"d': date(2026, 1, 1)}
def use(row: KindsRow) -> None:
    whole: int = row["whole"]
    when: datetime = row["stamp_zone"]
    gap: timedelta | None = row["gap"]
    place: OtherPoint3 | None = row["place"]
    span: Range[int] | None = row["span"]
    doubled: int | None = row["doubled"]
rows: AllKindsReturns = []
for kind in rows:
    use(kind)
args: AddArgs = {"a": 1}
found: ATableResult = {"id": None, "odd name": "x"}
nothing: NothingReturns = None
"""


def test_python_checks(everything: Definitions, tmp_path: Path) -> None:
    assert mypy_errors(tmp_path, python(everything), PYTHON) == ""


WRONG_PYTHON = [
    'a: KindsInsert = {"parent_id": 1, "must": "a"}',
    'a: KindsUpdate = {"doubled": 2}',
    'a: ParentsInsert = {"id": 1, "class": 1}',
    'a: KindsUpdate = {"whole": None}',
    'a: KindsUpdate = {"feeling": "sad"}',
    'def f(row: KindsRow) -> str: return row["words"]',
    "a: JoinedInsert",
    "a: Halves2026Row",
]


def test_python_refuses(everything: Definitions, tmp_path: Path) -> None:
    lines = [line.replace("a:", f"a{number}:", 1) for number, line in enumerate(WRONG_PYTHON)]
    errors = mypy_errors(tmp_path, python(everything), "\n".join(lines))
    refused = {
        int(number) - IMPORTS.count("\n") - 1 for number in re.findall(r"use\.py:(\d+): error", errors)
    }
    assert refused == set(range(len(lines))), errors


def test_the_platforms_definitions_compile(tsc: Path, of_platform: Definitions, tmp_path: Path) -> None:
    use = """
    const add: Database['public']['Tables']['integrations']['Insert'] = {
      organization_id: 'a', type: 'email', name: 'Mail', config: { from: 'a' },
    }
    declare const health: Database['app']['Functions']['integration_health']['Returns']
    const first: string | null | undefined = health[0]?.health
    """
    assert tsc_errors(tsc, tmp_path, typescript(of_platform), use) == ""
    assert (
        mypy_errors(
            tmp_path,
            python(of_platform),
            'a: MembershipsInsert = {"organization_id": UUID(int=1), "user_id": UUID(int=2)}',
        )
        == ""
    )


def fits(value: Any, hint: Any) -> bool:
    """Whether a value that psycopg returned is of the type that the definitions give."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is typing.Literal:
        return value in inner
    if origin is list:
        return isinstance(value, list) and all(fits(one, inner[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict)
    if origin is not None:
        return isinstance(value, origin)
    return value is None if hint is type(None) else isinstance(value, hint)


def assert_rows_fit(url: str, found: Definitions) -> int:
    made = types.ModuleType("database_of_a_test")
    sys.modules[made.__name__] = made
    module = vars(made)
    exec(compile(python(found), "database", "exec"), module)
    seen = 0
    with psycopg.connect(url, row_factory=dict_row) as connection:
        for relation in found.relations:
            (hints,) = [
                typing.get_type_hints(one)
                for name, one in module.items()
                if name in row_names(relation.schema, relation.name)
            ]
            statement = f'select * from "{relation.schema}"."{relation.name}" limit 50'
            for row in connection.execute(statement.encode()):
                seen += 1
                wrong = {key: value for key, value in row.items() if not fits(value, hints[key])}
                assert not wrong, f"{relation.name}: {wrong}"
    return seen


def row_names(schema: str, name: str) -> set[str]:
    words = [*(schema.split("_") if schema != "public" else []), *name.split("_")]
    return {"".join(word[:1].upper() + word[1:] for word in words) + "Row"}


def test_every_row_of_the_platform_is_of_its_type(platform: Deployed, of_platform: Definitions) -> None:
    assert assert_rows_fit(platform.superuser_url, of_platform) > 50


def test_a_row_of_every_kind_is_of_its_type(url: str, everything: Definitions) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into parents (class) values (1)")
        connection.execute(
            """
            insert into kinds (
                parent_id, small, whole, big, real, double, exact, words, fixed, blob, day, clock, clock_zone,
                stamp, gap, data, address, network, mac, feeling, marks, matrix, span, spans, mail,
                must, bits, price, search
            )
            values (
                1, 1, 2, 3, 1.5, 2.5, 1.25, 'a', 'abc', decode('00', 'hex'), now(), '12:00', '12:00+01',
                now(), '1 day', '[1]', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', 'happy', '{a}', '{1}',
                '[1,3)', '{[2026-01-01,2026-02-01)}', 'a@b', 'c', '101', 12.5, 'a'
            )
            """
        )
    assert assert_rows_fit(url, everything) >= 2


def test_the_same_database_gives_the_same_text(url: str, everything: Definitions) -> None:
    with closing(connect(target_of(url))) as connection:
        again = read(connection)
    assert typescript(again) == typescript(everything)
    assert python(again) == python(everything)


def test_only_the_schemas_that_are_named(url: str) -> None:
    with closing(connect(target_of(url))) as connection:
        found = read(connection, ["public"])
        with pytest.raises(UsageError, match="no schema nowhere: there are other, public"):
            read(connection, ["nowhere"])
    text = typescript(found)
    assert "  other: {" in text  # the type that a column of public has
    assert "point3" in text


def test_command_writes_and_compares(workspace: Workspace, url: str) -> None:
    file = workspace.root / "database.types.ts"
    given = ("types", "typescript", "--database-url", url, "--output", str(file))
    assert "is not what is deployed" in workspace.run(*given, "--check", code=15).stderr
    assert not file.exists()
    assert workspace.run(*given).stdout == ""
    workspace.run(*given, "--check")
    file.write_text(file.read_text().replace("whole: number", "whole: string"))
    shown = workspace.run(*given, "--check", code=15).stderr
    assert "whole: string" in shown
    assert "whole: number" in shown
    printed = workspace.run("types", "python", "--database-url", url, "--schema", "other").stdout
    assert "class OtherPoint3(NamedTuple)" in printed
    assert "class KindsRow" not in printed


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("typescript", "--check"), 2, "--output"),
        (("cobol",), 2, "cobol"),
        (("python", "--database-url", "nonsense"), 2, "--database-url"),
        (("python", "--database-url", "postgresql://a:b@127.0.0.1:1/c"), 4, "no server answers"),
        (("python", "--schema", "nowhere"), 2, "no schema nowhere"),
    ],
)
def test_command_refuses(workspace: Workspace, arguments: tuple[str, ...], code: int, words: str) -> None:
    assert words in workspace.run("types", *arguments, code=code).stderr
