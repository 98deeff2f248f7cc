#!/usr/bin/env python3
"""mapping.py BUILD [CASE...]: records of other sources become events, between a real Kafka and a real Redis."""
import hashlib
import hmac
import json
import os
import sys
import time
from urllib.parse import urlencode

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

        def reach():
            return sum(topic["reach"] for shard in w.shards() for topic in shard["topics"])
        for turn in range(4):
            records, before = [], reach()
            for n in range(10):
                for lead in leads:
                    views = [(t + turn * 100 + n, f"https://e.fr/tarifs/{turn}.{n}.{i}") for i in range(1 + n % 4)]
                    wanted[lead] += len(views)
                    records.append(("views", lead, batch(lead, views), t + turn * 100 + n))
            w.produce(*records)
            await_until("some of them are taken", lambda: reach() > before, 30, 0.05)
            daemon.kill()
            daemon.start()

        def counts():
            found = {}
            for lead in leads:
                text = json.loads(w.ctl("explain", lead, "--format", "json"))
                found[lead] = sum(x["count"] for m in text["models"] for x in m["explanation"] if x["rule"] == "tarifs")
            return found
        await_until("all of every lead", lambda: all(n >= wanted[lead] for lead, n in counts().items()))
        daemon.stop()
        adds_up(daemon)
        found = counts()
        expect(found == wanted, f"{found} instead of {wanted}")
        say(f"{sum(wanted.values())} events in {len(leads) * 40} records, each counted once")


SECRET = "a secret of tests"


def key_of(address):
    return hmac.new(SECRET.encode(), address.encode(), hashlib.sha256).hexdigest()


def matomo(key, rand, at, path):
    return ("matomo", key, urlencode({"idsite": 1, "rec": 1, "rand": rand, "_id": "4dd8b1e2a3f40596", "cdt": at // 1000,
                                      "url": "https://www.exemple.fr" + path}), at)


def brevo(key, address, event, at, **more):
    return ("brevo", key, {"event": event, "email": address, "id": 26224, "message-id": "<m1@relay.example>", "ts_epoch": at,
                           "ts": at // 1000 + 7200, "tags": ["printemps"], **more}, at)


def texts_in(redis):
    """Every text that Redis keeps."""
    read = {"string": ("GET",), "hash": ("HGETALL",), "list": ("LRANGE", 0, -1), "set": ("SMEMBERS",),
            "zset": ("ZRANGE", 0, -1), "stream": ("XRANGE", "-", "+")}
    for key in redis.keys("*"):
        kind = redis("TYPE", key)
        verb, *rest = read[kind if isinstance(kind, str) else kind.decode()]
        yield repr(key) + repr(redis(verb, key, *rest))


def presets_lift_a_lead_together(build):
    """pages of Matomo, e-mails of Brevo and SendGrid and a form of HubSpot are one lead, by a hash of the address"""
    hashed = {"lead": "email | hmac"}
    own = {"matomo": {}, "brevo": {"all": hashed}, "sendgrid": {"others": "drop", "all": hashed},
           "hubspot-forms": {"all": {"lead": "values[name=email].value | email | hmac"}}}
    with World(build, os.path.join(ROOT, "config", "models", "standard.yaml"), broker="shared", inputs=()) as w:
        daemon = w.daemon(lead_secret=SECRET, inputs={
            name.split("-")[0]: {"start": "earliest", "topic": w.prefix + name, "preset": name, **({"map": map_} if map_ else {})}
            for name, map_ in own.items()})
        w.ctl("init")
        daemon.start()
        address, other = "camille@usine.example", "paul@usine.example"
        lead, at = key_of(address), now_ms()
        page = matomo(lead, 2, at, "/tarifs?utm_source=lettre")
        batch_ = [{"email": e, "timestamp": at // 1000, "event": "open", "sg_event_id": "o" + e[0], "sg_message_id": "m2.f",
                   "sg_machine_open": False} for e in (address, other)]
        w.produce(matomo(lead, 1, at, "/demande-de-devis"), page, page,
                  brevo(lead, address, "request", at), brevo(lead, address, "delivered", at),
                  brevo(lead, address, "unique_proxy_open", at + 1), brevo(lead, address, "proxy_open", at + 1),
                  brevo(lead, address, "unique_opened", at + 2), brevo(lead, " Camille@Usine.EXAMPLE", "opened", at + 2),
                  brevo(lead, address, "click", at + 3, link="https://www.exemple.fr/tarifs"),
                  ("sendgrid", lead, batch_, at), ("sendgrid", key_of(other), batch_, at))

        def lines(of):
            told = json.loads(w.ctl("explain", of, "--format", "json", check=False) or "{}")
            return {x["rule"]: x["count"] for m in told.get("models", ()) for x in m["explanation"] if x["count"]}
        await_until("what both leads did", lambda: lines(lead) == {"demande-de-devis-vue": 1, "tarifs": 1, "ouverture": 2, "clic": 1}
                    and lines(key_of(other)) == {"ouverture": 1})
        expect(not w.crossings(), f"too early: {w.crossings()}")
        w.produce(("hubspot-forms", lead, {"formId": "devis", "conversionId": "c1", "submittedAt": now_ms(), "pageUrl": "https://www.exemple.fr/devis",
                                           "values": [{"name": "email", "value": address}, {"name": "effectif", "value": "50"}]}))
        await_until("the form", lambda: lines(lead).get("demande-envoyee") == 1)
        last = matomo(lead, 3, now_ms(), "/tarifs")
        w.produce(last)
        shown = [json.loads(w.ctl("decode", "--input", "matomo", "--offset", f"{r.partition}:{r.offset}"))
                 for r in w.consume("matomo") if r.value == last[2].encode()]
        await_until("the crossings by the form and by the page", lambda: len(w.crossings()) == 2)
        form, crossing = w.crossings()
        expect(form["lead"] == lead and form["tier"] == "chaud" and form["cause"]["id"] == "c1", f"another crossing: {form}")
        expect(crossing["lead"] == lead and crossing["tier"] == "qualifie" and crossing["cause"]["id"] == shown[0]["id"],
               f"another crossing: {crossing}")
        daemon.stop()
        expect(len(w.crossings()) == 2, f"others crossed: {w.crossings()}")
        got = adds_up(daemon)
        expect("dead_lettered" not in got and got["duplicate"] == 2, f"other fates: {got}")
        expect(daemon.says("input sendgrid left out: other_lead=2"), "what was left out is not told")
        published = [str((r.key, r.value, r.headers)) for r in w.consume("qualifications")]
        kept = list(texts_in(w.redis.client()))
        expect(any(lead in text for text in kept) and any(lead in text for text in published), "the lead is nowhere")
        for text in [*kept, *published]:
            expect("usine.example" not in text.lower(), f"an address is in {text}")


main([a_mapped_lead_qualifies, lists_survive_kills, presets_lift_a_lead_together])
