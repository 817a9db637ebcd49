// What a newcomer does: opens the printed link, makes an account, takes a workflow of the gallery, runs it, watches
// the counts, looks at the records of a link and downloads them in another format.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { firstAccount, newPage, startBrowser, startBus } from "./bus.mjs";

let bus, browser;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

test("from the printed link to a file in another format", async () => {
  const page = await newPage(browser);
  await firstAccount(page, bus);

  await page.getByRole("link", { name: "Gallery" }).first().click();
  await page.getByRole("button", { name: /^Use this.*Bornes de recharge/ }).click();
  await page.waitForURL(/\/workflows\/[^/]+$/);
  await page.getByRole("button", { name: /^Points de charge/ }).waitFor();

  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Run" }).click();
  await page.waitForURL(/\/runs\/[^/]+$/);
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();

  // the counts stand on the links
  const count = page.getByRole("button", { name: /records from Points de charge to Vérifier: show them/ });
  const records = Number((await count.textContent()).replace(/\D/g, ""));
  assert.ok(records > 0, "the link has counted records");

  await count.click();
  const table = page.locator("table.records");
  await table.waitFor();
  assert.match(await table.locator("thead").innerText(), /id_pdc_itinerance/);
  assert.equal(await table.locator("tbody tr").count(), Math.min(records, 50));

  const started = page.waitForEvent("download");
  await page.locator(".data summary", { hasText: "Download" }).click();
  await page.getByRole("link", { name: "Download as ndjson" }).click();
  const download = await started;
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  assert.equal(lines.length, records);
  assert.ok(JSON.parse(lines[0]).id_pdc_itinerance);

  // refused records are kept with their reason
  await page.locator(".data").getByRole("button", { name: "Close" }).click();
  await page.locator(".run-steps .chip.bad").first().click();
  await page.getByRole("button", { name: "Replay all as they were" }).waitFor();
  assert.ok((await table.locator("tbody tr").count()) > 0);
  assert.deepEqual(page.wrong, []);
});

test("a reload stays where one was, signed in", async () => {
  const context = browser.contexts()[0];
  const page = context.pages()[0];
  const address = page.url();
  await page.reload();
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  assert.equal(page.url(), address);
});

test("the editor speaks French to who reads French", async () => {
  const page = await newPage(browser, { locale: "fr-FR" });
  await page.goto(bus.address);
  await page.getByRole("button", { name: "Se connecter" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  assert.deepEqual(page.wrong, []);
});
