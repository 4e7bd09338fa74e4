"""Query files: what their header says, and what is refused."""

from pathlib import Path

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
        ("-- index:", "-- indices:", "expected as:, index: or parameter:"),
        ("author uuid =", "author =", 'expected "<name> <type> = <example>"'),
        ("%(author)s", "%(writer)s", r"the statement uses \['after', 'page_size', 'writer'\]"),
    ],
)
def test_wrong_files_are_refused(file: Path, line: str, instead: str, message: str) -> None:
    file.write_text(GOOD.replace(line, instead))
    with pytest.raises(InvalidDeclaration, match=message):
        read(file)


def test_folder(file: Path, tmp_path: Path) -> None:
    assert list(load(file.parent)) == ["posts_of_author"]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InvalidDeclaration, match="there is no query here"):
        load(empty)
