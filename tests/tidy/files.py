#!/usr/bin/env python3
"""files.py ROOT: every file of the repository is what it seems: scripts parse, sources are as
clang-format leaves them, nothing was generated, and what documents name is there."""
import os
import re
import shutil
import subprocess
import sys

root = sys.argv[1]
faults = []
CLANG_FORMAT = "clang-format-14"  # another version formats otherwise
BINARY = ("tests/fuzz/corpus/",)  # the only bytes that are no text
GENERATED = (".o", ".a", ".so", ".pyc", ".log", ".orig", ".rej", ".gcda", ".gcno", "CMakeCache.txt", "compile_commands.json")


def fault(path, text):
    faults.append(f"{path}: {text}")


def git(*args):
    done = subprocess.run(["git", "-c", f"safe.directory={os.path.realpath(root)}", "-C", root, *args], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"git {' '.join(args)}: {done.stderr.strip()}")
    return [line for line in done.stdout.split("\n") if line]


def read(path):
    with open(os.path.join(root, path), "rb") as f:
        return f.read()


def scripts(path, first):
    """Shell and Python parse, and what says how to run it can be run."""
    full = os.path.join(root, path)
    if path.endswith(".py") or re.match(rb"#!.*python", first):
        try:
            compile(read(path), path, "exec")
        except SyntaxError as e:
            fault(path, f"line {e.lineno}: {e.msg}")
    shell = re.match(rb"#! ?/(?:usr/)?bin/(?:env )?(bash|sh)\b", first)
    if shell:
        done = subprocess.run([shell.group(1).decode(), "-n", full], capture_output=True, text=True)
        if done.returncode:
            fault(path, done.stderr.strip())
    if first.startswith(b"#!") and not os.access(full, os.X_OK):
        fault(path, "begins with #! and is not executable")


def text(path, data):
    if path.startswith(BINARY):
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return fault(path, "neither text nor a corpus of bytes")
    if b"\r\n" in data:
        fault(path, "line ends of another system")
    if data and not data.endswith(b"\n"):
        fault(path, "the last line has no end")


def generated(listed):
    for path in git("ls-files", "-ci", "--exclude-standard") if in_git else []:
        fault(path, "in git and in .gitignore")
    for path in listed:
        if path.endswith(GENERATED):
            fault(path, "is generated: not for git")


def formatted(listed):
    sources = [p for p in listed if p.endswith((".c", ".h"))]
    if not shutil.which(CLANG_FORMAT):
        print(f"{CLANG_FORMAT} is not here: the form of {len(sources)} sources is not checked")
        return
    done = subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", *sources], cwd=root, capture_output=True, text=True)
    for path in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", done.stderr, re.M))):
        fault(path, f"{CLANG_FORMAT} -i would change it")
    if done.returncode and not faults:
        fault(CLANG_FORMAT, done.stderr.strip() or "failed")


def documents(listed):
    """Manual pages and files that documents name."""
    known = set(listed) | {os.path.dirname(p) for p in listed}
    for path in listed:
        if not path.endswith((".md", ".yaml", ".service")) and not path.startswith("deploy/man/"):
            continue
        words = read(path).decode("utf-8", "replace").replace("\\-", "-")
        for name, section in re.findall(r"\b(seuil[\w.-]*)[ ]?\(([1-8])\)", words):
            if f"deploy/man/{name}.{section}" not in known:
                fault(path, f"{name}({section}) has no page in deploy/man")
        if not path.endswith(".md"):
            continue
        here = os.path.dirname(path)
        for name in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", words) + re.findall(r"\]\((?!https?:|#)([^)#]+)\)", words):
            name = name.rstrip("/")
            if name not in known and os.path.join(here, name) not in known and name not in {os.path.dirname(k) for k in known}:
                fault(path, f"names {name}, which is not there")


in_git = os.path.exists(os.path.join(root, ".git"))  # an archive of the source has none
if in_git:
    listed = git("ls-files")
else:
    walked = (os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names)
    listed = [p for p in walked if not p.startswith("build") and "__pycache__" not in p]
listed = [p for p in listed if os.path.isfile(os.path.join(root, p))]
for path in listed:
    data = read(path)
    text(path, data)
    scripts(path, data.split(b"\n", 1)[0])
generated(listed)
formatted(listed)
documents(listed)
for line in faults:
    print(line)
print(f"{len(listed)} files, {len(faults)} faults")
sys.exit(1 if faults else 0)
