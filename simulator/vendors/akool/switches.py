"""What AKOOL leaves open, as choices; the first one is the default."""

from simulator.vendors.vendor import Switch, chooser

SWITCHES = (
    Switch("auth_status", ("200", "401"), "200", "akool.error.auth-status",
           "HTTP status of a refusal for want of good credentials"),
    Switch("running_url", ("null", "empty"), "null", "akool.task.running-url",
           "what video_url is before a head swap has completed"),
    Switch("opts", ("lenient", "strict"), "lenient", "akool.swap.opts-lenient",
           "whether landmarks must be four pairs"),
    Switch("missing_file", ("403", "404"), "403", "akool.file.expired", "status of a file that is not there"),
    Switch("webhook_progress", ("on", "off"), "on", "akool.webhook.progress",
           "whether a face swap's webhook is called at status 2 too"),
    Switch("webhook_retries", ("3", "0", "1", "2"), "3", "akool.webhook.retries",
           "how often a webhook is tried again: after 5, 30 and 120 seconds"),
)  # fmt: skip

chosen = chooser(SWITCHES)
"""What a switch says, or its default where nobody has set it."""
