"""The HTML report in a real browser.

Needs Chromium with its driver, the package in requirements.txt, and the pages of
`cargo run --example report_page -- FOLDER`:

    REPORT_PAGES=FOLDER python -m unittest tests/browser/browser_test.py
"""

import os
import pathlib
import shutil
import time
import unittest

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

PAGES = pathlib.Path(os.environ.get("REPORT_PAGES", "."))


def browser(width=1280, height=900):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]:
        options.add_argument(argument)
    options.add_argument(f"--window-size={width},{height}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # The installed ones: Selenium would look for others on the network.
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


class Page(unittest.TestCase):
    """One browser for all tests, which takes seconds to start; each loads its page anew."""

    driver = None

    def setUp(self):
        if Page.driver is None:
            Page.driver = browser()
            unittest.addModuleCleanup(Page.driver.quit)

    def open(self, name, address=""):
        # A new hash alone would not load the page again.
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get((PAGES / name).resolve().as_uri() + address)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, condition):
        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda _: condition())

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def count(self):
        """The number of matches that the page tells."""
        return int(self.one("#count").text.split(" of ")[0].replace(",", ""))

    def ids(self):
        """Ids of the rows that exist, from the top."""
        return self.script("return [...document.querySelectorAll('#rows .id')].map((e) => e.textContent)")

    def key(self, key):
        webdriver.ActionChains(self.driver).send_keys(key).perform()

    def assert_quiet(self):
        self.assertEqual([entry["message"] for entry in self.driver.get_log("browser")], [])


class Report(Page):
    def test_every_part_is_shown_without_a_message_on_the_console(self):
        self.open("demo.html")
        for part in ["overview", "plots", "confusions", "utterances"]:
            self.one(f"nav a[href*='part={part}']").click()
            shown = self.script("return [...document.querySelectorAll('main > section')].filter((e) => e.offsetHeight > 0).map((e) => e.id)")
            self.assertEqual(shown, [part])
            self.assertIn(f"part={part}", self.driver.current_url)
        self.assert_quiet()

    def test_plots_have_labels_and_texts_in_their_place(self):
        self.open("demo.html", "#part=plots")
        plots = self.all("figure svg[role=img]")
        self.assertEqual(len(plots), 6)
        for plot in plots:
            self.assertGreater(len(plot.get_attribute("aria-label")), 60)
            self.assertGreater(plot.size["height"], 100)
        self.assertGreater(len(self.all("figure .whisker")), 6)
        fill = "return getComputedStyle(document.querySelector('.mark.series-0')).fill"
        before = self.script(fill)
        self.key("t")
        self.assertNotEqual(self.script(fill), before)

    def test_an_empty_report_says_what_it_lacks(self):
        self.open("empty.html", "#part=plots")
        self.assertEqual(len(self.all("figure.without")), 6)
        self.one("nav a[href*='part=utterances']").click()
        self.assertEqual(self.one("#nothing").text, "This report holds no utterances.")
        self.assert_quiet()

    def test_filters_count_what_they_show(self):
        self.open("demo.html", "#part=utterances")
        self.assertEqual(self.count(), 400)
        counts = {}
        for name in ["changed", "better", "worse", "same", "failed"]:
            self.one(f"#show label.{name}").click()
            counts[name] = self.count()
            self.assertEqual(int(self.one(f"#show label.{name} b").get_attribute("textContent")), counts[name])
            if name in ("better", "worse", "failed"):
                marks = self.script("return [...document.querySelectorAll('#rows .delta')].map((e) => e.title)")
                self.assertEqual(set(marks), {name})
        without_reference = counts["changed"] - counts["better"] - counts["worse"] - counts["same"]
        self.assertGreaterEqual(without_reference, 0)
        self.assertLess(without_reference, 10)
        self.one("#show label.all").click()
        Select(self.one("#data")).select_by_value("phone:dev")
        self.assertEqual(self.count(), 160)
        Select(self.one("#group")).select_by_value("speaker 03")
        self.assertLess(self.count(), 12)
        self.assert_quiet()

    def test_the_method_decides_what_is_better(self):
        self.open("demo.html", "#part=utterances&show=better")
        first = self.ids()
        Select(self.one("#method")).select_by_visible_text("cloze")
        self.assertNotEqual(self.ids(), first)

    def test_the_search_looks_at_texts_and_ids_and_the_address_keeps_it(self):
        self.open("demo.html", "#part=utterances")
        self.key("/")
        self.driver.switch_to.active_element.send_keys("TEST-00017")
        self.wait(lambda: self.count() == 1)
        self.assertEqual(self.ids(), ["atis:test-00017"])
        address = self.driver.current_url
        self.assertIn("q=TEST-00017", address)
        self.driver.get("about:blank")
        self.driver.get(address)
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.one("#search").get_attribute("value"), "TEST-00017")
        self.one("#search").send_keys(Keys.CONTROL, "a")
        self.one("#search").send_keys("no such words")
        self.wait(lambda: self.count() == 0)
        self.assertTrue(self.one("#nothing").is_displayed())

    def test_an_opened_row_shows_alignment_hypotheses_and_record(self):
        self.open("demo.html", "#part=utterances&show=worse")
        self.one("#rows .line").click()
        row = self.one("#rows .row")
        self.assertEqual(row.find_element(By.CSS_SELECTOR, ".line").get_attribute("aria-expanded"), "true")
        stacks = {len(column.find_elements(By.CSS_SELECTOR, ".cell")) for column in row.find_elements(By.CSS_SELECTOR, ".column")}
        self.assertEqual(stacks, {5})
        said = row.find_element(By.CSS_SELECTOR, ".errors").text.split(" → ")
        before, after = int(said[0]), int(said[-1])
        marked = self.script(
            "return [1, 2].map((line) => [...arguments[0].querySelectorAll('.column')]"
            ".filter((c) => c.children[line].matches('.s, .d, .i')).length)", row)
        self.assertEqual(marked, [before, after])
        letters = self.script("return getComputedStyle(arguments[0], '::after').content", row.find_element(By.CSS_SELECTOR, ".s, .d, .i"))
        self.assertIn(letters, ['"S"', '"D"', '"I"'])
        self.assertGreater(len(row.find_elements(By.CSS_SELECTOR, ".hypotheses tbody tr")), 1)
        self.assertEqual(len(row.find_elements(By.CSS_SELECTOR, ".record")), 3)
        self.assertGreater(len(row.find_elements(By.CSS_SELECTOR, ".confidence")), 3)
        tops = self.script("return [...document.querySelectorAll('#rows .row')].slice(0, 2).map((e) => e.getBoundingClientRect().y)")
        self.assertAlmostEqual(tops[1] - tops[0], row.size["height"], delta=2)
        row.find_element(By.CSS_SELECTOR, ".line").click()
        self.assertEqual(len(self.all(".detail")), 0)
        self.assert_quiet()

    def test_a_recording_is_offered_and_only_asked_for_when_played(self):
        self.open("demo.html", "#part=utterances&q=test-00003")
        self.one("#rows .line").click()
        audio = self.one("audio")
        self.assertEqual(audio.get_attribute("preload"), "none")
        self.assertTrue(audio.get_attribute("src").endswith("/audio/speaker%2003.wav#t=1.2,4.65"))
        self.assert_quiet()
        # The demo has no recordings: that the file is looked for shows that the policy lets it.
        self.script("arguments[0].preload = 'auto'; arguments[0].load()", audio)
        self.wait(lambda: self.script("return arguments[0].error !== null", audio))
        messages = " ".join(entry["message"] for entry in self.driver.get_log("browser"))
        self.assertIn("ERR_FILE_NOT_FOUND", messages)
        self.assertNotIn("Content Security Policy", messages)

    def test_sorting(self):
        self.open("demo.html", "#part=utterances")
        differences = (
            "return [...document.querySelectorAll('#rows .errors')].map((e) => e.textContent.split(' → '))"
            ".filter((p) => p[0] !== '').map((p) => Number(p.at(-1)) - Number(p[0]))")
        Select(self.one("#sort")).select_by_value("best")
        found = self.script(differences)
        self.assertEqual(found, sorted(found))
        self.assertLess(found[0], 0)
        Select(self.one("#sort")).select_by_value("worst")
        found = self.script(differences)
        self.assertEqual(found, sorted(found, reverse=True))
        Select(self.one("#sort")).select_by_value("confidence")
        means = [float(text) for text in self.script("return [...document.querySelectorAll('#rows .mean')].map((e) => e.textContent)")]
        self.assertEqual(means, sorted(means))
        Select(self.one("#sort")).select_by_value("file")
        self.assertEqual(self.ids()[0], "atis:test-00000")

    def test_the_list_is_worked_with_keys_alone(self):
        self.open("demo.html")
        self.key("4")
        self.assertIn("part=utterances", self.driver.current_url)
        focused = "return document.activeElement.closest('.row')?.getAttribute('aria-posinset')"
        self.key("j")
        self.assertEqual(self.script(focused), "1")
        for key in ["j", "j", Keys.ARROW_DOWN, "k"]:
            self.key(key)
        self.assertEqual(self.script(focused), "3")
        self.key(Keys.ENTER)
        self.assertEqual(len(self.all(".detail")), 1)
        self.key(Keys.ENTER)
        self.assertEqual(len(self.all(".detail")), 0)
        for _ in range(60):
            self.key("j")
        self.assertEqual(self.script(focused), "63")
        inside = (
            "const f = document.getElementById('list').getBoundingClientRect();"
            "const r = document.activeElement.getBoundingClientRect(); return r.top >= f.top - 1 && r.bottom <= f.bottom + 1")
        self.assertTrue(self.script(inside))
        self.key("?")
        self.assertTrue(self.one("#help").is_displayed())
        self.key(Keys.ESCAPE)
        self.assertFalse(self.one("#help").is_displayed())
        self.key("/")
        self.key("j")
        self.assertEqual(self.one("#search").get_attribute("value"), "j")
        self.key(Keys.ESCAPE)
        self.assertNotEqual(self.script("return document.activeElement.id"), "search")

    def test_the_theme_is_turned_and_remembered(self):
        self.open("demo.html")
        paper = "return getComputedStyle(document.body).backgroundColor"
        before = self.script(paper)
        self.one("#theme").click()
        turned = self.script(paper)
        self.assertNotEqual(turned, before)
        self.open("demo.html")
        self.assertEqual(self.script(paper), turned)
        self.one("#theme").click()
        self.assertEqual(self.script(paper), before)

    def test_roles_and_live_count(self):
        self.open("demo.html", "#part=utterances")
        self.assertEqual(self.one("#count").get_attribute("aria-live"), "polite")
        row = self.one("#rows .row")
        self.assertEqual(row.get_attribute("role"), "listitem")
        self.assertEqual(row.get_attribute("aria-setsize"), "400")
        self.assertLess(len(self.all("#rows .row")), 80)

    def test_a_narrow_window_needs_no_sideways_scrolling(self):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False})
        self.addCleanup(self.driver.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        for part in ["overview", "plots", "confusions", "utterances"]:
            self.open("demo.html", f"#part={part}")
            self.assertLessEqual(self.script("return document.documentElement.scrollWidth"), 400, part)
        self.one("#rows .line").click()
        self.assertLessEqual(self.script("return document.querySelector('.detail').scrollWidth"), 400)

    def test_paper_gets_every_part(self):
        self.open("demo.html", "#part=utterances")
        self.script("dispatchEvent(new Event('beforeprint'))")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        self.addCleanup(self.driver.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"media": ""})
        for part in ["overview", "plots", "confusions", "printed"]:
            self.assertGreater(self.one(f"#{part}").size["height"], 100, part)
        self.assertEqual(len(self.all("#printed .row")), 200)
        self.script("dispatchEvent(new Event('afterprint'))")
        self.assertEqual(len(self.all("#printed .row")), 0)


class Hostile(Page):
    def test_hostile_texts_do_nothing_and_are_shown_as_they_are(self):
        self.open("hostile.html", "#part=utterances")
        self.assertEqual(self.count(), 11)
        shown = ""
        for _ in range(11):
            self.key("j")
            self.key(Keys.ENTER)
            shown += self.one("#rows").get_attribute("textContent")
            self.key(Keys.ENTER)
        for part in ["overview", "plots", "confusions", "utterances"]:
            self.one(f"nav a[href*='part={part}']").click()
        time.sleep(0.3)
        self.assertIsNone(self.script("return window.pwned ?? null"))
        self.assertEqual(self.script("return document.querySelectorAll('img, iframe, object, [onerror], [onload]').length"), 0)
        self.assertEqual(self.driver.title, "</script><script>window.pwned=1</script>")
        self.assertEqual(self.one("h1").text, "</script><script>window.pwned=1</script>")
        for text in ["</script><script>window.pwned=1</script>", "<img src=x onerror=\"window.pwned=1\">", "<!-- <script> window.pwned=1", "&lt;b&gt; {{7*7}}", "nul ␀ escape ␛[2J bell ␇", "⟨U+202E⟩txet"]:
            self.assertIn(text, shown)
        self.assert_quiet()

    def test_a_hostile_address_and_search_do_nothing(self):
        self.open("hostile.html", "#part=%3Cscript%3E&method=__proto__&show=constructor&sort=x&group=%00&q=%3Cimg%20src%3Dx%3E")
        self.key("4")
        self.assertEqual(self.count(), 0)
        self.assertIsNone(self.script("return window.pwned ?? null"))
        self.assert_quiet()

    def test_an_injected_script_is_stopped_by_the_policy(self):
        self.open("hostile.html")
        self.script(
            "const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s);"
            "const b = document.createElement('button'); b.setAttribute('onclick', 'window.pwned = 1'); document.body.append(b); b.click();"
            "const i = new Image(); i.src = 'http://127.0.0.1:9/'; document.body.append(i)")
        time.sleep(0.2)
        self.assertIsNone(self.script("return window.pwned ?? null"))
        violations = [entry["message"] for entry in self.driver.get_log("browser") if "Content Security Policy" in entry["message"]]
        self.assertGreaterEqual(len(violations), 3)

    def test_recordings_elsewhere_are_named_and_not_played(self):
        self.open("hostile.html", "#part=utterances")
        for number in (0, 1):
            self.all("#rows .line")[number].click()
        self.assertEqual(len(self.all(".recording")), 2)
        self.assertEqual(len(self.all("audio")), 0)

    def test_right_to_left_texts_are_aligned_from_the_right(self):
        self.open("hostile.html", "#part=utterances&q=שלום")
        self.one("#rows .line").click()
        self.assertEqual(self.one(".columns").get_attribute("dir"), "rtl")


class Large(Page):
    def test_ten_thousand_utterances_are_shown_at_once_and_scroll_smoothly(self):
        self.open("large.html", "#part=utterances")
        self.assertEqual(self.count(), 10_000)
        shown = self.script("return performance.getEntriesByName('list-shown')[0].startTime")
        mean, longest = self.driver.execute_async_script("""
            const done = arguments[0];
            const list = document.getElementById("list");
            const step = (list.scrollHeight - list.clientHeight) / 200;
            const times = [];
            let last = 0;
            function frame(now) {
              if (last) times.push(now - last);
              last = now;
              if (times.length === 200) return done([times.reduce((a, b) => a + b) / 200, Math.max(...times)]);
              list.scrollTop += step;
              requestAnimationFrame(frame);
            }
            requestAnimationFrame(frame);
        """)
        last = self.ids()[-1]
        search = self.script("""
            const before = performance.now();
            const field = document.getElementById("search");
            field.value = "denmark";
            field.dispatchEvent(new Event("input"));
            return new Promise((done) => setTimeout(function look() {
              const marks = performance.getEntriesByName("list-shown");
              if (marks.length > 1) done(marks.at(-1).startTime - before); else setTimeout(look, 5);
            }, 5));
        """)
        size = (PAGES / "large.html").stat().st_size / 1e6
        print(f"\n{size:.1f} MB: list shown after {shown:.0f} ms; frames while scrolling {mean:.1f} ms mean, {longest:.0f} ms longest; first search {search:.0f} ms")
        self.assertLess(shown, 2000)
        self.assertLess(mean, 50)
        self.assertEqual(last, "phone:dev-09999")
        self.assertLess(len(self.all("#rows .row")), 80)
        self.assert_quiet()


if __name__ == "__main__":
    unittest.main()
