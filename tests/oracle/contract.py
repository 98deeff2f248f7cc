#!/usr/bin/python3
"""contract.py PROGRAM [--seed N] [--writers N]: the published contract as a reader's schema.

Writers lack fields, have others between them, order them anew and write narrower types; fastavro
resolves each record into schemas/KIND.avsc, defaults included, by Avro's rules of schema resolution. The
event that we decode from the same bytes, without ever seeing that schema, must say the same: so the
defaults of the contract are those of the decoder, and one that is added there without being kept here
fails."""
import argparse
import copy
import datetime
import io
import json
import os
import pathlib
import random
import sys

from oracle import VERSION, Program, fetch_fastavro

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAPS = {"form": "fields", "activity": "properties", "profile": "attributes", "command": "arguments"}
KINDS = ["page_view", "email", "form", "activity", "profile", "command"]
NEEDED = {"id", "lead", "time"}
# What a writer may have where a reader has the key (Avro 1.11, "Schema Resolution").
NARROWER = {"string": ["string", "bytes"], "long": ["long", "int"], "double": ["double", "float", "long", "int"],
            "boolean": ["boolean"], "null": ["null"]}


def plain(type_):
    """Without logical types: resolution is about what lies below them."""
    if isinstance(type_, list):
        return [plain(branch) for branch in type_]
    if not isinstance(type_, dict):
        return type_
    if "logicalType" in type_:
        return type_["type"]
    return {k: plain(v) if k in ("type", "values", "items") else [dict(f, type=plain(f["type"])) for f in v]
            if k == "fields" else v for k, v in type_.items()}


def narrowed(rng, type_):
    """What a writer may have for @type_: one of a union's branches, some of them in any order, narrower ones."""
    if isinstance(type_, dict):
        return {"type": "map", "values": narrowed(rng, type_["values"])}
    if isinstance(type_, str):
        return rng.choice(NARROWER[type_])
    branches, seen = [], set()
    for branch in rng.sample(type_, rng.randint(1, len(type_))):
        branch = rng.choice(NARROWER[branch])
        if branch not in seen and not (seen | {branch}) >= {"bytes", "string"}:
            seen.add(branch)
            branches.append(branch)
    return branches[0] if len(branches) == 1 and rng.random() < 0.7 else branches


def value_of(rng, type_):
    if isinstance(type_, list):
        return value_of(rng, rng.choice(type_))
    if isinstance(type_, dict):
        return {f"k{i}": value_of(rng, type_["values"]) for i in range(rng.randint(0, 4))}
    text = "".join(rng.choice("aé€😀 /?=") for _ in range(rng.randint(1, 12)))
    return {"null": None, "boolean": rng.random() < 0.5, "int": rng.randint(-2**31, 2**31 - 1),
            "long": rng.randint(-2**63, 2**63 - 1), "float": rng.randint(-2**20, 2**20) / 8,
            "double": rng.uniform(-1e9, 1e9), "string": text, "bytes": text.encode()}[type_]


def writer_of(rng, contract):
    fields = [f for f in contract["fields"] if f["name"] in NEEDED or "default" not in f or rng.random() < 0.5]
    fields = [{"name": f["name"], "type": narrowed(rng, f["type"]) if f["name"] not in NEEDED else f["type"]} for f in fields]
    fields += [{"name": f"other{i}", "type": rng.choice(["string", "double", ["null", "long"], {"type": "array", "items": "bytes"}])}
               for i in range(rng.randint(0, 3))]
    rng.shuffle(fields)
    return {"type": "record", "name": contract["name"], "namespace": contract["namespace"], "fields": fields}


def record_of(rng, writer):
    record = {}
    for field in writer["fields"]:
        kind = field["type"]
        record[field["name"]] = ([b"x"] if isinstance(kind, dict) and kind["type"] == "array" else value_of(rng, kind))
    record["time"] = rng.randint(0, 4 * 10**12)
    return record


def event_of(kind, resolved):
    """The canonical event that a record in the contract's schema is."""
    at = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(milliseconds=resolved["time"])
    event = {"type": kind, "time": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{resolved['time'] % 1000:03d}Z"}
    for name, value in resolved.items():
        if name == MAPS.get(kind):
            if value:
                event[name] = value
        elif name != "time" and value is not None:
            event[name] = value
    return event


def same(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(b, float):  # a long where the contract has a double is kept exactly
        return not isinstance(a, bool) and isinstance(a, (int, float)) and float(a) == b
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def try_kind(program, fastavro, rng, kind, writers):
    contract = json.loads((ROOT / "schemas" / f"{kind}.avsc").read_text(encoding="utf-8"))
    raw = plain(contract)
    reader = fastavro.parse_schema(copy.deepcopy(raw))
    defaulted = 0
    for _ in range(writers):
        writer = writer_of(rng, raw)
        parsed = fastavro.parse_schema(copy.deepcopy(writer))
        program.tell("S " + json.dumps(writer))
        program.tell("K " + kind)
        for _ in range(4):
            record, out = record_of(rng, writer), io.BytesIO()
            fastavro.schemaless_writer(out, parsed, record)
            resolved = fastavro.schemaless_reader(io.BytesIO(out.getvalue()), parsed, reader)
            told, expected = program.ask("E " + out.getvalue().hex()), event_of(kind, resolved)
            if told.startswith("no ") or not same(json.loads(told), expected):
                return f"{kind}: we say   {told}\nfastavro {json.dumps(expected)}\n{json.dumps(writer)}\n{record}", 0
            defaulted += len(resolved) - len(resolved.keys() & record.keys())
    return None, defaulted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writers", type=int, default=5000 if os.environ.get("SEUIL_TEST_LONG") else 100)
    options = parser.parse_args()
    fastavro, program, total = fetch_fastavro(), Program(options.program), 0
    for kind in KINDS:
        wrong, defaulted = try_kind(program, fastavro, random.Random(f"{kind} {options.seed}"), kind, options.writers)
        if wrong or not defaulted:
            print(wrong or f"{kind}: no field was ever lacking")
            return 1
        total += defaulted
    print(f"fastavro {VERSION}: {len(KINDS) * options.writers} writers of the contract's kinds, {total} fields by their default")
    return 1 if program.done() else 0


sys.exit(main())
