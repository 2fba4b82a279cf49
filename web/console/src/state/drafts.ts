import { reactive } from "vue";
import type { DraftFile } from "./files.ts";

/** What an agent began to write, for each conversation, until it is sent or the window is closed. */
interface Drafts {
  message: string;
  note: string;
  files: DraftFile[];
}

const all = new Map<string, Drafts>();

export function drafts(conversation: string): Drafts {
  let known = all.get(conversation);
  if (!known) all.set(conversation, (known = reactive({ message: "", note: "", files: [] })));
  return known;
}
