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

    :param creates: what it is, as `drop` calls it: `aggregate public.median(numeric)`.
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
        used = [made for place in names_written_in(text) for made in declared().objects.get(place, ())]
        super().__init__("Verbatim", resource_name, inputs, opts, after=used)
        if found := _NAME.search(creates):
            declared().add(found[1] or found[2], found[3] or found[4], self)
