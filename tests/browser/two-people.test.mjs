// Two people edit the same workflow at once: the second to save is told, and loses nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { firstAccount, newPage, signIn, startBrowser, startBus } from "./bus.mjs";

let bus, browser;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

const describe = (page, text) => page.getByLabel("Description").fill(text);
const save = (page) => page.getByRole("button", { name: "Save", exact: true }).click();

test("who saves second keeps a copy", async () => {
  const first = await newPage(browser);
  await firstAccount(first, bus);
  await first.getByRole("button", { name: "New workflow" }).click();
  await first.waitForURL(/\/workflows\/[^/]+$/);
  await first.getByLabel("Name of the workflow").fill("Shared");
  await save(first);
  await first.getByText("Saved", { exact: true }).waitFor();

  const second = await newPage(browser);
  await signIn(second, bus);
  await second.goto(first.url());
  await second.getByRole("heading", { name: "Shared", level: 1 }).waitFor({ state: "attached" });

  await describe(first, "by the first");
  await save(first);
  await first.getByText("Saved", { exact: true }).waitFor();

  await describe(second, "by the second");
  await save(second);
  const dialog = second.getByRole("dialog", { name: "Somebody else has saved this workflow" });
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "Go on editing" }).click();
  assert.equal(await second.getByLabel("Description").inputValue(), "by the second", "nothing is lost");

  await save(second);
  await dialog.getByRole("button", { name: "Keep mine as a copy" }).click();
  await second.getByRole("heading", { name: "Shared (copy)", level: 1 }).waitFor({ state: "attached" });
  assert.equal(await second.getByLabel("Description").inputValue(), "by the second");
  assert.notEqual(second.url(), first.url());

  await second.goto(first.url());
  await second.getByRole("heading", { name: "Shared", level: 1 }).waitFor({ state: "attached" });
  assert.equal(await second.getByLabel("Description").inputValue(), "by the first", "what was saved first stands");
  assert.deepEqual([...first.wrong, ...second.wrong], []);
});
