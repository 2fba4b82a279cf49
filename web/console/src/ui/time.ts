import { onScopeDispose, ref } from "vue";

/** The present moment in milliseconds, moving on every so often while a component uses it. */
export function useNow(every = 10_000) {
  const now = ref(Date.now());
  const timer = window.setInterval(() => (now.value = Date.now()), every);
  onScopeDispose(() => window.clearInterval(timer));
  return now;
}

const LOCALES = { zh: "zh-CN", en: "en-GB" } as const;
type Locale = keyof typeof LOCALES;

/** How long ago, in the largest unit that fits: "42 sec", "13 分钟". */
export function elapsed(since: string, now: number, locale: string): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  const [value, unit] =
    seconds < 60
      ? [seconds, "second"]
      : seconds < 3600
        ? [Math.floor(seconds / 60), "minute"]
        : seconds < 86_400
          ? [Math.floor(seconds / 3600), "hour"]
          : [Math.floor(seconds / 86_400), "day"];
  const style = { style: "unit", unit, unitDisplay: "short" } as const;
  return new Intl.NumberFormat(LOCALES[locale as Locale], style).format(value);
}

/** The time of day if it was today, otherwise the date with it. */
export function moment(at: string, now: number, locale: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  const today = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(LOCALES[locale as Locale], today ? clock : { month: "short", day: "numeric", ...clock });
}
