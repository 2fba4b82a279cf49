import { useMessage } from "naive-ui";
import { useI18n } from "vue-i18n";
import { Problem } from "../api/http.ts";

/** Tells in words what went wrong with a call; to be set up in a component. */
export function useProblems() {
  const message = useMessage();
  const { t } = useI18n();

  function words(error: unknown): string {
    if (!(error instanceof Problem)) return t("problem.other", { why: String(error) });
    if (error.status === 0 || error.status >= 502) return t("problem.away");
    if (error.status === 403) return error.message || t("problem.forbidden");
    if (error.status === 404) return t("problem.missing");
    return t("problem.other", { why: error.message });
  }

  /** Runs a call; a failure is shown, and answered with undefined. */
  async function attempt<Answer>(run: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) message.error(words(error));
      return undefined;
    }
  }

  return { words, attempt, message };
}
