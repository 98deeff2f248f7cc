#!/usr/bin/env python3
"""manuals.py ROOT SEUILD SEUILCTL: the manual pages render without a warning and tell every option
that --help tells, and none besides."""
import os
import re
import subprocess
import sys

root, seuild, seuilctl = sys.argv[1:]
man = os.path.join(root, "deploy", "man")
faults = []
EVERYWHERE = {"--help", "--version", "--config", "--format"}  # told once, at the top of seuilctl(1)


def words(name):
    with open(os.path.join(man, name), encoding="utf-8") as f:
        return re.sub(r"\\f.", "", f.read().replace("\\-", "-"))


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


def told(*command):
    done = subprocess.run([*command, "--help"], capture_output=True, text=True)
    if done.returncode or not done.stdout:
        faults.append(f"{' '.join(command)} --help fails: {done.stderr}")
    return done.stdout


def compare(what, page, text):
    for option in sorted(options(text) - options(page) - EVERYWHERE):
        faults.append(f"{what}: its manual does not tell {option}")
    for option in sorted(options(page) - options(text) - EVERYWHERE):
        faults.append(f"{what}: its manual tells {option}, --help does not")


def section(page, command):
    """What .SS sections of a command say, up to the next of another command; and the paragraph
    under HALTED SHARDS."""
    out = []
    for part in re.split(r"^(?=\.S[SH] )", page, flags=re.M):
        if re.match(rf"\.SS seuilctl {command}[ \n]", part):
            out.append(part)
    found = re.search(rf"^\.B {command}\n(.*?)(?=^\.TP|^\.S|^\.PP)", page, re.M | re.S)
    return "\n".join(out + ([found.group(1)] if found else []))


for name in sorted(os.listdir(man)):
    done = subprocess.run(["groff", "-k", "-man", "-ww", "-Tutf8", "-rLL=100n", os.path.join(man, name)], capture_output=True, text=True)
    if done.returncode or done.stderr.strip():
        faults.append(f"{name}: {done.stderr.strip()}")
    if len(done.stdout.split("\n")) < 30:
        faults.append(f"{name}: renders as almost nothing")

compare("seuild", words("seuild.8"), told(seuild))
page = words("seuilctl.1")
commands = re.findall(r"^  ([a-z-]+) {2,}", told(seuilctl), re.M)
if len(commands) < 5:
    faults.append("seuilctl --help names no commands")
for command in commands:
    part = section(page, command)
    if not part:
        faults.append(f"seuilctl(1) has no section for {command}")
    compare(f"seuilctl {command}", part, told(seuilctl, command))

for line in faults:
    print(line)
print(f"{len(commands)} commands, {len(faults)} faults")
sys.exit(1 if faults else 0)
