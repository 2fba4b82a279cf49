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

/** What belongs to a file that is not sent yet, and is nobody's to look at. */
const behind = new Map<number, { file: File; abort: AbortController; gone: Promise<void> }>();
let lastKey = 0;

/** Puts files under a draft and begins to upload them; answers what was not taken. */
export function attach(conversation: string, draft: DraftFile[], files: File[]): Refusal[] {
  const { taken, refused } = sift(files, draft.length);
  for (const file of taken) {
    const item: DraftFile = reactive({ key: ++lastKey, name: file.name, size: file.size, state: "uploading", share: 0 });
    draft.push(item);
    begin(conversation, item, file);
  }
  return refused;
}

/** Tries a failed file again. */
export function again(conversation: string, item: DraftFile): void {
  const kept = behind.get(item.key);
  if (item.state !== "failed" || !kept) return;
  Object.assign(item, { state: "uploading", share: 0, problem: undefined });
  begin(conversation, item, kept.file);
}

/** The file as the hub knows it, once it has gone; one that failed is tried again. Throws `Problem`. */
export async function uploaded(conversation: string, item: DraftFile): Promise<Attachment> {
  again(conversation, item);
  await behind.get(item.key)?.gone;
  if (!item.attachment) throw item.problem ?? new Problem(0, "");
  return item.attachment;
}

/** Takes a file away from a draft, whether or not it has gone. */
export function remove(draft: DraftFile[], key: number): void {
  const at = draft.findIndex((item) => item.key === key);
  if (at >= 0) drop(draft.splice(at, 1));
}

/** Lets go of files that have been sent, or never will be. */
export function drop(files: DraftFile[]): void {
  for (const { key } of files) {
    behind.get(key)?.abort.abort();
    behind.delete(key);
  }
}

function begin(conversation: string, item: DraftFile, file: File): void {
  const abort = new AbortController();
  behind.set(item.key, { file, abort, gone: send(conversation, item, file, abort) });
}

async function send(conversation: string, item: DraftFile, file: File, abort: AbortController): Promise<void> {
  try {
    item.attachment = await upload(conversation, file, (share) => (item.share = share), abort.signal);
    item.state = "ready";
  } catch (error) {
    item.problem = error instanceof Problem ? error : new Problem(0, "");
    item.state = "failed";
  }
}
