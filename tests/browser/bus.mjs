// A bus of its own for each file of tests: the real server, a new data folder, a free port.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PROGRAM = process.env.SEMANTIC_BUS;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
/** How long anything may take before a test fails. */
export const PATIENCE = 30_000;

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts a bus; resolves once it has printed its one-time link. */
export async function startBus() {
  if (!PROGRAM) throw new Error("SEMANTIC_BUS must name the program: `cargo xtask test` does");
  const folder = await mkdtemp(join(tmpdir(), "semantic-bus-"));
  const port = await freePort();
  const server = spawn(PROGRAM, ["--lang", "en", "serve", "--data", folder, "--listen", `127.0.0.1:${port}`]);
  const said = [];
  const link = await new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error(`no link after ${PATIENCE} ms:\n${said.join("\n")}`)), PATIENCE);
    const read = (line) => {
      said.push(line);
      const match = line.match(/(https?:\/\/\S+)?\/first#\S+/);
      if (match) {
        clearTimeout(late);
        found(match[0]);
      }
    };
    createInterface({ input: server.stdout }).on("line", read);
    createInterface({ input: server.stderr }).on("line", read);
    server.on("exit", (code) => failed(new Error(`the server ended (${code}):\n${said.join("\n")}`)));
  });
  const address = `http://127.0.0.1:${port}`;
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
