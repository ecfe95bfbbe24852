"""Ids and times as AKOOL writes them, and what belongs to the owner of a key."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from simulator.jobs.chance import Draws
from simulator.jobs.job import Job
from simulator.vendors.vendor import Draft

ID_PATTERN = "[0-9a-f]{24}"  # fact akool.id.form


class User(NamedTuple):
    """Who a key belongs to (fact akool.id.user)."""

    uid: int
    id: str
    team_id: str


# What every poll says again is remembered, a few thousand at a time; of the clients' texts only keys are.


@lru_cache(maxsize=1024)
def user_of(key: str) -> User:
    """Return the user behind a key, always the same one."""
    draws = Draws("akool", "user", key)
    return User(draws.whole(100_000, 9_999_999, "uid"), draws.hexadecimal(24, "id"), draws.hexadecimal(24, "team"))


@lru_cache(maxsize=4096)
def _hexadecimal(dice: str, name: str) -> str:
    return Draws(dice).hexadecimal(16, name)


@lru_cache(maxsize=4096)
def _seconds(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def object_id(at_ms: int, draws: Draws, name: str) -> str:
    """Return 24 hexadecimal digits that begin with the second (facts akool.id.form, akool.id.second)."""
    return f"{at_ms // 1000 & 0xFFFFFFFF:08x}{_hexadecimal(draws.prefix, name)}"


def new_id(draft: Draft) -> str:
    """Return the ``_id`` of a new record."""
    return object_id(draft.created_at_ms, draft.draws, "id")


def task_id(job: Job) -> str:
    """Return a job's internal id, which is not its ``_id`` (fact akool.id.task-id)."""
    return object_id(job.created_at_ms, job.draws, "task")


def swap_job_id(job: Job) -> str:
    """Return a face swap's ``job_id`` (fact akool.id.job-id)."""
    at_ms = job.created_at_ms
    return f"{_seconds(at_ms // 1000):%Y%m%d%H%M%S}{at_ms % 1000:03}-{job.draws.whole(1000, 9999, 'job id')}"


def created_at(job: Job) -> str:
    """Return when a face swap was submitted (fact akool.result.created-at)."""
    return f"{_seconds(job.created_at_ms // 1000):%Y-%m-%dT%H:%M:%S}.{job.created_at_ms % 1000:03}Z"
