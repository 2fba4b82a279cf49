import type { Conversation } from "../api/types.ts";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** The customer's name or address, or something short that tells visitors without one apart. */
export function customerName(conversation: Conversation, t: Translate): string {
  const { name, email, id } = conversation.customer;
  return name?.trim() || email || t("inbox.nameless", { id: String(id).replace(/[^0-9a-z]/gi, "").slice(-4).toUpperCase() });
}

/** Our word for a code of the hub's, or the code itself where a newer hub has one that we do not know. */
export function wordFor(group: string, code: string | null | undefined, t: Translate, te: (key: string) => boolean): string {
  if (!code) return "";
  return te(`${group}.${code}`) ? t(`${group}.${code}`) : code;
}
