"""Choosing a TCP port that nobody uses."""

from __future__ import annotations

import random
import socket

from pgtune_advisor.domain.errors import ClusterError

# Below the range from which kernels take the ports of outgoing connections, so that a port
# stays ours while its server restarts.
LOWEST, HIGHEST = 15_000, 32_000
ATTEMPTS = 200


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens. Raises ClusterError if none was found."""
    for _ in range(ATTEMPTS):
        port = random.SystemRandom().randint(LOWEST, HIGHEST)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ClusterError(
        "no free TCP port was found",
        detail=f"{ATTEMPTS} ports of 127.0.0.1 between {LOWEST} and {HIGHEST} were tried.",
        hint="Name a port, or check that the loopback interface is up.",
    )
