"""What happens when something goes wrong in the middle of a deployment."""

import os
import signal
import threading
import time

import pulumi
import pytest
from memory_provider import Group, Stack, Thing
from pulumi import ResourceOptions

from gatepost.engine import ProgramFailed
from gatepost.errors import InvalidDeclaration, LockTimeout, PassphraseMissing, StatementFailed, UsageError


def fail_on(*which: tuple[str, str], error: Exception | None = None):
    def before(operation: str, name: str) -> None:
        if (operation, name) in which:
            raise error or StatementFailed(f"cannot {operation}")

    return before


def branches():
    a = Thing("a")
    b = Thing("b", value=a.serial)
    Thing("c", ResourceOptions(depends_on=[b]))
    Thing("inside", ResourceOptions(parent=Group("group", ResourceOptions(parent=b))))
    Thing("other")
    pulumi.export("serial", a.serial)
    pulumi.export("fixed", 1)


def test_dependents_are_skipped_and_independent_branches_finish(stack: Stack):
    stack.world.before = fail_on(("create", "a"))
    failed = stack.failed_up(branches)
    assert [failure.urn.rpartition("::")[2] for failure in failed.failures] == ["a"]
    assert sorted(urn.rpartition("::")[2] for urn in failed.skipped) == ["b", "c", "group", "inside"]
    assert str(failed).startswith("memory:index:Thing a (")
    assert "test_engine_failures.py:" in str(failed)
    assert "cannot create" in str(failed)
    assert failed.exit_code == StatementFailed.exit_code
    assert set(stack.names()) == {"demo-dev", "default", "other"}
    assert stack.resource("demo-dev")["outputs"] == {"fixed": 1}

    stack.world.before = fail_on()
    assert stack.up(branches).changes == {"same": 2, "create": 5}


def test_a_failed_update_keeps_the_old_state(stack: Stack):
    stack.up(lambda: Thing("b", value=Thing("a", value=1).serial))
    stack.world.before = fail_on(("update", "a"))
    failed = stack.failed_up(lambda: Thing("c", value=Thing("a", value=2).serial))
    assert stack.resource("a")["inputs"] == {"value": 1}
    # nothing is deleted in a deployment that failed
    assert stack.world.names("delete") == []
    assert "b" in stack.names()
    assert failed.result.changes == {"same": 1}


def test_stack_outputs_that_a_failure_left_unknown_keep_their_value(stack: Stack):
    stack.up(branches)
    stack.world.before = fail_on(("update", "a"))

    def program():
        pulumi.export("serial", Thing("a", value=2).serial)
        pulumi.export("new", 1)

    stack.failed_up(program)
    assert stack.resource("demo-dev")["outputs"] == {"fixed": 1, "new": 1, "serial": 1}


def test_a_check_that_fails_names_the_property(stack: Stack):
    failed = stack.failed_up(lambda: Thing("a", value="invalid"))
    assert "value: must not be invalid" in str(failed)
    assert failed.exit_code == InvalidDeclaration.exit_code


def test_a_failed_deletion_keeps_what_it_depends_on(stack: Stack):
    stack.up(lambda: Thing("b", value=Thing("a").serial))
    stack.world.before = fail_on(("delete", "b"))
    failed = stack.failed_up(lambda: None)
    assert [urn.rpartition("::")[2] for urn in failed.skipped] == ["a", "default"]
    assert stack.names() == ["demo-dev", "default", "a", "b"]


def test_a_replacement_that_failed_half_way_is_completed_later(stack: Stack):
    def program(key):
        a = Thing("a", ResourceOptions(delete_before_replace=True), key=key)
        Thing("b", key=a.key)

    stack.up(lambda: program("x"))
    stack.world.before = fail_on(("create", "a"))
    stack.failed_up(lambda: program("y"))
    assert stack.resource("a")["pendingReplacement"] is True
    assert stack.world.things == {}
    stack.world.before = fail_on()
    stack.up(lambda: program("y"))
    assert stack.world.calls == [("create", "a"), ("create", "b")]
    assert "pendingReplacement" not in stack.file.read_text()


def test_an_old_resource_that_could_not_be_deleted_is_deleted_later(stack: Stack):
    stack.up(lambda: Thing("a", key="x"))
    stack.world.before = fail_on(("delete", "a"))
    stack.failed_up(lambda: Thing("a", key="y"))
    assert [found.get("delete") for found in stack.resources() if found["urn"].endswith("::a")] == [
        None,
        True,
    ]
    stack.world.before = fail_on()
    stack.up(lambda: Thing("a", key="y"))
    assert stack.world.calls == [("delete", "a")]
    assert list(stack.world.things) == ["a-2"]


def test_an_outcome_that_nobody_knows_stays_pending_until_it_is_known(stack: Stack):
    stack.world.before = fail_on(("create", "a"), error=ConnectionError("cut"))
    failed = stack.failed_up(lambda: Thing("a"))
    assert [operation["type"] for operation in stack.pending()] == ["creating"]
    assert "nobody knows whether it happened" in failed.result.warnings[0]
    stack.world.before = fail_on()
    assert stack.up(lambda: Thing("a")).warnings == []
    assert stack.pending() == []


def test_an_error_that_gatepost_explains_leaves_nothing_pending(stack: Stack):
    stack.world.before = fail_on(("create", "a"), error=LockTimeout("budget exhausted"))
    assert stack.failed_up(lambda: Thing("a")).exit_code == LockTimeout.exit_code
    assert stack.pending() == []


def test_two_resources_of_one_name_are_refused(stack: Stack):
    assert "two resources 'a'" in str(stack.failed_up(lambda: (Thing("a"), Thing("a"))))


def test_a_program_that_raises_names_its_file_and_line(stack: Stack):
    def program():
        Thing("a")
        raise ValueError("no such setting")

    with pytest.raises(ProgramFailed, match=r"test_engine_failures\.py:\d+: ValueError: no such setting"):
        stack.up(program)
    assert "a" in stack.names()


def test_a_program_that_raises_our_error_keeps_its_exit_code(stack: Stack):
    def program():
        raise UsageError("missing setting")

    with pytest.raises(ProgramFailed) as caught:
        stack.up(program)
    assert caught.value.exit_code == UsageError.exit_code


def test_an_apply_that_raises_is_the_programs_error(stack: Stack):
    with pytest.raises(ProgramFailed, match=r"test_engine_failures\.py:\d+: ZeroDivisionError"):
        stack.up(lambda: Thing("a").serial.apply(lambda _: 1 / 0))


def test_a_wrong_passphrase_is_told_before_anything_is_changed(stack: Stack):
    stack.up(lambda: Thing("a", value=pulumi.Output.secret("hush")))
    before = stack.file.read_bytes()
    stack.passphrase = "wrong"
    with pytest.raises(PassphraseMissing, match="PULUMI_CONFIG_PASSPHRASE"):
        stack.up(lambda: Thing("a", value=pulumi.Output.secret("changed")))
    with pytest.raises(PassphraseMissing):
        stack.up(lambda: Thing("plain", value="new"))
    assert stack.world.calls == []
    assert stack.file.read_bytes() == before


def test_the_first_interrupt_ends_in_good_order(stack: Stack):
    def before(operation: str, name: str) -> None:
        if name == "a":
            os.kill(os.getpid(), signal.SIGINT)

    stack.world.before = before
    stack.world.delay = 0.1
    with pytest.raises(KeyboardInterrupt):
        stack.up(lambda: Thing("b", value=Thing("a").serial))
    assert "a" in stack.names()
    assert stack.steps("b") == [("create", "skipped")]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    stack.world.before = fail_on()
    assert stack.up(lambda: Thing("b", value=Thing("a").serial)).changes == {"same": 2, "create": 1}


def test_the_second_interrupt_aborts_at_once_and_the_journal_remembers(stack: Stack):
    def before(operation: str, name: str) -> None:
        if name == "slow":
            threading.Timer(0.1, press_twice).start()

    def press_twice() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    stack.world.before = before
    stack.world.delay = 5

    def program():
        Thing("slow")

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        stack.up(program)
    assert time.monotonic() - started < 3
    stack.world.before, stack.world.delay = fail_on(), 0
    assert stack.up(program).changes == {"same": 1, "create": 1}


def test_deployments_repeat_in_one_process_and_leave_nothing_behind(stack: Stack):
    threads = threading.active_count()
    for value in range(5):
        stack.up(lambda value=value: Thing("a", value=value))
    assert threading.active_count() <= threads
    assert pulumi.runtime.settings.get_root_resource() is None
