// A workflow of 200 steps: everything is there, can be dragged and linked; how smoothly is printed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { firstAccount, newPage, startBrowser, startBus, workflow } from "./bus.mjs";

const STEPS = 200;

let bus, browser;
before(async () => {
  [bus, browser] = await Promise.all([startBus(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await bus?.stop();
});

function big() {
  const steps = Array.from({ length: STEPS }, (_, place) => ({
    id: `s${place}`,
    name: `Étape ${place}`,
    connector: place < 10 ? "generator" : "limit",
    settings: place < 10 ? { records: 1, fields: [{ name: "n", values: { sequence: {} } }] } : { records: 5 },
    position: { x: Math.floor(place / 10) * 260, y: (place % 10) * 130 },
  }));
  const links = [];
  for (let place = 10; place < STEPS; place += 1) {
    links.push(`s${place - 10} -> s${place}`);
    if (place % 3 === 0) links.push(`s${place - 10 - (place % 10) + ((place + 1) % 10)} -> s${place}`);
  }
  return { name: "Deux cents étapes", steps, links };
}

test("200 steps are drawn, dragged and saved", async () => {
  const page = await newPage(browser);
  await firstAccount(page, bus);
  const document = big();
  const id = await workflow(page, document);
  const began = Date.now();
  await page.goto(`${bus.address}/workflows/${id}`);
  await page.locator("#step-s199").waitFor();
  const shown = Date.now() - began;
  assert.equal(await page.locator(".step").count(), STEPS);
  assert.equal(await page.locator(".link").count(), document.links.length);

  const head = page.locator("#step-s105 .step-head");
  const box = await head.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const tick = (now) => {
      window.frames_.push(now - last);
      last = now;
      window.ticking_ = requestAnimationFrame(tick);
    };
    window.ticking_ = requestAnimationFrame(tick);
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  const moves = 120;
  for (let step = 1; step <= moves; step += 1) {
    await page.mouse.move(x + 60 * Math.sin(step / 12), y + 40 * Math.sin(step / 9));
  }
  await page.mouse.move(x + 40, y + 24);
  const line = page.locator(`#link-${document.links.indexOf("s95 -> s105")}`);
  const dragged = await line.getAttribute("d");
  await page.mouse.up();
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.ticking_);
    return window.frames_.slice(1);
  });
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  const late = frames.filter((frame) => frame > 20).length;
  console.log(`   200 steps, ${document.links.length} links: shown in ${shown} ms; frames while dragging: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms, ${late} of ${frames.length} over 20 ms`);

  // the step stays where it was let go, its links with it, and that is what is saved
  const after = await head.boundingBox();
  assert.ok(after.x > box.x + 10 && after.y > box.y + 5, "the step has moved");
  assert.notEqual(dragged, null);
  await page.keyboard.press("Control+s");
  await page.getByText("Saved", { exact: true }).waitFor();
  const saved = await page.evaluate(async (id) => (await (await fetch(`/api/v1/workflows/${id}`)).json()).document.steps, id);
  const [was, is] = [document.steps[105].position, saved[105].position];
  assert.ok(is.x > was.x && is.y > was.y, `${JSON.stringify(was)} → ${JSON.stringify(is)}`);
  assert.deepEqual(saved[104].position, document.steps[104].position, "only what was dragged moves");
  await page.keyboard.press("Control+z");
  await page.waitForFunction((x) => document.querySelector("#step-s105 .step-head").getBoundingClientRect().x === x, box.x);
  assert.deepEqual(page.wrong, []);
});
