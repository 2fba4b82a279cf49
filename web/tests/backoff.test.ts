import { expect, it } from "vitest";
import { backoff } from "../shared/backoff.ts";

it("doubles up to its cap, and leaves half to chance", () => {
  const longest = [0, 1, 2, 3, 4, 10, 100].map((attempt) => backoff(attempt, () => 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(backoff(3, () => 0)).toBe(2000);
});
