"""What useapi leaves open, as choices; the first one is the default."""

from simulator.vendors.vendor import Switch, chooser

SWITCHES = (
    Switch("accounts", ("one", "none"), "one", "useapi.account.fresh", "channels that a new key has configured"),
    Switch("account_discord", ("masked", "shown"), "masked", "useapi.account.discord-shown",
           "whether GET /account hides the Discord token"),
    Switch("no_account", ("404", "400"), "404", "useapi.channel.no-account", "status where no channel is configured"),
    Switch("no_credits", ("429", "412"), "429", "useapi.credits.none-left", "status where no channel can pay"),
    Switch("busy", ("plain", "executing-jobs"), "plain", "useapi.busy.body", "whether a busy channel's 429 lists its jobs"),
    Switch("retry_after", ("absent", "sent"), "absent", "useapi.busy.retry-after",
           "whether a busy channel's 429 carries Retry-After"),
    Switch("async_limit", ("none", "one"), "none", "useapi.busy.async-limit",
           "how many asynchronous jobs a channel runs at once"),
    Switch("unknown_idname", ("failed", "accepted"), "failed", "useapi.headshot.unknown-idname",
           "what becomes of a headshot whose prompt names no saved idname"),
    Switch("webhook_progress", ("off", "on"), "off", "useapi.webhook.progress",
           "whether replyUrl is told of created, started and progress too"),
    Switch("webhook_retries", ("0", "1", "2", "3"), "0", "useapi.webhook.attempts",
           "how often a webhook that was not received is tried again"),
)  # fmt: skip

chosen = chooser(SWITCHES)
"""What a switch says, or its default where nobody has set it."""
