"""How long people wait for the next row on the page to label on, in a real browser.

    HYBRIDSENT_DATA=... python benchmarks/label_page.py [--labels 100]

Texts and pictures of MVSA (4,000 rows), labels by key with the true label, in headless Chromium. A
wait is from the key until the next row stands on the page with its picture decoded.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from _corpora import own_table
from playwright.sync_api import sync_playwright

SHOWN = """async name => { while (document.getElementById('h-row').textContent === name)
  await new Promise(done => setTimeout(done, 1));
  await Promise.all([...document.querySelectorAll('#pieces img')].map(image => image.decode().catch(() => null)));
  return performance.now(); }"""
PRESS = """key => { document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  return performance.now(); }"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--think", type=float, default=0.5, help="seconds a person looks at a row")
    arguments = parser.parse_args()
    corpus = Path(os.environ["HYBRIDSENT_DATA"], "mvsa")
    truth = own_table(corpus)["label"].tolist()
    names = sorted(set(truth))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        table = own_table(corpus)[["text", "image"]]
        table["image"] = [str(corpus / each) for each in table["image"]]
        table.to_csv(Path(folder, "posts.csv"), index=False)
        line = [
            sys.executable,
            "-m",
            "hybridsent",
            "label",
            f"{folder}/posts.csv",
            "--target",
            "label",
        ]
        line += ["--classes", ",".join(names), "--no-browser"]
        begun = time.perf_counter()
        server = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        url = next(found[0] for text in server.stderr if (found := re.findall(r"http://\S+", text)))
        threading.Thread(target=server.stderr.read, daemon=True).start()
        print(f"the page is there after {time.perf_counter() - begun:.1f} s")
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(url)
        page.wait_for_selector("#pieces > *")
        while "encoded" in page.inner_text("#encoding") and time.perf_counter() - begun < 600:
            time.sleep(1)
        print(f"all rows are encoded after {time.perf_counter() - begun:.1f} s (stored features)")
        waits, chosen = [], []
        for _ in range(arguments.labels):
            name = page.inner_text("#h-row")
            row = int(re.sub(r"\D", "", name)) - 1
            chosen.append(row)
            key = str(names.index(truth[row]) + 1)
            pressed = page.evaluate(PRESS, key)
            waits.append(page.evaluate(SHOWN, name) - pressed)
            time.sleep(arguments.think)
        own = page.evaluate(
            """async () => { const times = []; for (let i = 0; i < 20; i++) { const t = performance.now();
            await (await fetch('/api/state' + location.search)).json(); times.push(performance.now() - t); } return times; }"""
        )
        browser.close()
        server.terminate()
        server.wait(30)
    low, middle, high = np.quantile(waits, [0.1, 0.5, 0.95])
    print(
        f"key to next row, {len(waits)} labels: median {middle:.0f} ms, 10 to 95 % {low:.0f} to "
        f"{high:.0f} ms"
    )
    print(f"the state of the server alone: median {np.median(own):.0f} ms")
    counts = {name: sum(truth[row] == name for row in chosen) for name in names}
    print(f"classes of the labels: {counts}")


if __name__ == "__main__":
    main()
