"""The test CA: certificates for every vendor's host, and where clients find what they are to trust."""

import ssl
from collections.abc import Sequence
from pathlib import Path


class Authority:
    """Signs for all hosts that it is given; ``ca_file`` and ``bundle_file`` are None where no folder can be written.

    ``ca_file`` holds the CA's certificate alone, ``bundle_file`` what this system trusts and then the CA's, for variables
    such as SSL_CERT_FILE that replace a client's whole list.
    """

    ca_pem: bytes
    ca_file: Path | None
    bundle_file: Path | None

    def __init__(
        self, hosts: Sequence[str], folder: Path | None = None, *, cert: Path | None = None, key: Path | None = None
    ) -> None:
        """Make the CA, or take it up again from its folder; a certificate of the user's own replaces all that we sign.

        Raises:
            UnusableCertificate: the user's certificate or key cannot be read, or the CA in the folder.
        """
        raise NotImplementedError

    @property
    def context(self) -> ssl.SSLContext:
        """What a listening socket, or a tunnel through the proxy, speaks TLS with."""
        raise NotImplementedError
