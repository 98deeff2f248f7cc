#!/usr/bin/env python3
"""models.py SEUILCTL ROOT: the sample models are good, their tests hold, the JSON Schema agrees.

    check, test   every model of config/models passes both
    schema        it validates all of them; what it refuses and what `check` refuses is one: unknown
                  keys anywhere, and needed keys that are missing
    test          what it says, as text and JSON, with and without colours; exit statuses
    manual        each key of the table is told in seuil-model(5) and shown by one of its examples,
                  each of which has tests, which hold"""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml

seuilctl, root = sys.argv[1], pathlib.Path(sys.argv[2])
faults = []
checked = 0


class Loader(yaml.SafeLoader):
    """Times stay texts, as the reader of models has them."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def keys_as_text(loader, node):
    """A key is a text, as in JSON, also one like 1."""
    loader.flatten_mapping(node)
    return {str(key.value): loader.construct_object(value, deep=True) for key, value in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", keys_as_text)


def ctl(*arguments):
    return subprocess.run([seuilctl, *map(str, arguments)], capture_output=True, text=True, timeout=120)


schema = json.loads(ctl("schema").stdout)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)


def expect(condition, text):
    global checked
    checked += 1
    if not condition:
        faults.append(text)


def passes(path, name, tested):
    for command in ("check", "test") if tested else ("check",):
        done = ctl(command, path)
        expect(done.returncode == 0, f"{name}: {command} says {done.returncode}:\n{done.stdout}{done.stderr}")
    model = yaml.load(path.read_text(encoding="utf-8"), Loader)
    for error in validator.iter_errors(model):
        expect(False, f"{name}: the schema refuses {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return model


def mappings(node, path=()):
    """Every mapping of a model, and how to get there."""
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            yield from mappings(value, path + (key,))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from mappings(value, path + (i,))


def at(model, path):
    for key in path:
        model = model[key]
    return model


OPEN = {"groups", "lists", "fields", "properties", "attributes", "arguments", "lines"}  # mappings of names


def is_open(path):
    """Keys there are names of the user's: of groups, of attributes."""
    return (path and path[-1] in OPEN) or any(p in ("when", "while", "only", "not", "all", "any") for p in path)


changed_files = {}  # what both must refuse, and what is wrong with it


def refused(work, model, name, text):
    """The schema refuses it; `check` is asked about all of them at once."""
    file = work / f"changed-{len(changed_files)}.yaml"
    file.write_text(yaml.safe_dump(model, allow_unicode=True, sort_keys=False), encoding="utf-8")
    changed_files[str(file)] = f"{name}: check accepts {text}"
    expect(next(validator.iter_errors(model), None) is not None, f"{name}: the schema accepts {text}")


def check_refused():
    told = [json.loads(line) for line in ctl("check", "--format", "json", *changed_files).stdout.splitlines()]
    expect(len(told) == len(changed_files), f"{len(told)} answers about {len(changed_files)} files")
    for answer in told:
        expect(not answer["good"], changed_files[answer["file"]])


def needed(model, path):
    """The keys that the schema needs where `path` leads."""
    found = []
    for key in list(at(model, path)):
        changed = copy.deepcopy(model)
        del at(changed, path)[key]
        if any(e.validator == "required" for e in walk(validator.iter_errors(changed))):
            found.append((key, changed))
    return found


def walk(errors):
    for error in errors:
        yield error
        yield from walk(error.context or [])


def change(work, model, name):
    """One unknown key for each shape of mapping, one missing key for each that is needed. As it is
    written anew, without a change, the model is good."""
    same = work / f"same-{name}"
    same.write_text(yaml.safe_dump(model, allow_unicode=True, sort_keys=False), encoding="utf-8")
    done = ctl("check", same)
    expect(done.returncode == 0, f"{name}, written anew: {done.stdout}")
    seen = set()
    for path in list(mappings(model)):
        shape = tuple("*" if isinstance(p, int) else p for p in path)
        if shape in seen or is_open(path):
            continue
        seen.add(shape)
        changed = copy.deepcopy(model)
        at(changed, path)["inconnu"] = 1
        refused(work, changed, name, f"an unknown key in {'/'.join(map(str, path))}")
        for key, without in needed(model, path):
            refused(work, without, name, f"{'/'.join(map(str, path))} without {key}")


def examples(page):
    """The blocks of the manual that are models, or rules of one."""
    head = 'seuil_model: 1\nname: m\nversion: "1"\ngroups: {g: {}}\ntiers: [{name: a}, {name: b, entry: 1}]\n'
    for block in re.findall(r"^\.EX\n(.*?)^\.EE$", page, re.M | re.S):
        block = block.replace("\\-", "-").replace("\\(ha", "^").replace("\\e", "\\").replace("\\(aq", "'")
        if block.startswith("seuil_model: 1\n"):
            yield block
        elif block.startswith("rules:\n"):
            yield head + block


def keys_of(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from keys_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys_of(value)


WRONG = """seuil_model: 1
name: m
version: "1"
groups: {g: {}}
rules: [{name: page, event: page_view, group: g, points: 40}]
tiers: [{name: froid}, {name: chaud, entry: 30}]
tests:
  - name: tient
    timeline:
      - {type: page_view, url: /a, expect: {score: 40}}
  - name: ne tient pas
    timeline:
      - {type: page_view, url: /a, expect: {score: 41, tier: froid}}
"""


def at_a_terminal(arguments, environment):
    """What a command writes to a terminal."""
    master, slave = os.openpty()
    done = subprocess.Popen([seuilctl, *map(str, arguments)], stdout=slave, stdin=slave, stderr=slave,
                            env={k: v for k, v in os.environ.items() if k != "NO_COLOR"} | environment)
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 65536):
            text += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    return done.wait(60), text.decode()


def command_line(work):
    """What `seuilctl test` says and exits with."""
    wrong, refuse, untested = work / "wrong.yaml", work / "refused.yaml", work / "untested.yaml"
    wrong.write_text(WRONG, encoding="utf-8")
    refuse.write_text(WRONG.replace("entry: 30", "entrée: 30"), encoding="utf-8")
    untested.write_text(WRONG.split("tests:")[0], encoding="utf-8")
    done = ctl("test", wrong)
    expect(done.returncode == 1, f"a test that fails: exit status {done.returncode}")
    for line in (f"FAILED {wrong}:11: ne tient pas", "  line 13, at 2026-01-05T08:00:00.000Z", "    - score: 41.00", "    + score: 40.00",
                 "    - tier: froid", "    + tier: chaud", f"{wrong}: 2 tests, 1 failed"):
        expect(line in done.stdout.splitlines(), f"`{line}` is not in\n{done.stdout}")
    expect("tient\n" not in done.stdout.replace("ne tient pas", ""), "a test that holds is told without --verbose")
    expect(f"ok     {wrong}:8: tient (" in ctl("test", "--verbose", wrong).stdout, "--verbose does not tell a test that holds")
    answer = json.loads(ctl("test", "--format", "json", wrong).stdout)
    expect(answer["good"] and answer["failed"] == 1 and [t["passed"] for t in answer["tests"]] == [True, False], f"{answer}")
    differences = [(d["line"], d["what"], d["expected"], d["got"]) for d in answer["tests"][1]["differences"]]
    expect(differences == [(13, "score", "41.00", "40.00"), (13, "tier", "froid", "chaud")], f"{differences}")
    expect(answer["tests"][1]["explanation"][0]["rule"] == "page", f"{answer}")
    done = ctl("test", untested, refuse)
    expect(done.returncode == 78 and "untested.yaml: no tests" in done.stdout and "entrée" in done.stdout, f"{done}")
    answer = json.loads(ctl("test", "--format", "json", refuse).stdout)
    expect(not answer["good"] and answer["errors"][0]["line"] == 6 and "entrée" in answer["errors"][0]["source"], f"{answer}")
    expect(ctl("test", untested).returncode == 0 and ctl("test").returncode == 64, "a model without tests, or none")
    for environment, colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        status, text = at_a_terminal(["test", wrong], environment)
        expect(status == 1 and ("\033[31m- score: 41.00\033[0m" in text) == colours and ("\033" in text) == colours, f"{environment}: {text!r}")


with tempfile.TemporaryDirectory(prefix="seuil-models.") as folder:
    work = pathlib.Path(folder)
    shutil.copytree(root / "config" / "models" / "listes", work / "listes")
    models = sorted((root / "config" / "models").glob("*.yaml"))
    for path in models:
        model = passes(path, path.name, True)
        if path.name in ("standard.yaml", "premiers-pas.yaml", "cycle-achat.yaml", "score-et-note.yaml"):
            change(work, model, path.name)

    check_refused()
    command_line(work)

    page = (root / "deploy" / "man" / "seuil-model.5").read_text(encoding="utf-8")
    shown = set()
    for i, text in enumerate(examples(page), 1):
        file = work / f"example-{i}.yaml"
        file.write_text(text, encoding="utf-8")
        example = passes(file, f"seuil-model(5), example {i}", True)
        expect("tests" in example, f"seuil-model(5), example {i} has no tests")
        shown.update(keys_of(example))
    told = re.sub(r"\\f.|\\\(`e", lambda m: "è" if m.group(0).startswith("\\(") else "", page.replace("\\-", "-"))
    for section, definition in schema["definitions"].items():
        if section in ("condition", "test"):
            continue
        for key, what in definition["properties"].items():
            expect(re.search(rf"^\.[A-Z]+ .*(?<![\w-]){re.escape(key)}(?![\w-])", told, re.M),
                   f"seuil-model(5) does not tell the key {key} of {section}")
            expect(key in shown or what["description"] == "A field of the event.",
                   f"no example of seuil-model(5) shows the key {key} of {section}")

for fault in faults:
    print(fault)
print(f"{len(models)} models, {checked} checks, {len(faults)} faults")
sys.exit(1 if faults else 0)
