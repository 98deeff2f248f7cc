#!/usr/bin/env python3
"""kill.py BUILD: seuild is killed (SIGKILL) at random moments under load from three topics, on a
real Kafka and a real Redis. Mid-way and at the end every lead in Redis must be, byte for byte, the
plain fold of its records; what was published must be what that fold says, no id missing, the same
id always with the same bytes, each lead's crossings in order."""
import json
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, await_until, expect, main, say  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = bool(os.environ.get("SEUIL_TEST_LONG"))
KILLS = 1000 if LONG else 30
LEADS, RATE = 2000, 400  # a lead's events lie five seconds apart
INPUTS = ("page_views", "emails", "forms")


def dump_topics(world, names):
    args = []
    for number, name in enumerate(names):
        path = os.path.join(world.folder, f"{name}.dump")
        subprocess.run([world.program("dump_topic"), world.broker.bootstrap, str(number), name, path],
                       check=True, stdout=subprocess.DEVNULL)
        args += ["--topic", f"{number}:{name}:{path}"]
    return args


def dump_leads(world):
    path = os.path.join(world.folder, "leads.dump")
    redis = world.redis.client()
    count = 0
    with open(path, "wb") as out:
        for shard in range(world.partitions):
            prefix = f"s:{{{world.app}.{shard}}}:l:".encode()
            keys = redis.keys(prefix.decode() + "*")
            for i in range(0, len(keys), 500):
                part = keys[i:i + 500]
                for key, value in zip(part, redis("MGET", *part)):
                    lead = key[len(prefix):]
                    out.write(struct.pack("<II", len(lead), len(value)) + lead + value)
                    count += 1
    redis.close()
    return path, count


def fold_check(world, *args):
    """Dump both sides and compare. The daemon is dead or stopped: nothing moves."""
    topics = dump_topics(world, INPUTS)
    leads, count = dump_leads(world)
    expect(count > 0, "no lead is in Redis")
    out = subprocess.run([world.program("fold_check"), "--app", world.app, "--model", world.model, *topics,
                          "--leads", leads, *args], stdout=subprocess.PIPE, text=True)
    say(out.stdout.strip().replace("\n", "\n    "))
    expect(out.returncode == 0, "states differ from the fold of their records")


def published(world):
    """What the outbound topic holds: id -> value, checked for sameness and order on the way."""
    values, order, repeats = {}, {}, 0
    for record in world.consume("qualifications"):
        key, value = record.key.decode(), record.value.decode()
        crossing = json.loads(value)
        expect(crossing["lead"] == key, f"key {key} is not the lead of {value}")
        total = sum(round(line["now"] * 100) for line in crossing["explanation"])
        expect(total == round(crossing["score"] * 100), f"the lines do not sum to the score: {value}")
        if crossing["id"] in values:
            expect(values[crossing["id"]] == value, f"the same id with other bytes: {values[crossing['id']]} and {value}")
            repeats += 1
            continue
        values[crossing["id"]] = value
        before = order.get(key)
        if before:
            expect(before["tier"] == crossing["tier_before"], f"{key}: {before} is followed by {value}")
        order[key] = crossing
    return values, repeats


def drained(world):
    """Whether base has come to the end of every input: all is applied and written."""
    shards = json.loads(world.ctl("shards", "--format", "json"))
    return all(topic["lag"] == 0 for shard in shards["shards"] for topic in shard["topics"])


def kill_loop(build):
    """kill -9 at random moments loses nothing and doubles nothing"""
    seed = int(os.environ.get("SEUIL_TEST_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    say(f"seed {seed}")
    with World(build, os.path.join(HERE, "kill.yaml"), inputs=INPUTS) as world:
        daemon = world.daemon("a", checkpoint_interval="1s", merge_wait="300ms", witness_interval="1s")
        world.ctl("init")
        load = subprocess.Popen([world.program("make_events"), "--bootstrap", world.broker.bootstrap, "--leads",
                                 str(LEADS), "--rate", str(RATE), "--seed", str(seed), "--late", "5", "--repeat", "5",
                                 "--bad", "1"], stdout=subprocess.PIPE, text=True)
        try:
            for n in range(KILLS):
                daemon.start(wait=chance.random() < 0.8)
                # Some die before they own anything, some in a checkpoint, some in between.
                deadline = chance.uniform(0.05, 2.5)
                try:
                    daemon.process.wait(deadline)
                    expect(False, f"seuild ended by itself: {daemon.tail()}")
                except subprocess.TimeoutExpired:
                    daemon.kill()
                if n in (KILLS // 3, 2 * KILLS // 3):
                    say(f"{n + 1} kills; the leads as they are now:")
                    fold_check(world)
            daemon.start()
        finally:
            load.terminate()
        made = load.communicate()[0].strip()
        await_until("all is applied and written", lambda: drained(world), 120, 0.5)
        took = daemon.stop()
        say(f"{KILLS} kills, {made} events; stopped in {took:.1f} s")
        expected = os.path.join(world.folder, "expected")
        fold_check(world, "--all", "--expect", expected)
        values, repeats = published(world)
        with open(expected) as f:
            want = dict(line.rstrip("\n").split("\t", 1) for line in f)
        missing = [i for i in want if i not in values]
        extra = [i for i in values if i not in want]
        other = [i for i in want if i in values and values[i] != want[i]]
        say(f"{len(values)} crossings published, {repeats} repeats, {len(want)} expected")
        expect(not missing, f"{len(missing)} crossings were never published, the first: {want[missing[0]] if missing else ''}")
        expect(not extra, f"{len(extra)} crossings that the fold does not know: {values[extra[0]] if extra else ''}")
        expect(not other, f"{len(other)} with other bytes: {[values[other[0]], want[other[0]]] if other else ''}")
        expect(len(want) > 500, "too few crossings to mean anything")


if __name__ == "__main__":
    main([kill_loop])
