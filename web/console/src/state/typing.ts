import { typing } from "../api/conversations.ts";

const EVERY = 3_000;
let last = 0;

/** Lets the customer see that somebody is writing. Losing it does no harm, so nothing is said about failures. */
export function sayTyping(conversation: string): void {
  if (Date.now() - last < EVERY) return;
  last = Date.now();
  typing(conversation).catch(() => undefined);
}
