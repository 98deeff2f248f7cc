#!/usr/bin/env python3
"""tidy.py ROOT: the structure of the source, held by a test.

Rings: which folder may include which, and which third-party headers it may use. Names: what a
ring's library exports begins with its prefix. Sizes: a file is one idea. Words: no unfinished
marks, no paths of one machine, no skipped tests. Errors: the manual tells each that a dead letter
names."""
import os
import re
import subprocess
import sys

root = sys.argv[1]
faults = []

RINGS = {  # folder: folders of lib/ it may include
    "base": {"base"},
    "core": {"core", "base"},
    "conf": {"conf", "core", "base"},
    "codec": {"codec", "core", "base"},
    "store": {"store", "codec", "core", "base"},
    "stream": {"stream", "codec", "core", "base"},
    "registry": {"registry", "codec", "core", "base"},
    "map": {"map", "conf", "codec", "core", "base"},
    "admin": {"admin", "codec", "core", "base"},
    "shard": {"shard", "map", "store", "stream", "codec", "core", "base"},
}
THIRD = {  # third-party header: the folders it may appear in, in .c files only
    r"librdkafka/": {"lib/stream"},
    r"hiredis/": {"lib/store"},
    r"openssl/": {"lib/store", "lib/map"},  # TLS; keyed hashes of addresses
    r"utf8proc|libpsl": {"lib/map"},
    r"curl/": {"lib/registry"},
    r"microhttpd": {"lib/admin"},
    r"avro": {"lib/codec"},
    r"jansson": {"lib/codec", "lib/conf"},
    r"libfyaml|pcre2": {"lib/conf"},
    r"xxhash": {"lib/base"},
    r"pthread|threads\.h|signal\.h": {"lib/stream", "lib/store", "daemon"},
}
LINES_MAX = 700
FUNCTION_MAX = 100


def fault(path, line, text):
    faults.append(f"{path}:{line}: {text}")


def includes(path, text):
    parts = path.split("/")
    folder = parts[1] if parts[0] == "lib" else None
    for n, line in enumerate(text.split("\n"), 1):
        own = re.match(r'#include "([^"]+)"', line)
        other = re.match(r"#include <([^>]+)>", line)
        if own and folder:
            target = own.group(1).split("/")[0]
            if "/" in own.group(1) and target not in RINGS[folder]:
                fault(path, n, f"lib/{folder} must not include {own.group(1)}")
        if other and parts[0] in ("lib", "daemon"):
            for pattern, where in THIRD.items():
                if re.match(pattern, other.group(1)):
                    home = "/".join(parts[:2]) if parts[0] == "lib" else "daemon"
                    if home not in where:
                        fault(path, n, f"<{other.group(1)}> belongs to {', '.join(sorted(where))}")
                    private = "pthread" in pattern and path.endswith("_int.h")  # a lock among a folder's own
                    if path.endswith(".h") and not private:
                        fault(path, n, f"<{other.group(1)}> in a header: keep it to .c files")


def sizes(path, text):
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        fault(path, len(lines), f"{len(lines)} lines: more than {LINES_MAX}, is it still one idea?")
    start = None
    for n, line in enumerate(lines, 1):
        if line == "{":
            start = n
        elif line == "}" and start:
            if n - start > FUNCTION_MAX:
                fault(path, start, f"a function of {n - start} lines: more than {FUNCTION_MAX}")
            start = None


def names(path, text):
    """Functions that a header of lib/ declares begin with seuil_."""
    for n, line in enumerate(text.split("\n"), 1):
        m = re.match(r"(?!static|typedef|return|#)[a-z][\w *]*?[ *](\w+)\(", line)
        if m and not m.group(1).startswith(("seuil_", "__attribute__")):
            fault(path, n, f"{m.group(1)}: public names begin with seuil_")
        if re.match(r"typedef struct", line):
            fault(path, n, "no typedef of structs")


def words(path, text):
    for n, line in enumerate(text.split("\n"), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            fault(path, n, "an unfinished mark")
        if re.search(r"(^|[\s\"'=])/(work|farm|root)/", line):
            fault(path, n, "a path of one machine")
        if re.search(r"\.disabled *= *true|cr_skip|SKIP_RETURN_CODE|WILL_FAIL", line):
            fault(path, n, "a test that is skipped")
        if line != line.rstrip():
            fault(path, n, "white space at the end of the line")


def read(path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def errors_are_told():
    """Each name of an error that dead letters carry, and each of their headers, stands in seuild(8)."""
    page = read("deploy/man/seuild.8")
    page = page[page.index(".SH DEAD LETTERS"):page.index(".SH METRICS")]
    for path, pattern in (("lib/shard/apply.c", r'"([a-z]+(?:_[a-z]+)*)"'), ("lib/codec/decode.c", r'return "([a-z_]+)";'),
                          ("lib/codec/dead_letter.c", r'SEUIL_STR\("((?:__connect|seuil)\.[a-z._]+)"\)')):
        names = re.findall(pattern, read(path))
        if not names:
            fault(path, 1, "no name of an error is found here any more")
        for name in names:
            if not re.search(rf"(?<![a-z._]){re.escape(name)}(?![a-z_])", page):
                fault(path, 1, f"seuild(8) does not tell of {name}")


def tree(files):
    allowed = {"CMakeLists.txt", "CMakePresets.json", "daemon", "lib", "schemas", "config", "tests", "deploy",
               "README.md", "README.fr.md", "CHANGELOG.md", "LICENSE"}
    for path in files:
        top = path.split("/")[0]
        if top not in allowed and not top.startswith("."):
            fault(path, 1, "outside the agreed layout of the root")


files = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True)
if files.returncode:
    listed = [os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs
              if "/build" not in d and "/.git" not in d]
else:
    listed = files.stdout.split("\n")
listed = [f for f in listed if f and os.path.isfile(os.path.join(root, f))]
tree(listed)
errors_are_told()
for path in listed:
    if not path.endswith((".c", ".h")):
        continue
    content = read(path)
    words(path, content)
    if path.startswith(("lib/", "daemon/")):
        includes(path, content)
        sizes(path, content)
    if path.startswith("lib/") and path.endswith(".h"):
        names(path, content)

for line in faults:
    print(line)
print(f"{len(listed)} files, {len(faults)} faults")
sys.exit(1 if faults else 0)
