import { get, post } from "./http.ts";
import type { Agent, Page, User } from "./types.ts";

/** Logs in; the hub sets the cookie that all further calls carry. The token itself is not kept. */
export const login = (email: string, password: string) => post<{ token: string }>("/login", { email, password });
export const logout = () => post<void>("/logout");
export const me = () => get<User>("/me");
export const agents = async (): Promise<Agent[]> => (await get<Page<Agent>>("/agents")).items;
