/** The page of a simulation in a real browser: desktop and phone, light and dark, without network and script, by keyboard. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { simulationPage } from "../../../ops/simulate/page.ts";
import { figuresOf } from "../../../scaling/simulate/figures.ts";
import { simulated } from "./recorded.ts";
import { scenarios } from "./scenarios.ts";

const executablePath = "/usr/bin/chromium";
/** In the place of 30 s for each step, which a cold browser on a busy machine may need. */
const hangMilliseconds = 120_000;
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

describe("the page of a simulation", function () {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "fleet-page-"));
  const url = pathToFileURL(join(folder, "report.html")).href;

  before(async () => {
    assert.ok(existsSync(executablePath), `${executablePath} is missing: install the package chromium`);
    const scenario = scenarios.find(({ name }) => name === "steps-and-back")!;
    const { simulation } = simulated(scenario, Date.UTC(2026, 0, 5));
    const options = { capacityPerInstance: scenario.capacity, keepPercent: 90, flapSeconds: 1800, pricePerHour: 0.1 };
    const figures = figuresOf(simulation, scenario.fleet.size.max, options);
    const leftOut = ["predictive scaling: its forecast is AWS's own"];
    const outcomes = [{ candidate: { up: 60, down: 35 }, figures }];
    const about = "A spike, and <what> follows & ends.";
    const common = {
      title: "Simulation of app",
      about,
      capacityPerInstance: scenario.capacity,
      keepPercent: 90,
      keptPercent: 99,
      currency: "EUR",
    };
    writeFileSync(join(folder, "report.html"), simulationPage({ ...common, simulation: { ...simulation, leftOut }, figures, outcomes }));
    browser = await chromium.launch({ executablePath, args, timeout: hangMilliseconds });
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A fresh window; whatever the page asks for or complains about fails the test. */
  async function open(size: keyof typeof sizes, colorScheme: "light" | "dark", look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ viewport: sizes[size], colorScheme, offline: true, javaScriptEnabled: false });
    context.setDefaultTimeout(hangMilliseconds);
    const asked: string[] = [];
    const complaints: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    const page = await context.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    try {
      await page.goto(url);
      await look(page);
      assert.deepEqual([asked, complaints], [[url], []]);
    } finally {
      await context.close();
    }
  }

  /** Of a CSS colour, 0 to 1. https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
  function luminance(color: string): number {
    const parts = color.match(/\d+/g)!.slice(0, 3).map(Number);
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  function contrast(one: string, other: string): number {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((first, second) => first - second);
    return (light + 0.05) / (dark + 0.05);
  }
  /** The types of the browser's side are not ours to have: expressions go there as text. */
  const styleOf = (page: Page, selector: string, property: "color" | "backgroundColor" | "stroke" | "fill") =>
    page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`);
  const widthsOf = (page: Page, element: string) =>
    page.evaluate<{ content: number; seen: number }>(`({ content: ${element}.scrollWidth, seen: ${element}.clientWidth })`);

  for (const size of ["desktop", "phone"] as const) {
    for (const scheme of ["light", "dark"] as const) {
      it(`looks right on a ${size}, ${scheme}`, () =>
        open(size, scheme, async (page) => {
          assert.equal(await page.locator("h1").innerText(), "Simulation of app");
          assert.equal(await page.locator("main > p").first().innerText(), "A spike, and <what> follows & ends.");
          assert.equal(await page.locator("p.span").innerText(), "From 2026-01-05 00:00 to 2026-01-05 01:30; all times are UTC.");
          assert.equal(await page.getByRole("listitem").last().innerText(), "predictive scaling: its forecast is AWS's own");
          // Nothing but the charts and tables in their own frames is wider than the window.
          const { content, seen } = await widthsOf(page, "document.documentElement");
          assert.equal(content, seen);
          const paper = await styleOf(page, "body", "backgroundColor");
          assert.equal(luminance(paper) > 0.5, scheme === "light");
          assert.ok(contrast(paper, await styleOf(page, "body", "color")) >= 7);
          const chartPaper = await styleOf(page, "svg.chart .paper", "fill");
          assert.ok(contrast(chartPaper, await styleOf(page, "svg.chart text", "fill")) >= 7);
          for (const tone of ["first", "second"])
            assert.ok(contrast(chartPaper, await styleOf(page, `svg.chart path.${tone}`, "stroke")) >= 3, tone);
          const charts = page.getByRole("img");
          assert.equal(await charts.count(), 2);
          for (const name of ["up 60", "down 35"]) {
            // Within the first screen of the chart, and large enough to be read.
            const box = (await page.locator("svg.chart text.name", { hasText: name }).boundingBox())!;
            assert.ok(box.height >= 11 && box.x + box.width < sizes[size].width, `${name}: ${JSON.stringify(box)}`);
          }
          for (const chart of await charts.all()) {
            const box = (await chart.boundingBox())!;
            assert.ok(box.width >= 300 && box.height >= 100, JSON.stringify(box));
            for (const line of await chart.locator("path").all()) assert.ok((await line.boundingBox())!.width > 0.8 * 0.8 * box.width);
          }
        }));
    }
  }

  it("tells the charts in words, and has every value in tables", () =>
    open("desktop", "light", async (page) => {
      await page.getByRole("img", { name: "Instances over time" }).waitFor();
      const description = await page.locator("#chart-0-desc").textContent();
      assert.match(description!, /^Between 2 and 20 instances were in service; the demand would have filled between 1\.5 and 10\.5\.$/);
      assert.match((await page.locator("#chart-1-desc").textContent())!, /alarm up stands at 60, alarm down stands at 35\.$/);
      const figures = page.getByRole("table", { name: "What the simulation comes to" });
      assert.match(await figures.innerText(), /instances in service\s+2 to 20, /);
      assert.equal(await page.getByRole("table").count(), 2); // the third is folded
    }));

  it("is read by keyboard: charts and tables can be scrolled, the values unfold", () =>
    open("phone", "light", async (page) => {
      const reached: string[] = [];
      for (let press = 0; press < 12 && reached.at(-1) !== "SUMMARY"; press++) {
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"), "solid");
        reached.push(await page.evaluate<string>("document.activeElement.tagName"));
      }
      assert.deepEqual(reached, ["DIV", "DIV", "DIV", "DIV", "SUMMARY"]);
      await page.keyboard.press("Enter");
      const values = page.getByRole("table", { name: "Demand, size and metrics over time (UTC)" });
      await values.waitFor();
      assert.equal(await values.getByRole("row").count(), 91);
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      const { content, seen } = await widthsOf(page, "document.activeElement");
      if (content > seen) await page.waitForFunction("document.activeElement.scrollLeft > 0"); // the browser scrolls smoothly
    }));
});
