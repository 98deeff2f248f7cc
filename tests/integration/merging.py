#!/usr/bin/env python3
"""merging.py BUILD [CASE...]: leads that are one person, in different shards, on a real Kafka and Redis."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main  # noqa: E402

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "merging.yaml")
INPUTS = ("page_views", "forms", "profiles", "commands")
COOKIES = [f"cookie-{i}" for i in range(6)]  # in more than one of the shards


def now():
    return time.time_ns() // 1000000


def view(lead, id_, path="/tarifs"):
    return ("page_views", lead, {"type": "page_view", "id": id_, "lead": lead, "time": now(), "url": f"https://a.fr{path}"})


def form(lead, id_):
    return ("forms", lead, {"type": "form", "id": id_, "lead": lead, "time": now(), "form_id": "devis", "action": "submitted"})


def profile(lead, id_, **attributes):
    return ("profiles", lead, {"type": "profile", "id": id_, "lead": lead, "time": now(), "attributes": attributes})


def command(lead, id_, name, **arguments):
    return ("commands", lead, {"type": "command", "id": id_, "lead": lead, "time": now(), "name": name, "arguments": arguments})


def world(build):
    return World(build, MODEL, partitions=4, inputs=INPUTS, broker="shared")


def explain(w, lead):
    text = w.ctl("explain", lead, "--format", "json", check=False)
    return json.loads(text) if text else {"absent": True}


def score(w, lead):
    models = explain(w, lead).get("models")
    return models[0]["score"] if models else None


def drained(w):
    return all(t["lag"] == 0 for s in w.shards() for t in s["topics"]) and all(s["outbox"] == 0 for s in w.shards())


def letters(w):
    return [r.headers for r in w.consume("seuil.dead_letters")]


def a_person_and_their_cookies(build):
    """cookies of all shards are merged into a person while seuild is killed; each event counts once"""
    with world(build) as w:
        daemon = w.daemon("a", checkpoint_interval="1s", witness_interval="200ms")
        w.ctl("init")
        daemon.start()
        for i, cookie in enumerate(COOKIES):
            w.produce(view(cookie, "v1"), view(cookie, "b1", "/blog"))
            daemon.kill() if i % 2 else None
            w.produce(command(cookie, "m1", "merge", into="ana"), form("ana", f"f{i}"))
            if i % 2:
                daemon.start()
        daemon.kill()
        daemon.start()
        want = 6 * 10 + 5 + 6 * 50
        await_until("the union", lambda: drained(w) and score(w, "ana") == want, 60, 0.3)
        shards = {explain(w, c)["shard"] for c in COOKIES}
        expect(len(shards) > 1, f"the cookies lie in one shard: {shards}")
        for cookie in COOKIES:
            expect(explain(w, cookie).get("merged_into") == "ana", f"{cookie}: {explain(w, cookie)}")
        expect(sorted(explain(w, "ana")["merged"]) == COOKIES, f"the ids of ana: {explain(w, 'ana')}")
        # What comes later for the old ids takes the same way; the same merge again changes nothing.
        w.produce(*[view(c, "v2") for c in COOKIES], *[command(c, "m2", "merge", into="ana") for c in COOKIES])
        await_until("later events", lambda: drained(w) and score(w, "ana") == want + 60, 60, 0.3)
        daemon.stop()
        counts = adds_up(daemon)
        expect(counts["sent_on"] == 6, f"sent on: {counts}")
        expect([c["tier"] for c in w.crossings("ana")] in (["tiede", "qualifie"], ["qualifie"]), f"{w.crossings('ana')}")


def chains_circles_and_two_at_once(build):
    """a into b into c; a into b while b into a; a into two: one of them has all of it"""
    with world(build) as w:
        daemon = w.daemon("a", checkpoint_interval="500ms")
        w.ctl("init")
        daemon.start()
        w.produce(view("a", "v"), view("b", "v"), form("c", "f"), command("a", "m", "merge", into="b"))
        await_until("the first", lambda: drained(w) and score(w, "b") == 20, 60, 0.3)
        w.produce(command("b", "m", "merge", into="c"))
        await_until("the chain", lambda: drained(w) and score(w, "c") == 70, 60, 0.3)
        w.produce(view("a", "v2"))
        await_until("an event of its first", lambda: drained(w) and score(w, "c") == 80, 60, 0.3)
        w.produce(view("d", "v"), view("e", "v"), view("g", "v"), view("h", "v"), view("i", "v"))
        w.produce(command("d", "m", "merge", into="e"), command("e", "m", "merge", into="d"),
                  command("g", "m1", "merge", into="h"), command("g", "m2", "merge", into="i"))
        await_until("the circle", lambda: drained(w) and {score(w, "d"), score(w, "e")} == {None, 20}, 60, 0.3)
        await_until("two at once", lambda: drained(w) and (score(w, "g"), score(w, "h"), score(w, "i")) == (None, None, 30),
                    60, 0.3)
        w.produce(view("d", "v3"), view("e", "v3"))
        await_until("what comes round it", lambda: drained(w) and {score(w, "d"), score(w, "e")} == {None, 40}, 60, 0.3)
        daemon.stop()
        adds_up(daemon)


def known_leads_and_forgotten_ones(build):
    """a shared browser does not merge a known lead; forgetting a person forgets all of their ids"""
    with world(build) as w:
        daemon = w.daemon("a", checkpoint_interval="500ms")
        w.ctl("init")
        daemon.start()
        w.produce(profile("bob", "p", email="bob@a.fr"), view("bob", "v"), view("kiosque", "v"))
        await_until("bob", lambda: drained(w) and score(w, "bob") == 10, 60, 0.3)
        w.produce(command("bob", "m1", "merge", into="ana", by="browser"), command("kiosque", "m1", "merge", into="bob", by="browser"))
        await_until("the kiosk", lambda: drained(w) and score(w, "bob") == 20, 60, 0.3)
        expect(explain(w, "bob").get("merged_into") is None, "a known lead was merged by a shared browser")
        await_until("the letter", lambda: len(letters(w)) == 1, 30, 0.3)
        expect(any(b"known" in v for v in letters(w)[0].values()), f"{letters(w)}")
        w.produce(command("bob", "m2", "merge", into="ana"))
        await_until("a person said so", lambda: drained(w) and score(w, "ana") == 20, 60, 0.3)
        w.produce(command("ana", "x", "forget"))
        await_until("all are forgotten", lambda: drained(w) and all(explain(w, i).get("forgotten") for i in ("ana", "bob", "kiosque")),
                    60, 0.3)
        redis = w.redis.client()
        for shard in range(w.partitions):
            for key in redis.keys(f"s:{{{w.app}.{shard}}}:l:*"):
                state = redis("GET", key)
                expect(not any(i in state for i in (b"ana", b"bob", b"kiosque")), f"{key} still tells a name")
        redis.close()
        daemon.stop()
        adds_up(daemon)


def a_rebuild_counts_nothing_twice(build):
    """Redis comes back empty: the log still has what was handed over, and it is handed over once more"""
    def ago(record, days):
        return (*record[:2], {**record[2], "time": now() - days * 86400000})
    with world(build) as w:
        daemon = w.daemon("a", checkpoint_interval="500ms")
        w.ctl("init")
        daemon.start()
        for cookie in COOKIES:  # most of it has left the horizon
            w.produce(*[ago(view(cookie, f"v{n}"), 40 - n) for n in range(3)], view(cookie, "v"))
        await_until("the cookies", lambda: drained(w) and all(score(w, c) == 40 for c in COOKIES), 60, 0.3)
        w.produce(*[command(c, "m", "merge", into="ana") for c in COOKIES])
        await_until("the union", lambda: drained(w) and score(w, "ana") == 240, 60, 0.3)
        before = sorted(c["id"] for c in w.crossings())
        w.redis.kill()
        w.redis.start()
        await_until("it halts", lambda: daemon.says("seuilctl rebuild"), 60)
        w.ctl("rebuild", "--yes")
        await_until("it is there again", lambda: all(s["state"] == "owned" for s in w.shards()) and drained(w), 60, 0.3)
        expect(score(w, "ana") == 240, f"ana has {score(w, 'ana')}")
        daemon.stop()
        adds_up(daemon)
        expect(sorted(c["id"] for c in w.crossings()) == before, "published again")


def a_replay_applies_merges(build):
    """seuilctl replay takes the events of one person together, whatever ids they came under"""
    def at(record, time_s):
        return json.dumps({**record[2], "time": (1700000000 + time_s) * 1000})
    lines = [at(view("zoe", "v1"), 0), at(view("a", "v1"), 1), at(command("a", "m", "merge", into="b"), 5),
             at(view("a", "v2"), 6), at(form("c", "f"), 2), at(command("b", "m", "merge", into="c"), 7),
             at(view("b", "v3"), 9), at(command("c", "m", "merge", into="a"), 10), at(command("a", "x", "merge"), 11)]
    program = os.path.join(build, "daemon", "seuilctl")
    out = subprocess.run([program, "replay", "--model", MODEL, "--events", "-", "--format", "json"], input="\n".join(lines),
                         stdout=subprocess.PIPE, text=True)
    told = [json.loads(line) for line in out.stdout.splitlines()]
    scores = {t["lead"]["lead"]: t["lead"]["score"] for t in told if "lead" in t}
    expect(scores == {"zoe": 10, "c": 80}, f"{scores} {out.stdout}")
    crossings = [(t["crossing"]["lead"], t["crossing"]["tier"]) for t in told if "crossing" in t]
    expect(crossings == [("c", "tiede"), ("b", "tiede"), ("c", "qualifie")], f"{crossings}")
    summary = told[-1]["summary"]
    expect(summary["duplicate"] == 1 and summary["refused"] == 1, f"{summary}")


if __name__ == "__main__":
    main([a_replay_applies_merges, a_person_and_their_cookies, chains_circles_and_two_at_once, known_leads_and_forgotten_ones,
          a_rebuild_counts_nothing_twice])
