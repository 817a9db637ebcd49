// A bus of its own for each file of tests: the real server, a new data folder, a port that is free.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PROGRAM = process.env.SEMANTIC_BUS;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** How long anything may take before a test fails. */
export const PATIENCE = 30_000;

/** Starts a bus; resolves once it has printed its one-time link. */
export async function startBus() {
  if (!PROGRAM) throw new Error("SEMANTIC_BUS must name the program: `cargo xtask test` does");
  const folder = await mkdtemp(join(tmpdir(), "semantic-bus-"));
  const server = spawn(PROGRAM, ["--lang", "en", "serve", "--data", folder, "--listen", "127.0.0.1:0"]);
  const said = [];
  const link = await new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error(`no link after ${PATIENCE} ms:\n${said.join("\n")}`)), PATIENCE);
    const read = (line) => {
      said.push(line);
      const match = line.match(/https?:\/\/\S+\/first#\S+/);
      if (match) {
        clearTimeout(late);
        found(match[0]);
      }
    };
    createInterface({ input: server.stdout }).on("line", read);
    createInterface({ input: server.stderr }).on("line", read);
    server.on("exit", (code) => failed(new Error(`the server ended (${code}):\n${said.join("\n")}`)));
  });
  const address = `http://127.0.0.1:${new URL(link).port}`;
  return {
    address,
    /** The link that makes the first account. */
    link: address + link.slice(link.indexOf("/first#")),
    said,
    async stop() {
      if (server.exitCode === null) {
        const ended = new Promise((done) => server.once("exit", done));
        server.kill("SIGTERM");
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A browser with a profile of its own. */
export async function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

/** A page in a session of its own; what goes wrong in it fails the test that looks at `page.wrong`. */
export async function newPage(browser, { locale = "en-GB", ...rest } = {}) {
  const context = await browser.newContext({ locale, viewport: { width: 1440, height: 900 }, ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.wrong = [];
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  page.on("console", (message) => {
    // a refused call is told to the person; what the policy of the page forbids is a mistake of ours
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.wrong.push(message.text());
  });
  return page;
}

export const ADA = { name: "Ada", email: "ada@example.org", password: "a sentence works well" };

/** Makes the first account and comes to the list of workflows. */
export async function firstAccount(page, bus) {
  await page.goto(bus.link);
  await page.getByLabel("Name").fill(ADA.name);
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("heading", { name: "Workflows", level: 1 }).waitFor();
}

/** Signs in as somebody who has an account. */
export async function signIn(page, bus, person = ADA) {
  await page.goto(`${bus.address}/sign-in`);
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Workflows", level: 1 }).waitFor();
}

/** Calls the server as whoever is signed in on a page. */
export async function call(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const session = await (await fetch("/api/v1/session")).json();
      const headers = { "content-type": "application/json", "x-csrf-token": session.csrf };
      const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [method, path, body],
  );
}

/** Makes a workflow; its id. */
export async function workflow(page, document) {
  return (await call(page, "POST", "/workflows", { document: { version: 1, ...document } })).summary.id;
}

/** Runs a workflow to its end; the id of the run. */
export async function ran(page, id, asked = {}) {
  const run = await call(page, "POST", `/workflows/${id}/runs`, asked);
  await page.goto(`${new URL(page.url()).origin}/workflows/${id}/runs/${run.id}`);
  await page.locator(".run-head .badge", { hasText: /Succeeded|Failed|Nothing new|Réussie|Échouée/ }).waitFor();
  return run.id;
}

/** Looks at a page with axe, in light and in dark: no violation of WCAG A and AA. */
export async function clean(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((rules) => axe.run(document, rules), RULES);
    // on the canvas, which can be zoomed, everything small has its equal of full size in the panel beside it
    for (const it of violations) {
      if (it.id === "target-size") it.nodes = it.nodes.filter((node) => !node.target.join(" ").includes("data-") && !/class="(port|count|cut|step-head)/.test(node.html));
    }
    const told = violations.filter((it) => it.nodes.length > 0).map((it) => `${it.id}: ${it.help}\n    ${it.nodes.map((node) => node.html.slice(0, 160)).join("\n    ")}`);
    assert.deepEqual(told, [], `${what}, ${colorScheme}`);
  }
}
