#!/usr/bin/env python3
"""kafka.py BUILD [CASE...]: what Kafka and its operators may do to seuild: die and come back, delete
topics and make them again, add partitions; and one shard that is sent back to its base."""
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main, say  # noqa: E402
from oracle import INPUTS, MODEL, Load, await_drained, judge  # noqa: E402

QUICK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration", "quick.yaml")
FAST = {"checkpoint_interval": "500ms", "witness_interval": "200ms"}


def form(lead, id_, action="viewed"):
    return ("forms", lead, {"type": "form", "id": id_, "lead": lead, "time": time.time_ns() // 1000000, "form_id": "devis",
                            "action": action})


def alter(w, *args):
    what, topic, *more = args
    subprocess.run([w.program("alter_topic"), w.broker.bootstrap, what, w.prefix + topic, *more], check=True)


def shard_of(w, lead):
    return json.loads(w.ctl("explain", lead, "--format", "json"))["shard"]


def state(w, shard):
    return next(s for s in w.shards() if s["shard"] == shard)


def count_of(w, lead, rule="long"):
    lines = json.loads(w.ctl("explain", lead, "--format", "json"))["models"][0]["explanation"]
    return sum(line["count"] for line in lines if line["rule"] == rule)


def the_broker_dies_and_returns(build):
    """the broker is killed under load and comes back: nothing lost or doubled"""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    # Timestamps of the broker: what producers held meanwhile arrives late, as its records then say.
    with World(build, MODEL, inputs=INPUTS, broker=("own", "log.message.timestamp.type=LogAppendTime")) as w:
        daemon = w.daemon("a", **FAST, merge_wait="300ms")
        w.ctl("init")
        daemon.start()

        def more(count):
            before = sum(t["reach"] for s in w.shards() for t in s["topics"])

            def on():
                daemon.supervise()
                return sum(t["reach"] for s in w.shards() for t in s["topics"]) > before + count
            await_until("it goes on", on, 90, 0.3)
        with Load(w, leads=1000, rate=200, seed=seed, late=5, repeat=5, bad=1) as load:
            for _ in range(2):
                more(300)
                w.broker.kill()
                w.broker.start()
            more(300)
            say(f"{load.stop()} events")
        await_drained(w)
        daemon.stop()
        adds_up(daemon)
        judge(w, minimum=200)


def a_topic_is_made_again(build):
    """a topic deleted, made again and filled past base halts its shards, the daemon down or not; adopt goes on"""
    with World(build, QUICK, partitions=2, inputs=INPUTS, broker="shared") as w:
        daemon = w.daemon("a", **FAST)
        w.ctl("init")
        daemon.start()
        w.produce(*[form("L1", f"e{i}") for i in range(3)])
        await_until("it crosses", lambda: w.crossings("L1"))
        daemon.stop()
        shard = shard_of(w, "L1")
        expect(count_of(w, "L1") == 3, "three forms")
        alter(w, "delete", "forms")
        w.ctl("init")
        w.produce(*[form("L1", f"n{i}") for i in range(5)])
        daemon.start()
        await_until("the shard halts", lambda: state(w, shard)["state"] == "halted")
        halt = state(w, shard)["halt"]
        expect("adopt --topic" in halt and "made again" in halt, halt)
        w.ctl("adopt", "--topic", "forms")
        await_until("it goes on", lambda: state(w, shard)["state"] == "owned" and
                    all(t["lag"] == 0 for t in state(w, shard)["topics"]))
        await_until("the new ones count", lambda: count_of(w, "L1") == 8)
        expect(not daemon.says("lost its tail:"), "what an operator decided is called a loss")
        # Again, under a daemon that runs.
        alter(w, "delete", "forms")
        await_until("the broker has forgotten it", lambda: "made" in w.ctl("init", check=False))
        w.produce(*[form("L1", f"m{i}") for i in range(2)])

        def noticed():
            return state(w, shard)["state"] == "halted" or daemon.says("halted")
        await_until("it notices", noticed, 60, 0.3)
        if state(w, shard)["state"] != "halted":
            expect(daemon.alive(), f"it ended: {daemon.tail()}")
            daemon.stop()
            daemon.start()
            await_until("the shard halts", lambda: state(w, shard)["state"] == "halted")
        w.ctl("adopt", "--topic", "forms")
        await_until("the newest count", lambda: count_of(w, "L1") == 10, 60, 0.3)
        daemon.stop()
        adds_up(daemon)


def partitions_are_added(build):
    """another number of partitions halts everything with an explanation, the daemon running or not"""
    with World(build, QUICK, partitions=2, inputs=INPUTS, broker="shared") as w:
        daemon = w.daemon("a", **FAST, **{"kafka__topic.metadata.refresh.interval.ms": 1000})
        w.ctl("init")
        daemon.start()
        w.produce(form("L1", "e1"))
        await_until("it crosses", lambda: w.crossings("L1"))
        alter(w, "partitions", "forms", "3")
        await_until("it says so", lambda: daemon.says("3 partitions"), 60)
        say([line for line in daemon.tail(20).splitlines() if "3 partitions" in line][-1])
        if daemon.alive():
            daemon.stop()
        daemon.start(wait=False)
        code = daemon.process.wait(60)
        expect(code == 78 and "partitions" in daemon.tail(3), f"ended with {code}: {daemon.tail()}")


def one_shard_goes_back(build):
    """a shard whose token another took goes back to base, again and again; the others do not notice"""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    with World(build, MODEL, inputs=INPUTS, broker="shared") as w:
        daemon = w.daemon("a", **FAST, merge_wait="300ms")
        w.ctl("init")
        daemon.start()
        redis = w.redis.client()
        key = f"s:{{{w.app}.1}}:m"
        with Load(w, leads=1000, rate=200, seed=seed, late=5, repeat=5, bad=1) as load:
            for n in range(5):
                before = len(w.consume("qualifications"))
                await_until("crossings", lambda: len(w.consume("qualifications")) > before + 30, 60, 0.2)
                token = redis("HGET", key, "token")
                expect(token, f"no token in {redis('HGETALL', key)}")
                redis("HSET", key, "token", token[::-1])
                await_until("it is fenced", lambda: daemon.count("another owner holds the token") > n, 30)
            load.stop()
        await_drained(w)
        daemon.stop()
        got = adds_up(daemon)
        expect(got["fenced"] == 5 and got["doubts"] == 5, f"{got}")
        with open(daemon.log) as f:
            others = [line for line in f if "level=warning" in line and "shard=1" not in line]
        expect(not others, f"others are disturbed: {others}")
        judge(w, minimum=100)


if __name__ == "__main__":
    main([the_broker_dies_and_returns, a_topic_is_made_again, partitions_are_added, one_shard_goes_back])
