import type { Conversation } from "../api/types.ts";

/** Whether the customer can be written to; `until` is in milliseconds. */
export type Reach =
  | { state: "open" }
  /** The platform counts: so many replies, for so long. `low`: not much is left. */
  | { state: "counted"; left: number; until: number; low: boolean }
  | { state: "closed"; why: "time" | "count" }
  | { state: "unreachable"; reason: string };

const LITTLE_TIME = 2 * 3_600_000;
const FEW = 1;

export function reachOf({ window, unreachable }: Pick<Conversation, "window" | "unreachable">, now: number): Reach {
  if (unreachable) return { state: "unreachable", reason: unreachable };
  if (!window) return { state: "open" };
  const until = Date.parse(window.until);
  if (until <= now) return { state: "closed", why: "time" };
  if (window.left <= 0) return { state: "closed", why: "count" };
  return { state: "counted", left: window.left, until, low: window.left <= FEW || until - now < LITTLE_TIME };
}

/** A span as the largest units that matter; `key` is the text that says it. */
export function span(milliseconds: number): { key: "hours" | "minutes" | "seconds"; h: number; m: number; s: number } {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  return { key: h > 0 ? "hours" : s >= 60 ? "minutes" : "seconds", h, m, s: s % 60 };
}
