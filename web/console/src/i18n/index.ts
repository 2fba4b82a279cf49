import { createI18n } from "vue-i18n";
import en from "./en.ts";
import zh from "./zh.ts";

/** Messages are compiled to a tree at first use and walked, never evaluated: a strict content policy holds. */
export const i18n = createI18n({ legacy: false, locale: "en", fallbackLocale: "en", messages: { zh, en } });

export type Messages = typeof en;
