"""``simulator health``: ask a running server whether it is ready, for a container's health check."""


def health(url: str) -> int:
    """Return 0 if the server at a URL, or else on the port that the settings say, is ready; 1 if not."""
    raise NotImplementedError
