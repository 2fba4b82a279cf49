/** One side of a flip: the decision on a question, and the article that would answer it. */
export interface Side {
  decision?: string;
  article?: string;
}

/** Reads a side as the hub gives it: an article's id, or an object with decision, article and perhaps title. */
export function sideOf(value: unknown): Side {
  if (typeof value === "string" || typeof value === "number") return { article: String(value) };
  if (typeof value !== "object" || value === null) return {};
  const { decision, article, title } = value as Record<string, unknown>;
  const name = title ?? article;
  return {
    decision: typeof decision === "string" ? decision : undefined,
    article: name === undefined || name === null ? undefined : String(name),
  };
}
