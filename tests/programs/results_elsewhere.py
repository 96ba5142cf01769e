"""results_elsewhere.py python|r|h5dump|edited PNAS_RANK WRITE_FAKE_RUN SOURCE_DIR: the snippets of docs/results.md, as they
stand there, give what pnas_rank --csv gives; and a run that other programs have repacked is still the same run. Exits with
77 where what a snippet needs is not installed."""

import csv
import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

kind = sys.argv[1]
pnas_rank, write_fake_run, source = (os.path.abspath(argument) for argument in sys.argv[2:])
NEEDS = {"python": "python3-h5py and python3-pandas", "r": "r-cran-hdf5r", "h5dump": "hdf5-tools", "edited": "hdf5-tools"}
there = {
    "python": lambda: importlib.util.find_spec("h5py") and importlib.util.find_spec("pandas"),
    "r": lambda: shutil.which("Rscript") and subprocess.run(
        ["Rscript", "-e", "library(hdf5r)"], capture_output=True).returncode == 0,
    "h5dump": lambda: shutil.which("h5dump") and shutil.which("h5ls"),
    "edited": lambda: shutil.which("h5repack"),
}


def run(*command, code=0):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{command}: {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}")
    return done


def snippets(language):
    with open(f"{source}/docs/results.md", encoding="utf-8") as page:
        found = re.findall(rf"^```{language}\n(.*?)^```", page.read(), flags=re.S | re.M)
    if not found:
        sys.exit(f"docs/results.md has no snippet in {language}")
    return found


def expect(condition, *what):
    if not condition:
        sys.exit("failed: " + " ".join(str(one) for one in what))


def ranked(path="run.h5"):
    """Cells, accuracies and the other numbers, best first, of what pnas_rank prints."""
    lines = run(pnas_rank, path, "--csv").stdout.splitlines()
    rows = list(csv.DictReader(lines))
    for row in rows:
        row["text"] = " | ".join(
            f"{row[f'in1_{b}']}:{row[f'op1_{b}']}+{row[f'in2_{b}']}:{row[f'op2_{b}']}"
            for b in range(9) if row.get(f"in1_{b}"))
    return rows


def same(one, other):
    blank = ("", "NA", "NaN", "nan")
    if one in blank or other in blank:
        return one in blank and other in blank
    return math.isclose(float(one), float(other), rel_tol=1e-5) # durations have six digits there


def compare_table(path):
    """A table that a snippet has written: the done children, best first."""
    with open(path, encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    expected = ranked()
    expect(len(found) == len(expected) > 0, len(found), "rows instead of", len(expected))
    for row, other in zip(found, expected):
        expect(row["text"] == other["text"] and row["level"] == other["level"], row, other)
        for column, name in (("accuracy", "score"), ("predicted", "predicted"), ("parameters", "parameters"),
                             ("multiply_adds", "multiply_adds"), ("train_seconds", "train_seconds")):
            expect(same(row[column], other[name]), column, row, other)


def check_python():
    table, curve = snippets("python")
    for code in (table, curve):
        with open("snippet.py", "w", encoding="utf-8") as file:
            file.write(code)
        said = run(sys.executable, "snippet.py").stdout
        expect(said.strip(), "it prints something")
    compare_table("children.csv")


def check_r():
    with open("snippet.R", "w", encoding="utf-8") as file:
        file.write(snippets("r")[0])
    expect("accuracy" in run("Rscript", "snippet.R").stdout, "it prints the best")
    compare_table("children.csv")


def check_h5dump():
    lines = snippets("sh")[0].splitlines()
    for line in lines:
        expect(run("bash", "-o", "pipefail", "-c", line.replace("| head -40", "| (head -40; cat >/dev/null)")).stdout
               or "accuracy.txt" in line, line)
    with open("accuracy.txt", encoding="utf-8") as file:
        numbers = [number.strip() for number in file.read().replace(",", " ").split()]
    done = sorted((float(number) for number in numbers if number != "nan"), reverse=True)
    expected = [float(row["score"]) for row in ranked() if row["level"] == "2"]
    expect(len(done) == len(expected) and all(abs(a - b) < 1e-5 for a, b in zip(done, expected)), done, expected)


def check_edited():
    expected = ranked()
    for options in ([], ["-f", "GZIP=6"], ["-f", "NONE"], ["-l", "CONTI"], ["-L"], ["-f", "SHUF", "-f", "GZIP=1"]):
        run("h5repack", *options, "run.h5", "packed.h5")
        expect(ranked("packed.h5") == expected, "h5repack", options)
        run(pnas_rank, "--status", "packed.h5")
        os.remove("packed.h5")
    # Of an unfinished run, too: the journal still belongs to it.
    run(write_fake_run, "unfinished", "half.h5")
    expected = ranked("half.h5")
    run("h5repack", "half.h5", "packed.h5")
    os.replace("packed.h5", "half.h5")
    expect(ranked("half.h5") == expected, "an unfinished run")
    # What is no whole run is refused with a sentence.
    run("h5copy", "-i", "run.h5", "-o", "part.h5", "-s", "/levels", "-d", "/levels")
    expect("is no run file" in run(pnas_rank, "part.h5", code=65).stderr, "a part of a run")
    with open("run.h5", "rb") as file:
        whole = file.read()
    with open("cut.h5", "wb") as file:
        file.write(whole[:-1000])
    expect("cut.h5" in run(pnas_rank, "cut.h5", code=65).stderr, "a run that was cut short")


if not there[kind]():
    print(f"skipped: install {NEEDS[kind]}")
    sys.exit(77)
os.chdir(tempfile.mkdtemp(prefix="pnas_results_"))
try:
    run(write_fake_run, "complete", "run.h5")
    {"python": check_python, "r": check_r, "h5dump": check_h5dump, "edited": check_edited}[kind]()
    print(f"{kind}: as pnas_rank has it")
finally:
    shutil.rmtree(os.getcwd(), ignore_errors=True)
