// Every page, in light and in dark, is looked at by axe: no violation of WCAG A and AA.
import { after, before, test } from "node:test";
import { clean as cleanPage, firstAccount, newPage, startBrowser, startBus } from "./bus.mjs";

let bus, browser, page;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

const clean = (what) => cleanPage(page, what);

test("every page", async () => {
  await page.goto(`${bus.address}/sign-in`);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await clean("sign-in");
  await page.goto(bus.link);
  await page.getByRole("button", { name: "Create the account" }).waitFor();
  await clean("first account");
  await page.goto("about:blank");
  await firstAccount(page, bus);
  await page.getByText("No workflow yet").waitFor();
  await clean("no workflow");

  await page.goto(`${bus.address}/gallery`);
  await page.getByRole("button", { name: /^Use this.*Bornes de recharge/ }).waitFor();
  await clean("gallery");
  await page.getByRole("button", { name: /^Use this.*Bornes de recharge/ }).click();
  await page.getByRole("button", { name: /^Points de charge/ }).waitFor();
  await clean("editor");
  for (const step of ["lire", "verifier", "en-france", "choisir", "contexte", "graphe"]) {
    await page.locator(`#step-${step} .step-head`).press("Enter");
    await page.locator("#step-name").waitFor();
    await clean(`settings of ${step}`);
  }

  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await clean("parameters of a run");
  await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  await clean("run");
  await page.locator(".run-steps .chip").first().click();
  await page.locator("table.records").waitFor();
  await clean("records");

  await page.goto(bus.address);
  await page.getByRole("link", { name: "Bornes de recharge" }).waitFor();
  await clean("workflows");
  await page.goto(`${bus.address}/settings`);
  await page.getByRole("heading", { name: "People" }).waitFor();
  await clean("settings");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(bus.address);
  await page.getByRole("link", { name: "Bornes de recharge" }).waitFor();
  await clean("workflows on a telephone");
  await page.getByRole("link", { name: "Bornes de recharge" }).click();
  await page.locator("#step-lire").waitFor();
  await clean("editor on a telephone");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${bus.address}/nowhere/at/all`);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await clean("nothing here");
});
