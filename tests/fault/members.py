#!/usr/bin/env python3
"""members.py BUILD [CASE...]: several seuild at once, one that sleeps while another takes its shards, a
storm of members that come and go, and an end under full load."""
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main, say  # noqa: E402
from oracle import INPUTS, MODEL, Load, await_drained, fold_check, judge  # noqa: E402

LONG = bool(os.environ.get("SEUIL_TEST_LONG"))
LOAD = {"leads": 1000, "rate": 200, "late": 5, "repeat": 5, "bad": 1}  # a lead's events lie 5 s apart
MEMBER = {"checkpoint_interval": "500ms", "merge_wait": "300ms", "witness_interval": "200ms",
          "kafka__session.timeout.ms": 3000, "kafka__heartbeat.interval.ms": 300}
DYNAMIC = {**MEMBER, "kafka__group.instance.id": None}


def world(build):
    return World(build, MODEL, partitions=6, inputs=INPUTS, broker="shared")


def owners(w):
    return {s["owner"] for s in w.shards() if s["state"] == "owned"}


def grow(w, count=100):
    before = len(w.consume("qualifications"))
    await_until("crossings", lambda: len(w.consume("qualifications")) >= before + count, 60, 0.2)


def a_zombie_wakes(build):
    """stopped beyond its session, its shards taken by another, then woken: nothing of the zombie's lands"""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    with world(build) as w:
        a, b = w.daemon("a", **MEMBER), w.daemon("b", **MEMBER)
        w.ctl("init")
        a.start()
        with Load(w, seed=seed, **LOAD) as load:
            grow(w)
            for _ in range(2):
                a.send(signal.SIGSTOP)
                if not b.alive():
                    b.start(wait=False)
                await_until("b owns everything", lambda: owners(w) == {"b"} and len(w.shards()) == 6, 60, 0.3)
                grow(w)
                a.send(signal.SIGCONT)
                await_until("both own some", lambda: owners(w) == {"a", "b"}, 60, 0.3)
                grow(w)
            load.stop()
        await_drained(w)
        expect(a.alive() and b.alive(), "a member ended")
        a.stop()
        b.stop()
        adds_up(a, b)
        judge(w)


def a_storm_of_members(build):
    """three members come and go thirty times under load, some of them killed: nothing lost or doubled"""
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    changes = 300 if LONG else 30
    say(f"seed {seed}")
    with world(build) as w:
        members = [w.daemon(name, **DYNAMIC) for name in "abc"]
        w.ctl("init")
        members[0].start()
        starts = {"a": 1, "b": 0, "c": 0}
        stops = kills = 0
        with Load(w, seed=seed, **LOAD) as load:
            for _ in range(changes):
                member = chance.choice(members)
                if not member.alive():
                    # One that was killed at once may have said nothing: count from what is there.
                    starts[member.name] = member.count("msg=starting") + 1
                    member.start(wait=chance.random() < 0.5)
                elif chance.random() < 0.2:
                    member.kill()
                    kills += 1
                else:
                    await_until("it has begun", lambda: member.count("msg=starting") == starts[member.name], 30)
                    took = member.stop()
                    expect(took <= 10, f"{member.name} took {took:.1f} s to end")
                    stops += 1
                # Between two changes something happens, if somebody is there to do it.
                if any(m.alive() for m in members) and chance.random() < 0.3:
                    grow(w, 10)
            for member in members:
                if not member.alive():
                    member.start(wait=False)
            load.stop()
        await_drained(w)
        for member in members:
            member.stop()
        adds_up(*members)
        say(f"{stops} stopped, {kills} killed")
        judge(w, minimum=100)


def two_under_one_name(build):
    """two processes under one instance name: the fenced one takes a new consumer once, then one of them ends with 75; nothing lost or doubled"""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    with world(build) as w:
        a = w.daemon("a", **MEMBER)
        b = w.daemon("b", **{**MEMBER, "instance": "a", "kafka__group.instance.id": "a"})
        w.ctl("init")
        a.start()
        with Load(w, seed=seed, **LOAD) as load:
            grow(w)
            b.start(wait=False)
            await_until("one of them ends", lambda: not (a.alive() and b.alive()), 60, 0.1)
            left, ended = (a, b) if a.alive() else (b, a)
            expect(ended.process.wait() == 75, f"{ended.name} ended with {ended.process.returncode}")
            expect(ended.says("a new consumer joins the group"), "the fenced one gave up at once")
            grow(w)
            load.stop()
        await_drained(w)
        left.stop()
        judge(w, minimum=100)


def an_end_under_full_load(build):
    """SIGTERM while it drains a flood: READY, WATCHDOG and STOPPING are told, the end comes within 10 s
    with nothing in doubt"""
    with world(build) as w:
        daemon = w.daemon("a", checkpoint_interval="10s", batch=8)
        w.ctl("init")
        with Load(w, leads=5000, events=50000, seed=7, span=3600, ago=600) as load:
            load.wait()
        daemon.start(WATCHDOG_USEC="600000")
        await_until("it writes", lambda: sum(t["reach"] for s in w.shards() for t in s["topics"]) > 10000, 60)
        await_until("the watchdog is fed", lambda: daemon.notifies("WATCHDOG=1"), 20)
        daemon.send(signal.SIGHUP)
        await_until("models are read again", lambda: daemon.says("SIGHUP"), 20)
        daemon.notifies("all that came until now")  # the socket holds ten messages
        took = daemon.stop()
        say(f"stopped in {took:.1f} s")
        expect(took <= 10, f"SIGTERM took {took:.1f} s")
        expect(daemon.notifies("STOPPING=1"), "systemd was not told")
        before = adds_up(daemon)
        behind = [s for s in w.shards() if any(t["base"] != t["reach"] for t in s["topics"])]
        say(f"{before['received']} records, {len(behind)} shards with something to replay")
        fold_check(w)
        daemon.start()
        await_drained(w)
        daemon.stop()
        got = adds_up(daemon)
        expect(behind or got.get("replayed", 0) == 0, f"a clean stop left something to replay: {got}")
        judge(w)


if __name__ == "__main__":
    main([a_zombie_wakes, a_storm_of_members, two_under_one_name, an_end_under_full_load])
