// Everything by keyboard: a step is added, set, linked and saved without touching a pointer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { firstAccount, newPage, signIn, startBrowser, startBus, workflow } from "./bus.mjs";

let bus, browser;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

/** Presses Tab (or another key) until `wanted` has the keyboard. */
async function tabTo(page, wanted, key = "Tab") {
  for (let pressed = 0; pressed < 150; pressed += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`the keyboard does not come to ${wanted}`);
}

test("add, set, link, save", async () => {
  const page = await newPage(browser);
  await firstAccount(page, bus);
  await tabTo(page, page.getByRole("button", { name: "New workflow" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/workflows\/[^/]+$/);

  const search = page.getByLabel("Search connectors");
  await search.waitFor();
  await tabTo(page, search);
  await page.keyboard.type("generator");
  await tabTo(page, page.locator(".palette-entry", { hasText: /^Generator$/ }));
  await page.keyboard.press("Enter");
  await page.locator("#step-generator").waitFor();

  const records = page.locator("#setting-records");
  await tabTo(page, records);
  await page.keyboard.press("Control+a");
  await page.keyboard.type("12");

  await tabTo(page, search, "Shift+Tab");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("discard");
  await tabTo(page, page.locator(".palette-entry", { hasText: /^Discard$/ }));
  await page.keyboard.press("Enter");
  await page.locator("#step-discard").waitFor();

  // the new step was linked to the chosen one: unlink it, and link it again from port to port
  const cut = page.getByRole("button", { name: /^Remove the link Generator → Discard/ });
  await tabTo(page, cut);
  await page.keyboard.press("Enter");
  await cut.waitFor({ state: "detached" });
  await tabTo(page, page.getByRole("button", { name: "Output of Generator: start a link" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Link to here: Input of Discard" }));
  await page.keyboard.press("Enter");
  await cut.waitFor({ state: "attached" });

  // arrows move a step
  const head = page.locator("#step-discard .step-head");
  const before = await head.boundingBox();
  await tabTo(page, head, "Shift+Tab");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction((y) => document.querySelector("#step-discard .step-head").getBoundingClientRect().y > y, before.y);

  await page.keyboard.press("Control+s");
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await page.locator("#step-generator .step-head").waitFor();
  await page.locator("#step-generator .step-head").press("Enter");
  assert.equal(await page.locator("#setting-records").inputValue(), "12");
  assert.equal(await page.locator(".link").count(), 1);
  assert.deepEqual(page.wrong, []);
});

test("how a run would be done is told to who asks", async () => {
  const page = await newPage(browser);
  await signIn(page, bus);
  const numbers = { records: 12, fields: [{ name: "n", values: { sequence: {} } }] };
  const id = await workflow(page, {
    name: "planned",
    steps: [{ id: "in", connector: "generator", settings: numbers }, { id: "out", connector: "discard" }],
    links: ["in -> out"],
  });
  await page.goto(`${bus.address}/workflows/${id}`);
  const summary = page.locator("summary", { hasText: "How it runs" });
  await tabTo(page, summary);
  await page.keyboard.press("Enter");
  await page.locator("pre.plan", { hasText: "stage 1: in (generator) -> out (discard)" }).waitFor();
  assert.match(await page.locator("pre.plan").innerText(), /a run is one task/);
  await page.keyboard.press("Enter");
  await page.locator("pre.plan").waitFor({ state: "detached" });
  assert.deepEqual(page.wrong, []);
});
