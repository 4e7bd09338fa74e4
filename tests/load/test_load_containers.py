"""A load test by containers, as `loadtests/compose.yaml` has it: a judge, and workers that do its work."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest
from fix_platform import PROJECT, Deployed

IMAGE = "gatepost-generator"


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[docker.DockerClient]:
    if request.config.getoption("--server") != "docker":
        pytest.skip("runs beside a database in a container: --server docker")
    found = docker.from_env()
    yield found
    found.close()


@pytest.fixture
def image(client: docker.DockerClient) -> str:
    """An image that has nothing: Python, libraries and the project are mounted from this machine."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("bin", "lib", "lib64"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            archive.addfile(link)
        for name, mode in (("etc", 0o755), ("tmp", 0o1777), ("usr", 0o755)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            archive.addfile(folder)
    client.api.import_image_from_data(made.getvalue(), repository=IMAGE, tag="test")
    return f"{IMAGE}:test"


@pytest.fixture
def override(image: str, tmp_path: Path) -> Path:
    """What differs here: no image is pulled, and the one bridge has no names but those of links."""
    mounted = sorted({"/usr", sys.base_prefix, str(PROJECT)} - {"/usr/local"})
    common = {
        "image": image,
        "working_dir": str(PROJECT),
        "entrypoint": [str(PROJECT / ".venv/bin/gatepost"), "load"],
        "network_mode": "bridge",
        "volumes": [f"{one}:{one}:ro" for one in mounted],
    }
    file = tmp_path / "override.json"
    services = {"judge": common, "worker": {**common, "links": ["judge"]}}
    file.write_text(json.dumps({"services": services}))
    return file


def address_of(client: docker.DockerClient, url: str) -> str:
    """The address on the bridge of the container that answers at a URL."""
    port = str(urlsplit(url).port)
    (found,) = [
        one
        for one in client.containers.list()
        if any(bound["HostPort"] == port for bound in one.ports.get("5432/tcp") or ())
    ]
    return f"{found.attrs['NetworkSettings']['IPAddress']}:5432"


@pytest.mark.docker
def test_a_judge_and_workers_in_containers_load_a_database(
    client: docker.DockerClient, override: Path, clone: Deployed
) -> None:
    login = urlsplit(clone.url("authenticator"))
    there = login.netloc.rpartition("@")[0] + "@" + address_of(client, clone.superuser_url)
    given = {
        "GATEPOST_SERVE_DATABASE_URL": login._replace(netloc=there).geturl(),
        "WORKERS": "2",
        "USERS": "8",
        "DURATION": "5",
        "SHAPE": "smoke",
        "COMPOSE_FILE": f"{PROJECT / 'loadtests/compose.yaml'}:{override}",
    }
    done = subprocess.run(
        [PROJECT / "scripts/load-in-containers"],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    said = done.stdout + done.stderr
    verdict = re.search(r"^(pass|inconclusive|fail): ", said, re.MULTILINE)
    assert verdict, said
    assert done.returncode == (0 if verdict[1] == "pass" else 1), said
    for kind in ("record one event", "validate permissions"):
        assert kind in said
    assert [
        one for one in client.containers.list(all=True) if "judge" in one.name or "worker" in one.name
    ] == []
