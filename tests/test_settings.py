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
            "MEDIASIM_WEBHOOK_ALLOW": "hooks.example.com, *.example.org,10.1.0.0/16",
            "MEDIASIM_WEBHOOK_INSECURE": "on",
        },
    )

    assert settings.scenario_folders == (Path("mine"), Path("yours"))
    assert settings.switches == (("useapi.busy", "plain"), ("deepswapai.expired_file", "410"))
    assert settings.max_body_bytes == 2 << 20
    assert settings.strict_keys
    assert settings.vendor_ports == (VendorPort("useapi", 8001), VendorPort("akool", 8002, "t1"))
    assert settings.webhook_allow == ("hooks.example.com", "*.example.org", "10.1.0.0/16")
    assert settings.webhook_insecure


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "*",
            "localhost",
            "hooks",
            "my_service",
            "hooks.example.com",
            "HOOKS.example.com.",
            "*.example.com",
            "a-1.b2.xn--p1ai",
        ),
        *("203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::1", "2001:db8::/32", "1.2.3.4.example"),
    ],
)
def test_webhooks_can_be_allowed_to_reach_hosts_addresses_and_networks(entry: str) -> None:
    assert read_settings({"webhook_allow": [entry]}, {}).webhook_allow == (entry,)


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "",
            " ",
            "a,b",
            "**",
            "*.",
            "*example.com",
            "a.*.com",
            "hooks..example.com",
            "-hooks.example.com",
            "hooks-.example.com",
        ),
        *(
            "https://hooks.example.com",
            "hooks.example.com:443",
            "hooks.example.com/x",
            "user@hooks.example.com",
            "a b",
            "hooks\n",
        ),
        *(
            "203.0.113.7:80",
            "203.0.113.256",
            "127.1",
            "2130706433",
            "203.0.113.7/24",
            "203.0.113.0/33",
            "[2001:db8::1]",
            "bücher.example",
        ),
    ],
)
def test_where_webhooks_cannot_be_allowed_to_is_said_with_what_can(entry: str) -> None:
    with pytest.raises(
        BadSetting, match=r"hooks\.example\.com.*\*\.example\.com.*203\.0\.113\.0/24.*\* for every"
    ) as told:
        read_settings({"webhook_allow": [entry]}, {})

    assert repr(entry) in str(told.value)


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
        (
            {"MEDIASIM_WEBHOOK_ALLOW": "hooks.example.com, http://x"},
            "'http://x' is nothing that webhooks can be allowed",
        ),
        ({"MEDIASIM_WEBHOOK_INSECURE": "perhaps"}, "neither true nor false"),
        ({"MEDIASIM_PORT": "8001", "MEDIASIM_VENDOR_PORTS": "useapi=8001"}, "given twice"),
    ],
)
def test_what_cannot_be_used_is_said_plainly(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read_settings({}, environment)
