import vue from "@vitejs/plugin-vue";
import { defineConfig, type UserConfig } from "vite";

// One entry for each part; `build.mjs` builds them in turn, `npx vite --mode console` serves one while developing.
const dist = `${import.meta.dirname}/dist`;
const hub = process.env["PARLEY_HTTP"] ?? "127.0.0.1:8080";
const server = {
  proxy: {
    "/api": { target: `http://${hub}`, ws: true },
    "/channels": { target: `http://${hub}`, ws: true },
    "/widget.js": { target: `http://${hub}` },
  },
};

const parts: Record<string, UserConfig> = {
  widget: {
    root: `${import.meta.dirname}/widget`,
    build: {
      outDir: dist,
      emptyOutDir: false,
      copyPublicDir: false,
      target: "es2022",
      lib: { entry: "src/main.ts", formats: ["iife"], name: "ParleyWidget", fileName: () => "widget.js" },
    },
  },
  demo: {
    root: `${import.meta.dirname}/demo`,
    base: "/demo/",
    build: { outDir: `${dist}/demo`, emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  },
  console: {
    root: `${import.meta.dirname}/console`,
    base: "/console/",
    plugins: [vue()],
    define: { __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __INTLIFY_PROD_DEVTOOLS__: "false" },
    build: { outDir: `${dist}/console`, emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  },
};

export default defineConfig(({ mode }) => ({ server, ...parts[mode] }));
