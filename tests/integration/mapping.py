#!/usr/bin/env python3
"""mapping.py BUILD [CASE...]: records of other sources become events, between a real Kafka and a real Redis."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, World, adds_up, await_until, expect, main, say  # noqa: E402

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quick.yaml")

AVRO = {"type": "record", "name": "Batch", "fields": [
    {"name": "visitor", "type": "string"},
    {"name": "views", "type": {"type": "array", "items": {"type": "record", "name": "View", "fields": [
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "page", "type": ["null", "string"]}]}}}]}

VIEWS = {"each": "views", "events": [
    {"when": {"page | lower": {"prefix": "http"}}, "kind": "page_view", "id": {"derive": ["page"]}, "lead": "@record.visitor",
     "time": "at", "url": "page | url_normal"}]}


def now_ms():
    return time.time_ns() // 1000000


def long(n):
    n = n << 1 ^ n >> 63
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def string(text):
    return long(len(text.encode())) + text.encode()


def batch(visitor, views):
    """A Confluent frame with schema 1; @views: (ms, page or None)."""
    items = b"".join(long(at * 1000 + 7) + (long(0) if page is None else long(1) + string(page)) for at, page in views)
    body = (long(len(views)) + items if views else b"") + long(0)
    return b"\0\0\0\0\1" + string(visitor) + body


def inputs(w):
    with open(os.path.join(w.folder, "1.avsc"), "w") as f:
        json.dump(AVRO, f)
    return {"web": {"start": "earliest", "topic": w.prefix + "web",
                    "preset": os.path.join(ROOT, "config", "presets", "segment.yaml"),
                    "map": {"all": {"session_id": "anonymousId"}}},
            "views": {"start": "earliest", "topic": w.prefix + "views", "format": "confluent", "map": VIEWS}}


def world(build):
    return World(build, MODEL, broker="shared", inputs=("web", "views"))


def segment(lead, id_, at, path):
    return ("web", lead, {"type": "page", "messageId": id_, "userId": lead, "timestamp": stamp(at),
                          "context": {"page": {"url": "https://www.exemple.fr" + path}}}, at)


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(ms / 1000)) + f"{ms % 1000:03d}Z"


def a_mapped_lead_qualifies(build):
    """JSON by a preset and Avro by a map of its own lift a lead; decode shows the same events"""
    with world(build) as w:
        daemon = w.daemon(inputs=inputs(w), registry__directory=w.folder)
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(segment("L1", "m1", t, "/tarifs/a"))
        await_until("the crossing by the page", lambda: w.crossings("L1"))
        expect(w.crossings("L1")[0]["cause"]["id"] == "m1", f"another cause: {w.crossings('L1')}")
        w.produce(("views", "L2", batch("L2", [(t, "HTTPS://www.Exemple.fr:443/tarifs"), (t + 1, None)]), t),
                  ("web", "L3", {"type": "group", "messageId": "g"}, t), ("web", "L3", {"type": "page"}, t),
                  ("views", "L4", batch("L2", [(t, "https://e.fr/tarifs")]), t))
        await_until("the crossing by the view", lambda: w.crossings("L2"))
        await_until("the dead letters", lambda: len(w.consume("seuil.dead_letters")) == 2)
        letters = {r.key: r for r in w.consume("seuil.dead_letters")}
        expect(b"field `id`" in letters[b"L3"].headers["__connect.errors.exception.message"], f"{letters[b'L3'].headers}")
        expect(set(letters) == {b"L3", b"L4"}, f"others are dead letters: {letters}")
        record = [r for r in w.consume("views") if r.key == b"L2"][0]
        shown = json.loads(w.ctl("decode", "--input", "views", "--offset", f"{record.partition}:{record.offset}"))
        expect(shown["url"] == "https://www.exemple.fr/tarifs" and shown["lead"] == "L2" and shown["time"] == stamp(t),
               f"decode shows {shown}")
        expect(shown["id"] == w.crossings("L2")[0]["cause"]["id"], "the derived id is another one")
        daemon.stop()
        got = adds_up(daemon)
        expect(got["dead_lettered"] == 2 and got["filtered"] == 1, f"other fates: {got}")
        expect(daemon.says("input web left out: identity=1"), "the reason is not told")


def lists_survive_kills(build):
    """records of several events count each of them once, though the daemon is killed among them"""
    with world(build) as w:
        daemon = w.daemon(inputs=inputs(w), registry__directory=w.folder, checkpoint_interval="1s")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        leads = [f"K{i}" for i in range(12)]
        wanted = dict.fromkeys(leads, 0)
        for turn in range(4):
            records = []
            for n in range(10):
                for lead in leads:
                    views = [(t + turn * 100 + n, f"https://e.fr/tarifs/{turn}.{n}.{i}") for i in range(1 + n % 4)]
                    wanted[lead] += len(views)
                    records.append(("views", lead, batch(lead, views), t + turn * 100 + n))
            w.produce(*records)
            time.sleep(0.3)
            daemon.kill()
            daemon.start()
        def counted():
            text = json.loads(w.ctl("explain", leads[0], "--format", "json"))
            return sum(x["count"] for m in text["models"] for x in m["explanation"] if x["rule"] == "tarifs")
        await_until("all of one lead", lambda: counted() == wanted[leads[0]])
        daemon.stop()
        adds_up(daemon)
        for lead in leads:
            text = json.loads(w.ctl("explain", lead, "--format", "json"))
            count = sum(x["count"] for m in text["models"] for x in m["explanation"] if x["rule"] == "tarifs")
            expect(count == wanted[lead], f"{lead}: {count} events instead of {wanted[lead]}")
        say(f"{sum(wanted.values())} events in {len(leads) * 40} records, each counted once")


main([a_mapped_lead_qualifies, lists_survive_kills])
