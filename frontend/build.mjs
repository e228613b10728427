// Copies what the pages use from node_modules into the package: two typefaces and the drag-and-drop library.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const target = join(root, "src", "rapport", "ui", "static", "ui");
const fonts = join(target, "fonts");
const vendor = join(target, "vendor");
const subsets = ["latin", "latin-ext"];
const faces = [
  { family: "Inter", package: "inter", file: "inter" },
  { family: "Source Serif 4", package: "source-serif-4", file: "source-serif-4" },
];

for (const folder of [fonts, vendor]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

const rules = [];
for (const face of faces) {
  const folder = join(modules, "@fontsource-variable", face.package);
  const ranges = JSON.parse(readFileSync(join(folder, "unicode.json"), "utf8"));
  for (const subset of subsets) {
    const name = `${face.file}-${subset}-wght-normal.woff2`;
    copyFileSync(join(folder, "files", name), join(fonts, name));
    rules.push(`@font-face {
  font-family: "${face.family}";
  font-style: normal;
  font-weight: 200 900;
  font-display: swap;
  src: url("fonts/${name}") format("woff2");
  unicode-range: ${ranges[subset]};
}`);
  }
  copyFileSync(join(folder, "LICENSE"), join(fonts, `${face.file}-LICENSE.txt`));
}
writeFileSync(join(target, "fonts.css"), rules.join("\n") + "\n");

copyFileSync(join(modules, "sortablejs", "Sortable.min.js"), join(vendor, "sortable.min.js"));
copyFileSync(join(modules, "sortablejs", "LICENSE"), join(vendor, "sortable-LICENSE.txt"));
