"""How long 300 resources take; printed, not judged."""

import resource
import time

import pulumi
from memory_provider import Stack, Target, Thing
from pulumi import ResourceOptions


def program():
    target = Target("target", host="h", password=pulumi.Output.secret("pw"))
    options = ResourceOptions(provider=target)
    columns = [{"name": f"c{number}", "type": "text", "nullable": False} for number in range(6)]
    for number in range(100):
        table = Thing(f"table{number}", options, value="x", columns=columns)
        Thing(f"index{number}", options, value=table.serial, text="x" * 200)
        Thing(f"policy{number}", options, value=table.value, text="x" * 200)


def test_300_resources(stack: Stack):
    created = stack.up(program)
    unchanged = [stack.up(program) for _ in range(5)]
    assert created.changes == {"create": 302}
    assert all(result.changes == {"same": 302} for result in unchanged)
    started = time.perf_counter()
    assert stack.deployment().drift() == []
    refreshed = time.perf_counter() - started
    fastest = min(result.seconds for result in unchanged)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n300 resources: create {created.seconds:.2f} s, no-op {fastest:.2f} s, "
        f"drift {refreshed:.2f} s, {megabytes:.0f} MB"
    )
