// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import type { Change } from "../../console/src/api/types.ts";
import { standing } from "../../console/src/state/cases.ts";

const merged = (from: string, to: string): Change => ({
  id: 1,
  kind: "merge",
  from_case: from,
  to_case: to,
  messages: 1,
  agent: "Li",
  created_at: "2026-01-01T09:00:00Z",
  undone_at: null,
});

/** A hub with these conversations; each is empty and names where it went, or has a last message. */
function hub(conversations: Record<string, string | null>): void {
  vi.stubGlobal("fetch", async (path: string) => {
    const [id = "", rest] = path.replace("/api/v1/conversations/", "").split("/");
    const gone = conversations[id];
    if (gone === undefined) return new Response("{}", { status: 404 });
    const said = gone === null ? { text: "Hello" } : null;
    return Response.json(rest === "changes" ? { items: gone ? [merged(id, gone)] : [] } : { id, last_message: said });
  });
}

afterEach(() => vi.unstubAllGlobals());

it.each([
  ["is itself", { a: null }, "a"],
  ["is what it was merged into, however often", { a: "b", b: "c", c: null }, "c"],
  ["is nothing where it cannot be seen", {}, undefined],
  ["is nothing where it is empty and went nowhere", { a: "" }, undefined],
  ["is nothing where it goes round in circles", { a: "b", b: "a" }, undefined],
])("what stands in a conversation's place %s", async (_, conversations, expected) => {
  hub(conversations as Record<string, string | null>);
  expect((await standing("a"))?.id).toBe(expected);
});
