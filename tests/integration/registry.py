#!/usr/bin/env python3
"""registry.py BUILD [CASE...]: schema registries, against one that is not ours: the client alone,
then seuild between a real Kafka and a registry that comes, goes and refuses."""
import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, Registry, World, adds_up, await_until, expect, main, say  # noqa: E402

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quick.yaml")
BACKOFF, MISSING, UNSUPPORTED, INVALID = -13, -7, -16, -2


# ---- Avro, as much as the records of these tests need ------------------------------------------------

def varint(n):
    z, out = (n << 1) ^ (n >> 63), b""
    while z & ~0x7f:
        out, z = out + bytes([z & 0x7f | 0x80]), z >> 7
    return out + bytes([z])


def text(s):
    return varint(len(s.encode())) + s.encode()


def schema_of(*fields):
    """A page view of id, lead, time, url and more fields, in this order, before them."""
    return {"type": "record", "name": "PageView", "namespace": "t", "fields": [
        *fields, {"name": "id", "type": "string"}, {"name": "lead", "type": "string"},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "url", "type": "string"}]}


def page(lead, id_, at, path="/tarifs", before=b""):
    return before + text(id_) + text(lead) + varint(at) + text("https://www.exemple.fr" + path)


def confluent(id_, value):
    return b"\0" + id_.to_bytes(4, "big") + value


def now_ms():
    return time.time_ns() // 1000000


# ---- the client ---------------------------------------------------------------------------------------

class Asker:
    def __init__(self, build, urls, **options):
        self.command = [os.path.join(build, "tests", "integration", "ask_registry"), urls]
        self.options = [f"{k}={v}" for k, v in options.items()]

    def __call__(self, ref, stdin=None):
        out = subprocess.run([*self.command, ref, *self.options], input=stdin, stdout=subprocess.PIPE, text=True, timeout=60)
        expect(out.returncode == 0, f"ask_registry ended with {out.returncode}")
        word, _, rest = out.stdout.rstrip("\n").partition(" ")
        return (0 if word == "ok" else int(word)), rest


class Served:
    """Registries that end with the test."""

    def __init__(self, *registries):
        self.registries = registries

    def __enter__(self):
        for registry in self.registries:
            registry.start()
        return self.registries[0] if len(self.registries) == 1 else self.registries

    def __exit__(self, *_):
        for registry in self.registries:
            registry.stop()


def schemas_are_found_with_what_they_refer_to(build):
    """by id and by GUID; named types of other subjects stand where they are used first"""
    with Served(Registry()) as r:
        ask = Asker(build, r.url + "/")  # with a slash at its end
        money = {"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]}
        item = {"type": "record", "name": "Item", "namespace": "shop", "fields": [{"name": "price", "type": "Money"}]}
        cart = {"type": "record", "name": "Cart", "namespace": "shop", "fields": [
            {"name": "items", "type": {"type": "array", "items": "Item"}}, {"name": "last", "type": ["null", "shop.Item"]},
            {"name": "sum", "type": "Money"}]}
        r.seed(1, money, "money")
        r.seed(2, item, "a subject/with ü", [("Money", "money", 1)])
        r.seed(7, cart, "cart", [("shop.Item", "a subject/with ü", 1)])
        code, found = ask("id:7")
        whole = json.loads(found)
        inner = whole["fields"][0]["type"]["items"]
        expect(code == 0 and inner["name"] == "Item" and inner["fields"][0]["type"]["name"] == "Money"
               and inner["fields"][0]["type"]["namespace"] == "", f"{found}")
        expect(whole["fields"][1]["type"] == ["null", "shop.Item"] and whole["fields"][2]["type"] == "Money", f"defined twice: {found}")
        guid = json.loads(r.ask("/subjects/money/versions/1"))["guid"].replace("-", "")
        code, found = ask("guid:" + guid)
        expect(code == 0 and json.loads(found) == money, f"by GUID: {code} {found}")
        expect(ask("id:8")[0] == MISSING and ask("guid:" + "0" * 32)[0] == MISSING, "what is not there")
        code, told = ask("fingerprint:63dd24e7cc258f8a")
        expect(code == UNSUPPORTED and "schemas" in told, told)


def a_schema_is_registered_once(build):
    """the same text has the same id, another text another; who is refused is told why"""
    with Served(Registry()) as r:
        ask = Asker(build, r.url)
        with open(os.path.join(ROOT, "schemas", "qualification.avsc"), encoding="utf-8") as f:
            schema = f.read()
        first = ask("register:qualifications-value", schema)
        expect(first[0] == 0 and ask("register:qualifications-value", schema) == first, f"{first}")
        expect(json.loads(r.ask(f"/schemas/ids/{first[1]}"))["schema"] == schema, "another text than ours")
        expect(ask("register:qualifications-value", '"string"')[1] != first[1], "two texts, one id")
        code, told = ask("register:broken-value", '{"type": "record"')
        expect(code in (INVALID, BACKOFF) and "schema" in told, f"{code} {told}")


def only_the_registry_says_that_something_is_missing(build):
    """errors, silence, cut lines and pages of others are no word about a schema; other URLs are asked"""
    with Served(Registry(), Registry()) as (a, b):
        a.seed(3, "string")
        ask = Asker(build, a.url, timeout=1000)
        for status in (500, 503, 429, 302, 401, 403, 0):
            a.fault(status, 1)
            code, told = ask("id:3")
            expect(code == BACKOFF, f"status {status}: {code} {told}")
            if status in (401, 403):
                expect("registry.user" in told, told)
        a.fault(200, 1, "5s")
        begin = time.monotonic()
        code, told = ask("id:3")
        expect(code == BACKOFF and time.monotonic() - begin < 4, f"a slow answer: {code} {told}")
        expect(ask("id:3")[0] == 0, "the next one is good")
        code, told = Asker(build, a.url + "/elsewhere")("id:3")
        expect(code == BACKOFF and "path of registry.url" in told, told)
        # Several: who fails is passed over; one that does not know it says so.
        a.fault(500)
        both = f"{a.url},{b.url}"
        expect(Asker(build, both)("id:3")[0] == MISSING, "b was not asked")
        b.seed(3, "string")
        expect(Asker(build, both)("id:3")[0] == 0, "b has it")
        a.stop()
        expect(Asker(build, both)("id:3")[0] == 0, "a is gone")
        b.stop()
        expect(Asker(build, both)("id:3")[0] == BACKOFF, "both are gone")


def who_we_are_is_told(build):
    """basic authentication and bearer tokens; without, or with another, nothing is believed"""
    basic = "Basic " + base64.b64encode("seuil:geheim-ü:1".encode()).decode()
    for registry, right in ((Registry("-auth", basic), {"user": "seuil", "password": "geheim-ü:1"}),
                            (Registry("-auth", "Bearer a.b.c"), {"token": "a.b.c"})):
        with Served(registry) as r:
            expect(Asker(build, r.url, **right)("id:3")[0] == MISSING, f"refused with {right}")
            for wrong in ({}, {"user": "seuil", "password": "other"}, {"token": "x"}):
                code, told = Asker(build, r.url, **wrong)("id:3")
                expect(code == BACKOFF and "geheim-ü" not in told and "a.b.c" not in told, f"{code} {told}")


def certificates(folder):
    """ca.pem, and server and client pairs that it signs."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *ec, "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    with open(os.path.join(folder, "names"), "w") as f:
        f.write("subjectAltName=DNS:localhost\n")
    for name in ("server", "client"):
        openssl("req", *ec, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", f"{name}.pem")


def the_way_is_verified(build):
    """TLS with a private authority, and with a certificate of ours; another name or none is refused"""
    with tempfile.TemporaryDirectory(prefix="seuil-test.") as folder:
        certificates(folder)

        def at(name):
            return os.path.join(folder, name)
        tls = ("-cert", at("server.pem"), "-key", at("server.key"))
        with Served(Registry(*tls, scheme="https", host="localhost")) as r:
            expect(Asker(build, r.url, ca=at("ca.pem"))("id:3")[0] == MISSING, "the right one is refused")
            code, told = Asker(build, r.url)("id:3")
            expect(code == BACKOFF and "certificate" in told.lower(), f"an unknown authority: {code} {told}")
            code, told = Asker(build, r.url.replace("localhost", "127.0.0.1"), ca=at("ca.pem"))("id:3")
            expect(code == BACKOFF and "name" in told.lower(), f"another name: {code} {told}")
        with Served(Registry(*tls, "-client-ca", at("ca.pem"), scheme="https", host="localhost")) as r:
            mine = {"ca": at("ca.pem"), "cert": at("client.pem"), "key": at("client.key")}
            expect(Asker(build, r.url, **mine)("id:3")[0] == MISSING, "our certificate is refused")
            expect(Asker(build, r.url, ca=at("ca.pem"))("id:3")[0] == BACKOFF, "let in without a certificate")


# ---- seuild -------------------------------------------------------------------------------------------

def world(build):
    return World(build, MODEL, broker="shared", partitions=2, inputs=("page_views",))


def inputs(w, format_="confluent", **more):
    return {"page_views": {"start": "earliest", "format": format_, "topic": w.prefix + "page_views", **more}}


def dead(w):
    return [(r.headers["seuil.error"].decode(), r.headers["__connect.errors.exception.message"].decode(), r.value)
            for r in w.consume("seuil.dead_letters")]


def partition_leads(w):
    """Two leads, of partition 0 and of partition 1, as the broker placed them."""
    w.produce(*[("page_views", f"p{i}", None) for i in range(8)])
    at = {}
    for r in w.consume("page_views"):
        at.setdefault(r.partition, r.key.decode())
    expect(set(at) == {0, 1}, f"{at}")
    return at[0], at[1]


def unknown_ids_are_looked_up_while_records_come(build):
    """ids that nobody knew at the start are decoded; one that does not exist, and one of no use, are dead letters"""
    with world(build) as w, Served(Registry()) as r:
        r.seed(7, schema_of())
        daemon = w.daemon(inputs=inputs(w), registry__url=r.url, registry__confirm_missing="1s", registry__backoff_min="50ms")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(("page_views", "L1", confluent(7, page("L1", "e1", t)), t))
        await_until("the first crossing", lambda: w.crossings("L1"))
        r.seed(70000, schema_of({"name": "extra", "type": ["null", "double"]}))
        r.seed(8, {"type": "record", "name": "Other", "fields": [{"name": "x", "type": "string"}]})
        w.produce(("page_views", "L2", confluent(70000, page("L2", "e2", t, before=varint(1) + bytes(8))), t),
                  ("page_views", "L3", confluent(8, text("x")), t),
                  ("page_views", "L3", confluent(4711, page("L3", "e3", t)), t),
                  ("page_views", "L3", None, t),
                  ("page_views", "L3", confluent(7, page("L3", "e4", t)), t))
        await_until("all that can be read", lambda: w.crossings("L2") and w.crossings("L3"))
        found = dead(w)
        expect(sorted(name for name, _, _ in found) == ["unknown_schema", "unusable_schema"], f"{found}")
        told = {name: message for name, message, _ in found}
        expect("4711" in told["unknown_schema"] and "not found" in told["unknown_schema"], f"{told}")
        daemon.stop()
        counts = adds_up(daemon)
        expect(counts["filtered"] == 1 and counts["dead_lettered"] == 2 and counts["applied"] == 3, f"{counts}")
        asked = int(r.ask("/_asked"))
        expect(asked < 30, f"the registry was asked {asked} times for four schemas")


class BlackHole:
    """Takes connections where the registry was, and never says a word."""

    def __init__(self, port):
        def listening():  # who had the port was killed, and may take a moment to be gone
            with contextlib.suppress(OSError):
                return socket.create_server(("127.0.0.1", port), backlog=128)
        self.socket = await_until("the port is free", listening, 30)
        self.taken = []
        self.thread = threading.Thread(target=self.take, daemon=True)
        self.thread.start()

    def take(self):
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self.socket.accept()[0])

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for taken in self.taken:
            taken.close()


def a_registry_that_is_down_is_waited_for(build):
    """refused, then silent, then failing: that shard waits and says so, the other goes on; nothing is
    lost or given up, then all flows. Its seconds: SEUIL_TEST_OUTAGE_S"""
    outage_s = float(os.environ.get("SEUIL_TEST_OUTAGE_S", 210 if os.environ.get("SEUIL_TEST_LONG") else 12))
    with world(build) as w, Served(Registry()) as r:
        r.seed(7, schema_of())
        # A process that waits must be seen to live: longer than this without a poll, and Kafka takes its partitions.
        daemon = w.daemon(inputs=inputs(w), registry__url=r.url, registry__confirm_missing="1s", registry__backoff_min="50ms",
                          registry__backoff_max="500ms", registry__timeout="1s", checkpoint_interval="200ms", **{"kafka__max.poll.interval.ms": 8000})
        w.ctl("init")
        zero, one = partition_leads(w)
        daemon.start()
        t = now_ms()
        w.produce(("page_views", zero, confluent(7, page(zero, "a0", t)), t), ("page_views", one, confluent(7, page(one, "b0", t)), t))
        await_until("both shards run", lambda: w.crossings(zero) and w.crossings(one))
        lag = [lambda s=s: w.shards()[s]["topics"][0]["lag"] for s in (0, 1)]
        unknown, others, hole, begin = [], 0, None, time.monotonic()
        for n, trouble in enumerate(("refused", "silent", "failing")):
            if trouble == "refused":
                r.stop()
            elif trouble == "silent":
                hole = BlackHole(r.port)
            else:
                hole.close()
                r.start()
                r.fault(500)
            while True:  # until this third of the outage is over: ids that nobody knows for one shard, work for the other
                t = max(t + 20, now_ms())
                unknown += [9 + n * 1000 + len(unknown) // 10 % 20] * 10
                w.produce(*[("page_views", zero, confluent(id_, page(zero, f"a{len(unknown) + i}", t + i, before=varint(i))), t + i)
                            for i, id_ in enumerate(unknown[-10:])],
                          *[("page_views", one, confluent(7, page(one, f"b{others + i}-", t + i)), t + i) for i in range(20)])
                others += 20
                await_until(f"the other shard goes on while the registry is {trouble}", lambda: lag[1]() == 0)
                expect(lag[0]() >= len(unknown), "the shard did not wait")
                if time.monotonic() - begin > (n + 1) * outage_s / 3:
                    break
                time.sleep(outage_s / 60)  # a stream of records, not a flood
            expect(not dead(w), f"{trouble}: dead letters {dead(w)[:2]}")
            expect(n or daemon.says("waits, nothing is lost"), "it does not say what it waits for")
            expect(n == 0 or hole.taken, "nobody asked the silent one")
        took = time.monotonic() - begin
        await_until("systemd is told", lambda: daemon.notifies("shards wait; shard 0"), 30)
        for id_ in {7, *unknown}:
            r.seed(id_, schema_of(*([] if id_ == 7 else [{"name": "n", "type": "int"}])))
        begin = time.monotonic()
        r.fault(500, 0)
        await_until("all is taken", lambda: lag[0]() == 0 and lag[1]() == 0)
        say(f"{took:.0f} s of outage, {len(unknown)} records of {len(set(unknown))} unknown ids waited, {others} went on, "
            f"all was taken {time.monotonic() - begin:.1f} s after its end")
        daemon.stop()
        counts = adds_up(daemon)
        expect(counts.get("dead_lettered", 0) == 0 and counts["applied"] == 2 + len(unknown) + others, f"{counts}")
        expect(counts["received"] == counts["applied"] + counts["filtered"] == counts["applied"] + 8, f"not once each: {counts}")
        expect(not dead(w), "dead letters")
        say(f"waited: {[line.strip() for line in open(daemon.log) if 'for a writer schema' in line]}")


def a_waiting_shard_can_stop_and_go_on(build):
    """revoked while it waits, it ends in time and takes up the record where it stood"""
    with world(build) as w, Served(Registry()) as r:
        r.fault(503)
        daemon = w.daemon(inputs=inputs(w), registry__url=r.url, registry__backoff_min="50ms")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(*[("page_views", f"L{i}", confluent(7, page(f"L{i}", f"e{i}", t)), t) for i in range(20)])
        await_until("it waits", lambda: daemon.says("waits, nothing is lost"))
        expect(daemon.stop() < 10, "a waiting shard holds the stop up")
        r.fault(503, 0)
        r.seed(7, schema_of())
        daemon.start()
        await_until("all crossings", lambda: len(w.crossings()) == 20)
        daemon.stop()
        expect(not dead(w), "dead letters")


def what_the_registry_said_outlives_a_restart(build):
    """started while nobody answers, with a silent server before: what was read and what is published go on
    at once, and a schema that is new waits"""
    with world(build) as w, Served(Registry()) as r:
        r.seed(7, schema_of())
        r.seed(8, schema_of({"name": "n", "type": "int"}))
        kept = os.path.join(w.folder, "kept")
        daemon = w.daemon(inputs=inputs(w), registry__url=r.url, registry__cache=kept, registry__backoff_min="50ms",
                          registry__backoff_max="300ms", registry__timeout="1s", outbound__format="confluent")
        w.ctl("init")
        daemon.start()

        def send(n, *ids):
            t = now_ms()
            w.produce(*[("page_views", f"L{n}-{id_}", confluent(id_, page(f"L{n}-{id_}", f"e{n}-{id_}", t, before=b"" if id_ == 7 else varint(1))), t)
                        for id_ in ids])

        def crossed():
            return sorted({record.key.decode() for record in w.consume("qualifications")})
        send(1, 7, 8)
        await_until("crossings", lambda: len(crossed()) == 2)
        daemon.stop()
        files = sorted(os.listdir(kept))
        expect(len(files) == 3, f"two schemas and the id of ours: {files}")
        port = r.port
        r.stop()
        hole = BlackHole(port)
        try:
            asked = time.monotonic()
            daemon.start()
            send(2, 7, 8)
            await_until("crossings during the outage", lambda: len(crossed()) == 4)
            say(f"the first crossings came {time.monotonic() - asked:.1f} s after a start before a silent registry")
            expect(daemon.says("is taken from there") and daemon.says("the id of "), "it does not say whence")
            sample = w.consume("page_views")[0]
            shown = w.ctl("decode", "--topic", w.prefix + "page_views", "--offset", f"{sample.partition}:{sample.offset}")
            expect('"lead"' in shown, f"seuilctl does not read what is kept: {shown}")
            send(3, 9)
            await_until("a new one waits", lambda: daemon.says("waits, nothing is lost"))
            expect(not dead(w), "dead letters")
        finally:
            hole.close()
        r.start()
        for id_ in (7, 8, 9):
            r.seed(id_, schema_of(*([] if id_ == 7 else [{"name": "n", "type": "int"}])))
        send(4, 7, 8)
        await_until("all crossings", lambda: len(crossed()) == 7)
        daemon.stop()
        expect(not dead(w), "dead letters")


def headers_and_files_name_schemas_too(build):
    """GUIDs in headers from a registry; Apicurio's ids, fingerprints and Confluent's prefix from a folder"""
    with world(build) as w, Served(Registry()) as r:
        r.seed(7, schema_of(), "v")
        guid = bytes.fromhex(json.loads(r.ask("/subjects/v/versions/1"))["guid"].replace("-", ""))
        daemon = w.daemon(inputs=inputs(w, "confluent_headers"), registry__url=r.url, registry__confirm_missing="0s")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(("page_views", "L1", page("L1", "e1", t), t, -1, {"__value_schema_id": b"\1" + guid}),
                  ("page_views", "L2", page("L2", "e2", t), t, -1, {"__value_schema_id": b"\0\0\0\0\7"}),
                  ("page_views", "L3", page("L3", "e3", t), t, -1, {"__value_schema_id": b"\1" + guid[::-1]}),
                  ("page_views", "L4", confluent(7, page("L4", "e4", t)), t))
        await_until("two are read, two are not", lambda: len(w.crossings()) == 2 and len(dead(w)) == 2)
        told = {name: message for name, message, _ in dead(w)}
        expect(set(told) == {"unknown_schema", "missing_field"} and "set `format: confluent`" in told["missing_field"], f"{told}")
        daemon.stop()
    with world(build) as w:
        folder = os.path.join(w.folder, "schemas")
        os.makedirs(folder)
        daemon = w.daemon(inputs=inputs(w, "apicurio_headers"), registry__directory=folder, registry__confirm_missing="1h",
                          registry__backoff_min="50ms", registry__backoff_max="200ms")
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(("page_views", "L1", page("L1", "e1", t), t, -1, {"apicurio.value.globalId": (5).to_bytes(8, "big")}),
                  ("page_views", "L1", page("L1", "e2", t), t, -1, {"apicurio.value.contentId": (6).to_bytes(8, "big"),
                                                                    "apicurio.value.encoding": b"BINARY"}))
        await_until("it waits for a file", lambda: daemon.says("waits, nothing is lost"))
        for name in ("5.avsc", "6.avsc"):
            with open(os.path.join(folder, name + ".new"), "w") as f:
                json.dump(schema_of(), f)
            os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))
        await_until("the files are found", lambda: all(s["topics"][0]["lag"] == 0 for s in w.shards()))
        daemon.stop()
        expect(adds_up(daemon)["applied"] == 2, "not both")


def crossings_are_published_with_a_registered_schema(build):
    """outbound.format: confluent: the contract's own text under <topic>-value; waits for the registry at the start"""
    with world(build) as w, Served(Registry()) as r:
        with open(os.path.join(ROOT, "schemas", "qualification.avsc"), encoding="utf-8") as f:
            contract = f.read()
        r.fault(503)
        daemon = w.daemon(inputs=inputs(w, "json"), outbound={"format": "confluent", "topic": w.prefix + "qualifications"},
                          registry__url=r.url, registry__backoff_min="50ms")
        w.ctl("init")
        daemon.start(wait=False)
        await_until("it waits for the registry", lambda: daemon.says("ordered by a test"))
        r.fault(503, 0)
        daemon.await_ready()
        known = json.loads(r.ask(f"/subjects/{w.prefix}qualifications-value/versions/1"))
        expect(known["schema"] == contract, "another text is registered")
        t = now_ms()
        w.produce(("page_views", "L1", {"type": "page_view", "id": "e1", "lead": "L1", "time": t,
                                        "url": "https://www.exemple.fr/tarifs"}, t))
        record = await_until("the crossing", lambda: w.consume("qualifications"))[0]
        expect(record.value[:5] == b"\0" + known["id"].to_bytes(4, "big"), f"framed as {record.value[:5].hex()}")
        length = record.value[5] // 2
        expect(record.value[6:6 + length] == record.headers["ce_id"], "the record's id is not its first field")
        expect(record.headers["content-type"] == b"application/avro", f"{record.headers}")
        daemon.stop()
        daemon.start()  # registered already: the same id
        expect(daemon.count(f"is schema {known['id']} at the registry") == 2, "another id after a restart")
        daemon.stop()


if __name__ == "__main__":
    main([schemas_are_found_with_what_they_refer_to, a_schema_is_registered_once,
          only_the_registry_says_that_something_is_missing, who_we_are_is_told, the_way_is_verified,
          unknown_ids_are_looked_up_while_records_come, a_registry_that_is_down_is_waited_for,
          a_waiting_shard_can_stop_and_go_on, what_the_registry_said_outlives_a_restart, headers_and_files_name_schemas_too,
          crossings_are_published_with_a_registered_schema])
