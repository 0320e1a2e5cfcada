// Looks at many pages in one browser, with pa11y's two judges (HTML_CodeSniffer and axe-core). Standard input is
// {chromium, width, cookies, pages: [{name, url, cookie}]}; standard output is {name: [what is wrong]}.
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
const found = {};
for (const { name, url, cookie } of job.pages) {
  const page = await browser.newPage();
  try {
    const results = await pa11y(url, {
      browser,
      page,
      runners: ["axe", "htmlcs"],
      standard: "WCAG2AA",
      viewport: { width: job.width, height: 800 },
      headers: { cookie: [...job.cookies, cookie].join("; ") },
      ignore: job.ignore,
      timeout: 120000,
    });
    found[name] = results.issues.map(({ runner, code, selector, message, context }) => `${runner} ${code} at ${selector}: ${message} ${context}`);
  } catch (error) {
    found[name] = [`could not be looked at: ${error.message}`];
  } finally {
    await page.close();
  }
}
await browser.close();
process.stdout.write(JSON.stringify(found));
