/** The hub said no: an `application/problem+json`, or just a status. `status` 0: no answer came at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** Worth trying again unchanged: the network or the hub is away, or asks for patience. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let onUnauthorized = (): void => {};

/** Called whenever the hub says that nobody is logged in. */
export function whenUnauthorized(run: () => void): void {
  onUnauthorized = run;
}

type Query = Record<string, string | number | null | undefined>;

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)]],
  );
  return `/api/v1${path}${pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ""}`;
}

/** One call of the API with the log-in cookie. Throws `Problem`. */
async function request<Answer>(method: string, path: string, body?: unknown, query?: Query): Promise<Answer> {
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, "");
  }
  return understand<Answer>(answer.status, await answer.text(), path !== "/login");
}

/** What the hub answered; throws the `Problem` that it is. */
export function understand<Answer>(status: number, text: string, needsLogin = true): Answer {
  const data: unknown = parse(text);
  if (status >= 200 && status < 300) return data as Answer;
  const problem = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  if (status === 401 && needsLogin) onUnauthorized();
  throw new Problem(status, String(problem["detail"] ?? problem["title"] ?? ""), problem);
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

export const get = <Answer>(path: string, query?: Query) => request<Answer>("GET", path, undefined, query);
export const post = <Answer>(path: string, body: unknown = {}) => request<Answer>("POST", path, body);
export const remove = <Answer>(path: string) => request<Answer>("DELETE", path);
export const put = <Answer>(path: string, body: unknown) => request<Answer>("PUT", path, body);

export const part = (id: string | number): string => encodeURIComponent(id);
