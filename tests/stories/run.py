#!/usr/bin/env python3
"""run.py SEUILCTL STORIES [NAME...]: each folder of STORIES is a story.

    model.yaml (or several *.yaml)   the models
    events.jsonl                     what happens
    options (may be missing)         more options of replay, such as --until TIME
    expected.txt                     what `seuilctl replay --format text` says of it

A story fails when the answer differs by one byte; the difference is printed."""
import difflib
import pathlib
import subprocess
import sys


def tell(seuilctl, story):
    models = sorted(story.glob("*.yaml"))
    command = [seuilctl, "replay", "--format", "text", "--events", str(story / "events.jsonl")]
    for model in models:
        command += ["--model", str(model)]
    options = story / "options"
    if options.exists():
        command += options.read_text(encoding="utf-8").split()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + (f"exit {done.returncode}\n{done.stderr}" if done.returncode else "")


def main():
    seuilctl, root, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    stories = [s for s in sorted(root.iterdir()) if (s / "events.jsonl").exists()]
    if names:
        stories = [s for s in stories if s.name in names]
    if not stories:
        print("no stories found")
        return 1
    failed = 0
    for story in stories:
        expected = (story / "expected.txt").read_text(encoding="utf-8")
        told = tell(seuilctl, story)
        if told == expected:
            print(f"ok     {story.name}")
            continue
        failed += 1
        print(f"FAILED {story.name}")
        sys.stdout.writelines(difflib.unified_diff(
            expected.splitlines(True), told.splitlines(True), "expected.txt", "told"))
    print(f"{len(stories)} stories, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
