"""Where webhooks may go: at home by default, further where it is allowed, and to some addresses never."""

import pytest

from simulator.outgoing.reach import Reach

HOME = [
    *("127.0.0.1", "127.8.9.10", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd12:3456::1", "fc00::1"),
    *("::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "64:ff9b::10.1.2.3", "2002:7f00:1::", "::1%lo"),
]  # fmt: skip
ABROAD = [
    *("8.8.8.8", "172.15.255.255", "172.32.0.0", "192.169.0.1", "11.0.0.0", "100.64.0.1", "198.18.0.1", "192.0.2.1"),
    *("240.0.0.1", "2606:4700::1111", "fec0::1", "2001:db8::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"),
]
NEVER = [
    *("169.254.169.254", "169.254.0.1", "169.254.170.2", "fe80::1", "fe80::1%eth0", "febf::1"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "192.0.0.192", "100.100.100.200", "168.63.129.16"),
    *("0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"),
    *("::ffff:169.254.169.254", "::ffff:0:0", "::169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe"),
    *("2002:a9fe:a9fe::", "2002:6464:64c8::1", "2001:0:53aa:64c:0:0:5601:5601"),
]  # fmt: skip


def refusal(address: str, *allowed: str, host: str = "") -> str:
    return Reach(allowed).refusal(host or address, address)


@pytest.mark.parametrize("address", HOME)
def test_this_machine_and_private_networks_are_reached(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize("address", ABROAD)
def test_other_addresses_are_reached_only_where_they_are_allowed(address: str) -> None:
    assert "neither this machine's nor a private network's" in refusal(address)
    assert refusal(address, "*") == ""
    assert refusal(address, address) == ""
    assert refusal(address, "hooks.example.com", host="hooks.example.com") == ""
    assert refusal(address, "203.0.113.9", "2001:db8:1::/48", "example.org", host="hooks.example.com")


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached_whatever_is_allowed(address: str) -> None:
    allowed = ("*", "0.0.0.0/0", "::/0", "hooks.example.com", address.partition("%")[0])

    assert refusal(address, *allowed).endswith("webhooks never go there")
    assert refusal(address, *allowed, host="hooks.example.com").startswith("hooks.example.com at ")


@pytest.mark.parametrize(
    "text", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "127.1", "localhost", "", "1.2.3.4.5"]
)
def test_what_is_no_address_in_its_usual_spelling_is_not_connected_to(text: str) -> None:
    assert "no address, or one in an unusual spelling" in refusal(text, "*")


@pytest.mark.parametrize(
    ("entry", "host", "is_allowed"),
    [
        ("hooks.example.com", "hooks.example.com", True),
        ("hooks.example.com", "Hooks.Example.COM.", True),
        ("HOOKS.example.com.", "hooks.example.com", True),
        ("hooks.example.com", "a.hooks.example.com", False),
        ("example.com", "hooks.example.com", False),
        ("*.example.com", "hooks.example.com", True),
        ("*.example.com", "a.hooks.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "hooksexample.com", False),
        ("8.8.8.0/24", "hooks.example.com", True),
        ("8.8.8.8", "hooks.example.com", True),
        ("64:ff9b::/96", "hooks.example.com", False),
        ("8.8.9.0/24", "hooks.example.com", False),
    ],
)
def test_hosts_addresses_and_networks_can_be_allowed(entry: str, host: str, *, is_allowed: bool) -> None:
    assert (refusal("8.8.8.8", entry, host=host) == "") is is_allowed


def test_a_network_is_allowed_by_the_address_as_it_is_or_as_what_it_stands_for() -> None:
    assert refusal("64:ff9b::8.8.8.8", "64:ff9b::/96") == ""
    assert refusal("64:ff9b::8.8.8.8", "8.8.8.0/24") == ""


def test_a_refusal_says_which_address_why_and_what_opens_it() -> None:
    closed = "is neither this machine's nor a private network's; --webhook-allow"

    assert refusal("8.8.8.8") == f"8.8.8.8 {closed} 8.8.8.8 opens it"
    assert (
        refusal("8.8.8.8", host="Hooks.example.com")
        == f"hooks.example.com at 8.8.8.8 {closed} hooks.example.com opens it"
    )
    assert refusal("::ffff:8.8.8.8", host="a.example").startswith(
        "a.example at ::ffff:808:808, which leads to 8.8.8.8, is "
    )
    assert refusal("fe80::1") == "fe80::1 is link-local; webhooks never go there"
