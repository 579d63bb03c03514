// Bundles what the dashboard sends into ../components - map and lab, the presentation, the tour - and what a report holds,
// one classic script. The first line of each names the digest of the sources, so that a test without node sees whether it
// was built from them.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const digest = createHash("sha256");
for (const name of readdirSync("src").sort()) digest.update(`${name}\n`).update(readFileSync(`src/${name}`));
digest.update(readFileSync("package-lock.json"));
const made = `Built from dashboard/frontend ${digest.digest("hex")} by npm run build.`;

/** Each file, what it begins with, its form, and whose code it contains besides ours. */
const FILES = [
  ["mirage", "index", "esm", " Contains twgl.js (MIT), d3-contour and d3-array (ISC)."],
  ["present", "present", "esm", ""],
  ["tour", "tour", "esm", " Contains driver.js (MIT)."],
  ["report", "report", "iife", " Contains twgl.js (MIT)."],
];
for (const [name, entry, format, contains] of FILES) {
  await build({
    entryPoints: [`src/${entry}.js`],
    outfile: `../components/${name}.js`,
    bundle: true,
    format,
    target: "es2022",
    minify: true,
    legalComments: "inline",
    loader: { ".css": "text" },
    banner: { js: `/* ${made}${contains} */` },
  });
}
