"""What DeepSwapAI leaves open, as choices."""

from simulator.vendors.vendor import Switch, chooser

SWITCHES = (
    Switch("submit_status", ("202", "200"), "202", "deepswapai.submit.status-202", "status of an accepted video or batch"),
    Switch("batch_results", ("results", "partial_results"), "results", "deepswapai.batch.results-name",
           "name of the list of results at a batch's end"),
    Switch("expired_file", ("403", "404", "410"), "403", "deepswapai.file.expired", "status of an expired file"),
    Switch("error_shape", ("flat", "nested"), "flat", "deepswapai.error.flat", "shape of an error body"),
    Switch("credits_endpoint", ("off", "on"), "off", "deepswapai.credits.endpoint", "whether GET /v1/credits exists"),
    Switch("webhook_retries", ("3", "2", "1", "0"), "3", "deepswapai.webhook.retries",
           "how often a webhook that is not taken is sent again"),
)  # fmt: skip

chosen = chooser(SWITCHES)
"""What a switch says, or its default where nobody has set it."""
