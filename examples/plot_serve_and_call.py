"""
Serve a model, and call it
==========================

A model of three views is served in a thread of this process, as ``hybridsent serve`` does in one of
its own, and called as any program calls it: over HTTP. Requests that come at the same time are
answered together. Drawn are an answer, with the share of each view, and how long answers take.

More: ``docs/serve.md``.
"""

# %%
# A model
# -------
# Of texts by their words, and of pictures and sounds by small encoders, so that it is fitted in
# seconds; the posts are the ones of the demo.
import tempfile
from pathlib import Path

from hybridsent import make_demo, make_fusion
from hybridsent.scoring import Scorer

folder = tempfile.TemporaryDirectory()
posts = make_demo(120, folder=Path(folder.name, "media"))
views = {"text": "text/words", "image": True, "audio": "audio/egemaps-v02"}
model = make_fusion(views=views, store=None)
model.fit(posts[["text", "image", "audio"]][:60], posts["label"][:60])

# %%
# Serve it
# --------
# On this machine alone, at a port that is free. It is ready once it has answered a first row.
import threading
import time

from hybridsent.serve import make_app, serve

app = make_app(Scorer(model), log=None)
lines, servers = [], []
thread = threading.Thread(
    target=serve,
    args=(app, "127.0.0.1", 0),
    kwargs={"told": lines.append, "held": servers.append},
)
thread.start()
while app.state.service.state != "ready":
    time.sleep(0.05)
address = lines[0].rpartition(" ")[2]

# %%
# Call it
# -------
# One row in JSON, media as base64, with any of its fields; no client is needed but Python's own.
import base64
import json
from urllib.request import Request, urlopen


def call(path, sent):
    """Send JSON, and give the answer and the milliseconds that it took."""
    body = json.dumps(sent).encode()
    headers = {"content-type": "application/json"}
    request = Request(f"{address}{path}", body, headers)  # noqa: S310 - the address is ours
    began = time.perf_counter()
    with urlopen(request) as answer:  # noqa: S310 - the address is ours
        said = json.load(answer)
    return said, 1e3 * (time.perf_counter() - began)


def as_json(post, fields):
    """Write some fields of a post as they are sent."""
    return {
        field: post[field]
        if field == "text"
        else base64.b64encode(Path(post[field]).read_bytes()).decode()
        for field in fields
    }


post = posts.iloc[64]
subsets = [["text"], ["text", "image"], ["text", "image", "audio"]]
answers = {" + ".join(names): call("/predict", as_json(post, names))[0] for names in subsets}
for names, answer in answers.items():
    print(names, "->", answer["prediction"], answer["probabilities"])

# %%
# Many at once
# ------------
# Sixty texts, one after the other, and from sixteen threads at a time.
from concurrent.futures import ThreadPoolExecutor

texts = [{"text": f"{text} ({i})"} for i, text in enumerate(posts["text"][:60])]
alone = [call("/predict", each)[1] for each in texts]
began = time.perf_counter()
with ThreadPoolExecutor(16) as pool:
    together = [took for _, took in pool.map(lambda each: call("/predict", each), texts)]
seconds = time.perf_counter() - began
print(
    f"{1e3 * len(alone) / sum(alone):.0f} a second one by one, {len(texts) / seconds:.0f} at once"
)

servers[0].should_exit = True  # as SIGTERM does: what was accepted is answered
thread.join()
folder.cleanup()

# %%
# Answers and times
# -----------------
import matplotlib.pyplot as plt

plt.style.use("hybridsent.gallery")
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.4))
labels = list(next(iter(answers.values()))["probabilities"])
colours = dict(zip(labels, ["C1", "0.75", "C0"], strict=True))
for row, answer in enumerate(answers.values()):
    start = 0.0
    for label in labels:
        share = answer["probabilities"][label]
        left.barh(row, share, left=start, color=colours[label], label=None if row else label)
        start += share
left.set_yticks(range(len(answers)), list(answers))
left.invert_yaxis()
left.set(title="What is answered", xlabel="probability", xlim=(0, 1))
left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)

whole, said = (answers["text + image + audio"][name] for name in ("views", "prediction"))
changes = [view["change"] for view in whole.values()]
middle.barh(list(whole), changes, color=["C0" if x > 0 else "C1" for x in changes])
middle.invert_yaxis()
middle.axvline(0, color="black", linewidth=0.8)
middle.set(title=f"Why {said!r}, of all three", xlabel="makes the model surer by")

right.hist([alone, together], bins=20, label=["one by one", "sixteen at once"], density=False)
right.set(title="How long it takes", xlabel="milliseconds", ylabel="answers")
right.legend()
plt.show()
