import { reactive } from "vue";
import { Problem } from "../api/http.ts";
import type { Attachment } from "../api/types.ts";
import { upload } from "../api/upload.ts";

export const MAX_BYTES = 10 * 2 ** 20;
/** So many go with one message. */
export const MAX_FILES = 10;

/** A file under a draft. It is uploaded as soon as it is there, so that sending does not have to wait. */
export interface DraftFile {
  key: number;
  name: string;
  size: number;
  state: "uploading" | "ready" | "failed";
  /** How much of it has gone, from 0 to 1. */
  share: number;
  problem?: Problem;
  attachment?: Attachment;
}

/** Why a file was not taken. */
export interface Refusal {
  name: string;
  why: "tooLarge" | "empty" | "tooMany";
}

/** What can be taken beside as many as there are already. */
export function sift(files: File[], already: number): { taken: File[]; refused: Refusal[] } {
  const taken: File[] = [];
  const refused: Refusal[] = [];
  for (const file of files) {
    const why =
      file.size > MAX_BYTES ? "tooLarge" : file.size === 0 ? "empty" : already + taken.length >= MAX_FILES ? "tooMany" : null;
    if (why) refused.push({ name: file.name, why });
    else taken.push(file);
  }
  return { taken, refused };
}

/** What belongs to a draft's file and is nobody's to look at. */
const behind = new Map<number, { file: File; abort: AbortController }>();
let lastKey = 0;

/** Puts files under a draft and begins to upload them; answers what was not taken. */
export function attach(conversation: string, draft: DraftFile[], files: File[]): Refusal[] {
  const { taken, refused } = sift(files, draft.length);
  for (const file of taken) {
    const item: DraftFile = reactive({ key: ++lastKey, name: file.name, size: file.size, state: "uploading", share: 0 });
    behind.set(item.key, { file, abort: new AbortController() });
    draft.push(item);
    void send(conversation, item);
  }
  return refused;
}

export function again(conversation: string, item: DraftFile): void {
  if (item.state !== "failed") return;
  Object.assign(item, { state: "uploading", share: 0, problem: undefined });
  void send(conversation, item);
}

/** Takes a file away from a draft, whether or not it has gone. */
export function remove(draft: DraftFile[], key: number): void {
  const at = draft.findIndex((item) => item.key === key);
  if (at >= 0) draft.splice(at, 1);
  behind.get(key)?.abort.abort();
  behind.delete(key);
}

/** Empties a draft whose files are all there; answers them. */
export function takeAll(draft: DraftFile[]): Attachment[] {
  const files = draft.splice(0);
  for (const { key } of files) behind.delete(key);
  return files.flatMap(({ attachment }) => attachment ?? []);
}

async function send(conversation: string, item: DraftFile): Promise<void> {
  const { file, abort } = behind.get(item.key)!;
  try {
    item.attachment = await upload(conversation, file, (share) => (item.share = share), abort.signal);
    item.state = "ready";
  } catch (error) {
    item.problem = error instanceof Problem ? error : new Problem(0, "");
    item.state = "failed";
  }
}
