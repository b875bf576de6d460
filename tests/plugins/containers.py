"""Servers in containers, for versions that are not installed, where Docker answers."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from psycopg.conninfo import make_conninfo

SOCKETS = ("/var/run/docker.sock", "~/.docker/run/docker.sock")
PASSWORD = "test"


def docker_answers() -> bool:
    """Whether a Docker engine is there. Its library is not even imported if it cannot be."""
    places = [Path(one).expanduser().exists() for one in SOCKETS]
    if not (os.environ.get("DOCKER_HOST") or any(places)):
        return False
    with warnings.catch_warnings():
        # The library leaves its socket open when nobody answers.
        warnings.simplefilter("ignore", ResourceWarning)
        answer = _ping()
        gc.collect()
    return answer


def _ping() -> bool:
    docker = importlib.import_module("docker")  # It has no types.
    # The connection errors of the library below it are OSErrors.
    failures = (docker.errors.DockerException, OSError)
    with contextlib.suppress(*failures), contextlib.closing(docker.from_env()) as client:
        return bool(client.ping())
    return False


@contextlib.contextmanager
def running(major: int, settings: Mapping[str, str]) -> Iterator[str]:
    """Run the official image; yields how its superuser connects.

    testcontainers waits with psql over TCP: the image's first, temporary server has only a socket.
    """
    from testcontainers.community.postgres import PostgresContainer

    command = ["postgres"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    container = PostgresContainer(
        f"postgres:{major}", username="postgres", password=PASSWORD, dbname="postgres", driver=None
    ).with_command(command)
    with container:
        yield make_conninfo(
            host=container.get_container_host_ip(),
            port=str(container.get_exposed_port(5432)),
            user="postgres",
            password=PASSWORD,
            dbname="postgres",
        )
