"""useapi's routes: what each call asks for."""

from collections.abc import Sequence

from simulator.jobs.commands import Happen, ListJobs, LookUp
from simulator.jobs.errors import BadCall, Finding
from simulator.jobs.scenario import CANCEL
from simulator.vendors.useapi import user
from simulator.vendors.useapi.accounts import (
    read_delete,
    read_get,
    read_list,
    read_put,
    show_done,
    show_get,
    show_list,
)
from simulator.vendors.useapi.requests import let_pass, read_changebg, read_headshot, read_picsi
from simulator.vendors.useapi.words import show_cancelled, show_job, show_jobs, show_submitted
from simulator.vendors.vendor import Call, Operation

ROOT, USER = "/v1/faceswap", "/v2/account"  # fact useapi.base.url


def read_look_up(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at one job of any verb (facts useapi.jobs.get, useapi.jobs.any-verb, useapi.ids.jobid-encoding)."""
    return LookUp((_job_id(call, findings),))


def read_jobs(call: Call, findings: Sequence[Finding]) -> LookUp | ListJobs:
    """Read a look at the running jobs, or at one: facts useapi.routing.jobs-without-jobid, useapi.routing.slash."""
    if "jobid" in call.query:
        return read_look_up(call, findings)
    let_pass(call, findings)
    return ListJobs(unfinished_only=True)


def read_cancel(call: Call, findings: Sequence[Finding]) -> Happen:
    """Read a cancel (facts useapi.cancel.get, useapi.cancel.which)."""
    return Happen(_job_id(call, findings), CANCEL)


def _job_id(call: Call, findings: Sequence[Finding]) -> str:
    """Facts useapi.jobs.jobid-missing, useapi.jobs.jobid-empty."""
    said = call.query.get("jobid")
    if isinstance(said, list):
        said = said[0] if said else ""
    if not said:
        raise BadCall(findings, "Query param jobid not provided")
    let_pass(call, findings)
    return str(said)


_FILES = {
    "changebg": (("image", "image"),),
    "picsi": (("source_image", "image"), ("target_image_gif_or_video", "")),
}

OPERATIONS = (
    Operation("headshot", "POST", f"{ROOT}/headshot", read_headshot, show_submitted),
    Operation("changebg", "POST", f"{ROOT}/changebg", read_changebg, show_submitted, inputs=_FILES["changebg"]),
    Operation("picsi", "POST", f"{ROOT}/picsi", read_picsi, show_submitted, inputs=_FILES["picsi"]),
    Operation("getJob", "GET", f"{ROOT}/jobs/", read_look_up, show_job),
    Operation("listJobs", "GET", f"{ROOT}/jobs", read_jobs, show_jobs),
    Operation("cancelJob", "GET", f"{ROOT}/jobs/cancel/", read_cancel, show_cancelled),
    Operation("cancelJobPlain", "GET", f"{ROOT}/jobs/cancel", read_cancel, show_cancelled),
    *(
        Operation(id, method, f"{ROOT}{path}", read, show, secrets=("discord",), looks_at_subscription=False)
        for id, method, path, read, show in (
            ("listAccounts", "GET", "/account", read_list, show_list),
            ("getAccount", "GET", "/account/{channel}", read_get, show_get),
            ("putAccount", "POST", "/account/{channel}", read_put, show_done),
            ("deleteAccount", "DELETE", "/account/{channel}", read_delete, show_done),
        )
    ),
    Operation("getUser", "GET", USER, user.read_get, user.show_get, looks_at_subscription=False),
    Operation("updateUser", "POST", USER, user.read_change, show_done, looks_at_subscription=False),
)
