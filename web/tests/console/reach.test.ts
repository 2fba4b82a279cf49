import { describe, expect, it } from "vitest";
import { reachOf, span } from "../../console/src/inbox/reach.ts";

const now = Date.UTC(2026, 0, 1, 9);
const after = (hours: number) => new Date(now + hours * 3_600_000).toISOString();

describe("whether a customer can be written to", () => {
  it("is no question where the platform sets no limit", () => {
    expect(reachOf({}, now)).toEqual({ state: "open" });
    expect(reachOf({ window: null, unreachable: null }, now)).toEqual({ state: "open" });
  });

  it("is counted in replies and hours, and told apart when little is left of either", () => {
    const reach = (hours: number, left: number) => reachOf({ window: { until: after(hours), left } }, now);
    expect(reach(41, 3)).toEqual({ state: "counted", left: 3, until: now + 41 * 3_600_000, low: false });
    expect(reach(41, 1)).toMatchObject({ low: true });
    expect(reach(1.9, 5)).toMatchObject({ low: true });
  });

  it("ends with the time, and with the last reply", () => {
    expect(reachOf({ window: { until: after(0), left: 5 } }, now)).toEqual({ state: "closed", why: "time" });
    expect(reachOf({ window: { until: after(5), left: 0 } }, now)).toEqual({ state: "closed", why: "count" });
  });

  it("is over for who blocked us, whatever the window says", () => {
    const reach = reachOf({ window: { until: after(5), left: 5 }, unreachable: "blocked" }, now);
    expect(reach).toEqual({ state: "unreachable", reason: "blocked" });
  });
});

it("a span is said in the units that matter", () => {
  const minute = 60_000;
  expect(span(41 * 60 * minute + 20 * minute + 59_999)).toEqual({ key: "hours", h: 41, m: 20, s: 59 });
  expect(span(20 * minute)).toMatchObject({ key: "minutes", m: 20 });
  expect(span(minute - 1)).toMatchObject({ key: "seconds", s: 59 });
  expect(span(-5)).toMatchObject({ key: "seconds", s: 0 });
});
