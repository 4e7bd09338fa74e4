"""Query files: what their header says, and what is refused."""

from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from gatepost.errors import InvalidDeclaration
from gatepost.queries import Parameter, load, read

GOOD = """\
-- The posts of somebody
-- as: authenticated
-- index: idx_posts_author
-- parameter: author uuid = {user}
-- parameter: after text =
-- parameter: page_size int = 50
select p.id -- not a header
from posts as p
where p.author = %(author)s and p.title > %(after)s and p.title not like '100%%'
limit %(page_size)s;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "posts_of_author.sql"
    path.write_text(GOOD)
    return path


def test_header_and_statement(file: Path) -> None:
    query = read(file)
    assert (query.name, query.title) == ("posts_of_author", "The posts of somebody")
    assert (query.role, query.index) == ("authenticated", "idx_posts_author")
    assert query.parameters[0] == Parameter("author", "uuid", "{user}")
    assert query.sql.startswith("select p.id")
    assert query.sql.endswith("limit %(page_size)s")


def test_arguments_are_examples_subjects_and_what_is_given(file: Path) -> None:
    query = read(file)
    assert query.arguments({"user": "u1"}) == {"author": "u1", "after": "", "page_size": 50}
    assert query.arguments({}, author="u2", page_size=1) == {"author": "u2", "after": "", "page_size": 1}


def test_missing_subject_is_named(file: Path) -> None:
    with pytest.raises(InvalidDeclaration, match=r'"author" needs a subject "user"'):
        read(file).arguments({"organization": "o"})


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ("-- as: authenticated\n", "", 'expected one line "-- as: …", got 0'),
        ("-- as: authenticated\n", "-- as: a\n-- as: b\n", 'expected one line "-- as: …", got 2'),
        ("-- index:", "-- indices:", "expected as:, index:, parameter:, target: or grows:"),
        ("author uuid =", "author =", 'expected "<name> <type> = <example>'),
        ("page_size int = 50", "page_size int = many", '"many" is no int'),
        ("-- index:", "-- target: fast\n-- index:", 'target "fast": expected "<milliseconds> ms"'),
        ("-- index:", "-- grows: a lot\n-- index:", 'grows "a lot": expected constant, log, linear'),
        ("%(author)s", "%(writer)s", r"the statement uses \['after', 'page_size', 'writer'\]"),
    ],
)
def test_wrong_files_are_refused(file: Path, line: str, instead: str, message: str) -> None:
    file.write_text(GOOD.replace(line, instead))
    with pytest.raises(InvalidDeclaration, match=message):
        read(file)


def test_target_and_growth(file: Path) -> None:
    assert (read(file).target.limit, read(file).grows) == (5.0, "log")
    file.write_text(GOOD.replace("-- index", "-- target: 1.5 ms\n-- grows: constant\n-- index"))
    assert (read(file).target.limit, read(file).target.unit, read(file).grows) == (1.5, "ms", "constant")


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("uuid[] = {some}", [1, 2]),
        ("uuid[] = {one}, {one}", [7, 7]),
        ("uuid[] =", []),
        ("text[] = draft, published", ["draft", "published"]),
        ("bigint = 5000000000", 5_000_000_000),
        ("timestamptz = 2026-01-01 00:00+00", "2026-01-01 00:00+00"),
        ("boolean = false", False),
        ("numeric = 1.50", Decimal("1.50")),
        ("double precision = 0.5", 0.5),
        ("uuid = 00000000-0000-0000-0000-00000000000a", UUID(int=10)),
    ],
)
def test_examples_are_read_by_type(declared: str, value: object) -> None:
    head, _, example = declared.partition(" =")
    assert Parameter("p", head, example.strip()).value({"some": [1, 2], "one": 7}) == value


def test_parameter_is_drawn_from_a_column(file: Path) -> None:
    file.write_text(GOOD.replace("after text =", "after text = x ~ public.posts.title"))
    assert read(file).parameters[1] == Parameter("after", "text", "x", "public.posts.title")


def test_json_example() -> None:
    assert Parameter("p", "jsonb", '{"a": 1}').value({}).obj == {"a": 1}  # type: ignore[attr-defined]


def test_folder(file: Path, tmp_path: Path) -> None:
    assert list(load(file.parent)) == ["posts_of_author"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InvalidDeclaration, match="there is no query here"):
        load(empty)
