/** The report of a drill in a real browser: desktop and phone, light and dark, offline, without script. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import type { DrillResult } from "../../ops/drill/drill.ts";
import { drillReport } from "../../ops/drill/report.ts";

const executablePath = "/usr/bin/chromium";
/** In the place of 30 s for each step, which a cold browser on a busy machine may need. */
const hangMilliseconds = 120_000;
const startMs = Date.UTC(2026, 10, 21, 8);
const at = (seconds: number) => startMs + seconds * 1000;

/** As a drill of a group of two leaves it, with a reason that is no markup. */
const result = {
  plan: {
    fleet: "app",
    group: "storefront-staging-web-v3-app-group-0a1b2c3",
    region: "eu-central-1",
    size: { min: 2, max: 6 },
    alarms: [],
    thresholds: [
      { name: "up", value: 70 },
      { name: "down", value: 30 },
    ],
    cpuPercent: 95,
    expectations: { upWithinSeconds: 420, downWithinSeconds: 900, leftWithinSeconds: 300 },
  },
  startMs,
  endMs: at(1200),
  events: [
    { atMs: at(0), kind: "load", text: "95 % CPU on 2 instances" },
    { atMs: at(130), kind: "launch", text: "launch of i-0123456789abcdef0 begins: a <monitor> alarm & more" },
    { atMs: at(200), kind: "inService", text: "i-0123456789abcdef0 is in service" },
    { atMs: at(210), kind: "load", text: "taken away" },
    { atMs: at(900), kind: "terminated", text: "i-0123456789abcdef0 is terminated" },
  ],
  log: {
    samples: Array.from({ length: 120 }, (_, index) => ({
      atMs: at(index * 10),
      desired: index > 12 && index < 88 ? 3 : 2,
      inService: index > 19 && index < 90 ? 3 : 2,
    })),
  },
  verdicts: [
    { name: "up", withinSeconds: 420, tookSeconds: 200, met: true },
    { name: "down", withinSeconds: 900, met: false, detail: "3 instances in service, 2 before" },
  ],
} as unknown as DrillResult;
const metric = Array.from({ length: 20 }, (_, index) => ({ atMs: at(index * 60), value: index < 4 ? 95 : 1 }));

describe("the report of a drill", function () {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "fleet-drill-page-"));
  const url = pathToFileURL(join(folder, "drill.html")).href;

  before(async () => {
    assert.ok(existsSync(executablePath), `${executablePath} is missing: install the package chromium`);
    writeFileSync(join(folder, "drill.html"), drillReport(result, metric));
    browser = await chromium.launch({
      executablePath,
      timeout: hangMilliseconds,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: "light" | "dark", look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height: 780 }, colorScheme, offline: true, javaScriptEnabled: false });
    context.setDefaultTimeout(hangMilliseconds);
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    const page = await context.newPage();
    try {
      await page.goto(url);
      await look(page);
      assert.deepEqual(asked, [url]);
    } finally {
      await context.close();
    }
  }

  for (const [name, width] of [
    ["desktop", 1280],
    ["phone", 360],
  ] as const) {
    for (const scheme of ["light", "dark"] as const) {
      it(`fits a ${name}, ${scheme}, and shows verdicts, charts and timeline`, () =>
        open(width, scheme, async (page) => {
          const content = await page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
          assert.equal(content, 0, "the page is wider than the window");
          assert.deepEqual(await page.locator(".verdicts b").allInnerTexts(), ["met", "missed"]);
          const [met, missed, ink] = await Promise.all(
            [".met b", ".missed b", "h1"].map((selector) =>
              page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).color`),
            ),
          );
          assert.equal(new Set([met, missed, ink]).size, 3);
          const charts = page.getByRole("img");
          assert.equal(await charts.count(), 2);
          for (const chart of await charts.all()) assert.ok((await chart.boundingBox())!.width >= 300);
          assert.equal(await page.locator("tbody tr").count(), 5);
          assert.match(
            await page.locator("tbody tr").nth(1).innerText(),
            /^\+2:10\s+launch\s+launch of i-0123456789abcdef0 begins: a <monitor> alarm & more$/,
          );
        }));
    }
  }

  it("is reached by keyboard, part by part", () =>
    open(360, "light", async (page) => {
      const reached: string[] = [];
      for (let press = 0; press < 3; press++) {
        await page.keyboard.press("Tab");
        const focused = page.locator(":focus");
        assert.equal(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"), "solid");
        reached.push((await focused.getAttribute("aria-labelledby")) ?? "");
      }
      assert.deepEqual(reached, ["chart-0-heading", "chart-1-heading", "timeline"]);
    }));
});
