// The control API of the simulator in TypeScript. Written by `make clients` from openapi/simulator.yaml: do not edit.
// Only its types would have to be stripped, and it imports nothing: it runs in Node 22.18 or newer and in browsers.

// ---- types

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

  // ---- operations

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
