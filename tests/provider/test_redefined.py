"""What PostgreSQL words differently because a deployment changed what it hangs on is no drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from changes import POSTS, fill
from fix_provider import Deploy, col
from killing import Killed

from gatepost.postgres.runner import Runner

VIEW = "create view top as select id, views from posts where views > 1"


def test_other_words_after_a_type_change_are_no_drift(deploy: Deploy) -> None:
    deploy.table(columns=POSTS)
    fill(deploy)
    deploy.view("top", sql=VIEW)
    deploy.constraint("few", kind="check", expression="views < 1000")
    deploy.index("posts_views", columns=["views"], where="views > 5")
    deploy.policy("popular", command="select", roles=["gp_reader"], using="views > 3")
    before = deploy.snapshot()
    wide = col("views", "numeric", nullable=False, default="0")
    deploy.table(columns=[wide if one["name"] == "views" else one for one in POSTS])
    after = deploy.snapshot()
    reworded = {key.object or key.name for key in before if before[key] != after[key]}
    assert reworded == {"posts", "top", "few", "posts_views", "popular"}
    for kind, name in (
        ("View", "top"),
        ("Constraint", "few"),
        ("Index", "posts_views"),
        ("Policy", "popular"),
    ):
        assert deploy.refresh(kind, name) == "same"
    deploy.sql("alter policy popular on posts using (views > 4)")
    assert deploy.refresh("Policy", "popular") == "drift"
    assert deploy.refresh("View", "top") == "same"


def test_other_words_are_known_as_soon_as_the_change_is(deploy: Deploy) -> None:
    """A deployer that is killed right after its commit leaves no drift: both were one transaction."""
    deploy.table(columns=POSTS)
    fill(deploy)
    deploy.view("top", sql=VIEW)
    deploy.view("upper", sql="create view upper as select id, views + 1 as more from top")
    deploy.constraint("few", kind="check", expression="views < 1000")
    deploy.index("posts_views", columns=["views"], where="views > 5")
    deploy.policy("popular", command="select", roles=["gp_reader"], using="views > 3")
    wide = col("views", "numeric", nullable=False, default="0")
    columns = [wide if one["name"] == "views" else one for one in POSTS]
    before = deploy.snapshot()
    killed_after(deploy, lambda: deploy.table(columns=columns))
    after = deploy.snapshot()
    reworded = {key.object or key.name for key in before if before[key] != after[key]}
    assert reworded == {"posts", "top", "upper", "few", "posts_views", "popular"}
    kinds = {"View": ["top", "upper"], "Constraint": ["few"], "Index": ["posts_views"], "Policy": ["popular"]}
    for kind, names in kinds.items():
        for name in names:
            assert deploy.refresh(kind, name) == "same", name


def killed_after(deploy: Deploy, run: Callable[[], object]) -> None:
    """Deploy and be gone as soon as the first batch has committed."""
    really = Runner._run_transaction

    def run_transaction(self: Runner, connection: Any, batch: Any) -> None:
        really(self, connection, batch)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "_run_transaction", run_transaction)
        with pytest.raises(Killed):
            run()
    deploy.provider.close()
    deploy.provider = deploy.another_provider()
