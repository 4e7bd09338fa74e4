"""What the classes' own docstrings say, as text for other languages' documentation."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from functools import lru_cache
from importlib.resources import files

from gatepost.resources._base import camel

_PARAMETER = re.compile(r"^:param (\w+): (.*?)(?=^:|\Z)", re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=1)
def _common() -> dict[str, str]:
    """Return what is said of properties by name, alone or after their owner's."""
    text = files("gatepost.package").joinpath("descriptions.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def class_text(of: type) -> str:
    """Return what a class says of itself, without its parameters."""
    return (inspect.getdoc(of) or "").partition("\n:param")[0].strip()


def parameters_text(of: type) -> dict[str, str]:
    """Return what a class says of each of its arguments, by their names on the wire."""
    text = inspect.getdoc(of) or ""
    return {camel(name): _sentence(told) for name, told in _PARAMETER.findall(text)}


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return f"{plain[:1].upper()}{plain[1:].rstrip('.')}."


def property_text(name: str, owner: str, *classes: type) -> str:
    """Return what is said of a property: beside its field, or what the name means everywhere."""
    beside = (_beside_fields(one).get(name) for one in classes)
    common = _common()
    return next(filter(None, beside), "") or common.get(f"{owner}.{name}") or common.get(name, "")


@lru_cache
def _beside_fields(model: type) -> dict[str, str]:
    """Return the strings that stand below the fields of a class and of those that it extends."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one.__module__.startswith("gatepost."):
            body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
            assert isinstance(body, ast.ClassDef)
            for field, told in zip(body.body, body.body[1:], strict=False):
                is_told = isinstance(told, ast.Expr) and isinstance(told.value, ast.Constant)
                if isinstance(field, ast.AnnAssign) and is_told:
                    found[ast.unparse(field.target)] = _sentence(ast.literal_eval(ast.unparse(told)))
    return found
