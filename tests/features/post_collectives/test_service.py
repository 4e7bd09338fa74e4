"""Sharing by the service: typed answers, atomic, the same when repeated, and all of it in the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from gazette import (
    DIARY,
    GAZETTE,
    LETTER,
    MINUTES,
    NOTES,
    NOWHERE,
    UNFINISHED,
    WELCOME,
    WORKSHOP,
    Log,
)
from people import ADA, BO, CLEO, DAN, EVE

from gatepost.session import Database, Identity
from services.post_collectives import PostCollectiveError, PostCollectiveService
from services.post_collectives.errors import (
    AssociationLocked,
    AssociationUnknown,
    ForeignUser,
    InvalidInput,
    NotSignedIn,
    PostingNotAllowed,
    PostUnknown,
)
from services.post_collectives.models import SharingChange, SharingSettings

BOTH = [GAZETTE, WORKSHOP]


def shared_with(database: Database, post: str) -> dict[str, Any]:
    rows = database.rows(
        Identity.service(),
        "select * from public.post_collectives where post_id = %(post)s",
        post=UUID(post),
    )
    return {str(row["collective_id"]): row for row in rows}


def test_validation_says_of_each_why_not(service: PostCollectiveService) -> None:
    found = service.validate_collective_permissions(
        Identity.user(DAN), DAN, [WORKSHOP, GAZETTE, NOTES, NOWHERE]
    )
    assert found.is_valid is False
    assert [(str(one.collective_id), one.can_post, one.member_role) for one in found.collectives] == [
        (WORKSHOP, True, "member"),
        (GAZETTE, False, "member"),
        (NOTES, False, None),
        (NOWHERE, False, None),
    ]
    assert [one.reason for one in found.collectives] == [
        None,
        "As member you may read here: ask an owner for the right to post.",
        "There is no such collective, or you may not see it.",
        "There is no such collective, or you may not see it.",
    ]
    assert service.validate_collective_permissions(Identity.user(BO), BO, BOTH).is_valid is True


def test_a_stranger_is_told_to_join_what_is_public(service: PostCollectiveService) -> None:
    (one,) = service.validate_collective_permissions(Identity.user(EVE), EVE, [GAZETTE]).collectives
    assert (one.name, one.reason) == ("The Gazette", "You are not a member: ask to join.")


def test_a_service_validates_for_anybody(service: PostCollectiveService) -> None:
    assert service.validate_collective_permissions(Identity.service(), BO, BOTH).is_valid is True
    assert service.validate_collective_permissions(Identity.service(), DAN, BOTH).is_valid is False


def test_many_are_validated_in_one_round_trip(
    service: PostCollectiveService, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    rows = database.rows

    def counted(*arguments: Any, **parameters: Any) -> Any:
        asked.append(arguments[1])
        return rows(*arguments, **parameters)

    monkeypatch.setattr(database, "rows", counted)
    found = service.validate_collective_permissions(Identity.user(BO), BO, [uuid4() for _ in range(200)])
    assert (len(found.collectives), len(asked)) == (200, 1)


def test_postable_collectives(service: PostCollectiveService) -> None:
    names = [one.name for one in service.get_postable_collectives(Identity.user(BO), BO)]
    assert names == ["The Gazette", "The Workshop"]
    with pytest.raises(ForeignUser):
        service.get_postable_collectives(Identity.user(BO), ADA)


def test_sharing(service: PostCollectiveService, database: Database, audit_log: Log) -> None:
    settings = SharingSettings(display_order=3, pinned=True, note="Read this")
    made = service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, BOTH, settings)
    assert [(str(one.collective_id), one.status, one.is_new) for one in made.associations] == [
        (GAZETTE, "published", True),
        (WORKSHOP, "published", True),
    ]
    stored = shared_with(database, UNFINISHED)[GAZETTE]
    assert stored["display_order"] == 3
    assert (stored["sharing_settings"]["pinned"], stored["sharing_settings"]["note"]) == (True, "Read this")
    log = audit_log(made.operation_id)
    assert [(one["action"], one["outcome"], str(one["user_id"])) for one in log] == [
        ("create", "succeeded", BO),
        ("create", "succeeded", BO),
    ]


def test_sharing_again_changes_nothing(service: PostCollectiveService, audit_log: Log) -> None:
    bo = Identity.user(BO)
    service.create_post_collective_associations(bo, UNFINISHED, BO, [GAZETTE])
    again = service.create_post_collective_associations(
        bo, UNFINISHED, BO, [GAZETTE, GAZETTE, WORKSHOP], {"status": "hidden"}
    )
    assert [(one.status, one.is_new) for one in again.associations] == [
        ("published", False),
        ("hidden", True),
    ]
    assert len(audit_log()) == 2


def test_a_service_shares_in_the_users_name_and_with_their_rights(
    service: PostCollectiveService, audit_log: Log
) -> None:
    made = service.create_post_collective_associations(Identity.service(), DIARY, DAN, [WORKSHOP])
    assert str(audit_log(made.operation_id)[0]["user_id"]) == DAN
    with pytest.raises(PostingNotAllowed):
        service.create_post_collective_associations(Identity.service(), DIARY, DAN, [GAZETTE])


REFUSALS: list[tuple[str, Identity, str, str, Any, Any, type[PostCollectiveError]]] = [
    ("foreign user", Identity.user(ADA), LETTER, BO, BOTH, None, ForeignUser),
    ("nobody", Identity.anonymous(), LETTER, BO, BOTH, None, NotSignedIn),
    ("another's post", Identity.user(BO), WELCOME, BO, BOTH, None, PostUnknown),
    ("no post", Identity.user(BO), NOWHERE, BO, BOTH, None, PostUnknown),
    ("one of two not allowed", Identity.user(DAN), DIARY, DAN, BOTH, None, PostingNotAllowed),
    ("unknown collective", Identity.user(BO), UNFINISHED, BO, [GAZETTE, NOWHERE], None, PostingNotAllowed),
    ("another's collective", Identity.user(BO), UNFINISHED, BO, [NOTES], None, PostingNotAllowed),
    ("no collective", Identity.user(BO), UNFINISHED, BO, [], None, InvalidInput),
    ("10,000", Identity.user(BO), UNFINISHED, BO, [str(uuid4()) for _ in range(10_000)], None, InvalidInput),
    ("no ids", Identity.user(BO), UNFINISHED, BO, ["gazette"], None, InvalidInput),
    ("no list", Identity.user(BO), UNFINISHED, BO, None, None, InvalidInput),
    ("a word", Identity.user(BO), UNFINISHED, BO, GAZETTE, None, InvalidInput),
    ("no post id", Identity.user(BO), "letter", BO, BOTH, None, InvalidInput),
    ("no user id", Identity.user(BO), UNFINISHED, "bo", BOTH, None, InvalidInput),
    ("unknown setting", Identity.user(BO), UNFINISHED, BO, BOTH, {"secret": "s3cret"}, InvalidInput),
    ("wrong setting", Identity.user(BO), UNFINISHED, BO, BOTH, {"display_order": "s3cret"}, InvalidInput),
    ("settings no object", Identity.user(BO), UNFINISHED, BO, BOTH, "s3cret", InvalidInput),
    ("too long a note", Identity.user(BO), UNFINISHED, BO, BOTH, {"note": "s3cret" * 100}, InvalidInput),
    ("rejecting oneself", Identity.user(BO), UNFINISHED, BO, BOTH, {"status": "rejected"}, InvalidInput),
    ("a zero in a note", Identity.user(BO), UNFINISHED, BO, BOTH, {"note": "s3cret\0"}, InvalidInput),
]


@pytest.mark.parametrize(
    ("caller", "post", "user", "collectives", "settings", "error"),
    [refusal[1:] for refusal in REFUSALS],
    ids=[refusal[0] for refusal in REFUSALS],
)
def test_refusals_are_typed_and_audited_and_nothing_is_half_done(
    service: PostCollectiveService,
    database: Database,
    audit_log: Log,
    caller: Identity,
    post: str,
    user: str,
    collectives: Any,
    settings: Any,
    error: type[PostCollectiveError],
) -> None:
    with pytest.raises(error) as refused:
        service.create_post_collective_associations(caller, post, user, collectives, settings)
    assert shared_with(database, UNFINISHED) == shared_with(database, DIARY) == {}
    (entry,) = audit_log()
    assert (entry["action"], entry["outcome"], entry["source"]) == ("create", "refused", "service")
    assert (entry["error_code"], entry["user_id"]) == (refused.value.code, caller.user_id)
    assert "s3cret" not in str(entry) + str(refused.value.explanation) + str(refused.value.extensions)


def test_who_may_not_post_is_told_where(service: PostCollectiveService) -> None:
    with pytest.raises(PostingNotAllowed) as refused:
        service.create_post_collective_associations(
            Identity.user(DAN), DIARY, DAN, [GAZETTE, WORKSHOP, NOWHERE]
        )
    assert [str(one) for one in refused.value.collective_ids] == [GAZETTE, NOWHERE]
    assert refused.value.extensions == {"collective_ids": [GAZETTE, NOWHERE]}


def test_updating_changes_what_is_given_and_once(
    service: PostCollectiveService, database: Database, audit_log: Log
) -> None:
    bo = Identity.user(BO)
    service.create_post_collective_associations(bo, UNFINISHED, BO, BOTH, {"note": "Kept", "pinned": True})
    change = SharingChange(status="hidden", pinned=False)
    done = service.update_post_collective_associations(bo, UNFINISHED, BO, BOTH, change)
    assert [str(one) for one in done.changed] == BOTH
    stored = shared_with(database, UNFINISHED)[WORKSHOP]
    assert (stored["status"], stored["sharing_settings"]["note"]) == ("hidden", "Kept")
    assert stored["sharing_settings"]["pinned"] is False
    again = service.update_post_collective_associations(bo, UNFINISHED, BO, BOTH, change)
    assert (again.changed, [str(one) for one in again.unchanged]) == ([], BOTH)
    assert [one["action"] for one in audit_log()] == ["create"] * 2 + ["update"] * 2


def test_moderators_reject_and_authors_cannot_take_it_back(
    service: PostCollectiveService, database: Database, audit_log: Log
) -> None:
    cleo, bo = Identity.user(CLEO), Identity.user(BO)
    done = service.update_post_collective_associations(cleo, LETTER, CLEO, [GAZETTE], {"status": "rejected"})
    assert [str(one) for one in done.changed] == [GAZETTE]
    with pytest.raises(AssociationLocked):
        service.update_post_collective_associations(bo, LETTER, BO, BOTH, {"status": "published"})
    assert shared_with(database, LETTER)[WORKSHOP]["status"] == "hidden"
    with pytest.raises(AssociationLocked):
        service.remove_post_collective_associations(bo, LETTER, BO, BOTH)
    assert set(shared_with(database, LETTER)) == set(BOTH)
    assert [one["error_code"] for one in audit_log() if one["outcome"] == "refused"] == [
        "association_locked"
    ] * 2


@pytest.mark.parametrize(
    ("user", "post", "collectives", "settings", "error"),
    [
        (BO, LETTER, [GAZETTE, NOTES], {"pinned": True}, AssociationUnknown),
        (EVE, LETTER, [GAZETTE], {"pinned": True}, AssociationUnknown),
        (DAN, LETTER, [GAZETTE], {"pinned": True}, AssociationLocked),
        (BO, LETTER, [GAZETTE], {"status": "rejected"}, PostingNotAllowed),
        (BO, LETTER, [GAZETTE], None, InvalidInput),
        (BO, LETTER, [], {"pinned": True}, InvalidInput),
    ],
)
def test_refused_updates(
    service: PostCollectiveService,
    audit_log: Log,
    user: str,
    post: str,
    collectives: list[str],
    settings: Any,
    error: type[PostCollectiveError],
) -> None:
    with pytest.raises(error):
        service.update_post_collective_associations(Identity.user(user), post, user, collectives, settings)
    assert [(one["action"], one["outcome"]) for one in audit_log()] == [("update", "refused")]


def test_removing_and_removing_again(
    service: PostCollectiveService, database: Database, audit_log: Log
) -> None:
    ada = Identity.user(ADA)
    done = service.remove_post_collective_associations(ada, WELCOME, ADA, [GAZETTE, WORKSHOP, NOTES])
    assert ([str(one) for one in done.removed], [str(one) for one in done.absent]) == (BOTH, [NOTES])
    again = service.remove_post_collective_associations(ada, WELCOME, ADA, BOTH)
    assert (again.removed, [str(one) for one in again.absent]) == ([], BOTH)
    assert shared_with(database, WELCOME) == {}
    assert [one["action"] for one in audit_log()] == ["remove"] * 2


def test_refused_removals(service: PostCollectiveService, audit_log: Log) -> None:
    with pytest.raises(PostUnknown):
        service.remove_post_collective_associations(Identity.user(ADA), MINUTES, ADA, [NOTES])
    with pytest.raises(AssociationLocked):
        service.remove_post_collective_associations(Identity.user(DAN), LETTER, DAN, [GAZETTE])
    assert [one["error_code"] for one in audit_log()] == ["post_unknown", "association_locked"]


def test_where_a_post_is_shared(service: PostCollectiveService) -> None:
    found = service.get_associations(Identity.user(BO), LETTER)
    assert [(one.name, one.status) for one in found] == [
        ("The Gazette", "published"),
        ("The Workshop", "hidden"),
    ]
    assert [one.name for one in service.get_associations(Identity.user(DAN), LETTER)] == ["The Gazette"]
    with pytest.raises(InvalidInput):
        service.get_associations(Identity.user(DAN), "letter")
