"""Scenario files with mistakes, and what is said of each: told once here, for the reader and for the schema."""

from typing import NamedTuple


class BadDocument(NamedTuple):
    """``schema_sees``: the JSON Schema refuses it too; the rest takes knowledge that no schema has."""

    text: str
    messages: tuple[str, ...]
    schema_sees: bool


BAD_DOCUMENTS = (  # each line a place, what is wrong and what would be legal
    BadDocument(
        "- happy\n",
        (
            "bad.yaml:1:1: a list stands here instead of a mapping; legal: scenario, vendor, kind, summary, like, states, result, expires, refresh, reply, switches, webhook, faults, when, off_contract, hold",
        ),
        True,
    ),
    BadDocument(
        "scenario: bad\n",
        ("bad.yaml:1:1: the key 'states' is missing: it says what the job goes through",),
        True,
    ),
    BadDocument(
        "states: {running: {for: 5s, then: succeeded}}\n",
        ("bad.yaml:1:1: the key 'scenario' is missing: it names the scenario, 'bad' here",),
        True,
    ),
    BadDocument(
        """\
scenario: Bad Name
states:
  running: {for: 5s, then: succeeded}
""",
        (
            "bad.yaml:1:11: scenario: 'Bad Name' is no name: small letters and digits, with single '-' between, 100 at most",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: other
states:
  running: {for: 5s, then: succeeded}
""",
        ("bad.yaml:1:11: scenario: the file is called 'bad' and the scenario 'other'; they must agree; legal: bad",),
        False,
    ),
    BadDocument(
        """\
scenario: validate
states:
  running: {for: 5s, then: succeeded}
""",
        ("bad.yaml:1:11: scenario: 'validate' is a word of the control API, and no name for a scenario",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
sumary: typo
""",
        (
            "bad.yaml:4:1: sumary: there is no key 'sumary' here; legal: scenario, vendor, kind, summary, like, states, result, expires, refresh, reply, switches, webhook, faults, when, off_contract, hold (did you mean 'summary'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
wire: {}
""",
        (
            "bad.yaml:4:1: wire: there is no key 'wire' here; legal: scenario, vendor, kind, summary, like, states, result, expires, refresh, reply, switches, webhook, faults, when, off_contract, hold",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states: []
""",
        ("bad.yaml:2:9: states: a list stands here instead of a mapping",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states: {}
""",
        ("bad.yaml:2:9: states: there must be 1 to 50 states; the first one starts",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: usapi
states:
  running: {for: 5s, then: succeeded}
""",
        ("bad.yaml:2:9: vendor: 'usapi' is none of the choices; legal: deepswapai, useapi (did you mean 'useapi'?)",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
kind: headshots
states:
  progress: {for: 5s, then: completed}
""",
        (
            "bad.yaml:3:7: kind: 'headshots' is none of the choices; legal: headshot, changebg, picsi-still (did you mean 'headshot'?)",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running:
    for: 5s
    then: succeeded
kind: headshot
""",
        ("bad.yaml:6:1: kind: a kind of job belongs to a vendor: say `vendor:` too",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  runing: {for: 5s, then: succeeded}
""",
        (
            "bad.yaml:3:3: states.runing: there is no state 'runing' here; legal: waiting, running, succeeded, failed, moderated, cancelled (did you mean 'running'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: suceeded}
""",
        (
            "bad.yaml:3:28: states.running.then: 'suceeded' is no state here; legal: succeeded, failed, moderated, cancelled (did you mean 'succeeded'?)",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.running.for: 5 has no unit; legal: 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}, forever, {polls: 3}, {until: rendered, simulated: 20s}, {frame: 40ms, start: 2s}",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5 seconds, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.running.for: '5 seconds' is no length of time; legal: 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}, forever, {polls: 3}, {until: rendered, simulated: 20s}, {frame: 40ms, start: 2s}",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 6s..2s, then: succeeded}
""",
        ("bad.yaml:3:18: states.running.for: '6s..2s' runs backwards; write 2s..6s",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {median: 30s}, then: succeeded}
""",
        ("bad.yaml:3:18: states.running.for: a distribution has exactly the keys median and p95",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {median: 90s, p95: 30s}, then: succeeded}
""",
        ("bad.yaml:3:18: states.running.for: a distribution needs 0 < median < p95",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: forevr, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.running.for: 'forevr' is no length of time; legal: 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}, forever, {polls: 3}, {until: rendered, simulated: 20s}, {frame: 40ms, start: 2s} (did you mean 'forever'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: forever, then: succeeded}
""",
        ("bad.yaml:3:27: states.running.then: it lasts forever, so nothing can follow by itself",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {polls: 0}, then: succeeded}
""",
        ("bad.yaml:3:26: states.running.for.polls: 0 is no whole number from 1 to 1000",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {polls: 3, then: succeeded}
""",
        ("bad.yaml:3:13: states.running.polls: `polls` is a form of `for`: write for: {polls: 3}",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {until: rendered}, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.running.for: `until: rendered` is for live jobs, `simulated` for all others: 'simulated' is missing",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {until: done, simulated: 20s}, then: succeeded}
""",
        ("bad.yaml:3:26: states.running.for.until: 'done' is none of the choices; legal: rendered",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {for: {start: 2s}, then: running}
  running: {for: {frame: fast, frames: 3}, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.waiting.for: `start` is what comes before the frames: the key 'frame' is missing",
            "bad.yaml:4:26: states.running.for.frame: 'fast' is no length of time; write for example 500ms, 30s, 2m, 1.5h or 31d",
            "bad.yaml:4:32: states.running.for.frames: there is no key 'frames' here; legal: frame, start (did you mean 'frame'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {ahead: 2, then: running}
  running: {for: {frame: 40ms}, then: succeeded}
""",
        (
            "bad.yaml:3:13: states.waiting.ahead: nobody knows how many frames the jobs ahead have, and 'running' lasts by its frames",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s}
""",
        (
            "bad.yaml:3:3: states.running: 'running' is no end and has no way on: give `then`, or `for: forever`; legal: succeeded, failed, moderated, cancelled",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: [succeeded]}
""",
        ("bad.yaml:3:29: states.running.then[0]: 'succeeded' stands here instead of a mapping; legal: to, weight",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: []}
""",
        (
            "bad.yaml:3:28: states.running.then: a list is neither a state nor a list such as [{to: done, weight: 9}, {to: failed}]",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: [{to: succeeded, weight: 0}, {weight: 2}, {to: succeeded}]}
""",
        (
            "bad.yaml:3:53: states.running.then[0].weight: 0 is no weight: a number above 0, up to 1000000",
            "bad.yaml:3:57: states.running.then[1]: the key 'to' is missing: it says where this branch leads",
            "bad.yaml:3:75: states.running.then[2].to: 'succeeded' has a branch already; add up the weights",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: waiting}
  waiting: {for: 1s, then: succeeded}
""",
        (
            "bad.yaml:3:28: states.running.then: 'running' cannot be followed by 'waiting'; legal: succeeded, failed, moderated, cancelled",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {for: 5s, then: running}
""",
        (
            "bad.yaml:3:28: states.waiting.then: 'running' goes on from there, so it must be told under `states` how; legal: waiting",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {for: 1s, then: running}
  running: {for: 5s, then: succeeded}
  failed: {error: never}
""",
        ("bad.yaml:5:3: states.failed: no state leads to 'failed', and 'waiting' starts",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
  succeeded: {for: 3s}
""",
        ("bad.yaml:4:15: states.succeeded.for: 'succeeded' is an end: it neither lasts nor goes on",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
  succeeded: {error: oops}
""",
        (
            "bad.yaml:4:15: states.succeeded.error: 'succeeded' is no bad end, so it has no error to show; legal: failed, moderated",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: failed}
  failed: {error: {text: oops}}
""",
        (
            "bad.yaml:4:19: states.failed.error: the key 'message' is missing",
            "bad.yaml:4:20: states.failed.error.text: there is no key 'text' here; legal: message, details, code",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: failed}
  failed: {error: 7}
""",
        ("bad.yaml:4:19: states.failed.error: 7 is neither a text nor a mapping; legal: message, details, code",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, items: {fail: [1]}, then: succeeded}
""",
        ("bad.yaml:3:22: states.running.items: `for` and `items` both say how long the state lasts; keep one",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {items: {fail: [1, -1, x], fail_rate: 2, count: 0}, then: succeeded}
""",
        (
            "bad.yaml:3:31: states.running.items.fail[1]: -1 is no item: they count from 0 to 999",
            "bad.yaml:3:35: states.running.items.fail[2]: 'x' is no item: they count from 0 to 999",
            "bad.yaml:3:50: states.running.items.fail_rate: 2 is no number from 0 to 1",
            "bad.yaml:3:60: states.running.items.count: 0 is no whole number from 1 to 1000",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {items: {count: 3, fail: [3]}, then: succeeded}
""",
        ("bad.yaml:3:38: states.running.items.fail[0]: 3 is no item: they count from 0 to 2",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {items: {}, then: running}
  running: {items: {}, then: succeeded}
""",
        ("bad.yaml:4:13: states.running.items: only one state can have items, and 'waiting' has them",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {ahead: 3, then: running}
  running: {for: forever}
""",
        (
            "bad.yaml:3:13: states.waiting.ahead: each job ahead takes the `for` of the next state, so `then` must name one state with a length of time",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded, shown_as: paused}
""",
        (
            "bad.yaml:3:39: states.running.shown_as: a word that the vendor does not have leaves the contract: say why in `off_contract:`",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
off_contract: because
""",
        ("bad.yaml:4:1: off_contract: nothing here leaves the contract: that takes `shown_as` or `reply`",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded, on: {look: failed, cancel: faild}}
""",
        (
            "bad.yaml:3:44: states.running.on.look: 'look' is no event for a scenario: 'cancel', or a word of your own for the control API",
            "bad.yaml:3:66: states.running.on.cancel: 'faild' is no state here; legal: succeeded, failed, moderated, cancelled (did you mean 'failed'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
result:
  image: {width: 0, height: 99999, format: bmp}
  video: {duration: 13h}
  count: many
""",
        (
            "bad.yaml:5:18: result.image.width: 0 is no whole number from 1 to 8192",
            "bad.yaml:5:29: result.image.height: 99999 is no whole number from 1 to 8192",
            "bad.yaml:5:44: result.image.format: 'bmp' is none of the choices; legal: png, jpg, webp, gif",
            "bad.yaml:6:3: result.video: a result is an image or a video, not both",
            "bad.yaml:7:10: result.count: 'many' is no whole number from 1 to 1000",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
result:
  image: {width: 768, height: 768, format: png, bytes: 10}
""",
        ("bad.yaml:5:10: result.image: 10 bytes asked, but it takes 11484 to 2147483647 bytes",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
expires: {job: {from: start}, file: 24h}
""",
        (
            "bad.yaml:4:11: expires.job: the key 'after' is missing: how long it is kept, for example 31d",
            "bad.yaml:4:23: expires.job.from: 'start' is none of the choices; legal: created, ended",
            "bad.yaml:4:37: expires.file: '24h' stands here instead of a mapping; legal: after, from",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
expires:
  job: {after: 31d, recycled: 30d, sweep: 0}
  file: {after: 1h..2h}
""",
        (
            "bad.yaml:5:31: expires.job.recycled: it counts from the job's creation and must be longer than `after`",
            "bad.yaml:5:43: expires.job.sweep: 0 is too short: at least 1 ms",
            "bad.yaml:6:17: expires.file.after: '1h..2h' is drawn, but this is a fixed length; write for example 31d",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
refresh: 0s..5s
""",
        (
            "bad.yaml:4:10: refresh: a refresh has a fixed gap or a range, and is longer than 0: for example 2s or 15s..60s",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
refresh: {covers: all}
""",
        (
            "bad.yaml:4:10: refresh: the key 'every' is missing: the gap between two looks, for example 15s..60s",
            "bad.yaml:4:19: refresh.covers: 'all' is none of the choices; legal: everything, end",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
reply: {getJob: {status: 500}}
""",
        ("bad.yaml:4:1: reply: operations belong to a vendor: say `vendor:` too",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  progress: {for: 5s, then: completed}
reply:
  getJobs: {status: 500}
  getJob: {status: 99, headers: {a b: c}, state: done}
  listJobs: {}
""",
        (
            "bad.yaml:6:3: reply.getJobs: there is no key 'getJobs' here; legal: headshot, getJob, listJobs (did you mean 'getJob'?)",
            "bad.yaml:7:20: reply.getJob.status: 99 is no whole number from 200 to 599",
            "bad.yaml:7:39: reply.getJob.headers.a b: a header is a word and a text of one line, both in ASCII",
            "bad.yaml:7:50: reply.getJob.state: 'done' is none of the choices; legal: progress, completed, created, started, failed, moderated, cancelled",
            "bad.yaml:8:13: reply.listJobs: it changes nothing; legal: status, headers, body",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  progress: {for: 5s, then: completed}
switches: {useapi.busi: plain, useapi.busy: fancy, deepswapai.error_shape: flat}
""",
        (
            "bad.yaml:5:12: switches.useapi.busi: there is no switch 'useapi.busi' here; legal: useapi.accounts, useapi.busy (did you mean 'useapi.busy'?)",
            "bad.yaml:5:45: switches.useapi.busy: 'fancy' is none of the choices; legal: plain, executing-jobs",
            "bad.yaml:5:52: switches.deepswapai.error_shape: there is no switch 'deepswapai.error_shape' here; legal: useapi.accounts, useapi.busy",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
when:
  - {}
  - {operation: videoSwap, headers: {x: /(/}}
  - headshot
""",
        (
            "bad.yaml:5:5: when[0]: a rule without conditions would claim every request; legal: operation, fields, headers",
            "bad.yaml:6:41: when[1].headers.x: '/(/' is no regular expression: missing ), unterminated subpattern at position 0",
            "bad.yaml:7:5: when[2]: 'headshot' stands here instead of a mapping; legal: operation, fields, headers",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  progress: {for: 5s, then: completed}
when: [{operation: headshoot}]
""",
        (
            "bad.yaml:5:20: when[0].operation: 'headshoot' is none of the choices; legal: headshot, getJob, listJobs (did you mean 'headshot'?)",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  started: {for: 1s, then: progress}
  progress: {for: 5s, then: complete}
""",
        (
            "bad.yaml:5:29: states.progress.then: 'complete' is no state here; legal: completed, failed, moderated, cancelled (did you mean 'completed'?)",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  started: {for: 1s, then: created}
  created: {for: 5s, then: started}
""",
        (
            "bad.yaml:4:28: states.started.then: 'started' cannot be followed by 'created'; legal: progress, completed, failed, moderated",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  queued: {for: 1s, then: processing}
  processing: {for: 5s, then: completed}
""",
        (
            "bad.yaml:4:3: states.queued: there is no state 'queued' here; legal: created, started, progress, completed, failed, moderated, cancelled",
            "bad.yaml:5:3: states.processing: there is no state 'processing' here; legal: created, started, progress, completed, failed, moderated, cancelled (did you mean 'progress'?)",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
kind: picsi-still
states:
  started: {for: 1s, then: cancelled}
""",
        (
            "bad.yaml:5:28: states.started.then: 'cancelled' is no state here; legal: progress, completed, failed, moderated",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
hold: maybe
""",
        ("bad.yaml:4:7: hold: 'maybe' is neither true nor false; legal: true, false",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
summary: 7
""",
        ("bad.yaml:4:10: summary: 7 is no text of 1 to 10000 characters",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
result: {video: {duration: 13h}}
""",
        ("bad.yaml:4:28: result.video.duration: '13h' is too long: 12h at most",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: failed, shown_as: [paused], on: {cancel: 7}}
  failed: {error: {message: '', code: [1]}}
off_contract: x
""",
        (
            "bad.yaml:3:46: states.running.shown_as: a list is neither a text nor a whole number",
            "bad.yaml:3:69: states.running.on.cancel: 7 is no text of 1 to 10000 characters",
            "bad.yaml:4:29: states.failed.error.message: '' is no text of 1 to 10000 characters",
            "bad.yaml:4:39: states.failed.error.code: a list is neither a text nor a whole number",
            "bad.yaml:5:1: off_contract: nothing here leaves the contract: that takes `shown_as` or `reply`",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: {poll: 3}, then: 7}
""",
        (
            "bad.yaml:3:18: states.running.for: this is no form of a length of time; legal: 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}, forever, {polls: 3}, {until: rendered, simulated: 20s}, {frame: 40ms, start: 2s}",
            "bad.yaml:3:35: states.running.then: 7 is neither a state nor a list such as [{to: done, weight: 9}, {to: failed}]",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
when:
  - fields: {title: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}
""",
        ("bad.yaml:5:21: when[0].fields.title: a pattern has 500 characters at most",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: now
""",
        (
            "bad.yaml:3:12: states.running: 'now' stands here instead of a mapping; legal: for, then, ahead, items, on, error, shown_as",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
refresh: 7
result: {embeds: 1, count: true}
""",
        (
            "bad.yaml:4:10: refresh: 7 has no unit; write for example 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}",
            "bad.yaml:5:18: result.embeds: 1 is neither true nor false; legal: true, false",
            "bad.yaml:5:28: result.count: true is no whole number from 1 to 1000",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {duplicat: 3}
""",
        (
            "bad.yaml:4:11: webhook.duplicat: there is no key 'duplicat' here; legal: retries, timeout, accepts, body, chance, states, lost, late, duplicate, burst, out_of_order, before_reply, after_poll, stale_timestamp, wrong_signature, wrong_id, other_sandbox, extra_fields, truncated (did you mean 'duplicate'?)",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {}
""",
        (
            "bad.yaml:4:10: webhook: it changes nothing; legal: retries, timeout, accepts, body, chance, states, lost, late, duplicate, burst, out_of_order, before_reply, after_poll, stale_timestamp, wrong_signature, wrong_id, other_sandbox, extra_fields, truncated",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook:
  retries: [5, 1s..2s, soon, 0, 30s]
  timeout: 61s
  chance: 1.5
  states: [succeded, 7]
  lost: yes
  late: 0s
  duplicate: 1
  stale_timestamp: 5m..10m
""",
        (
            "bad.yaml:5:13: webhook.retries[0]: 5 has no unit; write for example 30s, 500ms, 1.5m, 2h, 31d, 2s..6s, {median: 30s, p95: 90s}",
            "bad.yaml:5:16: webhook.retries[1]: '1s..2s' is drawn, but this is a fixed length; write for example 30s",
            "bad.yaml:5:24: webhook.retries[2]: 'soon' is no length of time; write for example 500ms, 30s, 2m, 1.5h or 31d",
            "bad.yaml:6:12: webhook.timeout: '61s' is too long: 60s at most, for it is real time",
            "bad.yaml:7:11: webhook.chance: 1.5 is no number from 0 to 1",
            "bad.yaml:8:12: webhook.states[0]: 'succeded' is no state here; legal: waiting, running, succeeded, failed, moderated, cancelled (did you mean 'succeeded'?)",
            "bad.yaml:8:22: webhook.states[1]: 7 is no state here; legal: waiting, running, succeeded, failed, moderated, cancelled",
            "bad.yaml:9:9: webhook.lost: 'yes' is neither true nor false; legal: true, false",
            "bad.yaml:10:9: webhook.late: '0s' is not late: write for example 2m or 2m..10m",
            "bad.yaml:11:14: webhook.duplicate: 1 is no whole number from 2 to 100",
            "bad.yaml:12:20: webhook.stale_timestamp: '5m..10m' is drawn, but this is a fixed length; write for example 31d",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {retries: [1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s], burst: 1001}
""",
        (
            "bad.yaml:4:20: webhook.retries: a list is no list of up to 20 elements",
            "bad.yaml:4:113: webhook.burst: 1001 is no whole number from 2 to 1000",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {timeout: 0, states: [], stale_timestamp: 0}
""",
        (
            "bad.yaml:4:20: webhook.timeout: 0 is too short: at least 1 ms",
            "bad.yaml:4:31: webhook.states: it names no state; leave it out where all are meant; legal: waiting, running, succeeded, failed, moderated, cancelled",
            "bad.yaml:4:52: webhook.stale_timestamp: 0 is too short: at least 1 ms",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {retries: [], chance: 0.5, states: [succeeded], lost: false}
""",
        (
            "bad.yaml:4:24: webhook.chance: it says which webhooks something goes wrong with, but nothing does: say what; legal: lost, late, duplicate, burst, out_of_order, before_reply, after_poll, stale_timestamp, wrong_signature, wrong_id, other_sandbox, extra_fields, truncated",
            "bad.yaml:4:37: webhook.states: it says which webhooks something goes wrong with, but nothing does: say what; legal: lost, late, duplicate, burst, out_of_order, before_reply, after_poll, stale_timestamp, wrong_signature, wrong_id, other_sandbox, extra_fields, truncated",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {chance: 0.5, lost: true, late: 2m, truncated: true}
""",
        (
            "bad.yaml:4:24: webhook.lost: what is lost is never sent, so `late` and `truncated` would change nothing; keep one or the other",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {burst: 50, duplicate: 3}
""",
        (
            "bad.yaml:4:11: webhook.burst: `duplicate` and `burst` both say how many copies there are, one after the other or all at once; keep one",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {wrong_id: true, other_sandbox: true}
""",
        (
            "bad.yaml:4:27: webhook.other_sandbox: `wrong_id` and `other_sandbox` both say which job it pretends to tell of; keep one",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {before_reply: true, late: 2m}
""",
        ("bad.yaml:4:31: webhook.late: `before_reply` and `late` both say when it is sent; keep one",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: {before_reply: true, after_poll: true, out_of_order: true}
""",
        (
            "bad.yaml:4:31: webhook.after_poll: `before_reply` and `after_poll` both say when it is sent; keep one",
            "bad.yaml:4:49: webhook.out_of_order: `before_reply` and `out_of_order` both say when it is sent; keep one",
            "bad.yaml:4:49: webhook.out_of_order: `after_poll` and `out_of_order` both say when it is sent; keep one",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
states:
  progress: {for: 5s, then: completed}
webhook: {states: [complete, succeeded], truncated: true}
""",
        (
            "bad.yaml:5:20: webhook.states[0]: 'complete' is no state here; legal: created, started, progress, completed, failed, moderated, cancelled (did you mean 'completed'?)",
            "bad.yaml:5:30: webhook.states[1]: 'succeeded' is no state here; legal: created, started, progress, completed, failed, moderated, cancelled",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: useapi
kind: picsi-still
states:
  progress: {for: 5s, then: completed}
webhook: {states: [cancelled], truncated: true}
""",
        (
            "bad.yaml:6:20: webhook.states[0]: 'cancelled' is no state here; legal: created, started, progress, completed, failed, moderated",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
vendor: usapi
states:
  progress: {for: 5s, then: completed}
webhook: {states: [completed], truncated: true}
""",
        ("bad.yaml:2:9: vendor: 'usapi' is none of the choices; legal: deepswapai, useapi (did you mean 'useapi'?)",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  waiting: {for: 5s, then: running}
  running: {for: {polls: 3}, then: succeeded}
webhook: {before_reply: true}
""",
        ("bad.yaml:5:11: webhook.before_reply: the job has to end at once for that, and 'running' has no known end",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
webhook: lost
""",
        (
            "bad.yaml:4:10: webhook: 'lost' stands here instead of a mapping; legal: retries, timeout, accepts, body, chance, states, lost, late, duplicate, burst, out_of_order, before_reply, after_poll, stale_timestamp, wrong_signature, wrong_id, other_sandbox, extra_fields, truncated",
        ),
        True,
    ),
    BadDocument(
        "",
        ("bad.yaml:1:1: the file is empty",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states: [
""",
        ("bad.yaml:3:1: this is no YAML: while parsing a flow node did not find expected node content",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
  running: {for: 5s, then: succeeded}
""",
        ("bad.yaml:4:3: states.running: the key 'running' stands here twice; first in line 3",),
        False,
    ),
    BadDocument(
        """\
scenario: &name bad
states:
  running: {for: 5s, then: succeeded}
summary: *name
""",
        ("bad.yaml:4:10: summary: aliases such as *name are not read; write it out",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: !!str 5s, then: succeeded}
""",
        (
            "bad.yaml:3:18: states.running.for: tags such as tag:yaml.org,2002:str are not read; quote what is meant as text",
        ),
        False,
    ),
    BadDocument(
        """\
scenario: bad
states:
  running: {for: 5s, then: succeeded}
---
scenario: second
""",
        ("bad.yaml:4:1: a second document begins here: one scenario a file",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
like: happy
states: {running: {for: 5s, then: succeeded}}
""",
        ("bad.yaml:2:1: like: `like` takes the states of another scenario, and `states` says others; keep one",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
like: bad
""",
        ("bad.yaml:2:7: like: a scenario cannot be like itself",),
        False,
    ),
    BadDocument(
        """\
scenario: bad
like: Happy one
""",
        ("bad.yaml:2:7: like: 'Happy one' is no name of a scenario",),
        True,
    ),
    BadDocument(
        """\
scenario: bad
like: happy
webhook: {accepts: [99], body: []}
""",
        (
            "bad.yaml:3:21: webhook.accepts[0]: 99 is no HTTP status from 200 to 599",
            "bad.yaml:3:32: webhook.body: a list is no merge patch: a mapping of what is to be otherwise, null to remove it",
        ),
        True,
    ),
    BadDocument(
        """\
scenario: bad
\tstates: {}
""",
        (
            "bad.yaml:2:1: this is no YAML: while scanning a plain scalar found a tab character that violates indentation",
        ),
        True,
    ),
)
