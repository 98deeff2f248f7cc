#!/usr/bin/env python3
"""backlog.py BUILD [CASE...]: hours of events lie in three topics of very different size before seuild
starts. What it publishes while it drains them is what a fold of the whole log in time order says,
silence included; also when it is stopped and killed on the way."""
import datetime
import json
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main, say  # noqa: E402
from oracle import INPUTS, MODEL, Load, await_drained, await_silence, drained, judge  # noqa: E402

# A lead's events lie 24 s apart: it falls by silence between most of them.
SPAN, AGO, LEADS, EVENTS = 7200, 600, 200, 60000


def world(build):
    return World(build, MODEL, inputs=INPUTS, broker="shared")


def now_ms():
    return time.time_ns() // 1000000


def fill(w, seed, events=EVENTS):
    with Load(w, leads=LEADS, events=events, seed=seed, span=SPAN, ago=AGO, late=5, repeat=5, bad=1) as load:
        expect(load.wait() == events, "not all events were made")


def taken(w):
    """How many records have gone into transactions; asked of Redis itself, since it is soon over."""
    redis = w.redis.client()
    metas = [redis("HGETALL", f"s:{{{w.app}.{shard}}}:m") for shard in range(w.partitions)]
    redis.close()
    return sum(int(n) for meta in metas for field in meta for n in re.findall(rb"reach=(\d+)", field))


def a_backlog_is_drained_in_time_order(build):
    """draining a backlog publishes what the time-order fold says; what is older than publish_from is mute"""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    with world(build) as w:
        begin = now_ms()
        edge = (begin - 1000 * (AGO + SPAN // 2)) // 1000 * 1000
        text = datetime.datetime.fromtimestamp(edge / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        daemon = w.daemon("a", checkpoint_interval="2s", publish_from=text)
        w.ctl("init")
        fill(w, seed)
        daemon.start()
        await_drained(w)
        until = now_ms() - 2000
        await_silence(w, until)
        say(f"drained in {(now_ms() - begin) / 1000:.1f} s; stopped in {daemon.stop():.1f} s")
        got = adds_up(daemon)
        judge(w, until=until, wanted=lambda c: datetime.datetime.fromisoformat(
            c["effective_time"].replace("Z", "+00:00")).timestamp() * 1000 >= edge)
        expect(got["muted"] > 500, f"few were mute: {got}")
        expect(got.get("replayed", 0) == 0 and got.get("doubts", 0) == 0, f"an undisturbed drain replays: {got}")


def a_drain_is_interrupted(build):
    """killed and stopped on the way, the drain publishes the same; a clean stop leaves nothing to replay"""
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    say(f"seed {seed}")
    with world(build) as w:
        # Small batches make it slow enough to be met on the way.
        daemon = w.daemon("a", checkpoint_interval="100ms", batch=2)
        w.ctl("init")
        fill(w, seed)
        met = 0
        for n in range(10):
            daemon.start()
            before = taken(w)
            await_until("it writes", lambda: taken(w) > before + 500 or drained(w), step=0.005)
            met += taken(w) < EVENTS
            if n % 2:
                daemon.kill()
            else:
                took = daemon.stop()
                expect(took <= 10, f"SIGTERM took {took:.1f} s")
                adds_up(daemon)
                behind = [s for s in w.shards() if any(t["base"] != t["reach"] for t in s["topics"])]
                # After a kill what was written may reach further than this run came.
                expect(n > 0 or not behind, f"stopped, but base is not all that was written: {behind}")
                expect(all(s["outbox"] == 0 for s in w.shards()), "stopped with entries in the outbox")
        say(f"met {met} times on the way")
        expect(met >= 3, "the drain was over before it could be interrupted")
        daemon.start()
        await_drained(w)
        until = now_ms() - 2000
        await_silence(w, until)
        daemon.stop()
        adds_up(daemon)
        judge(w, until=until)


if __name__ == "__main__":
    main([a_backlog_is_drained_in_time_order, a_drain_is_interrupted])
