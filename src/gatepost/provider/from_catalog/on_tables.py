"""Constraints, indexes, policies and triggers as a program would declare them."""

from __future__ import annotations

from typing import Any

from gatepost.errors import UnsupportedFeature
from gatepost.postgres.catalog import Definition, Key
from gatepost.provider.from_catalog.clauses import Clauses, bare, names, split, unquoted
from gatepost.provider.trigger import fires

Inputs = dict[str, Any]
_PERIOD = " WITHOUT OVERLAPS"
_ACTIONS = ("no action", "restrict", "cascade", "set null", "set default")


def constraint(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a constraint."""
    printed = definition["definition"]
    clauses = Clauses(printed)
    if clauses.take("primary", "key"):
        given = _key("primary_key", clauses)
    elif clauses.take("unique"):
        given = _key("unique", clauses)
    elif clauses.take("check"):
        given = {"kind": "check", "expression": bare(clauses.next().text)}
    elif clauses.take("foreign", "key"):
        given = _foreign_key(clauses)
    elif clauses.take("exclude"):
        given = _exclusion(clauses)
    else:
        raise UnsupportedFeature(f"there is no kind of constraint for {printed}")
    if storage := definition.get("storage"):
        given["storage"] = storage
    return {**_place(key), **given, **_timing(clauses, printed), **_comment(definition)}


def _key(kind: str, clauses: Clauses) -> Inputs:
    nulls = {"nullsNotDistinct": True} if clauses.take("nulls", "not", "distinct") else {}
    columns = clauses.next().inside
    plain = columns.removesuffix(_PERIOD)
    given = {"kind": kind, "columns": names(plain), **nulls}
    if plain != columns:
        given["period"] = True
    if clauses.take("include"):
        given["include"] = names(clauses.next().inside)
    return given


def _foreign_key(clauses: Clauses) -> Inputs:
    columns, period = _with_period(clauses.next().inside)
    clauses.skip_to("references")
    *schema, table = clauses.name()
    references = {
        "schema": schema[0] if schema else "pg_catalog",
        "table": table,
        "columns": _with_period(clauses.next().inside)[0],
    }
    given: Inputs = {"kind": "foreign_key", "columns": columns, "references": references}
    if period:
        given["period"] = True
    if clauses.take("match", "full"):
        given["match"] = "full"
    for event in ("update", "delete"):
        if clauses.take("on", event):
            given[f"on{event.title()}"] = next(a for a in _ACTIONS if clauses.take(*a.split()))
    if listed := clauses.group():
        given["onDeleteColumns"] = names(listed)
    return given


def _with_period(columns: str) -> tuple[list[str], bool]:
    """Return the columns of a foreign key, and whether the last one is a period."""
    *plain, last = split(columns)
    period = last.removeprefix("PERIOD ")
    return [unquoted(one) for one in (*plain, period)], period != last


def _exclusion(clauses: Clauses) -> Inputs:
    clauses.skip_to("using")
    given: Inputs = {"kind": "exclusion", "method": clauses.name()[0]}
    elements = [Clauses(element) for element in split(clauses.next().inside)]
    given["elements"] = [
        {"element": element.until(("with",)), "operator": (element.take("with"), element.rest)[1]}
        for element in elements
    ]
    if clauses.take("include"):
        given["include"] = names(clauses.next().inside)
    if clauses.take("with"):
        clauses.next()
    if clauses.take("where"):
        given["where"] = bare(clauses.next().text)
    return given


def _timing(clauses: Clauses, printed: str) -> Inputs:
    given: Inputs = {}
    if clauses.take("no", "inherit"):
        given["noInherit"] = True
    if clauses.take("deferrable"):
        given["deferrable"] = True
    if clauses.take("initially", "deferred"):
        given["initiallyDeferred"] = True
    if clauses.take("not", "valid"):
        given["notValid"] = True
    if clauses.take("not", "enforced"):
        given["enforced"] = False
    if not clauses.is_done:
        raise UnsupportedFeature(f"a constraint cannot be declared with: {clauses.rest} (in {printed})")
    return given


def index(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of an index."""
    clauses = Clauses(definition["definition"])
    unique = clauses.take("create", "unique", "index")
    clauses.skip_to("using")
    given: Inputs = {**_place(key), "method": clauses.name()[0]}
    given["columns"] = split(clauses.next().inside)
    if unique:
        given["unique"] = True
    if clauses.take("include"):
        given["include"] = names(clauses.next().inside)
    if clauses.take("nulls", "not", "distinct"):
        given["nullsNotDistinct"] = True
    if clauses.take("with"):
        given["storage"] = _parameters(clauses.next().inside)
    if clauses.take("tablespace"):
        given["tablespace"] = clauses.name()[0]
    if clauses.take("where"):
        given["where"] = bare(clauses.rest)
    if given["method"] == "btree":
        del given["method"]
    return {**given, **_comment(definition)}


def _parameters(sql: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in split(sql))
    return {name.strip(): value.strip().strip("'") for name, _, value in pairs}


def policy(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a policy."""
    given = {
        **_place(key),
        "command": definition["command"],
        "roles": definition["roles"],
        "using": _expression(definition["using"]),
        "check": _expression(definition["check"]),
        "permissive": None if definition["permissive"] else False,
        **_comment(definition),
    }
    return {name: value for name, value in given.items() if value is not None}


def _expression(text: str | None) -> str | None:
    return None if text is None else bare(text)


def trigger(key: Key, definition: Definition) -> Inputs:
    """Return the inputs of a trigger."""
    clauses = Clauses(definition["definition"])
    given: Inputs = _place(key)
    constraint = clauses.take("create", "constraint", "trigger")
    if not constraint:
        clauses.take("create", "trigger")
    clauses.name()
    given["timing"] = next(
        words for words in ("before", "after", "instead of") if clauses.take(*words.split())
    )
    given["events"] = _events(clauses.until(("on",)))
    clauses.skip_to("on")
    clauses.name()
    if clauses.take("from"):
        raise UnsupportedFeature(
            f"a constraint trigger cannot be declared with: from {'.'.join(clauses.name())}"
        )
    if constraint:
        given["constraint"] = _fires(clauses)
    given |= _referencing(clauses)
    clauses.take("for", "each")
    given["level"] = clauses.next().text.lower()
    if clauses.take("when"):
        given["when"] = bare(clauses.next().text)
    clauses.skip_to("execute", "function")
    *schema, function = clauses.name()
    given["function"] = f"{schema[0] if schema else 'pg_catalog'}.{function}"
    if arguments := split(clauses.next().inside):
        given["arguments"] = [one[1:-1].replace("''", "'") for one in arguments]
    return {**given, "fires": fires(definition), **_comment(definition)}


def _fires(clauses: Clauses) -> str:
    """Return when a constraint trigger fires, in the words of a declaration."""
    if clauses.take("not", "deferrable"):
        clauses.take("initially", "immediate")
        return "not deferrable"
    clauses.take("deferrable")
    clauses.take("initially")
    return f"initially {clauses.next().text.lower()}"


def _events(text: str) -> list[str]:
    """Return the events of a trigger: `INSERT OR UPDATE OF a, b` is two of them."""
    clauses, found = Clauses(text), []
    while not clauses.is_done:
        event = clauses.until(("or",))
        head, _, columns = event.partition(" OF ")
        found.append(f"{head.lower()} of {columns}" if columns else head.lower())
        clauses.take("or")
    return found


def _referencing(clauses: Clauses) -> Inputs:
    if not clauses.take("referencing"):
        return {}
    tables = {}
    for which in ("old", "new", "old", "new"):
        if clauses.take(which, "table", "as"):
            tables[f"{which} table"] = unquoted(clauses.next().text)
    return {"referencing": tables}


def _place(key: Key) -> Inputs:
    return {"schema": key.schema, "table": key.name, "name": key.object}


def _comment(definition: Definition) -> Inputs:
    return {"comment": definition["comment"]} if definition.get("comment") else {}
