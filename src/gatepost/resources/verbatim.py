"""Objects without a class of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi

from gatepost.insight.walk import names_written_in
from gatepost.resources._base import DatabaseObject, read_sql
from gatepost.resources._names import declared

_NAME = re.compile(r'(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))\.(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))', re.IGNORECASE)


class Verbatim(DatabaseObject):
    """An aggregate, operator, rule, text search configuration, …, by the statements that create it.

    A change of the statements drops the object and makes it again.

    Properties that no class has an argument for are declared so too: `statistics of column public.notes.body`
    by `alter table only public.notes alter column body set statistics 500`. Taken out of the program, they
    are as they would be by themselves.

    :param creates: what it is, as `drop` calls it: `aggregate public.median(numeric)`; or the property:
        `clustering of`, `compression of`, `default of` (a column of a view or partition), `not null of` (a
        partition's column), `options of`, `privileges of` a role (on the sequence of an identity column),
        `replica identity of`, `statistics of` or `storage of` something, or `comment on` a schema, an
        extension, the index of a constraint, the constraint of a domain, the column of a partition or the
        sequence of an identity column.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        creates: str,
        sql: Path | str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        text, file = read_sql(sql)
        inputs = {"creates": creates, "sql": text, "file": file}
        made = _NAME.search(creates)
        schema = (made[1] or made[2]) if made else ""
        # An index is named without its schema, which is its table's.
        places = ((given or schema, name) for given, name in names_written_in(text))
        used = [one for place in places for one in declared().objects.get(place, ())]
        super().__init__("Verbatim", resource_name, inputs, opts, after=used)
        if made:
            declared().add(schema, made[3] or made[4], self)
