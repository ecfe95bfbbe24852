// The control API of the simulator in TypeScript. Written by `make clients` from openapi/simulator.yaml: do not edit.
// Only its types would have to be stripped, and it imports nothing: it runs in Node 22.18 or newer and in browsers.

export type ErrorReply = {
  error: {
    code: string;
    message: string;
    /** What would be accepted. */
    legal?: string[];
    findings?: Finding[];
  };
};

/** What is wrong with a scenario, and where. */
export type Finding = {
  file: string | null;
  line: number | null;
  column: number | null;
  message: string;
  legal: string[];
};

export type Index = {
  name: "media-api-simulator";
  version: string;
  /** Where this file is. */
  description: string;
  /** The base URL of each. */
  vendors: Record<string, string>;
  first_steps: {
    says: string;
    curl: string;
  }[];
};

export type Health = {
  status: "ok";
  version: string;
};

export type Ready = {
  status: "ready";
  vendors: VendorName[];
};

export type VendorName = string;

/** Without hyphens, because an API key that names its sandbox reads `sbx-<id>-…`. */
export type SandboxId = string;

export type Sandbox = {
  id: SandboxId;
  /** 1 at first, and one more after each reset. */
  generation: number;
  seed: Seed;
  epoch_ms: InstantMs;
  clock: ClockSettings;
  /** The default scenario; null where each vendor's own applies. */
  scenario: string | null;
  /** Those that are not at their default. */
  switches: SwitchChoices;
  max_jobs: MaxJobs;
  /** How many jobs it holds. */
  jobs: number;
};

export type Sandboxes = {
  sandboxes: Sandbox[];
};

/** What is left out is as the server was started with; a missing `id` and `seed` are drawn. */
export type NewSandbox = {
  id?: SandboxId;
  seed?: Seed;
  epoch?: Instant;
  clock?: ClockChange;
  scenario?: ScenarioName;
  switches?: SwitchChoices;
  max_jobs?: MaxJobs;
};

export type MaxJobs = number;

export type Seed = string;

/** ISO 8601; for example 2026-01-31T12:00:00Z. */
export type Instant = string;

export type InstantMs = number;

export type Counters = {
  /** Calls to vendors that are not answered to the last byte. */
  in_flight: number;
  /** Replies that wait for the clock. */
  held: number;
  /** Webhooks that are being posted, or could be. */
  deliveries: number;
  /** When the next thing happens by itself; null where nothing will. */
  next_due_ms: number | null;
};

export type ClockSettings = {
  mode: ShownMode;
  speed: Speed;
  hold: boolean;
};

export type Clock = {
  mode: ShownMode;
  speed: Speed;
  hold: boolean;
  now: Instant;
  now_ms: InstantMs;
};

export type ClockChange = {
  mode?: Mode;
  /** Virtual seconds a real second, in the mode `real`. */
  speed?: Speed;
  /** A blocking call waits for the clock instead of moving it. */
  hold?: boolean;
};

/**
 * `real` runs by itself; `manual` stands until told; `skip` jumps to the next change where a client asks
 * again for what it knows.
 */
export type Mode = "real" | "manual" | "skip";

/** A `warp` belongs to the test that is in it, and cannot be set here. */
export type ShownMode = "real" | "manual" | "skip" | "warp";

export type Speed = number;

/** Either by how much or to which instant. */
export type Advance = {
  by?: Length;
  to?: Instant;
  wait?: Wait;
};

/** Whether to stand still at each webhook until its receiver has answered, or has taken too long. */
export type Wait = boolean;

export type Patience = {
  wait?: Wait;
};

/** Whole milliseconds, or a number and its unit, or several, as in 1h30m. */
export type Length = number | string;

/** A number and its unit, or several, as in 1h30m. */
export type DurationText = string;

export type Moved = {
  now: Instant;
  now_ms: InstantMs;
  moved_ms: number;
  /**
   * Those of which an attempt was made on the way, in that order, the first thousand; none where nobody waited for
   * them. The list of webhooks has all.
   */
  webhooks: Webhook[];
  /** How many there were. */
  webhooks_total: number;
};

export type Warping = {
  now: Instant;
  now_ms: InstantMs;
  /** Nothing is under way that ends without a move of the clock. */
  quiet: boolean;
  /** When the next thing happens by itself; null where nothing will. */
  next_due_ms: number | null;
};

export type WarpStep = {
  until_ms: InstantMs;
};

export type ScenarioName = string;

/** As YAML text, or as the object that such a text stands for. */
export type ScenarioSource = ScenarioText | ScenarioObject;

export type ScenarioText = {
  /** One scenario as YAML. */
  text: string;
  /** What findings call the file. */
  file?: string;
};

/** One scenario. The scenario language has a schema of its own, which judges it. */
export type ScenarioObject = {
  scenario: string;
  [more: string]: unknown;
};

export type ScenarioSummary = {
  name: ScenarioName;
  /** Null where it is in neutral words, for any vendor that has what it needs. */
  vendor: string | null;
  kind: string | null;
  summary: string;
  origin: "shipped" | "folder" | "added";
  file: string | null;
};

export type Scenario = {
  name: ScenarioName;
  /** Null where it is in neutral words, for any vendor that has what it needs. */
  vendor: string | null;
  kind: string | null;
  summary: string;
  origin: "shipped" | "folder" | "added";
  file: string | null;
  text: string;
};

export type Scenarios = {
  default: string | null;
  scenarios: ScenarioSummary[];
};

export type Validation = {
  valid: boolean;
  findings: Finding[];
};

export type DefaultScenario = {
  scenario: ScenarioName | null;
};

export type NewPin = {
  vendor: VendorName;
  /** An operationId; without it any submit of the vendor will do. */
  operation?: string | null;
  /** Null leaves the choice to whatever else decides. */
  scenario?: ScenarioName | null;
  /** The id that the job gets, in the vendor's shape. Only with `times` 1. */
  job_id?: string | null;
  /** The seed of the job's dice. */
  seed?: string | null;
  /** How many submits it is for; where it is shown, how many are left. */
  times?: number;
};

export type Pin = {
  vendor: VendorName;
  /** An operationId; without it any submit of the vendor will do. */
  operation: string | null;
  /** Null leaves the choice to whatever else decides. */
  scenario: ScenarioName | null;
  /** The id that the job gets, in the vendor's shape. Only with `times` 1. */
  job_id: string | null;
  /** The seed of the job's dice. */
  seed: string | null;
  /** How many submits it is for; where it is shown, how many are left. */
  times: number;
};

export type Pins = {
  pins: Pin[];
};

export type NeutralState = "waiting" | "running" | "succeeded" | "failed" | "moderated" | "cancelled";

export type JobSummary = {
  id: string;
  vendor: VendorName;
  operation: string;
  kind: string;
  /** The end of its key. */
  account: string;
  scenario: string;
  created_at_ms: InstantMs;
  /** The readable word of the state that is shown now. */
  status: string;
  stands_for: NeutralState;
  is_final: boolean;
};

export type Jobs = {
  total: number;
  jobs: JobSummary[];
};

export type Job = {
  id: string;
  vendor: VendorName;
  operation: string;
  kind: string;
  /** The end of its key. */
  account: string;
  scenario: string;
  created_at_ms: InstantMs;
  /** The readable word of the state that is shown now. */
  status: string;
  stands_for: NeutralState;
  is_final: boolean;
  plan: Plan;
  /** What happened to it, in the order recorded. */
  events: JobEvent[];
  /** Every state it has entered or is bound to enter, oldest first. */
  entries: Entry[];
  snapshot: Snapshot;
  /** The body that a look-up would get now; null where the vendor has no look-up for this job. */
  reply: unknown;
};

/** What the dice said at submit. */
export type Plan = {
  states: PlannedState[];
  items: PlannedItem[];
  outputs: Output[];
  price: number;
  switches: SwitchChoices;
};

export type PlannedState = {
  word: string;
  /** Null where no end is known or the state is final. */
  for_ms: number | null;
  /** The word that was drawn to follow; null in a final state. */
  then: string | null;
};

export type PlannedItem = {
  index: number;
  for_ms: number;
  error: string | null;
};

export type Output = {
  path: string;
  media_type: string;
  width_px: number;
  height_px: number;
  size_bytes: number;
  duration_ms: number;
  frames: number;
};

export type JobEvent = {
  name: string;
  at_ms: InstantMs;
  /** The word that was forced. */
  to?: string;
};

export type Entry = {
  word: string;
  stands_for: NeutralState;
  at_ms: InstantMs;
  /** When the vendor shows it, which may be later. */
  seen_at_ms: InstantMs;
  progress: Progress;
};

export type Progress = number;

export type Snapshot = {
  now_ms: InstantMs;
  word: string;
  /** The state as the vendor writes it. */
  wire: string | number;
  stands_for: NeutralState;
  is_final: boolean;
  progress: Progress;
  /** When it next changes by plan; null where no instant is known. */
  next_change_ms: number | null;
  finished_items: number[];
};

/** Either an event or a state to force. */
export type NewEvent = {
  /** `cancel`, `deleted`, `edited`, or a word that the scenario has under `on:`. */
  event?: string;
  /** The vendor's word for the state. */
  force?: string;
};

/**
 * `waiting` for its instant or for something to happen, `ready` to be sent, `under_way`; or over: `delivered`,
 * `given_up` after the last attempt, `lost` on purpose, `refused` because the simulator does not send to that
 * address, `broken` because the vendor could not have sent it.
 */
export type DeliveryState = "waiting" | "ready" | "under_way" | "delivered" | "given_up" | "lost" | "refused" | "broken";

/** A state, or `over` for any in which no further attempt will be made. */
export type AskedState = "waiting" | "ready" | "under_way" | "delivered" | "given_up" | "lost" | "refused" | "broken" | "over";

export type Webhooks = {
  last: number;
  webhooks: Webhook[];
};

/** One state of one job, told to one receiver. Copies that are sent on purpose are webhooks of their own. */
export type Webhook = {
  number: number;
  vendor: VendorName;
  job_id: string;
  /** The webhook's name in the vendor's description. */
  event: string;
  /** The word of the state that it tells. */
  status: string;
  /** Where to; a password in it is hidden. */
  url: string;
  /** What brought it about, such as the state that was entered, or that it is a copy. */
  why: string;
  /** What goes wrong with it on purpose. */
  faults: string[];
  state: DeliveryState;
  /** The instant of the next attempt; null where there is none, or none is known. */
  due_ms: number | null;
  /** When the state was shown. */
  told_at_ms: InstantMs;
  /** What it says, before anything is encrypted or signed. */
  plain: unknown;
  attempts: Attempt[];
};

export type Attempt = {
  /** Its instant, also that of its timestamp and its signature. */
  at_ms: InstantMs;
  request: {
    /** Secrets are hidden but for their end. */
    headers: Record<string, string>;
    /** Exactly what was sent, as text. */
    body: string;
  };
  /** What the receiver answered; null where no answer came. */
  status: number | null;
  /** The headers of the answer, or their beginning. */
  answer_headers: Record<string, string> | null;
  /** How the answer's body begins, as text. */
  answer: string | null;
  /** Why it counts as failed where the status alone does not say so. */
  error: string | null;
  /** In real time. */
  took_ms: number;
};

export type Shot = {
  job_id: string;
  /** The word of a state that the job has been in or is bound to enter; the present one where it is left out. */
  status?: string;
  /** Where to; to where the job's own webhooks go where it is left out. */
  url?: string;
  wait?: Wait;
};

/** What is left out fits any. */
export type AwaitedWebhooks = {
  vendor?: VendorName;
  job_id?: string;
  /** The word of the state that is told. */
  status?: string;
  state?: AskedState;
  count?: number;
  /** Only webhooks with a higher number. */
  after?: number;
  /** Real time, `60s` at most; `5s` where it is left out. */
  timeout?: Length;
};

/** What goes wrong, and with which webhooks; all of it can be combined but where one thing rules out another. */
export type Faults = {
  /** How likely it goes wrong at all, drawn for each webhook. */
  chance?: number;
  /** Only with webhooks that tell one of these states, by the vendor's word or the neutral one. */
  states?: string[];
  /** It is never sent. */
  lost?: boolean;
  /** How long it waits, as `2m`, `2m..10m` or a median and a 95th percentile. */
  late?: string | Record<string, unknown>;
  /** How many are sent in all, one after the other. */
  duplicate?: number;
  /** How many are sent in all, at the same time. */
  burst?: number;
  /** It waits until the next webhook to the same receiver has gone. */
  out_of_order?: boolean;
  /** The job ends at once, and its webhooks overtake the reply to its submit. */
  before_reply?: boolean;
  /** It waits until a look has shown the end. */
  after_poll?: boolean;
  /** How old it says that it is. */
  stale_timestamp?: DurationText;
  /** Its signature does not belong to it. */
  wrong_signature?: boolean;
  /** It names a job that nobody knows. */
  wrong_id?: boolean;
  /** All of it tells of a job that this sandbox never had. */
  other_sandbox?: boolean;
  /** It has fields that the vendor has not told of. */
  extra_fields?: boolean;
  /** Its body breaks off. */
  truncated?: boolean;
};

/** What is left out, or null, fits any. */
export type NewFaultOrder = {
  vendor?: string | null;
  /** The operationId of the submit. */
  operation?: string | null;
  job_id?: string | null;
  /** How many webhooks they are for, and where they are shown, how many are left; null is for good. */
  times?: number | null;
  faults: Faults;
};

export type FaultOrder = {
  vendor: string | null;
  /** The operationId of the submit. */
  operation: string | null;
  job_id: string | null;
  /** How many webhooks they are for, and where they are shown, how many are left; null is for good. */
  times: number | null;
  faults: Faults;
  number: number;
};

/** What goes wrong with the answer to a call, and when. The keys are those of a scenario's `faults`. */
export type WireFaults = {
  /** How likely it goes wrong, drawn for each call that fits. */
  chance?: number;
  /** Only with these sorts of call. */
  on?: string[];
  /** So many calls that fit are left alone first. */
  after?: number;
  /** It begins so much virtual time after it was laid. */
  from?: DurationText;
  /** It is over after so much virtual time. */
  for?: DurationText;
  /** How much later the answer comes, in real time: `2s`, `1s..3s` or a median and a 95th percentile; 10m at most. */
  latency?: string | Record<string, unknown>;
  /** The body comes in drops, in real time: the gap between two bytes, or how many `bytes` there are `every` gap. */
  dribble?: string | Record<string, unknown>;
  /** The vendor refuses in its own words, for what this status usually means: 401, 402, 403, 404, 410, 429, 500, 502, 503 or 504. */
  error?: number;
  /** So many calls are let in, further ones are too many until `for` is over. */
  quota?: number;
  /** The connection is closed before any byte, and the vendor never hears the call. */
  refused?: boolean;
  /** The connection is reset before any byte of the answer, though the call has been done. */
  reset?: boolean;
  /** The connection is closed in the middle of the body. */
  closed_midway?: boolean;
  /** Content-Length says that the body is `longer` or `shorter` than it is. */
  wrong_length?: string;
  /** The body breaks off, and its length says so. */
  truncated?: boolean;
  /** The JSON is none. */
  malformed?: boolean;
  /** Every key of the JSON object stands in it twice, the second time with null. */
  duplicate_keys?: boolean;
  /** There is no body. */
  empty?: boolean;
  /** Content-Type says that JSON is HTML and that a file is a stream of bytes. */
  wrong_type?: boolean;
  /** A proxy answers with a page of its own: 200, 403, 404, 500, 502, 503 or 504. */
  html_page?: number;
  /** So many bytes of blanks stand in the JSON. */
  huge?: number;
  /** The JSON comes as gzip whatever the client takes: `well`, or `broken`, so that it cannot be unpacked. */
  gzip?: string;
  /** The download is elsewhere, `once` or in a `loop`. */
  redirect?: string;
  /** The download breaks off, and the file is gone from then on. */
  expires_midway?: boolean;
};

/** What is left out, or null, fits any. */
export type NewFault = {
  vendor?: string | null;
  /** The operationId of the call, which a download has not. */
  operation?: string | null;
  job_id?: string | null;
  /** How many calls it strikes, and where it is shown, how many are left; null is for good. Left out it is 1, and with `for` as many as come. */
  times?: number | null;
  faults: WireFaults;
};

export type LaidFault = {
  vendor: string | null;
  /** The operationId of the call, which a download has not. */
  operation: string | null;
  job_id: string | null;
  /** How many calls it strikes, and where it is shown, how many are left; null is for good. Left out it is 1, and with `for` as many as come. */
  times: number | null;
  faults: WireFaults;
  number: number;
  /** The virtual instant from which on it is over. */
  until_ms: number | null;
  /** How many calls fitted so far. */
  met: number;
  /** How many of them went wrong. */
  struck: number;
};

export type ReceiverName = string;

export type NewAnswers = {
  /** The statuses, one for each message; the last one is for all that follow. */
  answers: number[];
  /** How long each answer takes, in real time; `60s` at most. */
  delay?: Length;
  /** The text of each answer; `ok` where it is left out. */
  body?: string;
};

export type Answers = {
  vendor: VendorName;
  name: ReceiverName;
  /** The statuses, one for each message; the last one is for all that follow. */
  answers: number[];
  delay: DurationText;
  body: string;
};

export type Message = {
  number: number;
  at_ms: InstantMs;
  vendor: VendorName;
  name: ReceiverName;
  /** Secrets are hidden but for their end. */
  headers: Record<string, string>;
  /** As text; one above 64 KiB is cut. */
  body: string;
  size_bytes: number;
  answered: number;
  /**
   * What it says to a receiver who has the keys of the job that it names, or else of any account of the sandbox,
   * at the moment when it came.
   */
  opened: {
    /** The body as JSON, decrypted; null where it cannot be read, or was cut. */
    plain: unknown;
    is_signed: boolean;
    /** Why a receiver would refuse it; null where nothing is wrong, though it may not be signed. */
    problem: string | null;
  };
  /** The job that it names. */
  job_id: string | null;
  /** Whether the vendor has that job in this sandbox. */
  is_known: boolean;
};

export type Journal = {
  last: number;
  entries: JournalEntry[];
};

export type JournalEntry = Exchange | Note;

export type Exchange = {
  kind: "exchange";
  number: number;
  at_ms: InstantMs;
  /** Null where the call was for none of them. */
  vendor: VendorName | null;
  /** Null where the path is none of the vendor's. */
  operation: string | null;
  /** The end of its key. */
  account: string | null;
  job_ids: JobIds;
  marks: Marks;
  request: {
    method: string;
    /** Path and query as they came. */
    target: string;
    /** Secrets are hidden but for their end. */
    headers: Record<string, string>;
    body: BodyText;
  };
  /** Null where the client left before there was one. */
  reply: {
    status: number;
    body: BodyText;
  } | null;
};

export type Note = {
  kind: "note";
  number: number;
  at_ms: InstantMs;
  vendor: string | null;
  job_ids: JobIds;
  marks: Marks;
};

export type JobIds = string[];

/** What was special, such as a leniency, a fault or a contract that was broken. */
export type Marks = string[];

/** As text; a long one is cut and its length told, and of secrets in it only the end is shown. */
export type BodyText = string;

export type Count = {
  count: number;
};

export type AccountState = "active" | "expired" | "no-credit" | "blocked";

export type RateLimit = {
  calls: number;
  per: DurationText;
};

export type Account = {
  vendor: VendorName;
  /** In a list only its end; where the path names the key, all of it. */
  key: string;
  state: AccountState;
  /** The balance, which is the sum of the ledger. */
  credits: number;
  plan: string;
  rate_limit: RateLimit | null;
  /** The named pools and how full they are. */
  slots: Record<string, {
    size: number;
    taken: number;
  }>;
  /** What the vendor keeps besides, such as a webhook secret; in a list only its end. */
  details: Record<string, string>;
  ledger: LedgerLine[];
};

export type LedgerLine = {
  at_ms: InstantMs;
  /** `carried` is the sum of the oldest lines, which had to make room. */
  kind: "grant" | "debit" | "hold" | "settlement" | "refund" | "carried";
  /** What it changes the balance by. */
  amount: number;
  job_id: string | null;
};

export type Accounts = {
  accounts: Account[];
};

export type AccountSettings = {
  state?: AccountState;
  /** The balance from now on; the ledger shows the difference as a grant. */
  credits?: number;
  plan?: string;
  rate_limit?: RateLimit | null;
  /** The size of each named pool. */
  slots?: Record<string, number>;
  details?: Record<string, string>;
};

export type Records = {
  records: AccountRecord[];
};

export type AccountRecord = {
  vendor: VendorName;
  type: string;
  id: string;
  /** The end of its key. */
  account: string;
  created_at_ms: InstantMs;
  updated_at_ms: InstantMs;
  /** The job that made it. */
  job_id: string | null;
  /** In the vendor's own words; of secrets only the end is shown. */
  data: Record<string, unknown>;
};

export type SwitchName = string;

export type SwitchChoices = Record<string, string>;

export type SwitchValues = Record<string, string | null>;

export type Switch = {
  name: SwitchName;
  value: string;
  default: string;
  choices: string[];
  /** The id in the vendor's list of facts. */
  fact: string;
  summary: string;
};

export type Switches = {
  switches: Switch[];
};

/** The simulator will not do it; the message is its own words, `legal` what would be accepted. */
export class SimulatorRefused extends Error {
  readonly status: number;
  readonly code: string;
  readonly legal: string[];
  readonly findings: Finding[];

  constructor(status: number, reply: unknown) {
    const said = (reply as Partial<ErrorReply> | undefined)?.error;
    const legal = said?.legal ?? [];
    const hint = legal.length > 0 ? `; legal: ${legal.slice(0, 12).join(", ")}` : "";
    super(said ? said.message + hint : `this is no reply of a simulator: ${status} ${String(reply).slice(0, 200)}`);
    this.name = "SimulatorRefused";
    this.status = status;
    this.code = said?.code ?? "";
    this.legal = legal;
    this.findings = said?.findings ?? [];
  }
}

/** A sandbox of a simulator: `main`, or another by `inSandbox`. Each method is an operation of the control API. */
export class Simulator {
  readonly id: string;
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #sandbox: string;

  constructor(url = "http://localhost:8080", options: { token?: string | undefined; sandbox?: string } = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = options.token;
    this.id = options.sandbox ?? "main";
    this.#sandbox = `/_simulator/sandboxes/${encodeURIComponent(this.id)}`;
  }

  /** Another sandbox of the same server, which must be there by the time it is used. */
  inSandbox(id: string): Simulator {
    return new Simulator(this.#url, { token: this.#token, sandbox: id });
  }

  /** Creates a sandbox on the same server. */
  async newSandbox(settings: NewSandbox = {}): Promise<Simulator> {
    return this.inSandbox((await this.createSandbox(settings)).id);
  }

  /** The base URL for the client under test; it names the sandbox, so that any key will do. */
  vendorUrl(vendor: string): string {
    return this.id === "main" ? `${this.#url}/${vendor}` : `${this.#url}/~${this.id}/${vendor}`;
  }

  /** Say what this is, where its description is and how to begin. */
  getIndex(): Promise<Index> {
    return this.#ask("GET", `/_simulator`);
  }

  /** Say that the process is alive. */
  getHealth(): Promise<Health> {
    return this.#ask("GET", `/_simulator/health`);
  }

  /** Say whether calls to vendors are answered. */
  getReadiness(): Promise<Ready> {
    return this.#ask("GET", `/_simulator/ready`);
  }

  /** Fetch what clients are to trust where the server speaks https, the certificate of its test CA or your own. */
  getTestCa(): Promise<string> {
    return this.#ask("GET", `/_simulator/tls/ca.pem`);
  }

  /** Tell Prometheus what has been counted since the start; also at `/metrics`, where no vendor is. */
  getMetrics(): Promise<string> {
    return this.#ask("GET", `/_simulator/metrics`);
  }

  /** Fetch a vendor's description with this server in `servers`, this one (`simulator.json`), or a vendor's Schemathesis settings. */
  getDescription(file: string): Promise<{
    openapi: "3.1.0";
    info: Record<string, unknown>;
    servers: {
      url: string;
      [more: string]: unknown;
    }[];
    paths: Record<string, unknown>;
    components: Record<string, unknown>;
    [more: string]: unknown;
  } | string> {
    return this.#ask("GET", `/_simulator/openapi/${encodeURIComponent(file)}`);
  }

  /** List the sandboxes. */
  listSandboxes(): Promise<Sandboxes> {
    return this.#ask("GET", `/_simulator/sandboxes`);
  }

  /** Create a sandbox. */
  createSandbox(body?: NewSandbox): Promise<Sandbox> {
    return this.#ask("POST", `/_simulator/sandboxes`, body);
  }

  /** Show a sandbox. */
  getSandbox(): Promise<Sandbox> {
    return this.#ask("GET", `${this.#sandbox}`);
  }

  /** End a sandbox with all that is in it. `main` stays. */
  deleteSandbox(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}`);
  }

  /** Put a sandbox back to how it was created, as a new generation. */
  reset(): Promise<Sandbox> {
    return this.#ask("POST", `${this.#sandbox}/reset`);
  }

  /** Count what is under way. */
  getCounters(): Promise<Counters> {
    return this.#ask("GET", `${this.#sandbox}/counters`);
  }

  /** Read the clock. */
  getClock(): Promise<Clock> {
    return this.#ask("GET", `${this.#sandbox}/clock`);
  }

  /** Change how the clock runs. The present instant stays. */
  setClock(body: ClockChange): Promise<Clock> {
    return this.#ask("PATCH", `${this.#sandbox}/clock`, body);
  }

  /** Move the clock forward, and stop on the way at each webhook until it is delivered. */
  advanceClock(body: Advance): Promise<Moved> {
    return this.#ask("POST", `${this.#sandbox}/clock/advance`, body);
  }

  /** Move the clock to the next instant at which anything happens. Where nothing is due it stays. */
  skipToNextEvent(body?: Patience): Promise<Moved> {
    return this.#ask("POST", `${this.#sandbox}/clock/next`, body);
  }

  /** Lend the clock to a warp in another process. It ends after 30 real seconds in which the warp asks nothing. */
  beginWarp(): Promise<Warping> {
    return this.#ask("POST", `${this.#sandbox}/clock/warp`);
  }

  /** End a warp. The clock runs on as before it; where there is none, nothing changes. */
  endWarp(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/clock/warp`);
  }

  /** Wait until no request and no webhook is under way, for a second at most. */
  waitUntilQuiet(): Promise<Warping> {
    return this.#ask("POST", `${this.#sandbox}/clock/warp/quiet`);
  }

  /** Move the clock to an instant, or to what is due before it; what is due is started, and not waited for. */
  stepWarp(body: WarpStep): Promise<Warping> {
    return this.#ask("POST", `${this.#sandbox}/clock/warp/step`, body);
  }

  /** List the scenarios that can be played. */
  listScenarios(query: {
    vendor?: VendorName;
    kind?: string;
  } = {}): Promise<Scenarios> {
    return this.#ask("GET", `${this.#sandbox}/scenarios`, undefined, query);
  }

  /** Add a scenario to the sandbox. One of the same name, vendor and kind is replaced; jobs that exist keep theirs. */
  addScenario(body: ScenarioSource): Promise<ScenarioSummary> {
    return this.#ask("POST", `${this.#sandbox}/scenarios`, body);
  }

  /** Check a scenario and add nothing. */
  validateScenario(body: ScenarioSource): Promise<Validation> {
    return this.#ask("POST", `${this.#sandbox}/scenarios/validate`, body);
  }

  /** Choose what jobs play that nothing else decides; null gives the choice back to the vendors. */
  setDefaultScenario(body: DefaultScenario): Promise<DefaultScenario> {
    return this.#ask("PUT", `${this.#sandbox}/scenarios/default`, body);
  }

  /** List the pins that are not used up, in the order in which they will be. */
  listPins(): Promise<Pins> {
    return this.#ask("GET", `${this.#sandbox}/scenarios/pins`);
  }

  /** Pin a scenario, an id or a seed to the next accepted submits. Pins queue up; refused submits use none. */
  pinScenario(body: NewPin): Promise<Pin> {
    return this.#ask("POST", `${this.#sandbox}/scenarios/pins`, body);
  }

  /** Take every pin away. */
  clearPins(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/scenarios/pins`);
  }

  /** Show the scenario that a name means, for a vendor and a kind where they are given. */
  getScenario(name: ScenarioName, query: {
    vendor?: VendorName;
    kind?: string;
  } = {}): Promise<Scenario> {
    return this.#ask("GET", `${this.#sandbox}/scenarios/${encodeURIComponent(name)}`, undefined, query);
  }

  /** List jobs, the newest first. */
  listJobs(query: {
    vendor?: VendorName;
    status?: string;
    account?: string;
    limit?: number;
  } = {}): Promise<Jobs> {
    return this.#ask("GET", `${this.#sandbox}/jobs`, undefined, query);
  }

  /** Show all that is known of a job. This is no look of the client's and moves nothing. */
  getJob(jobId: string, query: {
    vendor?: VendorName;
  } = {}): Promise<Job> {
    return this.#ask("GET", `${this.#sandbox}/jobs/${encodeURIComponent(jobId)}`, undefined, query);
  }

  /** Let something happen to a job, or force it into a state that may follow. */
  addJobEvent(jobId: string, body: NewEvent, query: {
    vendor?: VendorName;
  } = {}): Promise<Job> {
    return this.#ask("POST", `${this.#sandbox}/jobs/${encodeURIComponent(jobId)}/events`, body, query);
  }

  /** List webhooks with every attempt at them, the oldest first. */
  listWebhooks(query: {
    vendor?: VendorName;
    job_id?: string;
    status?: string;
    state?: AskedState;
    url?: string;
    since?: number;
    limit?: number;
  } = {}): Promise<Webhooks> {
    return this.#ask("GET", `${this.#sandbox}/webhooks`, undefined, query);
  }

  /** Tell a state of a job by hand, now and once, whether the vendor would tell it or not. */
  fireWebhook(body: Shot): Promise<Webhook> {
    return this.#ask("POST", `${this.#sandbox}/webhooks/fire`, body);
  }

  /** Wait for webhooks that fit. A clock that does not run by itself is moved on to whatever is due. */
  waitForWebhooks(body?: AwaitedWebhooks): Promise<{
    webhooks: Webhook[];
  }> {
    return this.#ask("POST", `${this.#sandbox}/webhooks/wait`, body);
  }

  /** List what is laid ready to go wrong and is not used up. */
  listWebhookFaults(): Promise<{
    faults: FaultOrder[];
  }> {
    return this.#ask("GET", `${this.#sandbox}/webhooks/faults`);
  }

  /** Let the next webhooks that fit go wrong. Faults are laid over those of the job's scenario. */
  addWebhookFaults(body: NewFaultOrder): Promise<FaultOrder> {
    return this.#ask("POST", `${this.#sandbox}/webhooks/faults`, body);
  }

  /** Take away whatever is laid ready to go wrong. */
  clearWebhookFaults(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/webhooks/faults`);
  }

  /** Show one webhook with every attempt at it. */
  getWebhook(number: number): Promise<Webhook> {
    return this.#ask("GET", `${this.#sandbox}/webhooks/${encodeURIComponent(number)}`);
  }

  /** Send a webhook once more, now and once, as a new one with the same words. */
  resendWebhook(number: number, body?: Patience): Promise<Webhook> {
    return this.#ask("POST", `${this.#sandbox}/webhooks/${encodeURIComponent(number)}/resend`, body);
  }

  /** List what is laid ready to go wrong with calls and is neither used up nor over. */
  listFaults(): Promise<{
    faults: LaidFault[];
  }> {
    return this.#ask("GET", `${this.#sandbox}/faults`);
  }

  /** Let the next calls that fit go wrong. A fault leaves alone what an older one has a say in already; both go before what a job's scenario says. */
  addFaults(body: NewFault): Promise<LaidFault> {
    return this.#ask("POST", `${this.#sandbox}/faults`, body);
  }

  /** Take away whatever is laid ready to go wrong with calls; files that went while they were sent are there again. */
  clearFaults(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/faults`);
  }

  /** Say how a receiver answers from now on. */
  setReceiver(vendor: VendorName, name: ReceiverName, body: NewAnswers): Promise<Answers> {
    return this.#ask("PUT", `${this.#sandbox}/receiver/${encodeURIComponent(vendor)}/${encodeURIComponent(name)}`, body);
  }

  /** Receive a webhook. Give this as the URL to call, and read what came at `received`. */
  receive(vendor: VendorName, name: ReceiverName, body?: unknown): Promise<unknown> {
    return this.#ask("POST", `${this.#sandbox}/receiver/${encodeURIComponent(vendor)}/${encodeURIComponent(name)}`, body);
  }

  /** Read what came to the receivers, opened with the keys of the sandbox, the oldest first. */
  listReceived(query: {
    vendor?: VendorName;
    name?: ReceiverName;
    since?: number;
    limit?: number;
  } = {}): Promise<{
    last: number;
    messages: Message[];
  }> {
    return this.#ask("GET", `${this.#sandbox}/received`, undefined, query);
  }

  /** Forget what came. Numbers go on where they were, and receivers answer as they did. */
  clearReceived(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/received`);
  }

  /** Read what was said to vendors and what the simulator noted, the oldest first. */
  readJournal(query: {
    vendor?: VendorName;
    operation?: string;
    method?: string;
    path?: string;
    status?: number;
    since?: number;
    limit?: number;
  } = {}): Promise<Journal> {
    return this.#ask("GET", `${this.#sandbox}/journal`, undefined, query);
  }

  /** Forget what was said. Numbers go on where they were. */
  clearJournal(): Promise<void> {
    return this.#ask("DELETE", `${this.#sandbox}/journal`);
  }

  /** Count what was said. */
  countJournal(query: {
    vendor?: VendorName;
    operation?: string;
    method?: string;
    path?: string;
    status?: number;
    since?: number;
  } = {}): Promise<Count> {
    return this.#ask("GET", `${this.#sandbox}/journal/count`, undefined, query);
  }

  /** List the accounts that exist. One is made by its key's first call that changes anything. */
  listAccounts(query: {
    vendor?: VendorName;
  } = {}): Promise<Accounts> {
    return this.#ask("GET", `${this.#sandbox}/accounts`, undefined, query);
  }

  /** Show one account. */
  getAccount(vendor: VendorName, key: string): Promise<Account> {
    return this.#ask("GET", `${this.#sandbox}/accounts/${encodeURIComponent(vendor)}/${encodeURIComponent(key)}`);
  }

  /** Set up an account. What is left out stays, or is as a new account has it. */
  setAccount(vendor: VendorName, key: string, body: AccountSettings): Promise<Account> {
    return this.#ask("PUT", `${this.#sandbox}/accounts/${encodeURIComponent(vendor)}/${encodeURIComponent(key)}`, body);
  }

  /** List what accounts keep, such as channels, voices or saved faces. */
  listRecords(query: {
    vendor?: VendorName;
    type?: string;
    account?: string;
    limit?: number;
  } = {}): Promise<Records> {
    return this.#ask("GET", `${this.#sandbox}/records`, undefined, query);
  }

  /** List the switches with their choices, and the fact behind each. */
  listSwitches(): Promise<Switches> {
    return this.#ask("GET", `${this.#sandbox}/switches`);
  }

  /** Set some switches; null puts one back. Jobs that exist keep theirs. All are set, or on an error none. */
  setSwitches(body: SwitchValues): Promise<Switches> {
    return this.#ask("PATCH", `${this.#sandbox}/switches`, body);
  }

  async #ask<T>(method: string, path: string, body?: unknown, query: object = {}): Promise<T> {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]));
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    if (this.#token) headers["Authorization"] = `Bearer ${this.#token}`;
    const response = await fetch(this.#url + path + (asked.length > 0 ? `?${search}` : ""), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const reply: unknown = isJson ? JSON.parse(text) : text === "" ? undefined : text;
    if (!response.ok) throw new SimulatorRefused(response.status, reply);
    return reply as T;
  }
}
