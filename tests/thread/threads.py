#!/usr/bin/env python3
"""threads.py BUILD: seuild, built with the thread sanitizer, on a real Kafka and Redis: several
workers under load while members come and go, models are replaced, reports and metrics are asked for,
schemas are learned and connections break. Any report of the sanitizer fails it."""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import World, await_until, expect, main, say  # noqa: E402

MODEL = os.path.join(HERE, "..", "integration", "quick.yaml")
EVENTS, RATE = 6000, 600


def disturb(w, a, b):
    """One round of everything that crosses threads."""
    redis = w.redis.client()
    reports = a.count("report: ")
    a.send(signal.SIGUSR1)
    await_until("a report", lambda: a.count("report: ") > reports, 100)
    a.send(signal.SIGHUP)
    b.start()
    a.send(signal.SIGUSR1)
    redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    a.send(signal.SIGHUP)
    b.send(signal.SIGUSR1)
    with open(a.log, errors="replace") as f:
        url = re.search(r"http://\S+?/metrics", f.read()).group()
    for _ in range(5):
        with urllib.request.urlopen(url, timeout=100) as answer:
            expect(b"seuil_events_received_total" in answer.read(), "no metrics")
    b.stop()
    redis.close()


def learn(w, folder, number):
    """Records whose schema comes only behind them."""
    def text(s):
        return bytes([2 * len(s)]) + s.encode()
    value = b"".join((text("e"), text("%s"), b"\2", text("n")))
    w.produce(*[("shop", f"s{i}", b"\0\0\0\0" + bytes([number]) + value.replace(text("%s"), text(f"s{i}"))) for i in range(10)])
    schema = {"type": "record", "name": "A", "fields": [
        {"name": name, "type": "long" if name == "time" else "string"} for name in ("id", "lead", "time", "name")]}
    with open(os.path.join(folder, "new"), "w") as f:
        json.dump(schema, f)
    os.rename(os.path.join(folder, "new"), os.path.join(folder, f"{number}.avsc"))


def races(w):
    """Say what the sanitizer wrote; how many processes wrote something."""
    found = glob.glob(f"{w.folder}/tsan.*")
    for path in found:
        with open(path, errors="replace") as f:
            say(f.read()[:8000])
    return len(found)


def threads(build):
    """no data race in seuild under load, rebalances, reloads, reports and broken connections"""
    options = f"suppressions={HERE}/tsan.supp:second_deadlock_stack=1"
    with World(build, MODEL, partitions=8) as w:
        folder = os.path.join(w.folder, "schemas")
        os.mkdir(folder)
        inputs = {i: {"start": "earliest", "format": "json", "topic": i} for i in w.inputs}
        inputs["shop"] = {"start": "earliest", "format": "confluent", "kind": "activity"}
        more = {"inputs": inputs, "scores__topic": "scores", "admin__listen": "0", "registry__directory": folder, "registry__confirm_missing": "10m", "registry__backoff_max": "300ms"}
        os.environ["LD_PRELOAD"] = os.path.join(build, "tests", "thread", "libc11_threads.so")
        expect(os.path.exists(os.environ["LD_PRELOAD"]), "libc11_threads.so is not built")
        os.environ["TSAN_OPTIONS"] = f"{options}:log_path={w.folder}/tsan"
        a = w.daemon("a", workers=4, checkpoint_interval="200ms", witness_interval="200ms", **more)
        b = w.daemon("b", workers=2, checkpoint_interval="200ms", **more)
        w.ctl("init")
        a.start()
        load = subprocess.Popen([w.program("make_events"), "--bootstrap", w.broker.bootstrap, "--leads", "500",
                                 "--events", str(EVENTS), "--rate", str(RATE)], stdout=subprocess.DEVNULL)
        try:
            for number in range(3):
                learn(w, folder, number)
                disturb(w, a, b)
            ended = load.wait(120)
            expect(ended == 0, f"the load ended with {ended}")
            await_until("all is read", lambda: all(t["lag"] == 0 for s in w.shards() for t in s["topics"]), 100)
            expect(w.crossings(), "nothing crossed: the load did not reach the engine")
            a.stop()
        finally:
            load.kill()
            load.wait()
            told = races(w)
        expect(not told, f"{told} reports of the thread sanitizer")


main([threads])
