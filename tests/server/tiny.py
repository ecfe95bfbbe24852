"""A tiny vendor on the wire, with every manner of operation that the server must serve, and its contract."""

from collections.abc import Sequence
from typing import Any

import yaml

from simulator.jobs import errors
from simulator.jobs.commands import GetAccount, Happen, ListJobs, LookUp, Submit
from simulator.jobs.errors import ApiError, Finding
from simulator.jobs.scenario import Expiry
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.vendor import AccountStart, Call, Operation, Reply, Switch, Vendor
from tests.acme import authenticate, kind

STATUSES = {
    errors.ApiError: 500,
    errors.Unavailable: 503,
    errors.BadCall: 400,
    errors.MalformedBody: 400,
    errors.NoKey: 401,
    errors.BadKey: 401,
    errors.UnknownJob: 404,
    errors.UnknownPath: 404,
    errors.WrongMethod: 405,
    errors.ExpiredJob: 410,
    errors.BodyTooLarge: 413,
    errors.WrongMediaType: 415,
    errors.Busy: 429,
}

DOCUMENT = yaml.safe_load("""
openapi: 3.1.0
info: {title: Tiny, version: '1'}
paths:
  /v1/clips:
    get: &list
      operationId: listClips
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1}}
        - {name: tag, in: query, schema: {type: array, items: {type: integer}}}
      responses: {'200': {$ref: '#/components/responses/Clips'}, '400': &error {$ref: '#/components/responses/Error'}, '401': *error}
    post:
      operationId: submitClip
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [prompt]
              properties: {prompt: {type: string}, source: {type: string}, sources: {type: array}, count: {type: integer}}
      responses: {'202': {$ref: '#/components/responses/Clip'}, '4XX': *error}
  /v1/clips/:
    get:
      <<: *list
      operationId: listClipsSlash
      responses: {'200': {description: What was read., content: {application/json: {}}}, '4XX': *error}
  /v1/clips/newest:
    post:
      operationId: newest
      responses: {'200': {$ref: '#/components/responses/Clips'}, '4XX': *error}
  /v1/clips/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getClip
      responses: {'200': {$ref: '#/components/responses/Clip'}, '4XX': *error}
    delete:
      operationId: deleteClip
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {reason: {type: string}, force: {type: boolean}}}
      responses: {'204': {description: Gone.}, '4XX': *error}
  /v1/uploads:
    post:
      operationId: upload
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [title]
              properties: {title: {type: string}, count: {type: integer}, file: {type: string, format: binary}}
      responses: {'202': {$ref: '#/components/responses/Clip'}, '4XX': *error}
  /v1/pictures:
    post:
      operationId: picture
      responses: {'202': {$ref: '#/components/responses/Clip'}, '4XX': *error}
  /v1/echo:
    post:
      operationId: echo
      parameters: [{name: X-Level, in: header, schema: {type: integer}}]
      requestBody: {content: {application/json: {}, application/x-www-form-urlencoded: {}, text/plain: {}}}
      responses: {'200': {description: What was read., content: {application/json: {}}}, '4XX': *error}
  /v1/beta:
    get: {operationId: beta, responses: {'200': {description: Hm., content: {application/json: {}}}}}
  /v1/text:
    get: {operationId: text, responses: {'200': {description: Hm., content: {text/plain: {}}}}}
  /v1/broken:
    get: {operationId: broken, responses: {'200': {$ref: '#/components/responses/Clip'}, '4XX': *error}}
  /v1/crash:
    get: {operationId: crash, responses: {'200': {$ref: '#/components/responses/Clip'}}}
  /v1/open:
    get: {operationId: open, responses: {'200': {description: Hm., content: {application/json: {}}}}}
  /out/{file}:
    get:
      operationId: getFile
      x-simulator: media
      responses:
        '200': &file {description: A picture., content: {image/png: {}}}
        '206': *file
        '304': {description: Known.}
        '404': {description: Not here., content: {text/plain: {}}}
        '410': {description: Gone., content: {text/plain: {}}}
        '416': {description: Outside.}
components:
  responses:
    RouteNotFound: {$ref: '#/components/responses/Error'}
    MethodNotAllowed:
      description: No.
      headers: {Allow: {required: true, schema: {type: string, minLength: 1}}}
      content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}
    Clip:
      description: One clip.
      content: {application/json: {schema: {$ref: '#/components/schemas/Clip'}}}
    Clips:
      description: Several.
      content:
        application/json:
          schema:
            type: object
            required: [clips]
            properties: {clips: {type: array, items: {$ref: '#/components/schemas/Clip'}}}
    Error:
      description: No.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Error'}
  schemas:
    Error: {type: object, required: [error], additionalProperties: false, properties: {error: {type: string}}}
    Clip:
      type: object
      required: [id, status]
      additionalProperties: false
      properties: {id: {type: string}, status: {type: string}, url: {type: string, format: uri}, note: {type: string}}
""")


def show_error(error: ApiError, call: Call) -> Reply:
    status = next(STATUSES[one] for one in type(error).__mro__ if one in STATUSES)
    return Reply({"error": f"{type(error).__name__} {error}".strip()}, status)


def show_clip(outcome: Any, call: Call) -> Reply:
    if isinstance(outcome, list):
        return Reply({"clips": [show_clip(shot, call).body for shot in outcome]})
    assert isinstance(outcome, Snapshot)
    body = {"id": outcome.job.id, "status": outcome.wire}
    if outcome.succeeded:
        body["url"] = call.files_at(outcome.outputs[0].path, "cdn.tiny.example")
    if outcome.gave_up:
        body["note"] = "gave up"
    return Reply(body, 200 if call.method == "GET" or call.operation == "newest" else 202)


def read_with(command: Any) -> Any:
    def read(call: Call, findings: Sequence[Finding]) -> Any:
        if any(finding.place == "media type" for finding in findings):
            raise errors.WrongMediaType(call.media_type, ())
        if findings:
            raise errors.BadCall(findings, f"{findings[0].place} {findings[0].name}")
        return command(call)

    return read


def submit(kind: str, **said: Any) -> Any:
    return read_with(lambda call: Submit(call.operation, kind, call.body or {}, call.inputs, **said))


def echo(outcome: Any, call: Call) -> Reply:
    return Reply(
        {
            "body": call.body,
            "query": call.query,
            "path": dict(call.path),
            "account": call.account,
            "url": call.files_at("out/x.png", ""),
            "inputs": [[given.field, given.name, given.media_type, given.size_bytes] for given in call.inputs],
        }
    )


def crash(outcome: Any, call: Call) -> Reply:
    raise ZeroDivisionError("a bug in a vendor")


look = read_with(lambda call: LookUp((call.path["id"],)))
listing = read_with(lambda call: ListJobs())
account = read_with(lambda call: GetAccount())

OPERATIONS = (
    Operation("listClips", "GET", "/v1/clips", listing, show_clip),
    Operation(
        "submitClip", "POST", "/v1/clips", submit("clip"), show_clip, inputs=(("source", "image"), ("sources", "image"))
    ),
    Operation("listClipsSlash", "GET", "/v1/clips/", listing, echo),
    Operation("newest", "POST", "/v1/clips/newest", listing, show_clip),
    Operation("getClip", "GET", "/v1/clips/{id}", look, show_clip),
    Operation(
        "deleteClip",
        "DELETE",
        "/v1/clips/{id}",
        read_with(lambda call: Happen(call.path["id"], "deleted")),
        lambda outcome, call: Reply(None, 204),
    ),
    Operation(
        "upload", "POST", "/v1/uploads", submit("clip"), show_clip, inputs=(("file", "image"),), max_body_bytes=5000
    ),
    Operation("picture", "POST", "/v1/pictures", submit("clip", is_blocking=True, gives_up_after_ms=60_000), show_clip),
    Operation("echo", "POST", "/v1/echo", account, echo, inputs=(("source", "image"), ("sources", "image"))),
    Operation("beta", "GET", "/v1/beta", account, echo, switch=("beta", "on")),
    Operation("text", "GET", "/v1/text", account, lambda outcome, call: Reply("plain words – truly")),
    Operation("broken", "GET", "/v1/broken", account, lambda outcome, call: Reply({"id": 7, "status": "new"})),
    Operation("crash", "GET", "/v1/crash", account, crash),
    Operation("open", "GET", "/v1/open", account, echo, requires_key=False),
)

TINY = Vendor(
    name="tiny",
    title="Tiny",
    url="https://api.tiny.example",
    media_hosts=("cdn.tiny.example",),
    operations=OPERATIONS,
    kinds=(kind("clip", price=lambda draft, made: 0, scenario="brief", file_expiry=Expiry(86_400_000)),),
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=lambda error, switches: Reply("no", 410 if isinstance(error, errors.ExpiredJob) else 404),
    new_account=lambda key, draws, switches: AccountStart(credits=800),
    sample_key="key-1",
    first_call="curl {base}/v1/clips -H 'Authorization: Bearer {key}'",
    switches=(Switch("beta", ("on", "off"), "off", "tiny.beta"),),
    headers=(("X-Tiny", "yes"),),
    allows_any_origin=True,
)
