"""Everything that can be refused: by the simulated vendor (``ApiError``) or by the simulator itself (``SimulatorError``)."""

from collections.abc import Sequence

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request, found by the contract."""

    place: str  # "path", "query", "header", "body" or "media type"
    path: tuple[str | int, ...]  # below the place
    rule: str  # the schema keyword, such as "required" or "enum"
    message: str

    @property
    def name(self) -> str:
        """The parameter or field that the finding is about, dotted."""
        return ".".join(map(str, self.path))


class ApiError(Exception):
    """The simulated vendor says no. Subclasses name the reason and hold what it is about, never a status code."""


class NoKey(ApiError):
    """The call carries no credentials."""


class BadKey(ApiError):
    """The credentials are malformed or unknown."""


class ExpiredKey(ApiError):
    """The credentials, or the subscription behind them, have expired."""


class BlockedAccount(ApiError):
    """The account has been banned."""


class UnknownPath(ApiError):
    """The vendor has no such path."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class WrongMethod(ApiError):
    """The path exists, the method does not."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(method)
        self.method, self.allowed = method, tuple(allowed)


class BadCall(ApiError):
    """The request breaks the vendor's contract; ``findings`` are in the contract's order."""

    def __init__(self, findings: Sequence[Finding] = (), text: str = "") -> None:
        super().__init__(text or (findings[0].message if findings else ""))
        self.findings, self.text = tuple(findings), text


class MalformedBody(ApiError):
    """The body cannot be read at all: broken JSON or multipart."""

    def __init__(self, reason: str, at: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.at = reason, at


class WrongMediaType(ApiError):
    """The operation does not take this content type."""

    def __init__(self, given: str, accepted: Sequence[str]) -> None:
        super().__init__(given)
        self.given, self.accepted = given, tuple(accepted)


class BodyTooLarge(ApiError):
    """The body exceeds what the vendor takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes


class UnknownJob(ApiError):
    """No job of this account has that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class ExpiredJob(ApiError):
    """The job was there and has outlived its retention."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class UnknownRecord(ApiError):
    """The account has no such record."""

    def __init__(self, type: str, id: str = "") -> None:
        super().__init__(type, id)
        self.type, self.id = type, id


class DuplicateRecord(ApiError):
    """Another record has this value already; ``id`` is that other one's."""

    def __init__(self, type: str, field: str, id: str) -> None:
        super().__init__(type, field, id)
        self.type, self.field, self.id = type, field, id


class AmbiguousRecord(ApiError):
    """The call names no record and the account has several."""

    def __init__(self, type: str) -> None:
        super().__init__(type)
        self.type = type


class NotEnoughCredits(ApiError):
    """The owner cannot pay for the job."""

    def __init__(self, needed: float = 0, available: float = 0) -> None:
        super().__init__(needed, available)
        self.needed, self.available = needed, available


class Busy(ApiError):
    """A slot or a rate is used up; ``opens_at_ms`` says when it opens, where that is known, ``job_ids`` who holds it.

    Where ``what`` is ``RATE``, ``limit`` calls are let in within ``window_ms``.
    """

    RATE = "rate"

    def __init__(
        self,
        what: str = "",
        opens_at_ms: int | None = None,
        job_ids: Sequence[str] = (),
        limit: int | None = None,
        window_ms: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.opens_at_ms, self.job_ids = what, opens_at_ms, tuple(job_ids)
        self.limit, self.window_ms = limit, window_ms


class Unavailable(ApiError):
    """The vendor is overloaded or being serviced."""


class SimulatorError(Exception):
    """A mistake in how the simulator is used, or our own bug; never dressed as a vendor's error.

    ``status`` is the HTTP status with which the simulator, not a vendor, answers.
    """

    status = 400
    code = "bad_request"

    def __init__(self, message: str, **about: object) -> None:
        super().__init__(message)
        self.message, self.about = message, about


class UnknownScenario(SimulatorError):
    """No scenario of that name can be played here."""

    code = "unknown_scenario"


class UnfitScenario(SimulatorError):
    """The scenario needs something that this vendor or kind of job does not have."""

    code = "unfit_scenario"


class BadJobId(SimulatorError):
    """An id was asked for that no job of this kind could have."""

    code = "bad_job_id"


class NotFound(SimulatorError):
    """The simulator has no such thing: a sandbox, a job, a file of its control API."""

    status = 404
    code = "not_found"


class Conflict(SimulatorError):
    """The state of the sandbox does not allow it, or it was reset meanwhile."""

    status = 409
    code = "conflict"


class ContractBroken(SimulatorError):
    """A reply that the vendor could not have sent was about to leave."""

    status = 500
    code = "contract_broken"
