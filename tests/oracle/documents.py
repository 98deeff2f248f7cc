#!/usr/bin/python3
"""documents.py PROGRAM [--seed N] [--schemas N]: random Avro schemas and records as fastavro writes
and reads them, random JSON texts as Python does, against what document_dump takes of them.

Of a damaged record no more is accepted than by fastavro, and what is accepted means the same. CI runs
some hundred schemas, SEUIL_TEST_LONG many more. fastavro is fetched once, by pip, into
${XDG_CACHE_HOME:-~/.cache}/seuil."""
import argparse
import copy
import io
import json
import os
import random
import struct
import sys

from oracle import VERSION, Program, fetch_fastavro

UNITS = {"timestamp-millis": 1, "timestamp-micros": 2, "timestamp-nanos": 3,
         "local-timestamp-millis": 0x81, "local-timestamp-micros": 0x82, "local-timestamp-nanos": 0x83,
         "date": 0x84}


# ---- schemas ------------------------------------------------------------------------------------

class Schemas:
    """Random schemas; in a union no two branches read as the same Python type."""

    def __init__(self, rng):
        self.rng = rng
        self.count = 0
        self.open = []  # records that are being defined: recursive uses

    def name(self):
        self.count += 1
        return f"N{self.count}"

    def number(self):
        r = self.rng
        return r.choice(["int", "long", {"type": "int", "logicalType": "date"},
                         {"type": "int", "logicalType": "time-millis"}] +
                        [{"type": "long", "logicalType": u} for u in UNITS if u != "date"])

    def bytes_like(self):
        r = self.rng
        scale = r.randrange(0, 12)
        decimal = {"logicalType": "decimal", "precision": 38, "scale": scale}
        fixed = {"type": "fixed", "name": self.name(), "size": r.choice([0, 1, 5, 16, 20])}
        if fixed["size"] and r.random() < 0.3:
            fixed.update(decimal)
        elif fixed["size"] == 16 and r.random() < 0.5:
            fixed["logicalType"] = "uuid"
        return r.choice(["bytes", dict({"type": "bytes"}, **decimal), fixed])

    def text(self):
        r = self.rng
        return r.choice(["string", "string", {"type": "string", "logicalType": "uuid"},
                         {"type": "enum", "name": self.name(), "symbols": ["A", "B", "C"][:r.randint(1, 3)]}])

    def record(self, depth):
        r = self.rng
        record = {"type": "record", "name": self.name(), "fields": []}
        self.open.append(record["name"])
        for i in range(r.randint(0 if depth else 1, 5)):
            record["fields"].append({"name": f"f{i}", "type": self.any(depth + 1)})
        self.open.pop()
        return record

    def nested(self, depth):
        r = self.rng
        kind = r.randrange(4)
        if kind == 0:
            return {"type": "array", "items": self.any(depth + 1)}
        if kind == 1:
            return {"type": "map", "values": self.any(depth + 1)}
        if kind == 2 and self.open:  # only where it may end
            return r.choice([["null", self.open[-1]],
                             {"type": "array", "items": r.choice(self.open)},
                             {"type": "map", "values": r.choice(self.open)}])
        return self.record(depth)

    def union(self, depth):
        r = self.rng
        branches = [lambda: "null", lambda: "boolean", self.number, lambda: r.choice(["float", "double"]),
                    self.bytes_like, self.text, lambda: {"type": "array", "items": self.any(depth + 1)},
                    lambda: {"type": "map", "values": self.any(depth + 1)},
                    lambda: self.record(depth), lambda: self.record(depth)]
        if depth > 3:
            branches = branches[:6]
        return [make() for make in r.sample(branches, r.randint(1, min(5, len(branches))))]

    def any(self, depth):
        r = self.rng
        pick = r.random()
        if pick < 0.3 and depth < 4:
            return self.nested(depth)
        if pick < 0.5:
            return self.union(depth)
        return r.choice([lambda: "null", lambda: "boolean", self.number,
                         lambda: r.choice(["float", "double"]), self.bytes_like, self.text])()


def named_types(schema, found):
    if isinstance(schema, list):
        for branch in schema:
            named_types(branch, found)
    elif isinstance(schema, dict):
        if "name" in schema and schema["type"] in ("record", "enum", "fixed"):
            found[schema["name"]] = schema
        for field in schema.get("fields", []):
            named_types(field["type"], found)
        for inner in ("items", "values"):
            if inner in schema:
                named_types(schema[inner], found)
    return found


def without_logical(schema):
    if isinstance(schema, list):
        return [without_logical(branch) for branch in schema]
    if isinstance(schema, dict):
        return {key: without_logical(value) if key in ("type", "items", "values") else
                [dict(f, type=without_logical(f["type"])) for f in value] if key == "fields" else value
                for key, value in schema.items() if key not in ("logicalType", "precision", "scale")}
    return schema


def type_name(schema):
    return schema["type"] if isinstance(schema, dict) else schema


# ---- data ---------------------------------------------------------------------------------------

class Data:
    def __init__(self, rng, named):
        self.rng = rng
        self.named = named
        self.left = 200  # values of one record, about

    def text(self):
        return "".join(self.rng.choice(["a", "lead", "é", "€", "😀", "/tarifs?x=1", "\x00", '"', "\\"])
                       for _ in range(self.rng.choice([0, 1, 3, 20])))

    def whole(self, bits):
        return self.rng.choice([0, 1, -1, 2 ** (bits - 1) - 1, -2 ** (bits - 1),
                                self.rng.randrange(-2 ** (bits - 1), 2 ** (bits - 1)) >> self.rng.randrange(bits)])

    def raw(self, n):
        r = self.rng
        if r.random() < 0.4:
            return bytes(r.choice(b"abc/") for _ in range(n))
        return bytes(r.randrange(256) for _ in range(n))

    def any(self, schema, depth=0):
        r = self.rng
        self.left -= 1
        if isinstance(schema, list):
            ends = [b for b in schema if b == "null"]
            branch = ends[0] if (depth > 6 or self.left < 0) and ends else r.choice(schema)
            value = self.any(branch, depth)
            name = branch.get("name") if isinstance(branch, dict) else branch
            return (name, value) if type_name(self.named.get(name)) == "record" else value
        if isinstance(schema, str) and schema in self.named:
            schema = self.named[schema]
        kind = type_name(schema)
        if kind == "record":
            return {f["name"]: self.any(f["type"], depth + 1) for f in schema["fields"]}
        if kind in ("array", "map"):
            count = 0 if depth > 6 or self.left < 0 else r.choice([0, 1, 2, 5])
            if kind == "array":
                return [self.any(schema["items"], depth + 1) for _ in range(count)]
            return {f"k{i}{self.text()}": self.any(schema["values"], depth + 1) for i in range(count)}
        return {"null": lambda: None, "boolean": lambda: r.random() < 0.5,
                "int": lambda: self.whole(32), "long": lambda: self.whole(64),
                "float": lambda: struct.unpack("<f", struct.pack("<f", r.uniform(-1e6, 1e6)))[0],
                "double": lambda: r.choice([0.1, -2.5e-300, 1e300, r.uniform(-1, 1)]),
                "bytes": lambda: self.raw(r.choice([1, 2, 8, 9, 16])), "string": self.text,
                "fixed": lambda: self.raw(schema["size"]),
                "enum": lambda: r.choice(schema["symbols"])}[kind]()


# ---- what must be taken -------------------------------------------------------------------------

def hexed(text):
    return text.encode("utf-8").hex()


def put_number(value, unit=0):
    if isinstance(value, int):
        return f"i{value}:{unit}"
    return "d" + struct.pack(">d", value).hex()


def put_bytes(value, schema):
    logical = schema.get("logicalType") if isinstance(schema, dict) else None
    if logical == "decimal":
        unscaled = int.from_bytes(value, "big", signed=True)
        if schema["scale"] == 0 and -2 ** 63 <= unscaled < 2 ** 63:
            return put_number(unscaled)
        return put_number(unscaled / 10 ** schema["scale"])
    if logical == "uuid":
        h = value.hex()
        return "s" + hexed("-".join([h[:8], h[8:12], h[12:16], h[16:20], h[20:]]))
    try:
        return "s" + hexed(value.decode("utf-8"))
    except UnicodeDecodeError:
        return "n"


def fits(branch, value, named):
    kind = type_name(named.get(branch, branch) if isinstance(branch, str) else branch)
    return {"null": value is None, "boolean": isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "long": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, float), "double": isinstance(value, float),
            "bytes": isinstance(value, bytes), "fixed": isinstance(value, bytes),
            "string": isinstance(value, str), "enum": isinstance(value, str),
            "array": isinstance(value, list), "map": isinstance(value, dict),
            "record": False}[kind]


def taken(schema, value, names, whole, named):
    """What is taken of @value; @names: a dict of dicts; None: a leaf."""
    whole = whole or names is None
    names = names or {}
    if isinstance(schema, list):
        if isinstance(value, tuple):
            branch, value = named[value[0]], value[1]
        else:
            branch = next(b for b in schema if fits(b, value, named))
        return taken(branch, value, names or None if whole and not names else names, whole, named)
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    kind = type_name(schema)
    if kind == "record":
        rows = [(f["name"], taken(f["type"], value[f["name"]], names.get(f["name"], {}),
                                  whole or (f["name"] in names and names[f["name"]] is None), named))
                for f in schema["fields"] if whole or f["name"] in names]
        return "{" + ",".join(f"{hexed(k)}:{v}" for k, v in rows) + "}"
    if kind == "array":
        return "[" + ",".join(taken(schema["items"], v, names, whole, named) for v in value) + "]"
    if kind == "map":
        return "{" + ",".join(f"{hexed(k)}:" + taken(schema["values"], v, names.get(k, {}),
                                                     whole or (k in names and names[k] is None), named)
                              for k, v in value.items() if whole or k in names) + "}"
    if kind in ("bytes", "fixed"):
        return put_bytes(value, schema)
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return "s" + hexed(value)
    return put_number(value, UNITS.get(schema.get("logicalType"), 0) if isinstance(schema, dict) else 0)


def any_names(rng, schema, named, depth=0):
    """Names of some of what @schema has; None: a leaf."""
    if depth > 4 or rng.random() < 0.25:
        return None
    if isinstance(schema, list):
        records = [b for b in schema if type_name(named.get(b, b) if isinstance(b, str) else b) in
                   ("record", "array", "map")]
        return any_names(rng, rng.choice(records), named, depth) if records else None
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    kind = type_name(schema)
    if kind == "array":
        return any_names(rng, schema["items"], named, depth)
    if kind == "map":
        return {f"k{rng.randrange(3)}": any_names(rng, schema["values"], named, depth + 1)}
    if kind == "record" and schema["fields"]:
        some = rng.sample(schema["fields"], rng.randint(1, len(schema["fields"])))
        return {f["name"]: any_names(rng, f["type"], named, depth + 1) for f in some}
    return None


def notation(names):
    return ",".join(k if v is None else f"{k}{{{notation(v)}}}" for k, v in names.items())


def damaged(rng, record):
    record = bytearray(record)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(record) + 1)
        what = rng.randrange(4)
        if what == 0 and at < len(record):
            record[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del record[at:at + rng.randint(1, 4)]
        elif what == 2:
            record[at:at] = rng.choice([b"\x00", b"\x02", b"\x01", b"\xff\xff\x03", bytes([rng.randrange(256)])])
        elif at < len(record):
            record[at] = rng.randrange(256)
    return bytes(record)


# ---- the two halves -----------------------------------------------------------------------------

def avro_half(program, fastavro, seed, schemas):
    counts = {"schemas": 0, "records": 0, "damaged": 0, "damaged, accepted": 0}
    for number in range(seed, seed + schemas):
        rng = random.Random(number)
        schema = Schemas(rng).record(0)
        named = named_types(schema, {})
        raw = fastavro.parse_schema(copy.deepcopy(without_logical(schema)))
        data = Data(rng, named)
        names = None if rng.random() < 0.4 else any_names(rng, schema, named) or None
        program.tell("S " + json.dumps(schema))
        program.tell("W " + ("*" if names is None else notation(names)))
        counts["schemas"] += 1
        for _ in range(6):
            out = io.BytesIO()
            data.left = 200
            fastavro.schemaless_writer(out, raw, data.any(schema))
            for way in range(5):
                record = out.getvalue() if way == 0 else damaged(rng, out.getvalue())
                counts["records" if way == 0 else "damaged"] += 1
                told = program.ask("A " + record.hex())
                if told.startswith("no "):
                    if way == 0:
                        return f"seed {number}: refused: {told}\n{json.dumps(schema)}\n{record.hex()}", counts
                    continue
                if way and names is not None:
                    continue  # texts that are passed over need not be UTF-8, blocks are believed
                counts["damaged, accepted"] += way > 0
                back = io.BytesIO(record)
                try:
                    value = fastavro.schemaless_reader(back, raw, None, return_record_name=True)
                except Exception as error:
                    return f"seed {number}: accepted, but {error!r}\n{json.dumps(schema)}\n{record.hex()}", counts
                expected = taken(schema, value, names, False, named)
                if told != expected or back.tell() != len(record):
                    return (f"seed {number}: {names}\nwe say   {told}\nfastavro {expected}\n"
                            f"{json.dumps(schema)}\n{record.hex()}"), counts
    return None, counts


def any_json(rng, depth=0):
    data = Data(rng, {})
    pick = rng.randrange(10 if depth < 5 else 7)
    if pick < 7:
        return [lambda: None, lambda: True, lambda: False, lambda: data.whole(64),
                lambda: rng.choice([0.1, -1.5e-7, 1e300, rng.uniform(-1e9, 1e9), 1767225600.123]),
                data.text, lambda: rng.randrange(-2 ** 80, 2 ** 80)][pick]()
    if pick == 7:
        return [any_json(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {f"k{i}{data.text()}": any_json(rng, depth + 1) for i in range(rng.choice([0, 1, 3, 30]))}


def json_taken(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"{hexed(k)}:{json_taken(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_taken(v) for v in value) + "]"
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return "s" + hexed(value)
    if isinstance(value, int) and not -2 ** 63 <= value < 2 ** 63:
        return put_number(float(value))
    return put_number(value)


def json_half(program, seed, texts):
    accepted = 0
    program.tell("W *")
    for number in range(seed, seed + texts):
        rng = random.Random(number)
        whole = json.dumps(any_json(rng), ensure_ascii=rng.random() < 0.5,
                           indent=rng.choice([None, None, 2])).encode("utf-8")
        for way in range(4):
            text = whole if way == 0 else damaged(rng, whole)
            told = program.ask("J " + text.hex())
            if told.startswith("no "):
                if way == 0:
                    return f"seed {number}: refused: {told}\n{text!r}", accepted
                continue
            accepted += way > 0
            try:
                # Python keeps the place of the first of two members of one name, we that of the last.
                value = json.loads(text.decode("utf-8"), object_pairs_hook=last_of)
            except ValueError as error:
                return f"seed {number}: accepted, but {error!r}\n{text!r}", accepted
            if told != json_taken(value):
                return f"seed {number}:\nwe say {told}\nPython {json_taken(value)}\n{text!r}", accepted
    return None, accepted


def last_of(pairs):
    members = {}
    for key, value in pairs:
        members.pop(key, None)
        members[key] = value
    return members


def main():
    long = bool(os.environ.get("SEUIL_TEST_LONG"))
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemas", type=int, default=30000 if long else 300)
    options = parser.parse_args()
    fastavro = fetch_fastavro()

    program = Program(options.program)
    wrong, counts = avro_half(program, fastavro, options.seed, options.schemas)
    status = program.done() if not wrong else 0
    print(f"fastavro {VERSION}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    if not wrong and not status:
        program = Program(options.program)
        wrong, accepted = json_half(program, options.seed, 5 * options.schemas)
        status = program.done() if not wrong else 0
        print(f"json: {5 * options.schemas} texts, {15 * options.schemas} damaged of which "
              f"{accepted} accepted")
        if not wrong and not accepted:
            wrong = "no damaged text was accepted: nothing was compared"
    if wrong:
        print(wrong)
    return 1 if wrong or status else 0


sys.exit(main())
