"""report_browser.py PNAS_RANK PNAS_NET WRITE_FAKE_RUN: a report in headless Chromium: nothing on its console, each mark says its
cell under the mouse and by the keyboard, tables sort and copy, and nothing is wider than a narrow window. Exits with 77
where Chromium or its driver (Debian: chromium-driver, python3-selenium) is missing."""

import os
import shutil
import subprocess
import sys
import tempfile

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skipped: python3-selenium is not installed")
    sys.exit(77)

driver = shutil.which("chromedriver")
if not driver or not (shutil.which("chromium") or shutil.which("google-chrome")):
    print("skipped: chromium or chromium-driver is not installed")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_page import Page  # noqa: E402

pnas_rank, pnas_net, write_fake_run = (os.path.abspath(argument) for argument in sys.argv[1:])
folder = tempfile.mkdtemp(prefix="pnas_browser_")

# Where a mark points at: the centre of its shape is elsewhere for triangles.
CENTRE = """
function centre(mark) {
  const place = mark.matches("circle") ? [mark.getAttribute("cx"), mark.getAttribute("cy")]
    : mark.matches("path") ? /^M([\\d.-]+) ([\\d.-]+)/.exec(mark.getAttribute("d")).slice(1) : null;
  if (place) return new DOMPoint(+place[0], +place[1]).matrixTransform(mark.getScreenCTM());
  const box = mark.getBoundingClientRect();
  return {x: box.left + box.width / 2, y: box.top + box.height / 2};
}
"""

# Each mark under the mouse: what the tip says, and whether it lies where the mark is seen.
EACH_MARK = CENTRE + """
const results = [], tip = document.getElementById("tip");
for (const mark of document.querySelectorAll("svg.chart [data-c]")) {
  mark.closest("svg").scrollIntoView({behavior: "instant", block: "center"});
  const at = {bubbles: true, clientX: centre(mark).x, clientY: centre(mark).y};
  mark.dispatchEvent(new PointerEvent("pointermove", at));
  const tipBox = tip.getBoundingClientRect();
  results.push([mark.dataset.c, tip.hidden ? null : tip.textContent,
                tipBox.left >= 0 && tipBox.right <= innerWidth && tipBox.top >= 0 && tipBox.bottom <= innerHeight,
                mark.classList.contains("hot")]);
}
return results;
"""


# Each part of a chart that says something, under the mouse.
EACH_PART = CENTRE + """
const said = [], tip = document.getElementById("tip");
for (const part of document.querySelectorAll("svg.chart .p, svg.chart .t")) {
  part.closest("svg").scrollIntoView({behavior: "instant", block: "center"});
  const at = {bubbles: true, clientX: centre(part).x, clientY: centre(part).y};
  part.dispatchEvent(new PointerEvent("pointermove", at));
  said.push(tip.hidden ? "" : tip.textContent);
}
return said;
"""


def expect(condition, *what):
    if not condition:
        sys.exit("failed: " + " ".join(str(one) for one in what))


def start():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--user-data-dir={folder}/profile", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def silent(browser):
    console = browser.get_log("browser")
    expect(not console, "the console says", console)


def check_marks(browser, page):
    cells = {row["id"]: row["cell"] for row in page.table("children")}
    results = browser.execute_script(EACH_MARK)
    expect(len(results) == len(page.marks), len(results), len(page.marks))
    for cell, tip, inside, hot in results:
        expect(tip and inside and hot, cell, tip, inside, hot)
        expect(cells["c" + cell] in tip or "more at this place" in tip, cell, tip)


def check_mouse(browser, page):
    """A mouse that really moves, over one mark."""
    mark = browser.find_element(By.CSS_SELECTOR, "#accuracy [data-c='0-1']")
    # The page tells of a scroll in a later frame, and hides the tip then.
    browser.execute_async_script("""
        arguments[0].scrollIntoView({behavior: 'instant', block: 'center'});
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[1], 200)));""", mark)
    ActionChains(browser).move_to_element(mark).perform()
    tip = browser.find_element(By.ID, "tip")
    expect(tip.is_displayed() and page.table("children")[0]["cell"] in tip.text, "under the mouse:", tip.text)
    ActionChains(browser).click().perform()
    row = browser.find_element(By.ID, "c0-1")
    expect(row.is_displayed() and browser.current_url.endswith("#c0-1"), "a click goes to the row")


def check_keyboard(browser, page):
    """Every mark of a chart, by the arrow keys."""
    cells = {row["id"]: row["cell"] for row in page.table("children")}
    chart = browser.find_element(By.CSS_SELECTOR, "#accuracy svg.chart")
    browser.execute_script("arguments[0].focus()", chart)
    marks = page.marks_of("accuracy")
    for mark in marks:
        ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
        tip = browser.find_element(By.ID, "tip").text
        expect(cells["c" + mark["data-c"]] in tip, "by the keyboard:", mark["data-c"], tip)
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    expect(not browser.find_element(By.ID, "tip").is_displayed(), "Escape hides the tip")


def check_tables(browser, page):
    rows = page.table("children")
    column = 'document.querySelector("#children table").rows[0].cells[%d].querySelector("button").click()' % (
        list(rows[0]).index("parameters"))
    for wanted in (True, False):
        browser.execute_script(column)
        shown = browser.execute_script(
            'return [...document.querySelectorAll("#children tbody tr")].map((row) => row.id)')
        values = {row["id"]: int(row["parameters"]) for row in rows}
        found = [values[one] for one in shown]
        expect(found == sorted(found, reverse=wanted), "sorted:", found)
    copied = browser.execute_script("""
        let text = "";
        navigator.clipboard.writeText = (all) => { text = all; return Promise.resolve(); };
        document.querySelector("#levels caption button").click();
        return text;""").splitlines()
    expect(copied[0] == "level,candidates,cells,done,failed,best,mean,Spearman", copied)
    expect(len(copied) == len(page.table("levels")) + 1 and copied[1].startswith("1,,7,6,1,0."), copied)


def check_network(browser):
    path = f"{folder}/net.html"
    subprocess.run([write_fake_run, "network", f"{folder}/net.h5"], check=True)
    subprocess.run([pnas_net, "report", f"{folder}/net.h5", "-o", path, "-q"], check=True)
    browser.get("file://" + path)
    expected = Page(path).titles
    said = browser.execute_script(EACH_PART)
    expect(len(said) == expected and all(said), "parts without a word:", len(said), expected, said[:3])
    check_narrow(browser)
    silent(browser)


def check_narrow(browser):
    for width in (360, 800):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True})
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        expect(wide <= width, "the page is", wide, "wide in a window of", width)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_dark(browser):
    colours = []
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        colours.append(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    expect(colours[0] == "rgb(255, 255, 255)" and colours[1] != colours[0], colours)


def main(browser):
    for kind in ("complete", "hostile"):
        path = f"{folder}/{kind}.html"
        subprocess.run([write_fake_run, kind, f"{folder}/{kind}.h5"], check=True)
        subprocess.run([pnas_rank, f"{folder}/{kind}.h5", "--report", path, "-q"], check=True)
        page = Page(path)
        browser.get("file://" + path)
        check_marks(browser, page)
        check_mouse(browser, page)
        check_keyboard(browser, page)
        check_tables(browser, page)
        check_narrow(browser)
        check_dark(browser)
        silent(browser)
    check_network(browser)
    # Whatever got past the escapes would still not run.
    browser.execute_script("""
        const script = document.createElement("script");
        script.textContent = "window.harm = 1";
        document.body.append(script);""")
    expect(browser.execute_script("return window.harm") is None, "a script that is not the page's own ran")
    print(f"{browser.capabilities['browserName']} {browser.capabilities['browserVersion']} shows reports as they are")


session = start()
try:
    main(session)
finally:
    session.quit()
    shutil.rmtree(folder, ignore_errors=True)
