// Bundles what the dashboard sends (src/index.js to ../components/mirage.js) and what a report holds (src/report.js to
// ../components/report.js, one classic script). The first line of each names the digest of the sources, so that a test
// without node sees whether it was built from them.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const digest = createHash("sha256");
for (const name of readdirSync("src").sort()) digest.update(`${name}\n`).update(readFileSync(`src/${name}`));
digest.update(readFileSync("package-lock.json"));
const made = `Built from dashboard/frontend ${digest.digest("hex")} by npm run build.`;

const common = { bundle: true, target: "es2022", minify: true, legalComments: "inline", loader: { ".css": "text" } };
await build({
  ...common,
  entryPoints: ["src/index.js"],
  outfile: "../components/mirage.js",
  format: "esm",
  banner: { js: `/* ${made} Contains twgl.js (MIT), d3-contour and d3-array (ISC). */` },
});
await build({
  ...common,
  entryPoints: ["src/report.js"],
  outfile: "../components/report.js",
  format: "iife",
  banner: { js: `/* ${made} Contains twgl.js (MIT). */` },
});
