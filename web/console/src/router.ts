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
        { path: "", name: "home", redirect: () => (canAnswer.value ? "/conversations" : "/articles") },
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
  if (user && to.name === "articles" && !canEdit.value) return { name: "home" };
  if (user && to.name === "conversations" && !canAnswer.value && canEdit.value) return { name: "articles" };
  return true;
});
