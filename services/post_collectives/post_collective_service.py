"""Sharing posts with collectives: each call one transaction, atomic, and the same when it is repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, Invalid, Refused, Transaction
from gatepost.web.health import Health
from services.post_collectives import health
from services.post_collectives.audit_service import PostCollectiveAuditService
from services.post_collectives.error_handler import PostCollectiveErrorHandler
from services.post_collectives.errors import (
    AssociationLocked,
    AssociationUnknown,
    InvalidInput,
    PostingNotAllowed,
    PostUnknown,
)
from services.post_collectives.models import (
    Action,
    Association,
    Change,
    CollectivePermission,
    PermissionQuestion,
    PermissionValidation,
    PostableCollective,
    Removal,
    Removed,
    Shared,
    SharedWith,
    Sharing,
    SharingChange,
    SharingSettings,
    Updated,
)
from services.post_collectives.operation import Operation, id_or_none
from services.post_collectives.queries import QUERIES

Id = UUID | str
Ids = Iterable[Id]


class PostCollectiveService:
    """Shares posts. Whoever calls acts in their own name; a service acts in the name of `user_id`.

    Every method raises PostCollectiveError: InvalidInput, NotSignedIn, ForeignUser, PostUnknown,
    PostingNotAllowed, AssociationUnknown, AssociationLocked, TemporarilyFailed, OutcomeNotKnown or
    InternalFailure. Then nothing was done (of OutcomeNotKnown nobody knows), and the audit log says so.
    """

    def __init__(
        self,
        database: Database,
        audit: PostCollectiveAuditService | None = None,
        errors: PostCollectiveErrorHandler | None = None,
    ) -> None:
        self._database = database
        self.audit = audit or PostCollectiveAuditService(database)
        self.errors = errors or PostCollectiveErrorHandler(database, self.audit)

    def get_postable_collectives(self, caller: Identity, user_id: Id) -> list[PostableCollective]:
        """Return the collectives where the user may post, by name."""
        operation = Operation("validate", caller)

        def work() -> list[PostableCollective]:
            user = _id(user_id, "user_id")
            rows = self._database.rows(
                operation.acting_for(user), QUERIES["postable_collectives"], user_id=user
            )
            return [PostableCollective(**row) for row in rows]

        return self.errors.run(operation, work)

    def get_associations(self, caller: Identity, post_id: Id) -> list[Association]:
        """Return where a post is shared, as far as the caller sees, in order."""
        rows = self._database.rows(caller, QUERIES["associations_of_post"], post_id=_id(post_id, "post_id"))
        return [Association(**row) for row in rows]

    def validate_collective_permissions(
        self, caller: Identity, user_id: Id, collective_ids: Ids
    ) -> PermissionValidation:
        """Say of each collective whether the user may post there: one round trip, however many."""
        operation = Operation("validate", caller, collective_ids=_listed(collective_ids))

        def work() -> PermissionValidation:
            given = {"user_id": user_id, "collective_ids": operation.collective_ids}
            asked = PermissionQuestion.model_validate(given)
            found = self._permissions(
                operation.acting_for(asked.user_id), asked.user_id, asked.collective_ids
            )
            return PermissionValidation(
                user_id=asked.user_id, is_valid=all(one.can_post for one in found), collectives=found
            )

        return self.errors.run(operation, work)

    def create_post_collective_associations(
        self,
        caller: Identity,
        post_id: Id,
        user_id: Id,
        collective_ids: Ids,
        sharing_settings: SharingSettings | Mapping[str, Any] | None = None,
    ) -> Shared:
        """Share a post with all of the collectives, or with none; where it is shared already it stays so."""
        operation = Operation("create", caller, post_id, _listed(collective_ids))
        given = _given(operation, user_id, sharing_settings or {})
        return self.errors.run(operation, lambda: self._share(operation, Sharing.model_validate(given)))

    def update_post_collective_associations(
        self,
        caller: Identity,
        post_id: Id,
        user_id: Id,
        collective_ids: Ids,
        sharing_settings: SharingChange | Mapping[str, Any],
    ) -> Updated:
        """Change how a post appears in all of the collectives, or in none; what is not given stays."""
        operation = Operation("update", caller, post_id, _listed(collective_ids))
        given = _given(operation, user_id, sharing_settings)
        return self.errors.run(operation, lambda: self._update(operation, Change.model_validate(given)))

    def remove_post_collective_associations(
        self, caller: Identity, post_id: Id, user_id: Id, collective_ids: Ids
    ) -> Removed:
        """Take a post back from all of the collectives, or from none; where it is not shared, all is well."""
        operation = Operation("remove", caller, post_id, _listed(collective_ids))
        given = {"post_id": post_id, "user_id": user_id, "collective_ids": operation.collective_ids}
        return self.errors.run(operation, lambda: self._remove(operation, Removal.model_validate(given)))

    def get_service_health(self) -> Health:
        """Probe every part that sharing needs."""
        return health.examine_sharing(self._database)

    def _permissions(self, identity: Identity, user: UUID, ids: list[UUID]) -> list[CollectivePermission]:
        rows = self._database.rows(
            identity, QUERIES["collective_permissions"], user_id=user, collective_ids=ids
        )
        return [CollectivePermission(**row, reason=_reason(row)) for row in rows]

    def _share(self, operation: Operation, sharing: Sharing) -> Shared:
        identity, settings = operation.acting_for(sharing.user_id), sharing.sharing_settings
        try:
            rows = self._database.rows(
                identity,
                QUERIES["share_post"],
                post_id=sharing.post_id,
                collective_ids=sharing.collective_ids,
                status=settings.status,
                sharing_settings=Jsonb(settings.stored()),
                display_order=settings.display_order,
            )
        except Refused as error:
            raise self._not_allowed(identity, sharing) from error
        except Invalid as error:
            if error.constraint == "post_collectives_post_id_fkey":
                raise PostUnknown from error
            raise
        before = self._done_before(operation, identity, "create")
        made = [
            SharedWith(**{**row, "is_new": row["is_new"] or row["collective_id"] in before}) for row in rows
        ]
        return Shared(post_id=sharing.post_id, operation_id=operation.id, associations=made)

    def _not_allowed(self, identity: Identity, sharing: Sharing | Change) -> PostingNotAllowed:
        found = self._permissions(identity, sharing.user_id, sharing.collective_ids)
        return PostingNotAllowed([one.collective_id for one in found if not one.can_post])

    def _done_before(self, operation: Operation, identity: Identity, action: Action) -> set[UUID]:
        """Return the collectives that an attempt of the operation reached whose answer was lost."""
        if operation.attempts == 1:
            return set()
        rows = self._database.rows(
            identity, QUERIES["done_by_operation"], operation_id=operation.id, action=action
        )
        return {row["collective_id"] for row in rows}

    def _update(self, operation: Operation, change: Change) -> Updated:
        identity, settings = operation.acting_for(change.user_id), change.sharing_settings
        try:
            with self._database.transaction(identity) as tx:
                rows = _settled(
                    tx,
                    "update_associations",
                    change.collective_ids,
                    lambda row: row["differs"] and not row["is_changed"],
                    post_id=change.post_id,
                    status=settings.status,
                    sharing_settings=Jsonb(settings.stored(only_given=True)),
                    display_order=settings.order,
                )
                _all_known(change.collective_ids, rows)
        except Refused as error:
            raise self._not_allowed(identity, change) from error
        changed = {row["collective_id"] for row in rows if row["is_changed"]}
        changed |= self._done_before(operation, identity, "update")
        return Updated(
            post_id=change.post_id,
            operation_id=operation.id,
            changed=[one for one in change.collective_ids if one in changed],
            unchanged=[one for one in change.collective_ids if one not in changed],
        )

    def _remove(self, operation: Operation, removal: Removal) -> Removed:
        identity = operation.acting_for(removal.user_id)
        with self._database.transaction(identity) as tx:
            rows = _settled(
                tx,
                "remove_associations",
                removal.collective_ids,
                lambda row: not row["is_removed"],
                post_id=removal.post_id,
            )
            if not rows and not tx.rows(
                QUERIES["readable_post"], post_id=removal.post_id, user_id=removal.user_id
            ):
                raise PostUnknown
        removed = {row["collective_id"] for row in rows} | self._done_before(operation, identity, "remove")
        return Removed(
            post_id=removal.post_id,
            operation_id=operation.id,
            removed=[one for one in removal.collective_ids if one in removed],
            absent=[one for one in removal.collective_ids if one not in removed],
        )


def _id(given: object, field: str) -> UUID:
    found = id_or_none(given)
    if found is None:
        raise InvalidInput(f"{field}: this is no id.", audit={"fields": [field]})
    return found


def _listed(given: object) -> object:
    """Return what may be iterated just once as a list; anything else is told to be wrong later."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes | list) else given


def _given(operation: Operation, user_id: object, settings: object) -> dict[str, object]:
    if isinstance(settings, SharingSettings | SharingChange):
        settings = settings.model_dump(exclude_unset=True)
    return {
        "post_id": operation.post_id,
        "user_id": user_id,
        "collective_ids": operation.collective_ids,
        "sharing_settings": settings,
    }


def _settled(
    tx: Transaction,
    query: str,
    ids: list[UUID],
    is_open: Callable[[Mapping[str, Any]], bool],
    **parameters: Any,
) -> list[dict[str, Any]]:
    """Run a change and return what became of each association that is there.

    What was seen and not changed is locked, or somebody else was quicker: a second look tells.

    :raises AssociationLocked: some are.
    """
    rows = tx.rows(QUERIES[query], collective_ids=ids, **parameters)
    still = [row["collective_id"] for row in rows if is_open(row)]
    if not still:
        return rows
    again = tx.rows(QUERIES[query], collective_ids=still, **parameters)
    if locked := [row["collective_id"] for row in again if is_open(row)]:
        raise AssociationLocked(locked)
    return [row for row in rows if not is_open(row)] + again


def _all_known(wanted: list[UUID], rows: list[dict[str, Any]]) -> None:
    known = {row["collective_id"] for row in rows}
    if unknown := [one for one in wanted if one not in known]:
        raise AssociationUnknown(unknown)


def _reason(row: Mapping[str, Any]) -> str | None:
    if row["can_post"]:
        return None
    if not row["known"]:
        return "There is no such collective, or you may not see it."
    if row["member_role"] is None:
        return "You are not a member: ask to join."
    return f"As {row['member_role']} you may read here: ask an owner for the right to post."
