import type { Message } from "../api/types.ts";

type Translate = (key: string, values?: Record<string, unknown>) => string;
export type Tone = "calm" | "unsure" | "bad";

/** How a message of ours stands, for whoever wrote it. `why` is for those that have not arrived for sure. */
export interface Standing {
  state: string;
  icon: "clock" | "out" | "check" | "checks" | "alert" | "unsure" | "dash";
  tone: Tone;
  /** The hub's own words, or the platform's. */
  why?: string;
}

const STANDINGS: Record<string, Pick<Standing, "icon" | "tone">> = {
  queued: { icon: "clock", tone: "calm" },
  sending: { icon: "out", tone: "calm" },
  sent: { icon: "check", tone: "calm" },
  delayed: { icon: "unsure", tone: "unsure" },
  delivered: { icon: "checks", tone: "calm" },
  failed: { icon: "alert", tone: "bad" },
  unknown: { icon: "unsure", tone: "unsure" },
  dropped: { icon: "dash", tone: "calm" },
};

/** Undefined where nothing is to be said: the customer's own messages, notes, and lines of the system that went well. */
export function standingOf(message: Message): Standing | undefined {
  const { author, kind, delivery, error } = message;
  const state = delivery === "sent" && error ? "delayed" : (delivery ?? "");
  const known = STANDINGS[state];
  if (!known || author === "customer" || kind === "note") return undefined;
  if (author === "system" && known.tone === "calm") return undefined;
  const explained = state !== "sent" && state !== "delivered";
  return { state, ...known, why: explained ? error : undefined };
}

/** The hub's own reasons, and what nearly every platform can say. */
const REASONS: [RegExp, string][] = [
  [/^a human has taken over; the first (\d+) parts had been sent$/, "why.takenOverMidway"],
  [/^a human has taken over$/, "why.takenOver"],
  [/^interrupted while it was being sent$/, "why.interrupted"],
  [/^the platform did not answer in time$/, "why.noAnswer"],
  [/^an error of ours while it was being sent/, "why.ourError"],
  [/^no channel (\S+) is configured$/, "why.noChannel"],
  [/^came back: (.+) could not be reached \((.*)\)$/s, "why.cameBack"],
  [/^came back for now: (.+) could not be reached \((.*)\)$/s, "why.cameBackForNow"],
  [/^delayed: (.+) could not be reached yet \((.*)\)$/s, "why.delayed"],
  [/^an acknowledgement has gone to this sender/, "why.acknowledged"],
  [/\bblocked\b/i, "why.blocked"],
  [/^unsubscribed$/, "why.unsubscribed"],
  [/no longer in the group|\bkicked\b/i, "why.notInGroup"],
  [/\bdeactivated\b|no such user|user not found/i, "why.gone"],
];

/** A reason as a sentence; what a platform says stays in its words. */
export function reasonWords(why: string, t: Translate): string {
  for (const [pattern, key] of REASONS) {
    const found = pattern.exec(why);
    if (found) return t(key, { value: found[1] ?? "", more: found[2] ?? "" });
  }
  return t("why.platform", { value: why });
}
