// The pages around the workflows: sharing, groups, versions, published data, what is held, tasks given up, audit,
// documents that come in and go out, and what starts a workflow besides a person.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { clean, firstAccount, newPage, ran, startBrowser, startBus, workflow } from "./bus.mjs";

const TOWNS = {
  name: "Villes",
  steps: [
    { id: "towns", connector: "records", name: "Villes", settings: { records: [{ town: "Brest", people: 139456 }, { town: "Quimper", people: 63283 }] } },
    { id: "open", connector: "publish", name: "Publier", settings: { slug: "villes", title: "Les villes" } },
  ],
  links: ["towns -> open"],
};

let bus, browser, page, id;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
  page = await newPage(browser);
  await firstAccount(page, bus);
  id = await workflow(page, TOWNS);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

const dialog = () => page.getByRole("dialog");

test("a group is made, and a workflow shared with it and with a person", async () => {
  await page.goto(`${bus.address}/settings`);
  await page.getByLabel("E-mail address", { exact: false }).last().fill("grace@example.org");
  await page.getByRole("button", { name: "Invite" }).click();
  const invitation = (await page.locator(".made code").innerText()).trim();
  const grace = await newPage(browser);
  await grace.goto(invitation);
  await grace.getByLabel("Name").fill("Grace");
  await grace.getByLabel("E-mail address").fill("grace@example.org");
  await grace.getByLabel("Password").fill("another sentence works");
  await grace.getByRole("button", { name: "Create the account" }).click();
  await grace.getByText("No workflow yet").waitFor();

  await page.getByRole("link", { name: "Groups" }).click();
  await page.getByText("You are in no group yet").waitFor();
  await clean(page, "no groups");
  await page.getByLabel("Name of the group").fill("Transports");
  await page.getByRole("button", { name: "New group" }).click();
  await page.getByLabel("Add somebody to Transports").fill("grace@example.org");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("row", { name: /Grace/ }).waitFor();
  await clean(page, "groups");

  await page.goto(`${bus.address}/workflows/${id}`);
  await page.getByLabel("More").click();
  await page.getByRole("link", { name: "Share" }).click();
  await page.getByText("Nobody else sees this workflow yet").waitFor();
  await clean(page, "not shared");
  await page.getByRole("region", { name: "Share with a group" }).getByRole("button", { name: "Share" }).click();
  await page.getByRole("row", { name: /Group Transports/ }).waitFor();
  await grace.reload();
  await grace.getByRole("link", { name: "Villes" }).waitFor();

  const person = page.getByRole("region", { name: "Share with a person" });
  await person.getByLabel("E-mail address").fill("grace@example.org");
  await person.getByLabel("Role").selectOption("editor");
  await person.getByRole("button", { name: "Share" }).click();
  const row = page.getByRole("row", { name: /grace@example.org/ });
  await row.waitFor();
  assert.equal(await row.getByRole("combobox").inputValue(), "editor");
  await clean(page, "shares");
  await page.getByRole("button", { name: "Stop sharing with Group Transports" }).click();
  await page.getByRole("row", { name: /Group Transports/ }).waitFor({ state: "detached" });
  assert.deepEqual([page.wrong, grace.wrong], [[], []]);
});

test("published data, what is held, tasks given up and the audit", async () => {
  await page.goto(`${bus.address}/publications`);
  await page.getByText("Nothing is published yet").waitFor();
  await clean(page, "no publications");
  await ran(page, id);
  await page.getByRole("link", { name: "Published data" }).click();
  await page.getByRole("row", { name: /Les villes/ }).waitFor();
  const csv = page.getByRole("link", { name: "Les villes: csv" });
  const data = await page.evaluate(async (address) => (await fetch(address)).text(), await csv.getAttribute("href"));
  assert.equal(data, "town,people\nBrest,139456\nQuimper,63283\n");
  await clean(page, "publications");

  await page.goto(`${bus.address}/cache`);
  const run = page.getByRole("row", { name: /Records of a run/ });
  await run.waitFor();
  await clean(page, "what is held");
  await run.getByRole("button", { name: /^Delete: Records of a run/ }).click();
  await run.waitFor({ state: "detached" });

  await page.getByRole("link", { name: "Tasks given up" }).click();
  await page.getByText("No task was given up").waitFor();
  await clean(page, "tasks given up");
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.getByRole("row", { name: /Ada.*cache\.delete/ }).first().waitFor();
  await clean(page, "audit");
  await page.goto(`${bus.address}/workflows/${id}/audit`);
  await page.getByRole("heading", { name: "Audit of “Villes”" }).waitFor();
  await page.getByRole("row", { name: /workflow\.create/ }).waitFor();
  assert.equal(await page.getByRole("row", { name: /cache\.delete/ }).count(), 0);
  assert.deepEqual(page.wrong, []);
});

test("versions are looked at and restored", async () => {
  await page.goto(`${bus.address}/workflows/${id}`);
  await page.getByLabel("Name of the workflow").fill("Villes de Bretagne");
  await page.keyboard.press("Control+s");
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.getByLabel("More").click();
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("heading", { name: "Versions of “Villes de Bretagne”" }).waitFor();
  await page.getByRole("button", { name: "Look at version 1" }).click();
  await dialog().locator("[data-step=towns]").waitFor();
  await clean(page, "a version");
  await dialog().getByRole("button", { name: "Close" }).click();
  await clean(page, "versions");
  await page.getByRole("button", { name: "Restore version 1" }).click();
  await page.waitForURL(new RegExp(`/workflows/${id}$`));
  await page.getByLabel("Name of the workflow").waitFor();
  assert.equal(await page.getByLabel("Name of the workflow").inputValue(), "Villes");
  assert.deepEqual(page.wrong, []);
});

test("a document goes out as YAML and comes in again; what is wrong with one has its place", async () => {
  await page.goto(`${bus.address}/workflows/${id}`);
  await page.locator("[data-step=towns]").waitFor();
  await page.getByLabel("More").click();
  const started = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as YAML" }).click();
  const download = await started;
  assert.equal(download.suggestedFilename(), "villes.yaml");
  const yaml = await readFile(await download.path(), "utf8");

  await page.goto(bus.address);
  await page.getByRole("button", { name: "Import" }).click();
  await clean(page, "import");
  await dialog().getByLabel("Or paste it here").fill("version: 1\nname: Villes\nstep: []\n");
  await dialog().getByRole("button", { name: "Import" }).click();
  await dialog().getByText(/line 3, column 1/).waitFor();
  await clean(page, "import refused");
  await dialog().getByLabel("Or paste it here").fill(yaml.replace("name: Villes", "name: Villes lues"));
  await dialog().getByRole("button", { name: "Import" }).click();
  await page.waitForURL(/\/workflows\/[^/]+$/);
  await page.locator("[data-step=open]").waitFor();
  assert.equal(await page.getByLabel("Name of the workflow").inputValue(), "Villes lues");
  assert.deepEqual(page.wrong, []);
});

test("what starts a workflow: a schedule, a call, an upload", async () => {
  await page.goto(`${bus.address}/workflows/${id}`);
  await page.getByRole("button", { name: "Add a schedule" }).click();
  await page.getByRole("group", { name: "Schedule" }).locator(".help li").nth(4).waitFor();
  await page.getByRole("button", { name: "Add an HTTP call" }).click();
  const call = page.getByRole("group", { name: "HTTP call" });
  await call.getByLabel("The body stands for").selectOption({ label: "Villes" });
  assert.match(await call.locator("pre").innerText(), new RegExp(`${bus.address}/api/v1/workflows/${id}/call`));
  await page.getByRole("button", { name: "Add an upload" }).click();
  assert.match(await page.getByRole("group", { name: "Upload" }).locator("pre").innerText(), /upload\?name=data\.csv/);
  await clean(page, "triggers");
  await page.keyboard.press("Control+s");
  await page.getByText("Saved", { exact: true }).waitFor();
  const saved = await page.evaluate(async (id) => (await (await fetch(`/api/v1/workflows/${id}`)).json()).document.triggers, id);
  assert.deepEqual(saved.map((trigger) => Object.keys(trigger)[0]), ["schedule", "http", "upload"]);
  assert.deepEqual([saved[1].http, saved[2].upload], [{ input: "towns" }, { input: "towns" }]);
  assert.deepEqual(page.wrong, []);
});

test("the preview follows what is typed", async () => {
  await page.goto(`${bus.address}/workflows/${id}`);
  await page.locator("#step-towns .step-head").click();
  await page.getByLabel("Search connectors").fill("filter");
  await page.locator(".palette-entry", { hasText: /^Filter$/ }).click();
  await page.locator("#setting-expression").fill("people > 100000");
  const preview = page.locator(".preview");
  await preview.locator("td", { hasText: "Brest" }).waitFor();
  await preview.locator("td", { hasText: "Quimper" }).waitFor({ state: "detached" });
  await page.locator("#setting-expression").fill("people < 100000");
  await preview.locator("td", { hasText: "Quimper" }).waitFor();
  await clean(page, "preview");
  await preview.getByRole("button", { name: "Hide the preview" }).click();
  await preview.locator("table").waitFor({ state: "detached" });
  assert.deepEqual(page.wrong, []);
});

test("when the server is gone, the page says so", async () => {
  const bar = page.locator(".trouble");
  assert.equal(await bar.count(), 0, "all was well");
  await bus.stop();
  await bar.getByText("The server cannot be reached.").waitFor();
  await clean(page, "a server that is gone");
});
