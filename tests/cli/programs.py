"""Programs of a few lines that the tests of the command deploy."""

POSTS = """
with Feature("posts", provider=target):
    posts = Table("posts", columns=[
        Column("id", "uuid", default="gen_random_uuid()"),
        Column("title", "text", comment="What readers see"),
        Column("author_id", "uuid"),
    ], comment="A post", row_security="forced")
    PrimaryKey("posts_pkey", posts, ["id"])
    Index("idx_posts_author", posts, ["author_id", "title desc"])
pulumi.export("table", "posts")
pulumi.export("token", pulumi.Output.secret("s3cret-token"))
"""
POSTS_WITH_BODY = POSTS.replace(
    'Column("author_id", "uuid"),', 'Column("author_id", "uuid"), Column("body", "text", nullable=True),'
)
POSTS_WITHOUT_AUTHOR = POSTS.replace('Column("author_id", "uuid"),', "").replace(
    '["author_id", "title desc"]', '["title desc"]'
)
