// Bundles src/index.js into the one file that the dashboard sends: ../components/mirage.js.
// Its first line names the digest of the sources, so that a test without node sees whether it was built from them.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const digest = createHash("sha256");
for (const name of readdirSync("src").sort()) digest.update(`${name}\n`).update(readFileSync(`src/${name}`));
digest.update(readFileSync("package-lock.json"));

await build({
  entryPoints: ["src/index.js"],
  outfile: "../components/mirage.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
  loader: { ".css": "text" },
  banner: {
    js: `/* Built from dashboard/frontend ${digest.digest("hex")} by npm run build. Contains twgl.js (MIT), d3-contour and d3-array (ISC). */`,
  },
});
