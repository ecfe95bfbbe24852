"""Settings: flags before environment before defaults, and a clear word for what cannot be used."""

from pathlib import Path

import pytest

from simulator.settings import VARIABLES, BadSetting, Settings, VendorPort, read_settings


def test_a_flag_wins_over_the_environment_and_that_over_the_default() -> None:
    settings = read_settings({"port": 9000, "host": None}, {"MEDIASIM_PORT": "7000", "MEDIASIM_HOST": "0.0.0.0"})

    assert (settings.port, settings.host, settings.clock) == (9000, "0.0.0.0", "real")


def test_every_field_can_be_said_by_a_variable() -> None:
    assert set(VARIABLES.values()) == set(Settings.__struct_fields__)


def test_lists_sizes_and_truths_are_read() -> None:
    settings = read_settings(
        {},
        {
            "MEDIASIM_SCENARIOS": "mine, yours",
            "MEDIASIM_SWITCHES": "useapi.busy=plain,deepswapai.expired_file=410",
            "MEDIASIM_MAX_BODY": "2MiB",
            "MEDIASIM_STRICT_KEYS": "yes",
            "MEDIASIM_VENDOR_PORTS": "useapi=8001, t1/akool=8002",
        },
    )

    assert settings.scenario_folders == (Path("mine"), Path("yours"))
    assert settings.switches == (("useapi.busy", "plain"), ("deepswapai.expired_file", "410"))
    assert settings.max_body_bytes == 2 << 20
    assert settings.strict_keys
    assert settings.vendor_ports == (VendorPort("useapi", 8001), VendorPort("akool", 8002, "t1"))


def test_a_seed_that_nobody_gave_differs_from_start_to_start() -> None:
    assert read_settings({}, {}).seed != read_settings({}, {}).seed
    assert read_settings({"seed": ""}, {}).seed
    assert read_settings({}, {"MEDIASIM_SEED": ""}).seed


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MEDIASIM_PRT": "1"}, "MEDIASIM_PRT is no setting"),
        ({"MEDIASIM_PORT": "many"}, "^MEDIASIM_PORT: 'many' is no whole number$"),
        ({"MEDIASIM_SPEED": "fast"}, "^MEDIASIM_SPEED: 'fast' is no number$"),
        ({"MEDIASIM_SPEED": "nan"}, "above 0"),
        ({"MEDIASIM_TOKEN": ""}, "the token is empty"),
        ({"MEDIASIM_TOKEN": " "}, "the token is empty"),
        ({"MEDIASIM_CONTROL": "off", "MEDIASIM_CONTROL_PORT": "8001"}, "no control API"),
        ({"MEDIASIM_VENDOR_PORTS": "/useapi=8001"}, "t1/useapi=8001 for the sandbox t1"),
        ({"MEDIASIM_PORT": "70000"}, "70000 is no port"),
        ({"MEDIASIM_CLOCK": "fast"}, "there are real, manual, skip"),
        ({"MEDIASIM_SPEED": "0"}, "above 0"),
        ({"MEDIASIM_HOLD": "perhaps"}, "neither true nor false"),
        ({"MEDIASIM_SWITCHES": "useapi.busy"}, "write NAME=VALUE"),
        ({"MEDIASIM_MAX_BODY": "64 megs"}, "64MiB"),
        ({"MEDIASIM_PORT": "8001", "MEDIASIM_VENDOR_PORTS": "useapi=8001"}, "given twice"),
    ],
)
def test_what_cannot_be_used_is_said_plainly(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read_settings({}, environment)
