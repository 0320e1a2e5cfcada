// Looks at many pages in one browser, with pa11y's two judges (axe-core: axe, HTML_CodeSniffer: htmlcs) or one of them.
// Standard input is {chromium, width, cookies, pages: [{name, url, cookie, runners}]}; standard output is
// {name: [what is wrong]}.
import { text } from "node:stream/consumers";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages lie in a cache outside of the source tree.
const require = createRequire(pathToFileURL(`${process.env.PA11Y_HOME}/`));
const pa11y = require("pa11y");
const puppeteer = require("puppeteer");

const job = JSON.parse(await text(process.stdin));
const browser = await puppeteer.launch({
  executablePath: job.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const page = await browser.newPage();
await page.setViewport({ width: job.width, height: 800 });
const found = {};
for (const { name, url, cookie, runners } of job.pages) {
  try {
    await page.setExtraHTTPHeaders({ cookie: [...job.cookies, cookie].join("; ") });
    // Not until the network is silent: some pages ask every second or two how far a job is.
    await page.goto(url, { waitUntil: "load", timeout: 60000 });
    const results = await pa11y(url, {
      browser,
      page,
      ignoreUrl: true,
      runners,
      standard: "WCAG2AA",
      // What axe cannot judge (text over a drawing) is for eyes; what it judges wrong stays an error.
      levelCapWhenNeedsReview: "warning",
      timeout: 60000,
    });
    found[name] = results.issues.map(({ runner, code, selector, message, context }) => `${runner} ${code} at ${selector}: ${message} ${context}`);
  } catch (error) {
    found[name] = [`could not be looked at: ${error.message}`];
  }
}
await browser.close();
process.stdout.write(JSON.stringify(found));
