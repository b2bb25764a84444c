// Bundles the page and the script for a clinic's site into dist/. `make widget` runs it.

import { readFile } from "node:fs/promises";
import { build, transform } from "esbuild";

const folder = new URL(".", import.meta.url).pathname;

// The launcher puts its style into a shadow root by script, so it is needed as a string.
const styleAsText = {
  name: "style-as-text",
  setup(build) {
    build.onLoad({ filter: /launcher\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

await build({
  entryPoints: [
    { in: `${folder}src/page.js`, out: "page" },
    { in: `${folder}src/page.css`, out: "page" },
    { in: `${folder}src/launcher.js`, out: "waymark" },
  ],
  outdir: `${folder}dist`,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome109", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "eof",
  plugins: [styleAsText],
  logLevel: "warning",
});
