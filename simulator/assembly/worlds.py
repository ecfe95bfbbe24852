"""What the sandboxes of a server begin with, by its settings."""

import time

from simulator import vendors
from simulator.jobs.errors import SimulatorError
from simulator.library import Library
from simulator.sandbox.choosing import check_playable
from simulator.sandbox.clock import read_instant
from simulator.sandbox.sandbox import SandboxSettings
from simulator.sandbox.switches import check_switches
from simulator.settings import BadSetting, Settings

_real_ns = time.time_ns  # bound here, so that a test which freezes time does not move the epoch


def sandbox_settings(settings: Settings, library: Library, vendor_names: tuple[str, ...]) -> SandboxSettings:
    """Return what the first sandbox begins with, and others by default.

    Raises:
        BadSetting: a setting names what does not exist.
    """
    try:
        epoch_ms = read_instant(settings.epoch) if settings.epoch else _real_ns() // 1_000_000
    except SimulatorError as error:
        raise BadSetting(f"epoch: {error}") from error
    switches = dict(settings.switches)
    try:
        check_switches(map(vendors.load, vendor_names), switches)
        if settings.scenario:
            check_playable(library, settings.scenario, map(vendors.load, vendor_names))
    except SimulatorError as error:
        raise BadSetting(error.message) from error
    return SandboxSettings(
        seed=settings.seed,
        epoch_ms=epoch_ms,
        mode=settings.clock,
        speed=settings.speed,
        hold=settings.hold,
        scenario=settings.scenario,
        switches=switches,
        strict_keys=settings.strict_keys,
        max_jobs=settings.max_jobs,
        is_live=settings.live,
    )


def check_vendors(settings: Settings, vendor_names: tuple[str, ...]) -> None:
    """Refuse ports for vendors that do not exist.

    Raises:
        BadSetting: there is one.
    """
    for door in settings.vendor_ports:
        if door.vendor not in vendor_names:
            raise BadSetting(f"there is no vendor {door.vendor!r}; there are: {', '.join(vendor_names)}")
