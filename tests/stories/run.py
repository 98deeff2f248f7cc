#!/usr/bin/env python3
"""run.py SEUILCTL STORIES [NAME...]: what the scoring language means.

langage/*.yaml are models whose own tests are the story; `seuilctl test` runs them. Each other
folder is a story told by `seuilctl replay`:

    model.yaml (or several *.yaml)   the models
    events.jsonl                     what happens
    options (may be missing)         more options of replay, such as --until TIME
    expected.txt                     what `seuilctl replay --format text` says of it
    expected.jsonl (may be missing)  what `seuilctl replay --format json` says of it

A story fails when the answer differs by one byte; the difference is printed. README.md tells which
story is about what: each of its rows has one, and each story is in it; and what is easily got wrong
has a story and a property each."""
import difflib
import pathlib
import re
import subprocess
import sys


def tell(seuilctl, story, form):
    models = sorted(story.glob("*.yaml"))
    command = [seuilctl, "replay", "--format", form, "--events", str(story / "events.jsonl")]
    for model in models:
        command += ["--model", str(model)]
    options = story / "options"
    if options.exists():
        command += options.read_text(encoding="utf-8").split()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + (f"exit {done.returncode}\n{done.stderr}" if done.returncode else "")


def replayed(seuilctl, story):
    expected = (story / "expected.txt").read_text(encoding="utf-8")
    told = tell(seuilctl, story, "text")
    if (story / "expected.jsonl").exists():
        expected += (story / "expected.jsonl").read_text(encoding="utf-8")
        told += tell(seuilctl, story, "json")
    return told == expected, "".join(difflib.unified_diff(
        expected.splitlines(True), told.splitlines(True), "expected.txt", "told"))


def tested(seuilctl, story):
    done = subprocess.run([seuilctl, "test", str(story)], capture_output=True, text=True, timeout=60)
    good = done.returncode == 0 and not done.stdout.endswith(": no tests\n")
    return good, done.stdout + done.stderr


def table(root, stories):
    """What is wrong with README.md."""
    linked = set()
    for row in re.findall(r"^\| (.*) \|$", (root / "README.md").read_text(encoding="utf-8"), re.M)[1:]:
        what, told = row.rsplit(" | ", 1)
        links = re.findall(r"\[[^]]+\]\(([^)]+)\)", told)
        if not links:
            yield f"README.md: no story of: {what}"
        linked.update(links)
    names = {str(s.relative_to(root)) for s in stories}
    for name in sorted(linked - names):
        yield f"README.md: there is no story {name}"
    for name in sorted(names - linked):
        yield f"README.md: no row has the story {name}"


def easily_wrong(root, stories):
    """What is wrong with the list of what is easily got wrong."""
    text = (root / "README.md").read_text(encoding="utf-8").split("## What is easily got wrong")[1]
    core = (root / ".." / "property" / "core.c").read_text(encoding="utf-8")
    known = set(re.findall(r'\{"(\w+)", \w+, \d+\}', core)) | {"reference", "sim"}
    names = {str(s.relative_to(root)) for s in stories}
    for item in re.split(r"^- ", text, flags=re.M)[1:]:
        links, held = set(re.findall(r"\]\(([^)]+)\)", item)), set(re.findall(r"`(\w+)`", item))
        if not links or not held:
            yield f"README.md: a story and a property: {item.split(':')[0]}"
        yield from (f"README.md: there is no story {name}" for name in sorted(links - names))
        yield from (f"README.md: there is no property {name}" for name in sorted(held - known))


def main():
    seuilctl, root, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    stories = [s for s in sorted(root.iterdir()) if (s / "events.jsonl").exists()]
    stories += sorted((root / "langage").glob("*.yaml"))
    faults = list(table(root, stories)) + list(easily_wrong(root, stories))
    print("\n".join(faults), end="\n" if faults else "")
    if names:
        stories = [s for s in stories if s.stem in names]
    if not stories:
        print("no stories found")
        return 1
    failed = len(faults)
    for story in stories:
        good, text = (tested if story.suffix == ".yaml" else replayed)(seuilctl, story)
        print(f"{'ok    ' if good else 'FAILED'} {story.stem}")
        if not good:
            failed += 1
            sys.stdout.write(text)
    print(f"{len(stories)} stories, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
