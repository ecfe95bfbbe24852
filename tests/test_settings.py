"""Settings: flags before environment before defaults, and a clear word for what cannot be used."""

from pathlib import Path

import pytest

from simulator.settings import OPTIONS, BadSetting, Settings, VendorPort, read_settings
from simulator.settings.table import as_markdown


def test_a_flag_wins_over_the_environment_and_that_over_the_default() -> None:
    settings = read_settings({"port": 9000, "host": None}, {"SIMULATOR_PORT": "7000", "SIMULATOR_HOST": "0.0.0.0"})

    assert (settings.port, settings.host, settings.clock) == (9000, "0.0.0.0", "real")


def test_every_field_can_be_said_by_a_variable_of_its_own() -> None:
    assert {option.field for option in OPTIONS} == set(Settings.__struct_fields__)
    assert len({option.variable for option in OPTIONS}) == len({option.flag for option in OPTIONS}) == len(OPTIONS)


def test_the_page_of_settings_is_up_to_date() -> None:
    page = Path(__file__).parent.parent / "docs" / "settings.md"

    assert page.read_text(encoding="utf-8") == as_markdown()  # `make settings` writes it


def test_a_flag_is_read_as_its_variable_is_and_named_where_it_cannot_be() -> None:
    assert read_settings({"port": "9000", "switches": ["a.b=c"]}, {}).switches == (("a.b", "c"),)
    with pytest.raises(BadSetting, match=r"^--port: 'many' is no whole number$"):
        read_settings({"port": "many"}, {})


SERVICE_LINKS = {
    "SIMULATOR_PORT": "tcp://10.0.0.7:8080",
    "SIMULATOR_SERVICE_HOST": "10.0.0.7",
    "SIMULATOR_SERVICE_PORT": "8080",
    "SIMULATOR_SERVICE_PORT_HTTP": "8080",
    "SIMULATOR_PORT_8080_TCP": "tcp://10.0.0.7:8080",
    "SIMULATOR_PORT_8080_TCP_PROTO": "tcp",
    "SIMULATOR_PORT_8080_TCP_PORT": "8080",
    "SIMULATOR_PORT_8080_TCP_ADDR": "10.0.0.7",
    "SIMULATOR_CONTROL_PORT": "tcp://10.0.0.8:8081",  # of a service named simulator-control
    "SIMULATOR_CONTROL_SERVICE_HOST": "10.0.0.8",
}


def test_what_kubernetes_tells_about_a_service_named_simulator_is_no_setting() -> None:
    settings = read_settings({}, SERVICE_LINKS | {"SIMULATOR_CLOCK": "skip"})

    assert (settings.port, settings.control_port, settings.clock) == (8080, None, "skip")


def test_an_empty_variable_says_nothing() -> None:
    empty = {option.variable: "" for option in OPTIONS if option.field != "token"}

    assert read_settings({"seed": "1"}, {**empty, "HOME": "/x"}) == read_settings({"seed": "1"}, {"HOME": "/x"})


def test_a_mounted_folder_brings_scenarios_and_certificates(tmp_path: Path) -> None:
    assert read_settings({"folder": tmp_path}, {}).tls_folder == tmp_path / "tls"
    for name in ("scenarios", "tls"):
        (tmp_path / name).mkdir()
    for name in ("cert.pem", "key.pem"):
        (tmp_path / "tls" / name).touch()

    settings = read_settings({}, {"SIMULATOR_FOLDER": str(tmp_path)})

    assert settings.scenario_folders == (tmp_path / "scenarios",)
    assert (settings.tls, settings.tls_cert) == (True, tmp_path / "tls" / "cert.pem")
    assert settings.tls_key == tmp_path / "tls" / "key.pem"
    assert read_settings(
        {"scenario_folders": [Path("mine")]}, {"SIMULATOR_FOLDER": str(tmp_path)}
    ).scenario_folders == (Path("mine"),)


def test_lists_sizes_and_truths_are_read() -> None:
    settings = read_settings(
        {},
        {
            "SIMULATOR_SCENARIOS": "mine, yours",
            "SIMULATOR_SWITCHES": "useapi.busy=plain,deepswapai.expired_file=410",
            "SIMULATOR_MAX_BODY": "2MiB",
            "SIMULATOR_STRICT_KEYS": "yes",
            "SIMULATOR_VENDOR_PORTS": "useapi=8001, t1/akool=8002",
            "SIMULATOR_WEBHOOK_ALLOW": "hooks.example.com, *.example.org,10.1.0.0/16",
            "SIMULATOR_WEBHOOK_INSECURE": "on",
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


def test_a_host_that_is_let_through_may_be_an_address() -> None:
    said = {"SIMULATOR_PROXY_PASSTHROUGH": "Api.Example.com.,*.example.com,203.0.113.7,2001:DB8::0:7"}

    opened = read_settings({}, said).proxy_passthrough

    assert opened == ("api.example.com", "*.example.com", "203.0.113.7", "2001:db8::7")


def test_a_seed_that_nobody_gave_differs_from_start_to_start() -> None:
    assert read_settings({}, {}).seed != read_settings({}, {}).seed
    assert read_settings({"seed": ""}, {}).seed
    assert read_settings({}, {"SIMULATOR_SEED": ""}).seed


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "build-7"])
def test_a_control_api_that_others_can_reach_has_a_token(host: str) -> None:
    first, second = (read_settings({"host": host}, {}).token for _ in range(2))

    assert first
    assert first != second
    assert read_settings({"host": host, "token": "mine"}, {}).token == "mine"
    assert read_settings({"host": host}, {"SIMULATOR_OPEN_CONTROL": "yes"}).token is None
    assert read_settings({"host": host, "has_control": False}, {}).token is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_one_on_loopback_needs_none(host: str) -> None:
    assert read_settings({"host": host}, {}).token is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SIMULATOR_PRT": "1"}, "SIMULATOR_PRT is no setting; did you mean SIMULATOR_PORT?"),
        ({"SIMULATOR_LOG": "xml"}, "there is no log format 'xml'; there are off, text, json"),
        ({"SIMULATOR_FOLDER": "/nowhere"}, "there is no folder '/nowhere'"),
        ({"SIMULATOR_TLS_KEY": "key.pem"}, "a key and no certificate"),
        ({"SIMULATOR_TLS": "on", "SIMULATOR_TLS_PORT": "8080"}, "given twice"),
        ({"SIMULATOR_PROXY_PASSTHROUGH": "https://x"}, "is no host"),
        ({"SIMULATOR_DEVICE": "gpu"}, "there is no device 'gpu'; write auto, cpu, cuda"),
        ({"SIMULATOR_SLOTS": "0"}, "0 is no number of slots"),
        ({"SIMULATOR_LIVE": "on", "SIMULATOR_CLOCK": "skip"}, "rendered in real time"),
        ({"SIMULATOR_MAX_CONNECTIONS": "0"}, "at least one connection"),
        ({"SIMULATOR_CLIENT_TIMEOUT": "0"}, "more than 0"),
        ({"SIMULATOR_PORT": "many"}, "^SIMULATOR_PORT: 'many' is no whole number$"),
        ({"SIMULATOR_SPEED": "fast"}, "^SIMULATOR_SPEED: 'fast' is no number$"),
        ({"SIMULATOR_SPEED": "nan"}, "above 0"),
        ({"SIMULATOR_TOKEN": ""}, "the token is empty"),
        ({"SIMULATOR_TOKEN": " "}, "the token is empty"),
        ({"SIMULATOR_CONTROL": "off", "SIMULATOR_CONTROL_PORT": "8001"}, "no control API"),
        ({"SIMULATOR_VENDOR_PORTS": "/useapi=8001"}, "t1/useapi=8001 for the sandbox t1"),
        ({"SIMULATOR_PORT": "70000"}, "70000 is no port"),
        ({"SIMULATOR_CLOCK": "fast"}, "there are real, manual, skip"),
        ({"SIMULATOR_SPEED": "0"}, "above 0"),
        ({"SIMULATOR_HOLD": "perhaps"}, "neither true nor false"),
        ({"SIMULATOR_SWITCHES": "useapi.busy"}, "write NAME=VALUE"),
        ({"SIMULATOR_MAX_BODY": "64 megs"}, "64MiB"),
        ({"SIMULATOR_WEBHOOK_ALLOW": "hooks.example.com, http://x"}, "'http://x' is nothing that can be allowed"),
        ({"SIMULATOR_LIVE_ALLOW": "http://x"}, "SIMULATOR_LIVE_ALLOW: 'http://x' is nothing that can be allowed"),
        ({"SIMULATOR_WEBHOOK_INSECURE": "perhaps"}, "neither true nor false"),
        ({"SIMULATOR_PORT": "8001", "SIMULATOR_VENDOR_PORTS": "useapi=8001"}, "given twice"),
    ],
)
def test_what_cannot_be_used_is_said_plainly(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read_settings({}, environment)
