/** Milliseconds to wait before try number `attempt` (from 0): doubling, capped, with half of it left to chance. */
export function backoff(attempt: number, random: () => number = Math.random, first = 500, most = 10_000): number {
  const full = Math.min(most, first * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * random());
}
