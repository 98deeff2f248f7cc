#!/usr/bin/env python3
"""daemon.py BUILD [CASE...]: seuild as its users meet it, between a real Kafka and a real Redis."""
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, World, adds_up, await_until, expect, main, say  # noqa: E402

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quick.yaml")


def now_ms():
    return time.time_ns() // 1000000


def rfc3339(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def page(lead, id_, at, path="/tarifs", **more):
    return ("page_views", lead, {"type": "page_view", "id": id_, "lead": lead, "time": rfc3339(at),
                                 "url": "https://www.exemple.fr" + path, **more}, at)


def form(lead, id_, at, action="submitted", **more):
    return ("forms", lead, {"type": "form", "id": id_, "lead": lead, "time": rfc3339(at), "form_id": "devis",
                            "action": action, **more}, at)


def world(build, **more):
    return World(build, MODEL, broker="shared", **more)


def a_lead_qualifies(build):
    """a form sends a lead over the mark, the crossing says why, to the cent, and is found by explain"""
    with world(build) as w:
        daemon = w.daemon()
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(page("L1", "e1", t))
        await_until("the first crossing", lambda: w.crossings("L1"))
        w.produce(form("L1", "e2", t + 1, "viewed"), form("L2", "x", t, "viewed"))
        await_until("two more", lambda: len(w.crossings()) >= 3)
        up = w.crossings("L1")
        expect([(c["tier_before"], c["tier"]) for c in up] == [("froid", "tiede"), ("tiede", "qualifie")], f"other tiers: {up}")
        last = up[-1]
        expect(last["cause"]["id"] == "e2" and last["reason"] == "event", f"another cause: {last}")
        expect(sum(round(100 * x["now"]) for x in last["explanation"]) == round(100 * last["score"]), f"does not add up: {last}")
        record = w.consume("qualifications")[0]
        expect(record.headers["ce_specversion"] == b"1.0" and record.headers["ce_id"].decode() == json.loads(record.value)["id"],
               f"CloudEvents headers: {record.headers}")
        expect(record.headers["ce_time"].decode() == json.loads(record.value)["effective_time"], "ce_time")
        took = daemon.stop()
        say(f"stopped in {took:.1f} s")
        text = w.ctl("explain", "L1")
        expect("qualifié pour la vente" in text or "qualifie" in text, f"explain says: {text}")
        adds_up(daemon)


def silence_takes_a_lead_down(build):
    """a lead falls at its computed instant with no event, also when the daemon was down across it"""
    with world(build) as w:
        daemon = w.daemon()
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(form("L1", "e1", t))
        await_until("up and down again", lambda: len(w.crossings("L1")) >= 2, 60)
        up, down = w.crossings("L1")
        seen = max(r.time for r in w.consume("qualifications"))
        expect(up["direction"] == "up" and down["direction"] == "down" and down["reason"] == "decay", f"{up} {down}")
        expect(parse_ms(down["effective_time"]) == t + 3000, f"fell at {down['effective_time']}, 3 s after {rfc3339(t)} was due")
        expect(up["qualified_until"] == down["effective_time"], f"qualified until {up['qualified_until']}")
        say(f"published {seen - t - 3000} ms after its instant")
        expect(0 <= seen - t - 3000 <= 10000, "published too early or too late")
        t = now_ms()
        w.produce(form("L2", "e2", t))
        await_until("up", lambda: w.crossings("L2"))
        daemon.stop()
        await_until("the instant passes while nobody is there", lambda: now_ms() > t + 3500)
        expect(len(w.crossings("L2")) == 1, "fell without a daemon")
        daemon.start()
        await_until("falls on return", lambda: len(w.crossings("L2")) == 2)
        expect(parse_ms(w.crossings("L2")[1]["effective_time"]) == t + 3000, "another instant after the return")
        # Older events in the backlog change the answer: they come before the silence.
        t = now_ms()
        w.produce(form("L3", "e3", t))
        await_until("up", lambda: w.crossings("L3"))
        daemon.kill()
        w.produce(form("L3", "e4", t + 2000))
        await_until("both instants pass", lambda: now_ms() > t + 5500)
        daemon.start()
        await_until("falls", lambda: len(w.crossings("L3")) == 2)
        expect(parse_ms(w.crossings("L3")[1]["effective_time"]) == t + 5000, f"{w.crossings('L3')}")
        daemon.stop()
        adds_up(daemon)


def bad_records_are_kept_byte_for_byte(build):
    """what cannot be used goes to the dead letters with its reason, and the flow goes on"""
    t = now_ms()
    bad = {
        "truncated": b'{"type":"page_view","id":"x',
        "no_json": b"\x00\x00\x00\x00\x01abc",
        "binary": bytes(range(256)),
        "no_lead": json.dumps({"type": "page_view", "id": "a", "time": rfc3339(t), "url": "u"}).encode(),
        "no_id": json.dumps({"type": "page_view", "lead": "L1", "time": rfc3339(t), "url": "u"}).encode(),
        "no_time": json.dumps({"type": "page_view", "id": "a", "lead": "L1", "url": "u"}).encode(),
        "wrong_type": json.dumps({"type": "page_view", "id": 7, "lead": "L1", "time": rfc3339(t), "url": ["u"]}).encode(),
        "other_kind": json.dumps({"type": "email", "id": "a", "lead": "L1", "time": rfc3339(t), "action": "opened"}).encode(),
        "long_id": json.dumps({"type": "page_view", "id": "a" * 5000, "lead": "L1", "time": rfc3339(t), "url": "u"}).encode(),
        "deep": b'{"x":' * 200 + b"1" + b"}" * 200,
        "empty": b"",
    }
    with world(build) as w:
        daemon = w.daemon()
        w.ctl("init")
        daemon.start()
        w.produce(*[("page_views", "L1", v, t) for v in bad.values()])
        w.produce(("page_views", "L1", None, t))  # a tombstone is no error
        w.produce(("page_views", "other", json.dumps(page("L1", "m", t)[2]), t))  # the key is not the lead
        w.produce(page("L1", "late", t), page("L1", "old", t - 9 * 86400000))
        w.produce(form("L1", "good", t, "viewed"))
        await_until("the good one crosses", lambda: any(c["tier"] == "qualifie" for c in w.crossings("L1")))
        await_until("the dead letters", lambda: len(w.consume("seuil.dead_letters")) >= len(bad) + 1)
        daemon.stop()
        dead = w.consume("seuil.dead_letters")
        values = [d.value for d in dead]
        for name, value in bad.items():
            found = [d for d in dead if d.value == value]
            expect(len(found) == 1, f"{name}: {len(found)} dead letters of its bytes")
            headers = found[0].headers
            expect(found[0].key == b"L1" and headers.get("__connect.errors.topic") == (w.prefix + "page_views").encode(), f"{name}: {headers}")
            expect("__connect.errors.offset" in headers and headers.get("__connect.errors.exception.message"), f"{name}: {headers}")
        expect(any(b"misrouted" in b"".join(d.headers.values()) for d in dead), "the misrouted one is not told")
        got = adds_up(daemon)
        expect(got["dead_lettered"] == len(bad) + 1 and got.get("late", 0) == 1, f"counted otherwise: {got}; {values}")


def zigzag(n):
    n = n << 1 ^ n >> 63
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def avro_email(lead, id_, at, action):
    """An email by schemas/email.avsc: its five fields that are no unions, then nulls; consent and retracts null too."""
    def text(value):
        return zigzag(len(value.encode())) + value.encode()
    null = zigzag(0)
    return text(id_) + text(lead) + zigzag(at) + null + null + text(action) + 6 * null


def framed(schema, body):
    return b"\x00" + schema.to_bytes(4, "big") + body


def framing_and_times_are_judged(build):
    """Avro with Confluent's frame beside JSON: the other's bytes, unknown schemas, sizes and future times"""
    t = now_ms()
    good = avro_email("L1", "avro", t, "opened")
    bad = {
        ("emails", "json where Avro is expected"): json.dumps({"type": "email", "id": "j", "lead": "L1", "time": t, "action": "opened"}).encode(),
        ("emails", "an unknown schema"): framed(99, good),
        ("emails", "no frame"): good,
        ("emails", "cut off"): framed(7, good)[:-9],
        ("emails", "only a frame"): framed(7, b""),
        ("emails", "too long by one"): framed(7, good + b"\x00"),
        ("page_views", "Avro where JSON is expected"): framed(7, good),
        ("page_views", "oversize"): b'{"x":"' + b"y" * ((1 << 20) - 100) + b'"}',  # as much as Kafka takes
    }
    with World(build, MODEL, broker="shared") as w:
        daemon = w.daemon("a", inputs__emails={"start": "earliest", "topic": w.prefix + "emails", "format": "confluent",
                                               "schemas": {7: os.path.join(ROOT, "schemas", "email.avsc")}})
        with open(daemon.config) as f:
            text = f.read()
        with open(daemon.config, "w") as f:
            f.write(text.replace('"7":', "7:"))  # a number in YAML, which JSON's keys cannot be
        w.ctl("init")
        daemon.start()
        w.produce(*[(topic, "L1", value, t) for (topic, _), value in bad.items()])
        ahead = json.dumps(page("L1", "ahead", t)[2])
        w.produce(("emails", "L1", framed(7, good), t), ("page_views", "L1", ahead, t + 3600000),
                  page("L1", "clock", t)[:2] + (page("L1", "clock", t + 86400000)[2], t), form("L1", "good", t, "viewed"))
        await_until("the flow goes on", lambda: any(c["cause"]["id"] == "good" for c in w.crossings("L1")))
        await_until("the dead letters", lambda: len(w.consume("seuil.dead_letters")) >= len(bad) + 1)
        daemon.stop()
        dead = w.consume("seuil.dead_letters")
        for (topic, name), value in bad.items():
            found = [d for d in dead if d.value == value and d.headers["__connect.errors.topic"] == (w.prefix + topic).encode()]
            expect(len(found) == 1, f"{name}: {len(found)} dead letters")
        future = [d for d in dead if d.value == ahead.encode()]
        expect(len(future) == 1 and b"ahead" in future[0].headers["__connect.errors.exception.message"], f"{future}")
        got = adds_up(daemon)
        expect(got["dead_lettered"] == len(bad) + 1 and got["time_clamped"] == 1, f"counted otherwise: {got}")
        lines = json.loads(w.ctl("explain", "L1", "--format", "json", "--at", rfc3339(t + 1000)))["models"][0]["explanation"]
        expect([x["count"] for x in lines if x["rule"] == "tarifs"] == [1], f"the clamped view does not count: {lines}")


def many_misrouted_halt(build):
    """keys that are not where the partitioner puts them halt the shard, and no other; go-on goes on"""
    with world(build, partitions=2) as w:
        daemon = w.daemon("a", misrouted_halt=20, checkpoint_interval="200ms")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(*[page(f"L{i}", f"e{i}", t) + (0,) for i in range(60)])
        await_until("it halts", lambda: w.shards()[0]["state"] == "halted")
        halt = w.shards()[0]["halt"]
        expect("partitioner" in halt and "go-on" in halt and w.shards()[1]["state"] == "owned", f"{w.shards()}")
        # Each time it passes what it halted at: 20 of about 30.
        for turn in range(4):
            w.ctl("go-on", "0")

            def moved():
                shard = w.shards()[0]
                read = sum(topic["base"] for topic in shard["topics"]) == 60
                return read or (daemon.count("halted: ") > turn + 1 and shard["state"] == "halted")
            await_until("it passes them, or halts at later ones", moved)
            if w.shards()[0]["state"] == "owned":
                break
        expect(1 <= turn + 1 <= 3 and w.shards()[0]["state"] == "owned", f"go-on does not go on: {w.shards()[0]}")
        daemon.stop()
        adds_up(daemon)


def files_are_checked(build):
    """--check refuses what is wrong with its line and column, status 78, and needs no network"""
    folder = tempfile.mkdtemp(prefix="seuil-test.")
    try:
        bad = os.path.join(folder, "bad.yaml")
        program = os.path.join(build, "daemon", "seuild")
        for text, place in (("redis:\n  ur1: x\n", ":2:3: "), ("workers: many\n", ":1:10: "), ("app: [\n", ":")):
            with open(bad, "w") as f:
                f.write(text)
            done = subprocess.run([program, "--config", bad, "--check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            expect(done.returncode == 78 and bad + place in done.stdout + done.stderr, f"{text!r}: {done}")
        good = subprocess.run([program, "--config", os.path.join(ROOT, "config", "seuil.yaml"), "--check"])
        expect(good.returncode == 0, "the sample is refused")
        expect(subprocess.run([program, "--nonsense"], stderr=subprocess.DEVNULL).returncode == 64, "wrong arguments")
    finally:
        shutil.rmtree(folder)


def an_input_is_added(build):
    """a static member that comes back at once with one input more is given that one too"""
    with world(build) as w:
        daemon = w.daemon()
        w.ctl("init")
        daemon.start()
        await_until("its shards", lambda: all(s["state"] == "owned" for s in w.shards()))
        daemon.kill()
        w.inputs = (*w.inputs, "activities")
        more = w.daemon()
        w.ctl("init", config=more.config)
        more.start()
        t = now_ms()
        w.produce(form("L1", "e1", t), ("activities", "L1", {"type": "activity", "id": "e2", "lead": "L1", "time": rfc3339(t),
                                                             "name": "webinaire"}, t))

        def both():
            more.send(signal.SIGUSR1)
            return more.says("received=2 ")
        await_until("both records", both, 120, 0.5)
        more.stop()
        adds_up(more)


def it_waits_for_what_is_missing(build):
    """without its topics it says which command makes them; without Redis it waits and goes on"""
    with world(build) as w:
        daemon = w.daemon()
        daemon.start(wait=False)
        code = daemon.process.wait(60)
        expect(code == 78 and daemon.says("seuilctl init"), f"ended with {code}: {daemon.tail()}")
        w.ctl("init")
        w.redis.kill()
        daemon.start(wait=False)
        await_until("it says that Redis does not answer", lambda: daemon.says("waiting"))
        expect(daemon.alive(), "ended without Redis")
        w.redis.start()
        daemon.await_ready()
        w.produce(form("L1", "e1", now_ms(), "viewed"))
        await_until("the crossing", lambda: w.crossings("L1"))
        daemon.stop()


def a_changed_model_scores_anew(build):
    """SIGHUP takes a new model file: leads whose tier moves are judged; a silent version beside it goes along without a word"""
    with world(build) as w:
        own = os.path.join(w.folder, "model.yaml")
        with open(MODEL) as f:
            text = f.read()
        with open(own, "w") as f:
            f.write(text)
        trial = os.path.join(w.folder, "trial.yaml")
        with open(trial, "w") as f:
            f.write(text.replace("name: quick", "name: essai\nsilent: true"))
        daemon = w.daemon("a", models=[own, trial], model_alerts=True)
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(form("L1", "e1", t, "viewed"))
        await_until("up", lambda: w.crossings("L1"))
        with open(own, "w") as f:
            f.write(text.replace("points: 50, when: {action: viewed}", "points: 20, when: {action: viewed}"))
        daemon.send(signal.SIGHUP)
        await_until("down by the model", lambda: len(w.crossings("L1")) == 2)
        expect(w.crossings("L1")[1]["reason"] == "model_changed", f"{w.crossings('L1')}")
        daemon.stop()
        expect({c["model"] for c in w.crossings()} == {"quick"}, f"a silent model speaks: {w.crossings()}")
        tiers = {m["model"]: m["tier"] for m in json.loads(w.ctl("explain", "L1", "--format", "json"))["models"]}
        expect(tiers == {"quick": "tiede", "essai": "qualifie"}, f"{tiers}")


FIVE_RULES = """seuil_model: 1
name: erp
version: "1"
decay: {half_life: 14d}
groups: {pages: {ceiling: 60}, emails: {}, forms: {}}
rules:
  - {name: tarifs, event: page_view, when: {path: {prefix: /tarifs}}, group: pages, points: 10}
  - {name: page, event: page_view, group: pages, points: 1}
  - {name: ouvert, event: email, when: {action: opened}, group: emails, points: 2}
  - {name: clic, event: email, when: {action: clicked}, group: emails, points: 6, decay: {half_life: 30d}}
  - {name: devis, event: form, when: {action: submitted}, group: forms, points: 30}
tiers: [{name: froid}, {name: tiede, entry: 20, exit: 15}, {name: chaud, entry: 60, exit: 50}]
"""


def a_lead_costs_little(build):
    """five rules, ten events, four of them in the horizon, an id of 20 bytes: at most 420 bytes of Redis"""
    with world(build) as w:
        own = os.path.join(w.folder, "model.yaml")
        with open(own, "w") as f:
            f.write(FIVE_RULES)
        daemon = w.daemon("a", models=[own])
        w.ctl("init")
        lead, day, now = "0123456789abcdefghij", 86400000, now_ms()
        kinds = (("page_views", {"type": "page_view", "url": "https://a.fr/tarifs/erp"}),
                 ("emails", {"type": "email", "action": "opened", "message_id": "m"}),
                 ("emails", {"type": "email", "action": "clicked", "message_id": "m"}),
                 ("page_views", {"type": "page_view", "url": "https://a.fr/blog"}),
                 ("forms", {"type": "form", "action": "submitted", "form_id": "devis"}))
        records = []
        for n, age in enumerate((30, 27, 24, 20, 16, 12, 6, 4, 2, 1)):
            topic, fields = kinds[n % 5]
            at = now - age * day
            records.append((topic, lead, {**fields, "id": f"e-{n}", "lead": lead, "time": at}, at))
        w.produce(*records)
        daemon.start()
        await_until("the lead is told of", lambda: w.crossings(lead))
        await_until("all is read", lambda: sum(s["counts"]["applied"] for s in w.shards() if s["counts"]) == 10)
        daemon.stop()
        redis = w.redis.client()
        key, = redis.keys(f"*}}:l:{lead}")
        used, value = redis("MEMORY", "USAGE", key), len(redis("GET", key))
        say(f"the lead costs {used} bytes of Redis: a key of {len(key)}, a state of {value}")
        expect(used <= 420, f"{used} bytes: a key of {len(key)}, a state of {value}")


if __name__ == "__main__":
    main([a_lead_qualifies, silence_takes_a_lead_down, bad_records_are_kept_byte_for_byte,
          framing_and_times_are_judged, many_misrouted_halt, files_are_checked, it_waits_for_what_is_missing,
          an_input_is_added, a_changed_model_scores_anew, a_lead_costs_little])
