// Makes the picture of the README: a workflow of the gallery after a run, with its counts and a table.
import { writeFile } from "node:fs/promises";
import UPNG from "upng-js";
import { firstAccount, newPage, startBrowser, startBus } from "./bus.mjs";

const COLOURS = 128;

const [bus, browser] = await Promise.all([startBus(), startBrowser()]);
try {
  const page = await newPage(browser, { locale: "en-GB", viewport: { width: 1440, height: 900 } });
  await firstAccount(page, bus);
  await page.goto(`${bus.address}/gallery`);
  await page.getByRole("button", { name: /^Use this.*Bornes de recharge/ }).click();
  await page.getByRole("button", { name: /^Points de charge/ }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
  await page.locator(".run-head .badge", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("button", { name: /records from Vérifier to .*: show them/ }).click();
  await page.locator("table.records td").first().waitFor();
  await page.getByRole("button", { name: "Show everything" }).click();
  await page.mouse.move(0, 0);
  const picture = UPNG.decode(await page.screenshot({ animations: "disabled" }));
  const [pixels] = UPNG.toRGBA8(picture);
  await writeFile(process.argv[2], Buffer.from(UPNG.encode([pixels], picture.width, picture.height, COLOURS)));
} finally {
  await browser.close();
  await bus.stop();
}
