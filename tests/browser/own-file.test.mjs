// A spreadsheet of one's own becomes a map: from an empty workflow, with the mouse. Connectors are dragged from the
// palette, a file is given, ports are linked, the form is filled, the run is watched, the table looked at, the map
// downloaded. And a gallery workflow runs on a file of one's own.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { firstAccount, newPage, startBrowser, startBus } from "./bus.mjs";

let bus, browser, page;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
  page = await newPage(browser);
  await firstAccount(page, bus);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

const SPREADSHEET = {
  name: "marchés.csv",
  mimeType: "application/vnd.ms-excel",
  buffer: Buffer.from("nom;latitude;longitude\nMarché des Lices;48,1128;-1,6846\nMarché Sainte-Thérèse;48,0936;-1,6733\n"),
};

/** Drags a connector from the palette to a place on the canvas. */
async function drop(title, x, y) {
  const search = page.getByLabel("Search connectors");
  await search.fill(title);
  await page.locator(".palette-entry", { hasText: new RegExp(`^${title}$`) }).dragTo(page.locator("#canvas"), { targetPosition: { x, y } });
  await page.locator(".step.chosen .step-name", { hasText: title }).waitFor();
}

/** Draws a link from an output to an input. */
async function link(output, input) {
  const [from, to] = [await output.boundingBox(), await input.boundingBox()];
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x - 30, to.y, { steps: 6 });
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 3 });
  await page.mouse.up();
}

test("a spreadsheet of one's own becomes a map", async () => {
  await page.getByRole("button", { name: "New workflow" }).click();
  await page.waitForURL(/\/workflows\/[^/]+$/);
  await drop("Read files", 160, 120);
  await page.locator("#file-of-file").setInputFiles(SPREADSHEET);
  await page.locator(".file-name", { hasText: "marchés.csv" }).waitFor();
  assert.equal(await page.locator("#setting-path").inputValue(), "marchés.csv", "the name becomes the path");

  // the preview shows the file at once
  const preview = page.locator(".preview");
  await preview.locator("td", { hasText: "Marché des Lices" }).waitFor();
  assert.equal(await preview.locator("tbody tr").count(), 2);

  await page.locator("#canvas").click({ position: { x: 420, y: 330 } });
  await drop("Write a file", 520, 120);
  const output = page.locator('[data-step="file"] [data-output="out"]');
  await link(output, page.locator('[data-step="file-out"] [data-input="in"]'));
  await page.getByRole("button", { name: /^Remove the link Read files → Write a file/ }).first().waitFor({ state: "attached" });
  await page.locator("#step-file-out .step-head").click();
  await page.locator("#setting-path").fill("marchés.geojson");

  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\/[^/]+$/);
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  const count = page.getByRole("button", { name: /^2 records from Read files to Write a file: show them/ });
  await page.locator("#canvas").evaluate((canvas) => canvas.setAttribute("data-seen", "before"));
  await count.click();
  const table = page.locator("table.records");
  await table.locator("td", { hasText: "Marché Sainte-Thérèse" }).waitFor();
  assert.equal(await page.locator("#canvas").getAttribute("data-seen"), "before", "the canvas is not drawn anew");

  const started = page.waitForEvent("download");
  await page.locator(".data summary", { hasText: "Download" }).click();
  await page.getByRole("link", { name: "Download as geojson" }).click();
  const map = JSON.parse(await readFile(await (await started).path(), "utf8"));
  assert.equal(map.features.length, 2);
  assert.deepEqual(map.features[0].geometry, { type: "Point", coordinates: [-1.6846, 48.1128] });
  assert.equal(map.features[0].properties.nom, "Marché des Lices");
  assert.deepEqual(page.wrong, []);
});

test("a workflow of the gallery runs on a file of one's own, and refused records are mended", async () => {
  await page.goto(`${bus.address}/gallery`);
  await page.getByRole("button", { name: /^Use this.*Bornes de recharge/ }).click();
  await page.getByRole("button", { name: /^Points de charge/ }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog");
  const head = "id_pdc_itinerance,nom_station,code_insee_commune,coordonneesXY,puissance_nominale,nbre_pdc,date_maj";
  const row = (power) => `FRXXXE${power.length}1,Gare,35238,"[-1.67, 48.10]",${power},2,2024-05-01`;
  await dialog.locator("#file-of-lire").setInputFiles({ name: "gare.csv", mimeType: "text/csv", buffer: Buffer.from(`${head}\n${row("22")}\n${row("beaucoup")}\n`) });
  await dialog.locator(".file-name", { hasText: "gare.csv" }).waitFor();
  await dialog.getByRole("button", { name: "Run" }).click();
  await page.locator(".run-head .badge", { hasText: /[12] refused/ }).waitFor();
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("button", { name: /^2 records from Points de charge to Vérifier/ }).waitFor();

  await page.locator(".run-steps .chip.bad").first().click();
  const refused = page.locator("table.refusals tbody tr");
  await refused.first().waitFor();
  assert.equal(await refused.count(), 1);
  assert.match(await refused.innerText(), /puissance_nominale/);
  await page.getByRole("button", { name: "Mend the refused record 1" }).click();
  const mend = page.getByRole("dialog");
  const text = await mend.locator("#mend-record").inputValue();
  await mend.locator("#mend-record").fill("{");
  await mend.getByRole("button", { name: "Keep" }).click();
  await mend.getByText(/This is not JSON/).waitFor();
  await mend.locator("#mend-record").fill(text.replace("beaucoup", "50"));
  await mend.getByRole("button", { name: "Keep" }).click();
  const before = page.url();
  await page.getByRole("button", { name: "Replay the 1 mended" }).click();
  await page.waitForFunction((before) => location.href !== before, before);
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("button", { name: /^1 record from Vérifier to En France métropolitaine/ }).waitFor();
  assert.deepEqual(page.wrong, []);
});
