"""What an OpenShorts server leaves open, as choices; the first one is the default."""

from collections.abc import Mapping

from simulator.vendors.vendor import Switch, chooser

PAGE, HEAD, DOCS = "page", "head", "docs"

SWITCHES = (
    Switch("profile", (PAGE, HEAD, DOCS), PAGE, "openshorts.profile.page",
           "which OpenShorts is played: the newest with all that its status page promises, the newest, or the page alone"),
    Switch("clips", ("drawn", "sample"), "drawn", "openshorts.status.completed-sample",
           "whether the first two clips are drawn, or those of the status page's sample"),
    Switch("url_ingest", ("enabled", "disabled"), "enabled", "openshorts.process.url-disabled",
           "whether videos may be given by URL"),
    Switch("public_webhooks", ("off", "on"), "off", "openshorts.process.webhook-public",
           "whether a webhook's host must be a public address"),
)  # fmt: skip

chosen = chooser(SWITCHES)
"""What a switch says, or its default where nobody has set it."""


def profile(switches: Mapping[str, str]) -> str:
    """Return which OpenShorts is played: facts openshorts.profile.page, openshorts.profile.head, openshorts.profile.docs."""
    return chosen("profile", switches)
