import { createRouter, createWebHistory } from "vue-router";
import { canAnswer, canEdit, restore } from "./state/session.ts";

export const router = createRouter({
  history: createWebHistory("/console/"),
  routes: [
    { path: "/login", name: "login", component: () => import("./login/LoginView.vue"), meta: { open: true } },
    {
      path: "/",
      component: () => import("./shell/ShellView.vue"),
      children: [
        { path: "", name: "home", component: { render: () => null } },
        { path: "conversations/:id?", name: "conversations", component: () => import("./inbox/InboxView.vue") },
        { path: "articles/:id?", name: "articles", component: () => import("./articles/ArticlesView.vue") },
      ],
    },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  const user = await restore();
  if (!user && !to.meta["open"]) return { name: "login", query: to.path === "/" ? {} : { to: to.fullPath } };
  if (user && to.name === "login") return { name: "home" };
  if (!user) return true;
  const mayOpen = { conversations: canAnswer.value, articles: canEdit.value };
  const first = canAnswer.value ? "conversations" : "articles";
  const wanted = to.name as keyof typeof mayOpen | "home";
  return wanted === "home" || (!mayOpen[wanted] && wanted !== first) ? { name: first } : true;
});
