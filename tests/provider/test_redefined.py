"""What PostgreSQL words differently because a deployment changed what it hangs on is no drift."""

from __future__ import annotations

from changes import POSTS, fill
from fix_provider import Deploy, col

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
