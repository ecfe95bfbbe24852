"""What A2E leaves open, as choices; the first one is the default."""

from simulator.vendors.vendor import Switch, chooser

SWITCHES = (
    Switch("trace_id", ("on", "off"), "on", "a2e.envelope.trace-id", "whether replies end with a trace_id"),
    Switch("error_shape", ("msg", "success"), "msg", "a2e.error.msg-shape",
           "whether a refusal is {code, msg, data} or {success, error, code, timestamp}"),
    Switch("error_status", ("4xx", "200"), "4xx", "a2e.error.http-200",
           "HTTP status of refused parameters and unknown ids"),
    Switch("wrong_method", ("404", "405"), "404", "a2e.route.method", "status where a path lacks the method"),
    Switch("preview_fields", ("required", "optional"), "required", "a2e.preview.required",
           "whether a preview may lack its URLs"),
    Switch("paging", ("required", "optional"), "required", "a2e.paging.required",
           "whether pageNum and pageSize may be left out"),
    Switch("task_status", ("unfinished", "all"), "unfinished", "a2e.task.status-unfinished",
           "which tasks userFaceSwapTask/status tells"),
    Switch("delete_processing", ("refused", "deleted"), "refused", "a2e.delete.processing",
           "what becomes of the deletion of a task that is processing"),
    Switch("expired_file", ("403", "404"), "403", "a2e.file.gone", "status of a file that has gone"),
    Switch("webhook_https", ("off", "on"), "off", "a2e.webhook.https", "whether webhook_url has to be https, as documented"),
)  # fmt: skip

chosen = chooser(SWITCHES)
"""What a switch says, or its default where nobody has set it."""
