"""Cases of consumer.py: /metrics as Prometheus' own client for Python reads it, by the rules of
`promtool check metrics`."""
import re
import urllib.error
import urllib.request

from harness import World, await_until, expect
from daemon import MODEL, now_ms, page

FATES = ("applied", "replayed", "duplicate", "filtered", "late", "dead_lettered", "retaken")


def address(daemon):
    def told():
        with open(daemon.log, errors="replace") as f:
            found = re.findall(r"metrics at (http://\S+?)/metrics", f.read())
        return found and found[-1]
    return await_until("the address is told", told)


def scrape(url):
    """{(name, labels): value} of one answer, which is checked."""
    from prometheus_client.parser import text_string_to_metric_families
    with urllib.request.urlopen(url + "/metrics", timeout=30) as answer:
        expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", f"{answer.headers}")
        text = answer.read().decode()
    expect(text.endswith("\n"), "the last line does not end")
    names = re.findall(r"^# TYPE (\S+)", text, re.M)
    expect(len(names) == len(set(names)) and names == re.findall(r"^# HELP (\S+)", text, re.M), f"HELP and TYPE: {names}")
    found = {}
    for family in text_string_to_metric_families(text):
        expect(family.documentation and family.type in ("counter", "gauge"), f"{family}")
        for sample in family.samples:
            expect(sample.name.endswith("_total") == (family.type == "counter"), f"{sample.name} is a {family.type}")
            expect(not re.search(r"_(ms|milliseconds|percent|info_total)$", sample.name), f"unit of {sample.name}")
            key = (sample.name, tuple(sorted(sample.labels.items())))
            expect(key not in found, f"twice: {key}")
            found[key] = sample.value
    expect(len(found) == sum(1 for line in text.splitlines() if not line.startswith("#")), "a line is no sample")
    return found


def value(found, name, **labels):
    key = (name, tuple(sorted(labels.items())))
    expect(key in found, f"no {key} in {sorted(found)}")
    return found[key]


def adds_up(found):
    fates = sum(value(found, f"seuil_events_{fate}_total") for fate in FATES)
    expect(value(found, "seuil_events_received_total") == fates + value(found, "seuil_events_in_flight"), f"{found}")


def what_goes_wrong_is_seen(build):
    """every answer adds up; a field that stops coming, a breaker that opens and closes"""
    with World(build, MODEL, partitions=2, broker="shared", inputs=("page_views",)) as w:
        mapped = {"start": "earliest", "format": "json", "topic": w.prefix + "shop", "map": {
            "where": {"test": {"present": False}},
            "events": [{"kind": "activity", "id": "id", "lead": "who", "time": "@time", "name": "=view", "object": "what"}]}}
        views = {"start": "earliest", "format": "json", "topic": w.prefix + "page_views"}
        daemon = w.daemon("a", inputs={"page_views": views, "shop": mapped}, admin__listen="0",
                          dead_letters={"topic": w.prefix + "seuil.dead_letters", "breaker": 30, "window": 20})
        w.ctl("init")
        daemon.start()
        url = address(daemon)
        t, before = now_ms(), {}

        def shop(n, **more):
            return [("shop", "L1", {"id": f"{more}-{i}", "who": "L1", **more}, t) for i in range(n)]

        def seen(**wanted):
            nonlocal before
            found = scrape(url)
            adds_up(found)
            for key, last in before.items():
                expect(found.get(key, last) >= last or not key[0].endswith("_total"), f"{key} fell from {last} to {found.get(key)}")
            before = found
            field = dict(input="shop", variant="1", field="object")
            got = {"received": value(found, "seuil_events_received_total"), "lag": value(found, "seuil_lag_records", topic=w.prefix + "shop"),
                   "missing": value(found, "seuil_mapped_field_missing", **field),
                   "silent": value(found, "seuil_mapped_field_silent_events", **field),
                   "left_out": value(found, "seuil_mapped_items_left_out_total", input="shop", reason="where"),
                   "unusable": value(found, "seuil_breaker_unusable_records", topic=w.prefix + "page_views"),
                   "tripped": value(found, "seuil_breaker_halted_shards", topic=w.prefix + "page_views"),
                   "halted": value(found, "seuil_shards", state="halt"), "running": value(found, "seuil_shards", state="run")}
            return all(got[name] == number for name, number in wanted.items())

        w.produce(*shop(150, what="x"), *shop(3, test=1), page("L2", "e1", t))
        await_until("the field comes", lambda: seen(received=154, missing=0, silent=0, left_out=3, running=2))
        w.produce(*shop(1100, wat="x"))
        await_until("the field is missed", lambda: seen(received=1254, missing=1, silent=1100, lag=0))
        w.produce(*shop(1, what="again"))
        await_until("the field comes again", lambda: seen(missing=0, silent=0))
        expect(value(before, "seuil_breaker_limit_records") == 6 and value(before, "seuil_build_info", version="0.1.0") == 1, f"{before}")

        w.produce(*[("page_views", "L", b"{", t, 0) for _ in range(5)])
        await_until("five of six", lambda: seen(unusable=5, tripped=0, halted=0))
        w.produce(("page_views", "L", b"{", t, 0))
        await_until("it halts", lambda: seen(tripped=1, halted=1, running=1))
        w.ctl("go-on", "0")
        await_until("it goes on", lambda: seen(tripped=0, halted=0, running=2))

        for path in ("/", "/metrics/", "/healthz"):
            try:
                urllib.request.urlopen(url + path, timeout=30)
                expect(False, f"{path} is answered")
            except urllib.error.HTTPError as e:
                expect(e.code == 404, f"{path}: {e.code}")
        daemon.stop()
        again = w.daemon("a", admin__listen=url.split("//")[1])
        again.start()
        expect(address(again) == url, "another address than was asked for")
        third = w.daemon("c", admin__listen=url.split("//")[1])
        third.start(wait=False)
        await_until("the port is taken", lambda: third.process.poll() == 75)
        expect("in use" in third.tail(), third.tail())
        again.stop()
