// Puts into dist/ what the desk uses of KERN UX: one style sheet, its pictures as files, four weights of Fira Sans, licences.
// Called by ./build. The pictures become files because the desk's content security policy allows no `data:`.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync, renameSync } from "node:fs";

const from = "node_modules/@kern-ux/native";
const to = "dist.new";
const weights = { Regular: 400, Medium: 500, SemiBold: 600, Bold: 700 };

rmSync(to, { recursive: true, force: true });
for (const folder of ["pictures", "fonts", "licences"]) mkdirSync(`${to}/${folder}`, { recursive: true });

const picture = /url\("data:image\/svg\+xml,((?:[^"\\]|\\.)*)"\)/g;
const css = readFileSync(`${from}/dist/kern.min.css`, "utf8").replace(picture, (_, text) => {
  const svg = decodeURIComponent(text);
  const name = `${createHash("sha256").update(svg).digest("hex").slice(0, 16)}.svg`;
  writeFileSync(`${to}/pictures/${name}`, svg);
  return `url("pictures/${name}")`;
});
for (const left of ["data:", "http:", "@import"]) {
  if (css.includes(left)) throw new Error(`KERN's style sheet still holds ${left}, which the desk's policy forbids`);
}
const faces = Object.entries(weights).map(([name, weight]) => {
  copyFileSync(`${from}/dist/fonts/fira-sans/FiraSans-${name}.woff2`, `${to}/fonts/FiraSans-${name}.woff2`);
  return `@font-face{font-family:"Fira Sans";src:url("fonts/FiraSans-${name}.woff2") format("woff2");font-weight:${weight};font-display:swap}`;
});
// `@charset` must stay the first bytes of the sheet.
const charset = css.match(/^@charset "[^"]*";/)?.[0] ?? "";
writeFileSync(`${to}/kern.css`, `${charset}${faces.join("")}${css.slice(charset.length)}`);

copyFileSync(`${from}/LICENSE.md`, `${to}/licences/KERN-EUPL-1.2.md`);
copyFileSync("own/Fira-OFL-1.1.txt", `${to}/licences/Fira-OFL-1.1.txt`);
rmSync("dist", { recursive: true, force: true });
renameSync(to, "dist");
