"""report_pages.py PNAS_RANK PNAS_NET PNAS_MPI WRITE_FAKE_RUN WRITE_SYNTHETIC_TABLE SOURCE_DIR: reports are well formed,
reach for nothing outside of themselves, and show the figures that pnas_rank --format json gives, to the last digit
shown."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_page import Page, place  # noqa: E402

pnas_rank, pnas_net, pnas_mpi, write_fake_run, write_table, source = (os.path.abspath(argument) for argument in sys.argv[1:])
os.chdir(tempfile.mkdtemp(prefix="pnas_report_"))


def run(*command, code=0):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode != code:
        sys.exit(f"{command}: {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}")
    return done


def report(*files, page="page.html", options=()):
    run(pnas_rank, *files, "--report", page, *options)
    return Page(page)


def expect(condition, *what):
    if not condition:
        sys.exit("failed: " + " ".join(str(one) for one in what))


def number(text):
    return None if text == "-" else float(text)


def same(shown, value, digits):
    return number(shown) is None if value is None else shown == f"{value:.{digits}f}"


def compare(page, files):
    """Rows of cells and levels against what --format json says."""
    facts = json.loads(run(pnas_rank, *files, "--format", "json").stdout)
    rows = page.table("children")
    expect(len(rows) == len(facts["cells"]), len(rows), "rows for", len(facts["cells"]), "cells")
    place_in_file = [0] * len(files)
    for row, cell in zip(rows, facts["cells"]):
        place_in_file[cell["file"]] += 1
        rank = place_in_file[cell["file"]]
        expect(row["id"] == f"c{cell['file']}-{rank}" and row["rank"] == str(rank), row, cell)
        expect(same(row["accuracy"], cell["score"], 4), row, cell)
        expect(same(row["predicted"], cell["predicted"], 4), row, cell)
        expect(same(row["spread"], cell["predicted_std"], 4), row, cell)
        expect(same(row["training (s)"], cell["train_seconds"], 1), row, cell)
        for column, key in (("level", "level"), ("parameters", "parameters"), ("multiply-adds", "multiply_adds")):
            expect(number(row[column]) == cell[key], column, row, cell)
        expect(row["cell"] == cell["cell"], row, cell)
    levels = [(name, level) for name, file in zip("ABCDEFGH", facts["files"]) for level in file["levels"]]
    shown = page.table("levels")
    expect(len(shown) == len(levels), shown, levels)
    for row, (name, level) in zip(shown, levels):
        expect(len(files) == 1 or row["file"] == name, row)
        expect(number(row["level"]) == level["level"] and number(row["cells"]) == level["children"], row, level)
        expect(number(row["done"]) == level["done"] and number(row["failed"]) == level["failed"], row, level)
        expect((number(row["candidates"]) or 0) == level["candidates"], row, level)
        expect(same(row["best"], level["best"], 4) and same(row["mean"], level["mean"], 4), row, level)
        expect(same(row["Spearman"], level["spearman"], 3), row, level)
    return rows


def straight(pairs, what):
    """What is drawn is a straight function of the values, to the rounding of both; returns its slope and how well that
    is known."""
    (low, at_low), (high, at_high) = min(pairs), max(pairs)
    slope = (at_high - at_low) / (high - low) if high > low else 0
    for value, at in pairs:
        expect(abs(at_low + slope * (value - low) - at) < 0.02 + abs(slope) * 1.1e-4, what, value, at)
    return slope, (0.02 + abs(slope) * 1.1e-4) / (high - low) if high > low else float("inf")


def compare_marks(page, rows, predicted=True):
    """Every mark says its cell, and lies where its figures say."""
    by_id = {row["id"]: row for row in rows}
    expect(page.marks, "marks")
    for mark in page.marks:
        row = by_id["c" + mark["data-c"]]
        value = row["accuracy"] if row["accuracy"] != "-" else "predicted " + row["predicted"]
        expect(mark["title"].endswith("\n" + row["cell"]), mark, row)
        expect(value.split()[-1] in mark["title"], mark, row)
    marks = page.marks_of("accuracy")
    expect(len(marks) == len(rows), len(marks), "marks of", len(rows), "cells")
    of = lambda mark, column: float(by_id["c" + mark["data-c"]][column])
    column = "accuracy" if rows[0]["accuracy"] != "-" else "predicted"
    straight([(of(mark, column), place(mark)[1]) for mark in marks], "accuracy")
    straight([(of(mark, "index"), place(mark)[0]) for mark in marks], "index")
    if not predicted:
        expect("predicted" not in page.sections, "a section without predictions")
        return
    marks = page.marks_of("predicted")
    expect(len(marks) == sum(row["predicted"] != "-" for row in rows), "marks of predictions")
    up, up_error = straight([(of(mark, "accuracy"), place(mark)[1]) for mark in marks], "measured")
    along, along_error = straight([(of(mark, "predicted"), place(mark)[0]) for mark in marks], "predicted")
    expect(abs(up + along) < up_error + along_error, "one scale for both axes:", up, along)


HARM = ("<script>alert", "<img", "<b onclick", "<!-- ", "\x1b", "\u202e")


def check_network():
    """A page of a network against pnas_net info and what tests/io/net/fake_network.c writes."""
    run(write_fake_run, "network", "net.h5")
    run(pnas_net, "report", "net.h5", "-o", "net.html")
    page = Page("net.html")
    for harm in HARM:
        expect(harm not in page.source.split("<script>")[0], "escaped:", harm)
    info = run(pnas_net, "info", "net.h5").stdout
    layers = [line.rsplit(None, 7) for line in info[info.index("\nlayer "):].strip().splitlines()[1:]]
    shown = page.table("layers")
    expect(len(shown) == len(layers), len(shown), layers)
    for row, layer in zip(shown, layers):
        expect(row["layer"] == layer[0] and row["output"] == " ".join(layer[1:6]), row, layer)
        expect(row["parameters"] == layer[6] and row["multiply-adds"] == layer[7], row, layer)
    classes = page.table("test", "Classes")
    confused = page.table("test", "confused")
    images, right = sum(int(row["images"]) for row in classes), sum(int(row["right"]) for row in classes)
    expect(images - right == sum(int(row["images"]) for row in confused), classes, confused)
    expect("Of the 12 images" in page.sections["test"] and "75.00 %" in page.sections["test"], page.sections["test"])
    for row in classes:
        expect(same(row["recall"], int(row["right"]) / int(row["images"]) if int(row["images"]) else None, 4), row)
    expect("Validation accuracy0.2500of the last weights" in page.sections["overview"].replace("\n", ""), page.sections["overview"])
    expect("images of" in page.sections["overview"] and "; of the moving average" in page.sections["overview"], "the weights tested")
    expect("stronger the colour" in page.sections["test"] and "For 100 % of them" in page.sections["test"], "words of the test")
    expect("pnas_net test" not in page.sections["next"], "a test is there already:", page.sections["next"])
    expect("This training is not over." in page.sections["overview"], page.sections["overview"])
    expect("accuracy" in page.sections["training"] and "epoch 1: " in page.source, "learning curves")
    run(pnas_rank, "net.h5", "--report", "x.html", code=65)
    run(pnas_net, "report", "net.h5", code=64)
    run(pnas_net, "report", "net.h5", "-o", "net.h5", "--force", code=74)


def main():
    check_network()
    run(write_fake_run, "complete", "run.h5")
    page = report("run.h5")
    compare_marks(page, compare(page, ["run.h5"]))
    expect("complete" in "".join(page.text) and "How to go on" in page.text, "words")
    for word in ("spread", "Index"):
        expect(word in page.sections["children"].split("Predicted is what")[1], word, "is not explained")
    expect(">rank 0</text>" in page.source, "a rank and its share are apart")
    expect('>H<tspan class="sub" dy="3">c-1</tspan></text>' in page.source and "H(c" not in page.source, "names as in other drawings")
    candidates = sum(int(row["candidates"].replace("-", "0")) for row in page.table("levels"))
    expect(f"Cells predicted{candidates}by" in page.sections["overview"].replace("\n", ""), candidates, page.sections["overview"])
    ranks = page.table("ranks", "Ranks")
    expect([row["host"] for row in ranks] == ["node1", "node2"] and ranks[1]["PCI"] == "0000:17:00.0", ranks)
    expect([row["memory (GiB)"] for row in ranks] == ["1024.0", "0.0"], ranks)
    failed = page.table("failed")
    expect(len(failed) == 3 and "is not finite" in failed[0]["why"] and failed[0]["cell"] == "1/4", failed)
    expect("seed: 18446744073709551615" in page.sections["configuration"], "configuration")
    expect("pnas_train TRAIN.yaml --run run.h5" in page.sections["next"], page.sections["next"])
    expect("--retry-failed" in page.sections["next"], page.sections["next"])

    run(write_fake_run, "unfinished", "half.h5")
    page = report("half.h5")
    compare_marks(page, compare(page, ["half.h5"]))
    expect("This search is not complete." in "".join(page.text), "an unfinished run")
    expect('pnas_mpi "configs/demo.yaml" -o run.h5' in page.sections["next"], page.sections["next"])

    page = report("run.h5", "half.h5")
    compare(page, ["run.h5", "half.h5"])
    expect("A and B have" in page.sections["overview"], "two runs compared")
    expect("0.0000" not in page.sections["overview"] and "the same on average" in page.sections["overview"], "equal runs")
    title = next(text for text in page.text if text.startswith("2 files side by side"))
    expect(title.strip() == "2 files side by side: run.h5, half.h5", title)
    expect(page.table("configuration", "differs")[0]["key"] == "(nothing)", "the same configuration")

    run(write_fake_run, "hostile", "</title><script>alert(1).h5".replace("/", "\\"))
    os.rename("<\\title><script>alert(1).h5", "<b>'&\".h5")
    page = report("<b>'&\".h5")
    compare_marks(page, compare(page, ["<b>'&\".h5"]))
    for harm in HARM:
        expect(harm not in page.source.split("<script>")[0], "escaped:", harm)
    expect("</title></script><script>alert(1)</script>" in page.text[page.text.index("\n") + 1:] or
           any("</title></script><script>alert(1)</script>" in text for text in page.text), "the title as text")

    # What is no run: measured cells, and cells that were only predicted.
    with open("history.csv", "w") as file:
        for i in range(30):
            file.write(f"{0.5 + i % 7 / 100:.2f},-1,sep{3 + 2 * (i % 3)},-2,max3,{i // 15},avg3,-1,sep3\n".replace(
                ",1,avg3", ",-2,avg3"))
    page = report("history.csv")
    compare_marks(page, compare(page, ["history.csv"]), predicted=False)
    expect("timeline" not in page.sections and "ranks" not in page.sections, "no run")
    shutil.copy("history.csv", "scores_2.csv")
    page = report("scores_2.csv")
    compare_marks(page, compare(page, ["scores_2.csv"]), predicted=False)
    expect("predicted accuracy" in page.sections["accuracy"] and "predicted, not measured" in page.sections["overview"],
           "predictions are predictions")
    page = report("run.h5", "scores_2.csv")
    expect(all(mark["data-c"].startswith("0-") for mark in page.marks_of("accuracy")), "not mixed with predictions")

    # Searches without levels or surrogate.
    for strategy in ("random", "evolution"):
        run("mpirun", "-n", "1", pnas_mpi, f"{source}/configs/demo.yaml", "-q", "-o", f"{strategy}.h5", "--set",
            f"search.strategy={strategy}", "--set", "evaluator=table", "--set",
            f"table={source}/tests/data/digits_table.h5")
        page = report(f"{strategy}.h5")
        compare_marks(page, compare(page, [f"{strategy}.h5"]), predicted=False)
    run("mpirun", "-n", "1", pnas_mpi, f"{source}/configs/demo.yaml", "-q", "-o", "pnas.h5", "--set", "evaluator=table",
        "--set", f"table={source}/tests/data/digits_table.h5")
    overview = report("pnas.h5").sections["overview"]
    expect("on 20: those that its surrogate expects to be best, and for a share of 0.3 those of which" in overview, overview)

    # Many cells: the page is bounded, and says what it leaves out.
    run(write_table, "1", "0", "4000", "3", "table.h5")
    page = report("table.h5", page="large.html")
    every = json.loads(run(pnas_rank, "table.h5", "--format", "json").stdout)["cells"]
    rows = page.table("children")
    expect(1500 < len(rows) <= 2000 < len(every), len(rows), "rows of", len(every), "cells")
    for row in rows:
        expect(row["cell"] == every[int(row["rank"]) - 1]["cell"], row)
    expect([int(row["rank"]) for row in rows[:500]] == list(range(1, 501)), "the best 500 are there")
    expect(f"Of the {len(every)} cells of table.h5 this page shows {len(rows)}" in page.sections["children"],
           page.sections["children"][:300])
    expect(os.path.getsize("large.html") < 2_500_000, os.path.getsize("large.html"))

    # Wrong use.
    run(pnas_rank, "run.h5", "--report", "x.html", "--status", code=64)
    run(pnas_rank, "run.h5", "--force", code=64)
    run(pnas_rank, "run.h5", "--report", "history.csv", code=74)
    run(pnas_rank, "run.h5", "--report", "run.h5", "--force", code=74)
    print("reports are what their files say")


try:
    main()
finally:
    shutil.rmtree(os.getcwd(), ignore_errors=True)
