"""Triggers: replaced in place."""

from __future__ import annotations

import pytest
from changes import Change, each, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import ObjectExists

TOUCH = "create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$"


def touched(deploy: Deploy) -> None:
    posts(deploy)
    deploy.function("touch", sql=TOUCH)
    deploy.function("Other", sql=TOUCH.replace("public.touch", 'public."Touch Too"'))


def change(before: Inputs, after: Inputs) -> Change:
    return Change(before, after, setup=touched)


def trigger(*events: str, **more: object) -> Inputs:
    return {"function": "public.touch", "events": list(events or ("insert",)), **more}


ROWS = {"new table": "added"}
DEFERRED = trigger(timing="after", constraint="initially deferred", comment="k")
CHANGES = {
    "events": change(trigger(), trigger("insert", "update of title, status", "delete")),
    "timing": change(trigger(), trigger(timing="after")),
    "level": change(trigger(), trigger(level="statement")),
    "function": change(trigger(), trigger(function="public.Touch Too")),
    "when": change(trigger("update"), trigger("update", when="old.title is distinct from new.title -- 'x'")),
    "when a row changes": change(trigger("update"), trigger("update", when="old.* is distinct from new.*")),
    "referencing": change(
        trigger(timing="after", level="statement"),
        trigger(timing="after", level="statement", referencing=ROWS),
    ),
    "referencing both": change(
        trigger("update", timing="after", level="statement", referencing=ROWS),
        trigger(
            "update", timing="after", level="statement", referencing={"old table": "Was", "new table": "is"}
        ),
    ),
    "truncate": change(trigger(level="statement"), trigger("truncate", level="statement")),
    "constraint": change(trigger(timing="after", comment="k"), DEFERRED),
    "constraint's deferral": change(DEFERRED, {**DEFERRED, "constraint": "initially immediate"}),
    "constraint not deferrable": change(DEFERRED, {**DEFERRED, "constraint": "not deferrable"}),
    "constraint's events, name and comment": change(
        DEFERRED, {**DEFERRED, "events": ["update of title"], "name": "b", "comment": "new"}
    ),
    "constraint's name": change({**DEFERRED, "name": "a"}, {**DEFERRED, "name": "b"}),
    "name": change(trigger(name="a"), trigger(name='The "B"')),
    "name, events and comment": change(trigger(name="a", comment="c"), trigger("update", name="b")),
    "comment": change(trigger(), trigger(comment="it's")),
    "disabled": change(trigger(), trigger(fires="never")),
    "fires always, on another event": change(trigger(fires="always"), trigger("update", fires="always")),
    "on replicas, then always, and renamed": change(
        trigger(fires="replica", name="a"), trigger(fires="always", name="b", comment="c")
    ),
    "constraint that is disabled": change(DEFERRED, {**DEFERRED, "fires": "never", "events": ["delete"]}),
    "events, comment kept": change(trigger(comment="k"), trigger("update", comment="k")),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def apply(**inputs: object) -> str:
        return deploy.trigger("t", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("Trigger", "t"), rows)


def test_columns_are_named_as_in_sql(deploy: Deploy) -> None:
    touched(deploy)
    deploy.table(columns=[col("id"), col("Odd, Name")])
    deploy.trigger("t", **trigger('update of ID, "Odd, Name"'))
    assert 'UPDATE OF id, "Odd, Name" ON' in deploy.must_have("triggers", "t")["definition"]


DRIFTS = {
    "events": (
        "drop trigger t on posts; create trigger t before delete on posts for each row"
        " execute function touch()"
    ),
    "disabled": "alter table posts disable trigger t",
    "always": "alter table posts enable always trigger t",
    "comment": "comment on trigger t on posts is 'drifted'",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    touched(deploy)
    deploy.trigger("t", **trigger(comment="c"))
    deployed = deploy.snapshot()
    assert deploy.refresh("Trigger", "t") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("Trigger", "t") == "drift"
    assert deploy.trigger("t", **trigger(comment="c")) == "update"
    assert deploy.snapshot() == deployed


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    touched(deploy)
    deploy.trigger("t", **trigger())
    deploy.sql("drop trigger t on posts")
    assert deploy.trigger("t", **trigger("update")) == "update"
    deploy.sql("drop trigger t on posts")
    assert deploy.refresh("Trigger", "t") == "gone"
    deploy.trigger("t", **trigger())
    deploy.sql("drop trigger t on posts")
    deploy.delete("Trigger", "t")


def test_foreign_trigger_is_left_alone(deploy: Deploy) -> None:
    touched(deploy)
    deploy.sql("create trigger t before insert on posts for each row execute function touch()")
    with pytest.raises(ObjectExists, match=r"public.posts.t exists already"):
        deploy.trigger("t", **trigger("update"))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (trigger("update of nope"), 'table "public.posts" has no column nope'),
        (trigger("upsert"), 'trigger "t" on "public.posts".*syntax error'),
        (trigger(when="new.titel = 'x'"), "when: unknown column new.titel"),
        (trigger(when="new.title ="), "syntax error"),
        (
            trigger("insert on posts execute function f(); drop table posts; --"),
            "got another statement|syntax",
        ),
        ({"function": "public.touch", "events": []}, "names no events"),
        ({"function": "public.touch"}, '"events" is required'),
        (trigger(constraint="initially deferred"), "a constraint trigger fires after each row"),
        (trigger(timing="instead of", fires="never"), "a view's trigger fires always: leave out fires"),
        (trigger(timing="later"), "\"timing\" is one of 'before', 'after' or 'instead of', got 'later'"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    posts(deploy)
    with pytest.raises(Refused, match=message):
        deploy.trigger("t", **inputs)
