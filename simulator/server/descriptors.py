"""How many connections this process can hold: each takes a file descriptor, and the system limits those."""

from contextlib import suppress

_LEAST_KEPT, _KEPT_SHARE, _SAFE_WISH = 128, 16, 10_240


def raise_limit(connections: int) -> None:
    """Have the system allow so many connections, or as many as it lets us; without effect on Windows."""
    with suppress(ImportError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = connections + max(_LEAST_KEPT, connections // (_KEPT_SHARE - 1) + 1)
        for wish in (wanted, min(wanted, _SAFE_WISH)):  # macOS says that there is no limit and refuses more than this
            most = wish if hard == resource.RLIM_INFINITY else min(wish, hard)
            if soft == resource.RLIM_INFINITY or soft >= most:
                return
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                return


def most_connections(wanted: int) -> int:
    """Return how many connections to keep, so that there are always descriptors left for files and webhooks."""
    with suppress(ImportError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            kept = min(max(_LEAST_KEPT, soft // _KEPT_SHARE), soft // 2)
            return max(1, min(wanted, soft - kept))
    return wanted
