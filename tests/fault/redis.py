#!/usr/bin/env python3
"""redis.py BUILD [CASE...]: what Redis may do to seuild under load, on a real Kafka: die, lose its tail
or everything, answer late or never, run out of memory, be set to evict."""
import json
import os
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, await_until, expect, main, say  # noqa: E402
from oracle import INPUTS, MODEL, Load, await_drained, expected, judge, published  # noqa: E402

LOAD = {"leads": 1000, "rate": 200, "late": 5, "repeat": 5, "bad": 1}  # a lead's events lie 5 s apart
QUICK = {"checkpoint_interval": "500ms", "merge_wait": "300ms", "witness_interval": "200ms", "redis__timeout": "1s",
         "redis__backoff_max": "500ms"}
AOF = ("--appendonly", "yes", "--aof-use-rdb-preamble", "no")


def world(build, *redis):
    return World(build, MODEL, inputs=INPUTS, broker="shared", redis=redis)


def begun(w, **settings):
    """A daemon that runs, and a load."""
    seed = random.randrange(1 << 30)
    say(f"seed {seed}")
    daemon = w.daemon("a", **{**QUICK, **settings})
    w.ctl("init")
    daemon.start()
    return daemon, Load(w, seed=seed, **LOAD)


def more(w, count=300):
    """Until so many crossings more are published than now."""
    before = len(w.consume("qualifications"))
    await_until(f"{count} crossings more", lambda: len(w.consume("qualifications")) >= before + count, 60, 0.2)


def settle(w, daemon, load):
    say(f"{load.stop()} events")
    await_drained(w)
    daemon.stop()
    return adds_up(daemon)


def it_dies_and_returns(build):
    """Redis is killed and comes back with every write that it had acknowledged: nothing lost or doubled"""
    with world(build, *AOF, "--appendfsync", "always") as w:
        daemon, load = begun(w)
        with load:
            for _ in range(3):
                more(w, 150)
                w.redis.kill()
                doubts = daemon.count("level=warning")
                await_until("it notices", lambda: daemon.count("level=warning") > doubts, 20)
                w.redis.start()
            more(w)
            got = settle(w, daemon, load)
        expect(got["doubts"] >= 4 and got.get("rewinds", 0) == 0, f"{got}")
        judge(w)


def its_tail_is_cut(build):
    """Redis returns without its newest writes: seuild rewinds, says so, and its state is exact again"""
    with world(build, *AOF, "--appendfsync", "everysec") as w:
        daemon, load = begun(w)
        with load:
            more(w)
            w.redis.kill()
            folder = os.path.join(w.redis.folder, "appendonlydir")
            path, = [os.path.join(folder, f) for f in os.listdir(folder) if ".incr." in f]
            size = os.path.getsize(path)
            os.truncate(path, size - min(size // 2, 300000))
            w.redis.start()
            await_until("it says so", lambda: daemon.says("Redis lost its tail"), 30)
            more(w)
            got = settle(w, daemon, load)
        expect(got["rewinds"] >= 1, f"{got}")
        want = expected(w)
        values, repeats = published(w, same_bytes=False)
        missing = [i for i in want if i not in values]
        say(f"{len(values)} crossings published, {repeats} repeats, {len(want)} expected, {len(values) - len(want)} of the lost history")
        expect(not missing, f"{len(missing)} crossings were never published, the first: {want[missing[0]] if missing else ''}")
        expect(repeats > 0, "nothing was published again, so nothing was lost")


def it_forgets_everything(build):
    """after FLUSHALL every shard halts and says what to do; rebuild makes the state anew, quietly"""
    with world(build) as w:
        daemon, load = begun(w)
        with load:
            more(w)
            load.stop()
            await_drained(w)
            before = w.consume("qualifications")
            redis = w.redis.client()
            redis("FLUSHALL")
            w.produce(("page_views", "lead-000001", {"type": "page_view", "id": "wake", "lead": "lead-000001",
                                                     "time": time.time_ns() // 1000000, "url": "https://x.fr/tarifs"}))
            await_until("it says so", lambda: daemon.says("seuilctl rebuild"), 30)
            if not daemon.alive():
                daemon.start(wait=False)
        told = w.ctl("rebuild", "--yes")
        say(told.strip())
        await_until("every shard is there again", lambda: all(s["state"] == "owned" for s in w.shards()) and len(w.shards()) == 4, 60)
        w.produce(("forms", "lead-000002", {"type": "form", "id": "anew", "lead": "lead-000002", "form_id": "devis",
                                            "time": time.time_ns() // 1000000, "action": "submitted"}))
        await_drained(w)
        await_until("it crosses", lambda: any(json.loads(r.value)["cause"]["id"] == "anew" for r in w.consume("qualifications")
                                              if json.loads(r.value)["cause"]))
        daemon.stop()
        adds_up(daemon)
        expect(not daemon.says("Redis lost its tail"), "what an operator decided is called a loss")
        want = expected(w)
        edge = max(json.loads(r.value)["effective_time"] for r in before)
        known = {(r.partition, r.offset) for r in before}
        after = [r for r in w.consume("qualifications") if (r.partition, r.offset) not in known]
        ids = {r.headers["ce_id"].decode() for r in after}
        early = [r.value for r in after if json.loads(r.value)["cause"] and
                 json.loads(r.value)["cause"]["id"] not in ("wake", "anew")]
        say(f"{len(before)} crossings before, {len(after)} after, {len(want)} in the whole log; the last before at {edge}")
        expect(not early, f"{len(early)} crossings were published twice: {[(c['effective_time'], c['cause']) for c in map(json.loads, early[:8])]}")
        expect(ids <= set(want), "an id that the fold does not know")


def it_answers_late_or_never(build):
    """a proxy keeps, swallows and cuts answers of commits: no effect is doubled or lost"""
    chance = random.Random()
    with world(build) as w:
        path = os.path.join(w.folder, "proxy.sock")
        proxy = subprocess.Popen([w.program("redis_proxy"), path, w.redis.path], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)

        def order(text):
            proxy.stdin.write(text + "\n")
            proxy.stdin.flush()
            expect(proxy.stdout.readline() == "done\n", f"the proxy does not {text}")
        try:
            expect(proxy.stdout.readline() == "done\n", "the proxy does not start")
            daemon, load = begun(w, redis__url=f"unix://{path}")
            with load:
                for what in ("swallow", "hold-replies", "hold-requests", "cut-after", "swallow", "cut-after", "hold-requests"):
                    more(w, 40)
                    doubts = daemon.count("level=warning")
                    order(f"cut-after {chance.randrange(20000)}" if what == "cut-after" else f"{what} on")
                    await_until("it doubts", lambda: daemon.count("level=warning") > doubts, 30)
                    if what != "cut-after":
                        order(f"{what} off")
                    if what == "swallow":
                        order("cut")
                more(w)
                got = settle(w, daemon, load)
            expect(got["doubts"] >= 7, f"{got}")
            judge(w)
        finally:
            proxy.kill()
            proxy.wait()


def it_would_evict(build):
    """maxmemory-policy allkeys-lru is refused, with the command that mends it"""
    with world(build, "--maxmemory-policy", "allkeys-lru") as w:
        daemon = w.daemon("a", **QUICK)
        daemon.start(wait=False)
        code = daemon.process.wait(60)
        expect(code == 78 and daemon.says("CONFIG SET maxmemory-policy noeviction"), f"ended with {code}: {daemon.tail()}")


def it_runs_out_of_memory(build):
    """without memory Redis refuses writes: seuild stands still, says so, and goes on by itself"""
    with world(build) as w:
        daemon, load = begun(w)
        with load:
            more(w)
            redis = w.redis.client()
            redis("CONFIG", "SET", "maxmemory", "1mb")
            await_until("it says so", lambda: daemon.says("OOM"), 30)
            expect(daemon.alive(), "it ended")
            before = len(w.consume("qualifications"))
            more_doubts = daemon.count("OOM")
            await_until("it tries again", lambda: daemon.count("OOM") > more_doubts or daemon.says("backs off"), 30)
            redis("CONFIG", "SET", "maxmemory", "0")
            more(w)
            expect(len(w.consume("qualifications")) > before, "it does not go on")
            settle(w, daemon, load)
        judge(w)


def tls_with_a_password(build):
    """rediss:// with a private authority and an ACL user: the name is verified, the flow is whole"""
    with world(build) as w:
        folder = os.path.join(w.folder, "tls")
        os.makedirs(folder)

        def openssl(*args):
            subprocess.run(["openssl", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "redis.key", "-out", "redis.csr")
        with open(os.path.join(folder, "names"), "w") as f:
            f.write("subjectAltName=DNS:localhost\n")
        openssl("x509", "-req", "-in", "redis.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", "redis.pem")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        w.redis.stop()
        w.redis.options += ["--tls-port", str(port), "--tls-cert-file", f"{folder}/redis.pem", "--tls-key-file",
                            f"{folder}/redis.key", "--tls-ca-cert-file", f"{folder}/ca.pem", "--tls-auth-clients", "no"]
        w.redis.start()
        redis = w.redis.client()
        redis("ACL", "SETUSER", "seuil", "on", ">s3cret-of-tests", "~*", "+@all", "-@dangerous", "+info", "+keys")
        secret = os.path.join(folder, "password")
        with open(secret, "w") as f:
            f.write("s3cret-of-tests\n")
        tls = {"redis__url": f"rediss://localhost:{port}", "redis__user": "seuil", "redis__password_file": secret,
               "redis__tls__ca": f"{folder}/ca.pem"}
        wrong = w.daemon("w", **{**QUICK, **tls, "redis__url": f"rediss://127.0.0.1:{port}"})
        right = w.daemon("a", **{**QUICK, **tls})
        w.ctl("init", config=right.config)
        wrong.start(wait=False)
        await_until("another name is refused", lambda: wrong.says("certificate"), 30)
        if wrong.alive():
            wrong.kill()
        right.start()
        with Load(w, seed=1, **LOAD) as load:
            more(w)
            load.stop()
            await_until("all is applied", lambda: all(t["lag"] == 0 for s in json.loads(w.ctl(
                "shards", "--format", "json", config=right.config))["shards"] for t in s["topics"]), 60, 0.3)
        right.stop()
        adds_up(right)
        judge(w, minimum=300)
        expect(not right.says("s3cret"), "the password is in the log")


if __name__ == "__main__":
    main([it_dies_and_returns, its_tail_is_cut, it_forgets_everything, it_answers_late_or_never, it_would_evict,
          it_runs_out_of_memory, tls_with_a_password])
