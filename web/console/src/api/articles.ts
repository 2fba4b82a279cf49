import { get, part, post, put } from "./http.ts";
import type { Article, ArticleDraft, ArticleState, Page, Revision, SearchResult } from "./types.ts";

type Id = string | number;
const at = (id: Id, rest = "") => `/articles/${part(id)}${rest}`;

export interface Wanted {
  q?: string;
  state?: ArticleState;
  limit?: number;
  cursor?: string | null;
}

export const list = (wanted: Wanted) => get<Page<Article>>("/articles", { ...wanted });
export const read = (id: Id) => get<Article>(at(id));
export const create = (draft: ArticleDraft) => post<Article>("/articles", draft);
/** Saves a draft revision; what customers get does not change. */
export const save = (id: Id, draft: ArticleDraft) => put<Article>(at(id), draft);
export const revisions = async (id: Id) => (await get<Page<Revision>>(at(id, "/revisions"), { limit: 100 })).items;

/** Throws a `Problem` with status 409 and `flips` where the hub wants a confirmation. */
export const publish = (id: Id, confirm?: { reason: string }) =>
  post<Article>(at(id, "/publish"), confirm ? { confirm: true, reason: confirm.reason } : {});
export const archive = (id: Id) => post<Article>(at(id, "/archive"));
export const restore = (id: Id, revision: number) => post<Article>(at(id, "/restore"), { revision });

export const search = (text: string, language?: string) => post<SearchResult>("/search", { text, language });
