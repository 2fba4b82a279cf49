import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../console/src/api/http.ts";
import type { Attachment } from "../../console/src/api/types.ts";
import { again, attach, type DraftFile, MAX_BYTES, MAX_FILES, remove, sift, uploaded } from "../../console/src/state/files.ts";

interface Upload {
  name: string;
  progress: (share: number) => void;
  signal: AbortSignal;
  done: (made: Attachment) => void;
  fail: (problem: Problem) => void;
}
const uploads: Upload[] = [];

vi.mock("../../console/src/api/upload.ts", () => ({
  upload: (_: string, { name }: File, progress: Upload["progress"], signal: AbortSignal) =>
    new Promise<Attachment>((done, fail) => uploads.push({ name, progress, signal, done, fail })),
}));

const file = (name: string, bytes = 3): File => Object.defineProperty(new File(["abc"], name), "size", { value: bytes });
const settled = () => new Promise((resolve) => setTimeout(resolve));
let draft: DraftFile[];

beforeEach(() => {
  uploads.length = 0;
  draft = [];
});

it("what is too large, empty or one too many is not taken, each with its reason", () => {
  const { taken, refused } = sift([file("big", MAX_BYTES + 1), file("none", 0), file("a", MAX_BYTES), file("b")], MAX_FILES - 1);
  expect(taken.map(({ name }) => name)).toEqual(["a"]);
  expect(refused).toEqual([
    { name: "big", why: "tooLarge" },
    { name: "none", why: "empty" },
    { name: "b", why: "tooMany" },
  ]);
});

describe("a draft's files", () => {
  it("go up as soon as they are there, and are waited for where a message needs them", async () => {
    expect(attach("c", draft, [file("a.png"), file("b.pdf"), file("x", MAX_BYTES * 2)])).toHaveLength(1);
    uploads[0]!.progress(0.5);
    expect(draft.map(({ state, share }) => [state, share])).toEqual([["uploading", 0.5], ["uploading", 0]]);
    const kept = Promise.all(draft.map((item) => uploaded("c", item)));
    uploads[1]!.done({ id: "2" });
    uploads[0]!.done({ id: "1" });
    expect(await kept).toEqual([{ id: "1" }, { id: "2" }]);
    expect(draft.map(({ state }) => state)).toEqual(["ready", "ready"]);
  });

  it("say what went wrong, and go again when asked to", async () => {
    attach("c", draft, [file("a.png")]);
    uploads[0]!.fail(new Problem(403, "no longer yours"));
    await settled();
    expect(draft[0]).toMatchObject({ state: "failed", problem: { message: "no longer yours" } });
    again("c", draft[0]!);
    expect(draft[0]).toMatchObject({ state: "uploading", share: 0, problem: undefined });
    uploads[1]!.done({ id: "1" });
    await settled();
    expect(draft[0]!.state).toBe("ready");
  });

  it("are tried again by the message that needs them, which fails as they do", async () => {
    attach("c", draft, [file("a.png")]);
    uploads[0]!.fail(new Problem(0, ""));
    await settled();
    const kept = uploaded("c", draft[0]!);
    uploads[1]!.fail(new Problem(413, "too large"));
    await expect(kept).rejects.toMatchObject({ status: 413 });
  });

  it("can be taken away while they go", () => {
    attach("c", draft, [file("a.png"), file("b.png")]);
    remove(draft, draft[0]!.key);
    expect(draft.map(({ name }) => name)).toEqual(["b.png"]);
    expect(uploads.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });
});
