"""Two webhooks of AKOOL's, byte for byte, made with invented keys by three other programs that agreed."""

from typing import NamedTuple

CLIENT_ID = "SimClientId0123456789ab="


class Vector(NamedTuple):
    """One webhook: what it says, what it was made with, and how it goes over the wire."""

    plain: bytes
    client_secret: str
    timestamp_ms: int
    nonce: str
    encrypted: str
    signature: str

    @property
    def keys(self) -> dict[str, str]:
        return {"clientId": CLIENT_ID, "clientSecret": self.client_secret}

    @property
    def body(self) -> bytes:
        signed = f'"signature":"{self.signature}","dataEncrypt":"{self.encrypted}"'
        return f'{{{signed},"timestamp":{self.timestamp_ms},"nonce":"{self.nonce}"}}'.encode()


A = Vector(
    b'{"_id":"6593c94c0ef703e8c055e3c8","status":2,"type":"faceswap","url":""}',
    "SimClientSecret-24-bytes",
    1710757981609,
    "1529",
    "QVVHdposBw/LYg4NgizVZNSdPB4Oiy5az3eK0hZB9/8vzCK9Z0ja2vZ9ICBpQ0nc3t1SNACwDhqRLsd4eCM38/1k7FtjvDyKmgsPVm8BKWA=",
    "7bd1b1eb2586c949671ffe6cc9b3bc623528e97a",
)
B = Vector(
    b'{"_id":"6593c94c0ef703e8c055e3c8","status":3,"type":"faceswap","url":"https://cdn.sim.test/final_a.jpg"}',
    "SimClientSecret-32-bytes-long-xy",
    1710757981610,
    "0007",
    "JuMyPFLhAKSOD8e5LJHjpj7VFdW6DwwGj5AUELEaX2yPDtESDZ9LC8kpzrmptLCbANQEVPRYeoJRY64NEbZeFGS3EoYJ1v6abjSVe3O02af8"
    "MZjyLwbbLLqNv9vn4FPavvc0aOY1mpusCPzWwzNoVQ==",
    "099ca57794fc114d7138a15a4c3cabea9efb1fe5",
)
"""Its nonce begins with a zero, which the simulator's own never do: a receiver that reads it as a number loses the zero,
writes ``7`` into what it hashes, and finds the signature wrong.
"""
