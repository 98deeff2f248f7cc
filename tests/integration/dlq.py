#!/usr/bin/env python3
"""dlq.py BUILD [CASE...]: dead letters on a real broker: listed, shown, sent again once what was
wrong is mended, each event counted once; and the breaker that halts before a topic is all letters."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main, say  # noqa: E402
from daemon import MODEL, now_ms, page  # noqa: E402

DAY = 86400000


def forms(w, lead):
    """Lists of forms without ids or, mostly, times; @lead: where their lead is."""
    return {"start": "earliest", "format": "json", "topic": w.prefix + "forms", "map": {
        "each": "@record", "events": [{"kind": "form", "id": {"derive": ["n"]}, "lead": lead,
                                       "time": ["t | time(ms)", "@time"], "form_id": "=devis", "action": "a"}]}}


def inputs(w, lead):
    return {"page_views": {"start": "earliest", "format": "json", "topic": w.prefix + "page_views"},
            "forms": forms(w, lead)}


def letters(w, *args):
    return [json.loads(line) for line in w.ctl("dlq", "list", "--format", "json", *args).splitlines()]


def dead(w, count):
    def there():
        found = letters(w)
        return len(found) >= count and found
    return await_until(f"{count} dead letters", there)


def counts(w, lead):
    """How often each rule counts for a lead, as Redis has it."""
    told = json.loads(w.ctl("explain", lead, "--format", "json"))
    return {line["rule"]: line["count"] for line in told["models"][0]["explanation"]}


def other_partition(w, key, t):
    """One where the partitioner does not put @key: an event of it goes by key, and is looked for."""
    w.produce(page(key, "well placed", t))
    return 1 - w.consume("page_views")[0].partition


def each_kind_is_sent_again_and_counts_once(build):
    """what was mended counts, once, at its first time and under its first id; what was not comes back"""
    with World(build, MODEL, partitions=2, broker="shared") as w:
        short = {"checkpoint_interval": "200ms", "witness_interval": "200ms"}
        daemon = w.daemon("a", inputs=inputs(w, "who"), **short)
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(("forms", "L1", [{"who": "L1", "n": 1, "a": "viewed"}, {"person": "L1", "n": 2, "a": "viewed"}], t - 60000, -1,
                   {"traceparent": b"00-aa-bb-01", "binary": bytes([0, 255])}),
                  ("page_views", "L1", b'{"type":"page_view","id":"x', t),
                  page("L2", "misplaced", t) + (other_partition(w, "L2", t),),
                  ("page_views", "L3", page("L3", "ahead", t)[2], t + 3600000),
                  page("L4", "now", t), page("L4", "old", t - 9 * DAY))
        by = {letter["error"]: letter for letter in dead(w, 5)}
        expect(sorted(by) == ["future", "late", "misrouted", "missing_field", "truncated"], f"letters: {sorted(by)}")
        missing = by["missing_field"]
        expect(missing["topic"] == w.prefix + "forms" and missing["key"] == "L1" and not missing["replayed"], f"{missing}")
        expect([l["error"] for l in letters(w, "--error", "late", "--topic", "page_views")] == ["late"], "filters")
        expect(letters(w, "--since", "2099-01-01T00:00:00Z") == [], "--since")

        place = f"{missing['partition']}:{missing['offset']}"
        shown = w.ctl("dlq", "show", place)
        for word in ("missing_field", "traceparent = 00-aa-bb-01", "00000000  5b 7b", "person\"", "today"):
            expect(word in shown, f"show does not tell {word}: {shown}")
        shown = json.loads(w.ctl("dlq", "show", place, "--format", "json"))
        expect([h["name"] for h in shown["headers"]] == ["binary", "traceparent"] or
               [h["name"] for h in shown["headers"]] == ["traceparent", "binary"], f"{shown['headers']}")
        expect(bytes.fromhex(shown["value_hex"]).startswith(b"[{"), f"{shown}")

        # Mended: the lead has two names. What it is now is shown, then everything goes back.
        daemon.stop()
        daemon = w.daemon("b", inputs=inputs(w, ["who", "person"]), **short)
        daemon.start()
        mended = daemon.config
        expect("cannot" not in w.ctl("dlq", "show", place, config=mended).split("today")[1], "it is not mended")
        would = w.ctl("dlq", "replay", "--all", "--dry-run", config=mended)
        expect("4 records would be sent again" in would and "1 late, and" in would, would)
        expect(len(letters(w, "--open")) == 5, "a dry run marks")
        said = w.ctl("dlq", "replay", "--all", config=mended)
        expect("4 records sent again" in said, said)
        again = await_until("the truncated one comes back", lambda: [l for l in letters(w, "--open") if l["again"]])
        expect(again[0]["error"] == "truncated" and len(letters(w, "--open")) == 2, f"{letters(w, '--open')}")
        back = [r for r in w.consume("forms") if "seuil.original.topic" in r.headers][0]
        expect(back.headers["binary"] == bytes([0, 255]) and back.headers["seuil.original.timestamp"] == str(t - 60000).encode() and
               "__connect.errors.topic" not in back.headers, f"{back.headers}")

        # Again does nothing; forced, ids make it harmless.
        said = w.ctl("dlq", "replay", "--error", "missing_field", config=mended)
        expect("0 records sent again" in said and "1 was sent again before" in said, said)
        w.ctl("dlq", "replay", "--error", "missing_field", "--again", config=mended)
        said = w.ctl("dlq", "replay", "--error", "late", "--accept-late", config=mended)
        expect("1 record sent again" in said, said)

        def settled():
            return (counts(w, "L1").get("long") == 2 and counts(w, "L2").get("tarifs") == 2 and
                    counts(w, "L3").get("tarifs") == 1 and counts(w, "L4").get("tarifs") == 2)
        await_until("every event counts", settled)
        daemon.stop()
        expect(settled(), "an event counts twice")
        got = adds_up(daemon)
        expect(got.get("late", 0) == 0 and got["dead_lettered"] == 1 and got["duplicate"] + got.get("replayed", 0) >= 3, f"{got}")
        told = json.loads(w.ctl("explain", "L1", "--format", "json"))
        expect(len([l for l in letters(w) if l["replayed"]]) == 5, f"{letters(w)}, {told}")


def mistakes_are_told(build):
    """letters that are not there, and orders without a choice"""
    with World(build, MODEL, partitions=2, broker="shared") as w:
        w.daemon("a")
        w.ctl("init")
        expect(letters(w) == [] and "0 letters" in w.ctl("dlq", "list"), "an empty topic")
        for args, word in ((("replay",), "say which"), (("show", "x"), "PARTITION:OFFSET"), (("show", "0:7"), "no record"),
                           (("replay", "0:7"), "no such letter"), (("burn",), "list, show or replay")):
            expect(word in failing(w, "dlq", *args), f"{args}: {failing(w, 'dlq', *args)}")
        w.produce(("seuil.dead_letters", "k", b"not ours", 0, 0))
        expect("no dead letter of seuild" in failing(w, "dlq", "show", "0:0"), "a foreign record")


def failing(w, *args):
    out = subprocess.run([w.program("seuilctl"), *args, "--config", w.daemons[0].config], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    expect(out.returncode != 0, f"seuilctl {' '.join(args)} succeeded: {out.stdout}")
    return out.stdout


def a_topic_of_letters_halts(build):
    """the breaker halts one shard, with the last reason; go-on lets pass what it halted at"""
    with World(build, MODEL, partitions=2, broker="shared") as w:
        topic = {"topic": w.prefix + "seuil.dead_letters", "breaker": 30, "window": 20}
        daemon = w.daemon("a", dead_letters=topic)
        w.ctl("init")
        daemon.start()
        t = now_ms()
        w.produce(*[("page_views", "L", b"\x00\x00\x00\x00\x01abc", t, 0) for _ in range(8)])
        await_until("it halts", lambda: w.shards()[0]["state"] == "halted")
        halt = w.shards()[0]["halt"]
        expect("6 of the last 20 records" in halt and "go-on" in halt, halt)
        expect(w.shards()[1]["state"] == "owned", f"{w.shards()}")
        w.ctl("go-on", "0")
        await_until("the letters are written", lambda: len({l["topic_offset"] for l in letters(w)}) == 8)
        await_until("it goes on", lambda: w.shards()[0]["state"] == "owned")
        w.produce(*[("page_views", "L", b"{", t, 0) for _ in range(6)])
        await_until("it halts anew", lambda: w.shards()[0]["state"] == "halted")
        # Sent twice or not, each place is a letter once to the replay.
        daemon.stop()
        said = w.ctl("dlq", "replay", "--all", "--dry-run")
        places = len({l["topic_offset"] for l in letters(w)})
        expect(f"{places} records would be sent again" in said, f"{places} places: {said}")


def a_replay_that_is_killed_is_begun_again(build):
    """the replayer killed in the middle, and seuild with it: each mended record counts once in the end"""
    leads, each = 20, 100
    with World(build, MODEL, partitions=2, broker="shared") as w:
        settings = {"checkpoint_interval": "200ms", "witness_interval": "200ms",
                    "dead_letters": {"topic": w.prefix + "seuil.dead_letters", "breaker": 0}}
        daemon = w.daemon("a", inputs=inputs(w, "who"), **settings)
        w.ctl("init")
        daemon.start()
        t = now_ms() - 60000
        w.produce(*[("forms", f"L{i}", [{"person": f"L{i}", "n": n, "a": "viewed"}], t) for i in range(leads) for n in range(each)])
        total = leads * each
        await_until("all are dead letters", lambda: len(w.consume("seuil.dead_letters")) == total)
        daemon.stop()
        daemon = w.daemon("a", inputs=inputs(w, ["who", "person"]), **settings)
        daemon.start()
        slow = os.path.join(w.folder, "slow.yaml")  # one record a request, one request at a time
        with open(slow, "w", encoding="utf-8") as f:
            f.write(w.settings("ctl", inputs=inputs(w, ["who", "person"]), **settings).replace(
                '"session.timeout.ms"', '"batch.num.messages": 1, "max.in.flight": 1, "session.timeout.ms"'))
        sent = 0
        for kills_both, enough in ((False, 50), (True, 550)):
            replay = subprocess.Popen([w.program("seuilctl"), "dlq", "replay", "--all", "--config", slow],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                await_until("it sends", lambda: len(w.consume("forms")) - total > sent + enough, step=0)
            finally:
                replay.kill()
                ended = replay.wait()
            expect(ended == -9, f"the replay had ended with {ended} before it was killed")
            if kills_both:
                daemon.kill()
                daemon.start()
            before, sent = sent, len(w.consume("forms")) - total
            say(f"killed after {sent - before} of {total} records")
        open_letters = len(letters(w, "--open"))
        expect(total - sent < open_letters < total, f"{sent} sent, {open_letters} of {total} are not marked")
        w.ctl("dlq", "replay", "--all")
        expect(letters(w, "--open") == [], "letters stay open")
        twice = len(w.consume("forms")) - 2 * total
        expect(twice > 0, "nothing was sent twice: the kills came at other moments")
        await_until("all is read", lambda: sum(p["base"] for s in w.shards() for p in s["topics"]) == 2 * total + twice)
        for i in range(leads):
            got = counts(w, f"L{i}").get("long")
            expect(got == each, f"lead L{i} has {got} forms, not {each}")
        daemon.stop()
        expect(len(w.consume("seuil.dead_letters")) < 4 * total, "letters of mended records")
        adds_up(daemon)


def commands_and_schemas_are_letters_too(build):
    """a command that is not known, one that says nothing, a schema without a lead: kept byte for byte; what is mended counts once"""
    import registry
    schema = registry.schema_of()
    schema["fields"][1]["name"] = "who"
    with World(build, MODEL, partitions=2, broker="shared", inputs=("page_views", "commands")) as w, \
            registry.Served(registry.Registry()) as r:
        r.seed(8, schema)
        commands = {"start": "earliest", "format": "json", "topic": w.prefix + "commands"}
        views = {"start": "earliest", "format": "confluent", "topic": w.prefix + "page_views"}
        short = {"checkpoint_interval": "200ms", "witness_interval": "200ms", "registry__url": r.url}
        daemon = w.daemon("a", inputs={"commands": commands, "page_views": views}, **short)
        w.ctl("init")
        daemon.start()
        t = now_ms()

        def command(id_, name, **arguments):
            return json.dumps({"type": "command", "id": id_, "lead": "L1", "time": t, "name": name, "author": "vente",
                               "arguments": arguments}).encode()
        values = {"unsupported_command": command("c1", "embrace"), "refused_command": command("c2", "adjust", points="many"),
                  "unusable_schema": registry.confluent(8, registry.page("L1", "e1", t))}
        w.produce(*[("page_views" if error == "unusable_schema" else "commands", "L1", value, t, -1, {"trace": error.encode()})
                    for error, value in values.items()], ("commands", "L1", command("c3", "adjust", points=5, reason="appel"), t))
        found = {letter["error"]: letter for letter in dead(w, 3)}
        expect(sorted(found) == sorted(values), f"letters: {sorted(found)}")
        for letter in w.consume("seuil.dead_letters"):
            error = letter.headers["seuil.error"].decode()
            expect(letter.value == values[error] and letter.key == b"L1" and letter.headers["seuil.timestamp"] == str(t).encode() and
                   letter.headers["trace"] == error.encode(), f"{letter}")
        daemon.stop()
        adds_up(daemon)
        views["fields"] = {"lead": "who"}
        daemon = w.daemon("a", inputs={"commands": commands, "page_views": views}, **short)
        daemon.start()
        for _ in range(2):
            w.ctl("dlq", "replay", "--all", "--again")
        back = await_until("commands come back, each time", lambda: [x for x in letters(w) if x["again"]][3:])
        expect({x["error"] for x in back} == {"unsupported_command", "refused_command"}, f"{back}")
        await_until("the page counts", lambda: counts(w, "L1").get("tarifs") == 1)
        daemon.stop()
        expect(counts(w, "L1") == {"tarifs": 1, "adjustment": 1}, f"{counts(w, 'L1')}")


if __name__ == "__main__":
    main([each_kind_is_sent_again_and_counts_once, mistakes_are_told, a_topic_of_letters_halts,
          a_replay_that_is_killed_is_begun_again, commands_and_schemas_are_letters_too])
