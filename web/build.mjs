// Builds the three parts one after the other: dist/widget.js, dist/demo/ and dist/console/.
import { rm } from "node:fs/promises";
import { build } from "vite";

await rm(new URL("dist", import.meta.url), { recursive: true, force: true });
for (const part of ["widget", "demo", "console"]) {
  await build({ configFile: new URL("vite.config.ts", import.meta.url).pathname, mode: part });
}
