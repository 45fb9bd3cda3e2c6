// Opens a report's page in Chromium and tries what a reader would: sort, filter, keyboard, dark, print, no script.
//
//     node check.mjs access-review.html [folder for pictures]
//
// playwright-core and axe-core are looked for in the working folder; CHROMIUM names another browser than
// /usr/bin/chromium. `run` beside this file sees to both. Prints a line per check; the exit code is 1 if one failed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "check.cjs"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const file = resolve(process.argv[2]);
const pictures = process.argv[3] && resolve(process.argv[3]);
const folder = mkdtempSync(join(tmpdir(), "rollcall-browser-"));
let failed = 0;
const check = (what, ok, found = "") => {
  if (!ok) failed += 1;
  console.log(`${ok ? "ok  " : "FAIL"} ${what}${ok || found === "" ? "" : `: ${found}`}`);
};

/** The same page with the rows of its largest table repeated up to a number. */
const grown = (rows) => {
  const page = readFileSync(file, "utf8");
  const bodies = [...page.matchAll(/<tbody>\n(<tr><td[^]*?)<\/tbody>/g)];
  const largest = bodies.reduce((a, b) => (b[1].length > a[1].length ? b : a));
  const lines = largest[1].trimEnd().split("\n");
  const many = Array.from({ length: rows }, (_, n) => lines[n % lines.length].replace("</td>", ` ${n}</td>`));
  const path = join(folder, "many.html");
  const at = largest.index + "<tbody>\n".length;
  writeFileSync(path, page.slice(0, at) + many.join("\n") + page.slice(at + largest[1].length));
  return path;
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

/** A page of a file, with everything it says on the console and everything it asks for. */
const open = async (path, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const heard = [], asked = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && heard.push(message.text()));
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  return { page, context, heard, asked };
};

const { page, heard, asked } = await open(file);
const cells = (table, at) => table.locator("tbody tr").evaluateAll(
  (rows, at) => rows.filter((r) => !r.hidden).map((r) => r.cells[at].textContent.trim()), at);
const boxes = await page.locator(".table").all();
const sizes = await Promise.all(boxes.map((box) => box.locator("tbody tr").count()));
const box = boxes[sizes.indexOf(Math.max(...sizes))];
const heads = box.locator("th button");
check("tables have buttons to sort by", (await heads.count()) > 1);

// Sorting: up, down, and back to the report's order; empty cells stand last.
const all = box.locator(".tools button");
if (await all.isVisible()) await all.click();
// A column of verdicts is sorted by how bad they are, not by their letters: the first other one is looked at.
const at = await box.locator("tbody tr").first().evaluate((row) => [...row.cells].findIndex((c) => !c.dataset.sort));
const before = await cells(box, at);
const by = (a, b) => new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare(a, b);
const sorted = (texts, sign) => {
  const full = texts.filter(Boolean);
  return texts.slice(full.length).every((t) => t === "") && full.every((t, n) => n === 0 || sign * by(full[n - 1], t) <= 0);
};
await heads.nth(at).click();
check("a click sorts upwards", sorted(await cells(box, at), 1));
check("the header says so", (await box.locator("th").nth(at).getAttribute("aria-sort")) === "ascending");
await heads.nth(at).click();
check("another click sorts downwards", sorted(await cells(box, at), -1));
await heads.nth(at).click();
check("a third restores the report's order", JSON.stringify(await cells(box, at)) === JSON.stringify(before));

// Filtering: every row that is shown has every word, and the count is told.
const input = box.locator("input[type=search]");
const word = before[Math.floor(before.length / 2)].split(/\s+/)[0].toLowerCase();
await input.fill(word);
const left = await box.locator("tbody tr:not([hidden])").allTextContents();
check("a filter keeps the rows that hold its words", left.length > 0 && left.length < before.length &&
  left.every((text) => text.toLowerCase().includes(word)), `${left.length} of ${before.length}`);
const told = await box.locator("output").textContent();
check("the count is told", told.startsWith(`${left.length} of ${before.length}`), told);
check("the count is announced", (await box.locator("output").getAttribute("aria-live")) === "polite");
await page.emulateMedia({ media: "print" });
check("paper holds every row", (await box.locator("tbody tr").evaluateAll(
  (rows) => rows.every((r) => getComputedStyle(r).display === "table-row"))));
check("and clips no table", await page.locator(".scroll").evaluateAll(
  (all) => all.every((e) => getComputedStyle(e).overflow === "visible")));
check("and shows no control", (await page.locator(".bar button:visible, .tools:visible, nav:visible").count()) === 0);
await page.emulateMedia({ media: null });
await input.fill("");

// Keyboard: Tab leads from the top through every control; Enter sorts.
{
  const { page, context } = await open(file);
  const at = (what) => page.evaluate((what) => document.activeElement.matches(what), what);
  await page.keyboard.press("Tab");
  check("Tab reaches the skip link first", await at(".skip"));
  let steps = 1;
  for (; steps < 200 && !(await at("th button")); steps += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  check("Tab reaches a column, Enter sorts by it", await at("th[aria-sort=ascending] button"), `after ${steps} steps`);
  await context.close();
}

// Light and dark.
const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light = await ground();
await page.locator(".bar button").click();
check("the button turns the page dark", (await ground()) !== light);
await page.locator(".bar button").click();
check("and light again", (await ground()) === light);

const pdf = await page.pdf({ preferCSSPageSize: true, path: pictures && join(pictures, "printed.pdf") });
check("it prints", pdf.length > 20_000);
check("the console stays silent", heard.length === 0, heard.join(" | "));
check("nothing is asked for but the file", asked.length === 1 && asked[0].startsWith("file:"), asked.join(" "));

// The policy holds even against markup that no escape had stopped.
const refused = await page.evaluate(() => new Promise((done) => {
  document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective), { once: true });
  setTimeout(() => done(""), 2000);
  document.body.insertAdjacentHTML("beforeend", "<img hidden src='data:image/png;base64,AA==' onerror='window.ran = 1'>");
}));
check("the policy refuses what it does not know", refused !== "" && !(await page.evaluate(() => window.ran)), refused);

// Every size and colour: nothing wider than the window, nothing that axe calls serious.
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const { page, context } = await open(file, { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" });
    const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(`${colorScheme}, ${width} wide: nothing leaves the window`, spill <= 0, `${spill} px`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const grave = violations.filter((v) => ["serious", "critical"].includes(v.impact));
    check(`${colorScheme}, ${width} wide: axe finds nothing serious`, grave.length === 0,
      grave.map((v) => `${v.id} (${v.nodes.length}, e.g. ${v.nodes[0].html.slice(0, 120)})`).join("; "));
    for (const v of violations.filter((v) => !grave.includes(v))) console.log(`     ${v.impact}: ${v.id} (${v.nodes.length})`);
    if (pictures) {
      await page.screenshot({ path: join(pictures, `${colorScheme}-${width}.png`) });
      for (const id of await page.locator("main > section").evaluateAll((all) => all.map((s) => s.id))) {
        await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
        await page.screenshot({ path: join(pictures, `${colorScheme}-${width}-${id}.png`) });
      }
    }
    await context.close();
  }
}

// Without a script: the same rows, and no control that would do nothing.
const still = await open(file, { javaScriptEnabled: false });
const shown = await still.page.locator("tbody tr:visible").count();
check("without a script every row is there", shown === sizes.reduce((a, b) => a + b, 0) + await still.page.locator(".parts tbody tr").count(), shown);
check("and no button or field", (await still.page.locator("button, input").count()) === 0);

// Ten thousand rows.
const many = await open(grown(10_000));
const time = async (what, most, action) => {
  const took = await many.page.evaluate(action);
  console.log(`     ${what}: ${took.map((ms) => `${ms.toFixed(0)} ms`).join(", ")}`);
  check(`10 000 rows: ${what} stays below ${most} ms`, took.every((ms) => ms < most));
};
const timed = `const box = [...document.querySelectorAll(".table")].find((b) => b.querySelectorAll("tbody tr").length === 10000);
  const took = (action) => { const from = performance.now(); action(); box.offsetHeight; return performance.now() - from; };`;
await time("a key in the filter, with layout", 1000, `(() => { ${timed}
  const input = box.querySelector("input");
  const type = (text) => took(() => { input.value = text; input.dispatchEvent(new Event("input")); });
  return [type("9"), type("99"), type("999"), type("99"), type("")]; })()`);
await time("sorting, with layout", 3000, `(() => { ${timed}
  return [...box.querySelectorAll("th button")].slice(0, 3).map((b) => took(() => b.click())); })()`);

await browser.close();
rmSync(folder, { recursive: true });
console.log(failed ? `${failed} checks failed` : "all is well in the browser");
process.exitCode = failed ? 1 : 0;
