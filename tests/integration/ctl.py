#!/usr/bin/env python3
"""ctl.py BUILD [CASE...]: seuilctl as its users meet it."""
import calendar
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, Redis, World, await_until, expect, main  # noqa: E402

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quick.yaml")
FORMS = 2  # the number of the topic, by its place among the harness's inputs


def run(build, *args, stdin=""):
    program = os.path.join(build, "daemon", "seuilctl")
    return subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, input=stdin)


def event(lead, id_, action="viewed", at=None):
    at = at or time.time_ns() // 1000000
    return {"type": "form", "id": id_, "lead": lead, "time": at, "form_id": "devis", "action": action}


def form(lead, id_):
    return ("forms", lead, event(lead, id_))


def world(build):
    return World(build, MODEL, partitions=2)


def qualified(w, daemon, *leads):
    """Start, let each lead cross once, stop."""
    w.ctl("init")
    daemon.start()
    w.produce(*[form(lead, "e-" + lead) for lead in leads])
    await_until("the crossings", lambda: len(w.crossings()) == len(leads))
    daemon.stop()


def shard_of(w, lead):
    return json.loads(w.ctl("explain", lead, "--format", "json"))["shard"]


def state(w, shard):
    return next(s for s in w.shards() if s["shard"] == shard)


def arguments_are_checked(build):
    """wrong arguments say what is right, with status 64; help is no mistake"""
    for args in ([], ["nonsense"], ["check", "--nonsense"], ["replay"], ["explain"], ["explain", "a", "b"],
                 ["replay", "--model", MODEL, "--format", "xml"], ["replay", "--model", MODEL, "--until", "soon"],
                 ["adopt", "--config", "x"], ["init", "--retention", "long"]):
        done = run(build, *args)
        if args[:1] == ["init"]:
            expect(done.returncode in (64, 78), f"{args}: {done.returncode}")
            continue
        expect(done.returncode == 64, f"{args}: {done.returncode} {done.stderr}")
        expect("seuilctl" in done.stderr and not done.stdout, f"{args}: {done}")
    for name in ("check", "replay", "explain", "shards", "init", "go-on", "adopt", "rebuild", "demo"):
        done = run(build, name, "--help")
        expect(done.returncode == 0 and f"seuilctl {name}" in done.stdout, f"{name} --help: {done}")
    expect("seuilctl COMMAND" in run(build, "--help").stdout, "--help")
    expect("librdkafka" in run(build, "--version").stdout, "--version")


def check_tells_what_a_file_is(build):
    """check knows models from configurations and tells every mistake at its place, status 78"""
    sample = os.path.join(ROOT, "config", "seuil.yaml")
    done = run(build, "check", sample, MODEL)
    expect(done.returncode == 0, f"the sample is refused: {done.stdout}")
    expect("a configuration of 6 inputs" in done.stdout and "a model of 3 rules and 3 tiers" in done.stdout, done.stdout)
    answers = [json.loads(line) for line in run(build, "check", "--format", "json", sample, MODEL).stdout.splitlines()]
    expect([a["kind"] for a in answers] == ["configuration", "model"] and all(a["good"] for a in answers), f"{answers}")
    bad = os.path.join(build, "ctl-bad.yaml")
    with open(bad, "w") as f:
        f.write("redis:\n  ur1: x\nworkers: many\n")
    done = run(build, "check", bad, sample)
    expect(done.returncode == 78, f"status {done.returncode}")
    expect(f'{bad}:2:3: unknown setting "redis.ur1" (did you mean "redis.url"?)\n      ur1: x\n      ^\n' in done.stdout, done.stdout)
    expect(f"{bad}:3:10: workers must be a whole number" in done.stdout, done.stdout)
    expect("bootstrap.servers is missing" in done.stdout and f"{sample}: good" in done.stdout, done.stdout)
    wrong = json.loads(run(build, "check", "--format", "json", bad).stdout)
    expect(not wrong["good"] and any(e["line"] == 2 and e["column"] == 3 for e in wrong["errors"]), f"{wrong}")
    os.unlink(bad)
    printed = run(build, "check", "--print", sample).stdout
    expect('checkpoint_interval: 10s  # ' in printed and f"{sample}:" in printed, printed)


def inputs_that_cannot_work_are_refused(build):
    """what a source is said to be, and cannot be: the file and the line that is wrong, and what to write there"""
    with tempfile.TemporaryDirectory(prefix="seuil-test.") as folder:
        def put(name, text):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)

        put("nosuch.avsc", '{"type": "record", "name": "R", "fields": [{"name": "x", "type": "nosuch"}]}')
        put("comma.avsc", '{"type": "record",,')
        put("other.avsc", '{"type": "record", "name": "R", "fields": [{"name": "x", "type": "string"}]}')
        page = "      events: [{kind: page_view, id: a, time: t, url: %s}]\n"
        tsv = "inputs:\n  page_views:\n    format: tsv\n    map:\n"
        for text, told in (
                ("inputs:\n  page_views: {format: raw, schema: nosuch.avsc}\n", "nosuch.avsc: input page_views: type `nosuch` is nowhere defined"),
                ("inputs:\n  page_views: {format: raw, schema: comma.avsc}\n", "comma.avsc:1:19: input page_views: the schema is no JSON"),
                ("inputs:\n  page_views: {format: raw, schema: other.avsc}\n", "other.avsc: input page_views: record `R` has no field `id`; name the one"),
                ("inputs:\n  page_views: {format: raw, schema: none.avsc}\n", "seuil.yaml:7:3: input page_views: schema"),
                (tsv + page % "u", "seuil.yaml:7:3: input page_views: `format: tsv` has no column `a`: name it in the map's columns, as columns: {a: 7}"),
                (tsv + "      columns: [a, t, u]\n" + page % "uu", "has no column `uu`"),
                ("inputs:\n  page_views: {preset: sendgrid, format: tsv}\n", "has no column `category`"),
                ("lead_secret: short\ninputs:\n  page_views: {}\n", "seuil.yaml:6:14: lead_secret has fewer than 16 characters"),
                ("free_mail: none.txt\ninputs:\n  page_views: {}\n", "seuil.yaml:6:12: free_mail: "),
                ("registry: {directory: none}\ninputs:\n  page_views: {format: confluent}\n", "seuil.yaml:6:23: registry.directory "),
                ("inputs:\n  page_views:\n    map:\n" + page % "'u | lowercase'", 'unknown step "lowercase"; seuil-mapping(5) has a list'),
                ("inputs:\n  page_views:\n    map:\n      events: [{when: {a: {starts: b}}, drop: x}]\n",
                 "seuil.yaml:9:28: unknown key \"starts\" of a condition: write prefix, suffix,")):
            put("seuil.yaml", 'app: t\nkafka: {bootstrap.servers: "127.0.0.1:1"}\nredis: {url: "redis://127.0.0.1:1"}\n'
                f'models: ["{MODEL}"]\noutbound: {{format: json}}\n{text}')
            done = run(build, "check", "--config", os.path.join(folder, "seuil.yaml"))
            told = told if told.startswith(("has", "unknown")) else os.path.join(folder, told)
            expect(done.returncode == 78 and told in done.stdout, f"{text}: {done.stdout}")
        # Good, and perhaps not meant.
        put("seuil.yaml", 'app: t\nkafka: {bootstrap.servers: "127.0.0.1:1"}\nredis: {url: "redis://127.0.0.1:1"}\n'
            f'models: ["{MODEL}"]\noutbound: {{format: json}}\ninputs:\n  page_views:\n    format: raw\n    schema: other.avsc\n'
            "    map:\n      events: [{kind: page_view, id: x, time: [whenn, '@time'], url: page.url}]\n")
        done = run(build, "check", "--config", os.path.join(folder, "seuil.yaml"))
        expect(done.returncode == 0 and "seuil.yaml:7:3: remark: input page_views: " in done.stdout
               and "other.avsc has no page, whenn, which its map names\n" in done.stdout, done.stdout)


def replay_reads_what_it_can(build):
    """replay sorts by time, tells lines that it cannot read, and answers in JSON too"""
    lines = [json.dumps(event("L1", "b", at=2000)), "", "# a remark", "{bad", json.dumps(event("L1", "a", at=1000)),
             json.dumps(event("L1", "b", at=2000)), json.dumps(event("L1", "late", at=9000))]
    text = "\n".join(lines)
    args = ("replay", "--model", MODEL, "--until", "1970-01-01T00:00:05Z")
    done = run(build, *args, stdin=text)
    expect(done.returncode == 65 and "standard input:4: " in done.stderr, f"{done}")
    expect('1970-01-01T00:00:01.000Z L1 quick: up from "froid" to "qualifié pour la vente", score 50.00' in done.stdout, done.stdout)
    expect(done.stdout.endswith("3 events: 2 applied, 1 duplicate; 1 after --until; 1 unreadable; 1 lead, 1 crossing\n"
                                "rules without an event: tarifs, form\n"), done.stdout)
    told = [json.loads(line) for line in run(build, *args, "--format", "json", stdin=text).stdout.splitlines()]
    expect([list(t)[0] for t in told] == ["crossing", "lead", "summary"], f"{told}")
    expect(told[0]["crossing"]["cause"]["id"] == "a" and told[1]["lead"]["score"] == 100.0 - 10.0, f"{told}")
    as_is = run(build, *args, "--as-is", "--format", "json", stdin=text).stdout.splitlines()[0]
    expect(json.loads(as_is)["crossing"]["cause"]["id"] == "b", as_is)
    empty = run(build, *args, stdin="")
    expect(empty.returncode == 0 and empty.stdout == "0 events; 0 leads, 0 crossings\n", f"{empty}")


def init_makes_what_is_missing(build):
    """init makes the topics once, refuses other partitions, and numbers inputs that are new"""
    with world(build) as w:
        daemon = w.daemon()
        expect("would be made" in w.ctl("init", "--dry-run"), "dry run")
        made = w.ctl("init", "--retention", "3d")
        expect(made.count(" made, kept for 3d") == 5 and made.count(" made, kept for 6d") == 1, made)
        again = w.ctl("init")
        expect("made" not in again and again.count("exists") == 6, again)
        other = os.path.join(w.folder, "other.yaml")
        with open(other, "w") as f:
            f.write(w.settings("b", partitions=3))
        done = run(build, "init", "--config", other)
        expect(done.returncode == 78 and "page_views has 2 partitions" in done.stderr, f"{done}")
        expect(run(build, "shards", "--config", daemon.config).returncode == 69, "shards before the first start")
        daemon.start()
        daemon.stop()
        expect(run(build, "shards", "--config", other).returncode == 78, "other partitions than Redis'")
        w.inputs += ("activities",)
        more = w.daemon("c")
        told = w.ctl("init", config=more.config)
        expect("activities" in told and "new input, number 3" in told, told)
        more.start()
        w.produce(("activities", "L1", {"type": "activity", "id": "a", "lead": "L1", "time": 1000, "name": "x"}))
        await_until("the new input is read", lambda: sum(t["reach"] for s in json.loads(
            w.ctl("shards", "--format", "json", config=more.config))["shards"] for t in s["topics"]) == 1)
        more.stop()


def explain_says_of_when_it_is(build):
    """explain answers for now, the future and the past, and for leads that are not known"""
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, "L1")
        text = w.ctl("explain", "L1")
        expect("as of 20" in text and "50.00  Inscription (1 time)" in text and '"qualifié pour la vente"' in text, text)
        expect("stays in this tier" in text, text)
        now = json.loads(w.ctl("explain", "L1", "--format", "json"))
        expect(now["exact"] and now["models"][0]["score"] == 50 and now["models"][0]["tier"] == "qualifie", f"{now}")
        past = json.loads(w.ctl("explain", "L1", "--format", "json", "--at", "2020-01-01T00:00:00Z"))
        expect(not past["exact"], f"{past}")
        expect("seuilctl replay" in w.ctl("explain", "L1", "--at", "2020-01-01T00:00:00Z"), "no word of replay")
        done = run(build, "explain", "nobody", "--config", daemon.config)
        expect(done.returncode == 65 and '"nobody" is absent (looked in shard' in done.stderr, f"{done}")
        done = run(build, "explain", "né e/à%", "--config", daemon.config, "--format", "json")
        told = json.loads(done.stdout)
        expect(done.returncode == 65 and told["lead"] == "né e/à%" and told["absent"], f"{done}")
        w.redis.kill()
        done = run(build, "explain", "L1", "--config", daemon.config)
        expect(done.returncode == 75 and "is redis.url" in done.stderr and w.redis.path in done.stderr, f"{done}")


def leads_may_have_any_name(build):
    """explain finds leads whose ids have spaces, accents and signs"""
    names = ("Zoé Lefèvre", "a/b?c=%20", "{x}", "日本", "-dash")
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, *names)
        for name in names:
            told = json.loads(run(build, "explain", "--format", "json", "--config", daemon.config, "--", name).stdout)
            expect(told["lead"] == name and told["models"][0]["score"] == 50, f"{told}")


def mistakes_are_told_with_what_to_do(build):
    """files that are not there or no text, servers that do not answer: each says what, where and what to do"""
    def told(status, text, *args, stdin=""):
        done = run(build, *args, stdin=stdin)
        expect(done.returncode == status and text in done.stderr, f"{args}: {done.returncode} {done.stderr}")

    with tempfile.TemporaryDirectory(prefix="seuil-test.") as folder:
        path = {name: os.path.join(folder, name) for name in ("none", "empty", "binary", "long", "config", "socket")}
        open(path["empty"], "w").close()
        with open(path["binary"], "wb") as f:
            f.write(bytes(range(256)) * 100)
        with open(path["long"], "w") as f:
            f.write(json.dumps({**event("L", "a"), "fields": {"x": "y" * 2000000}}) + "\n" + json.dumps(event("L", "b", at=1)))
        with open(path["config"], "w") as f:
            json.dump({"app": "t", "partitions": 2, "kafka": {"bootstrap.servers": "127.0.0.1:1"}, "models": [MODEL],
                       "redis": {"url": f"unix://{path['socket']}"}, "inputs": {"forms": {"start": "earliest"}}}, f)
        told(64, 'no command "shard" (did you mean "shards"?)', "shard")
        told(64, "LEAD is missing", "explain")
        told(64, 'unexpected argument "b"', "explain", "a", "b")
        told(64, "1 to 256 bytes", "explain", "", "--config", path["config"])
        told(64, "1 to 256 bytes", "explain", "x" * 257, "--config", path["config"])
        told(64, "--at must be a time like 2026-", "explain", "a", "--at", "yesterday", "--config", path["config"])
        for name in ("shards", "init", "rebuild", "go-on"):
            told(78, f"{path['none']}: cannot be read: No such file", name, "--config", path["none"])
        if not os.path.exists("/etc/seuil/seuil.yaml"):
            told(78, "this is the default configuration; --config FILE names another", "shards")
            told(78, "this is the default configuration; --config FILE names another", "init")
        for name in ("shards", "rebuild", "go-on"):
            told(75, f"is redis.url (unix://{path['socket']}) right, and Redis running there?", name, "--config", path["config"])
        told(75, "is kafka.bootstrap.servers right, and a broker running there?", "init", "--config", path["config"])
        replay = ("replay", "--model", MODEL, "--events")
        told(66, f"{path['none']} cannot be read: No such file", *replay, path["none"])
        told(74, f"{folder} cannot be read: Is a directory", *replay, folder)
        told(78, f"{path['empty']}:1:1: a model must be a mapping", "replay", "--model", path["empty"])
        told(0, "", *replay, path["empty"])
        told(65, "and 81 more lines that cannot be read", *replay, path["binary"])
        told(65, f"{path['long']}:1: longer than 1048576 bytes", *replay, path["long"])
        told(0, "", *replay, "-", stdin=json.dumps(event("L", "b")))
        with open("/dev/full", "w") as full:
            done = subprocess.run([os.path.join(build, "daemon", "seuilctl"), *replay, path["empty"]], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        expect(done.returncode == 74 and "standard output cannot be written: No space" in done.stderr, f"{done}")
        redis = Redis(folder).start()
        try:
            with open(path["config"]) as f:
                config = f.read().replace(path["socket"], redis.path)
            with open(path["config"], "w") as f:
                f.write(config)
            told(69, "has nothing of the application \"t\"", "shards", "--config", path["config"])
            told(75, "is kafka.bootstrap.servers right, and a broker running there?", "rebuild", "--config", path["config"])
        finally:
            redis.stop()


FATES = ("applied", "replayed", "duplicate", "filtered", "late", "dead_lettered", "in_flight")


def shards_add_up(build):
    """shards tells position and base of each topic, and what became of every event, as of when"""
    with world(build) as w:
        # No checkpoint by time: what does not cross is applied and in no base.
        daemon = w.daemon(checkpoint_interval="10m")
        w.ctl("init")
        begin = time.time()
        daemon.start()
        new = state(w, 0)
        expect(new["counts"] is None and all(t["position"] == 0 for t in new["topics"]), f"{new}")
        w.produce(form("L1", "a"), form("L1", "a"), form("L1", "b"), ("forms", "L1", "no event"),
                  ("emails", "L1", {"type": "email", "id": "m", "lead": "L1", "time": 1000, "action": "opened"}))
        home = await_until("they are read", lambda: next((
            s for s in w.shards() if sum(t["position"] for t in s["topics"]) == 5), None))
        expect(home["owner"] == "a" and home["state"] == "owned", f"{home}")
        counts = home["counts"]
        expect(counts["adds_up"] and counts["current"] and counts["received"] == sum(counts[f] for f in FATES), f"{counts}")
        since, as_of = (calendar.timegm(time.strptime(counts[x][:19], "%Y-%m-%dT%H:%M:%S")) for x in ("since", "as_of"))
        expect(begin - 1 < since <= as_of <= time.time(), f"{counts} {begin}")
        forms = next(t for t in home["topics"] if t["topic"] == "forms")
        expect(forms["base"] == 0 and forms["position"] == 4 and forms["lag"] == 4 and forms["end"] == 4, f"{forms}")
        alone = json.loads(w.ctl("shards", "--format", "json", "--no-kafka"))
        expect(alone["lag"] is None and all(t["position"] is None for s in alone["shards"] for t in s["topics"]), f"{alone}")
        daemon.stop()  # wholly written
        done = json.loads(w.ctl("shards", "--format", "json"))
        counts = done["shards"][home["shard"]]["counts"]
        expect([counts[f] for f in ("received", *FATES)] == [5, 2, 0, 1, 1, 0, 1, 0], f"{counts}")
        expect(done["counts"]["received"] == 5 and done["counts"]["adds_up"] and done["lag"] == 0, f"{done}")
        text = w.ctl("shards")
        expect(re.search(rf"^ +{home['shard']}  owned    a +5 +5 +0 +0 +\d+$", text, re.M), text)
        expect("received 5 = 2 applied + 1 duplicate + 1 filtered + 1 dead_lettered: adds up; as of 20" in text, text)
        detail = w.ctl("shards", str(home["shard"]))
        expect(re.search(r"^ +forms +4 +4 +0  reach 4, end 4$", detail, re.M) and "since 20" in detail, detail)
        redis, key = w.redis.client(), f"s:{{t.{home['shard']}}}:m"
        redis("HSET", key, "counts", redis("HGET", key, "counts").decode().replace("received=5", "received=7"))
        wrong = run(build, "shards", "--config", daemon.config)
        expect(wrong.returncode == 70 and "received 7 is not 2 applied" in wrong.stdout, f"{wrong}")


def a_gap_is_accepted(build):
    """records deleted before they were read halt the shard; go-on accepts that, and only that shard's"""
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, "L1")
        shard = shard_of(w, "L1")
        w.produce(form("L1", "gone1"), form("L1", "gone2"), form("L1", "kept"))
        done = subprocess.run([w.program("trim_topic"), w.broker.bootstrap, "forms", str(shard), "3"], stderr=subprocess.PIPE)
        expect(done.returncode == 0, f"{done}")
        daemon.start()
        await_until("the shard halts", lambda: state(w, shard)["state"] == "halted")
        expect("go-on" in state(w, shard)["halt"] and state(w, 1 - shard)["state"] == "owned", f"{w.shards()}")
        expect(run(build, "go-on", str(1 - shard), "--config", daemon.config).returncode == 65, "a shard that is not halted")
        expect(run(build, "go-on", "7", "--config", daemon.config).returncode == 64, "a shard that is none")
        told = w.ctl("go-on")
        expect(told == f"shard {shard}: goes on; 2 offsets that are gone are given up\n", told)
        await_until("it goes on", lambda: state(w, shard)["lag"] == 0 if "lag" in state(w, shard) else
                    all(t["lag"] == 0 for t in state(w, shard)["topics"]))
        daemon.stop()
        lines = json.loads(w.ctl("explain", "L1", "--format", "json"))["models"][0]["explanation"]
        expect([x["count"] for x in lines if x["rule"] == "long"] == [2], f"{lines}")


def a_topic_made_again_is_adopted(build):
    """a log that is shorter than what was read halts the shard; adopt takes it for what it is"""
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, "L1")
        shard = shard_of(w, "L1")
        redis = w.redis.client()
        key = f"s:{{t.{shard}}}:m"
        topic = redis("HGET", key, f"t{FORMS}").decode()
        redis("HSET", key, f"t{FORMS}", re.sub(r"reach=\d+", "reach=1000", topic))
        daemon.start()
        await_until("the shard halts", lambda: state(w, shard)["state"] == "halted")
        expect("adopt --topic forms" in state(w, shard)["halt"], f"{state(w, shard)}")
        expect(run(build, "adopt", "--topic", "nothing", "--config", daemon.config).returncode == 64, "no such topic")
        told = w.ctl("adopt", "--topic", "forms", "--start", "latest")
        expect(told == f"shard {shard}: adopted\n", told)
        w.produce(form("L1", "new"))
        await_until("it goes on", lambda: state(w, shard)["state"] == "owned" and
                    all(t["lag"] == 0 for t in state(w, shard)["topics"]))
        generations = {t["topic"]: t["generation"] for t in state(w, shard)["topics"]}
        expect(generations["forms"] == 1 and generations["emails"] == 0, f"{generations}")
        daemon.stop()
        lines = json.loads(w.ctl("explain", "L1", "--format", "json"))["models"][0]["explanation"]
        expect([x["count"] for x in lines if x["rule"] == "long"] == [2], f"{lines}")


def a_lost_state_is_rebuilt(build):
    """a shard whose meta is gone halts; rebuild makes leads anew, and publishes no crossing twice"""
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, "L1", "L2", "L3", "L4")
        shard = shard_of(w, "L1")
        before = sorted(c["lead"] for c in w.crossings())
        w.redis.client()("DEL", f"s:{{t.{shard}}}:m")
        daemon.start()
        await_until("it says so", lambda: daemon.says("seuilctl rebuild"))
        done = run(build, "rebuild", "--config", daemon.config)
        expect(done.returncode == 64 and "Say --yes" in done.stdout, f"{done}")
        told = w.ctl("rebuild", "--yes")
        expect(told.startswith(f"shard {shard}: begins anew; crossings until "), told)
        await_until("it is there again", lambda: state(w, shard)["state"] == "owned" and
                    all(t["lag"] == 0 for t in state(w, shard)["topics"]))
        daemon.stop()
        for lead in ("L1", "L2", "L3", "L4"):
            score = json.loads(w.ctl("explain", lead, "--format", "json"))["models"][0]["score"]
            expect(score == 50, f"{lead} has {score}")
        after = sorted(c["lead"] for c in w.crossings())
        expect(after == before, f"published again: {before} {after}")


def a_redis_that_lost_everything_is_rebuilt(build):
    """Redis comes back empty under a running daemon: it halts and names the command, and that works"""
    with world(build) as w:
        daemon = w.daemon()
        qualified(w, daemon, "L1", "L2", "L3", "L4")
        before = sorted(c["lead"] for c in w.crossings())
        other = os.path.join(w.folder, "other.yaml")
        with open(other, "w") as f:
            f.write(w.settings("a", app="other", group="other"))
        w.ctl("init", config=other)
        daemon.start()
        await_until("it reads", lambda: all(s["owner"] == "a" for s in w.shards()))
        w.redis.kill()
        w.redis.start()  # without persistence: empty
        w.produce(form("L1", "more"), form("L2", "more"))
        await_until("it halts", lambda: daemon.says("seuilctl rebuild"))
        for args in (["shards"], ["explain", "L1"], ["go-on"], ["adopt", "--topic", "forms"]):
            done = run(build, *args, "--config", daemon.config)
            expect(done.returncode == 69 and "seuilctl rebuild" in done.stderr, f"{args}: {done}")
        done = run(build, "rebuild", "--yes", "--config", other)
        expect(done.returncode == 65 and "nothing is changed" in done.stderr, f"{done}")
        done = run(build, "rebuild", "--config", daemon.config)
        expect(done.returncode == 64 and done.stdout.count("its state is lost") == 2, f"{done}")
        expect(w.redis.client().keys("*") == [], "looking changes nothing")
        told = w.ctl("rebuild", "--yes")
        expect(told.count("begins anew; crossings until ") == 2, told)
        await_until("it is there again", lambda: all(
            s["state"] == "owned" and all(t["lag"] == 0 for t in s["topics"]) for s in w.shards()))
        done = run(build, "rebuild", "--yes", "--config", daemon.config)
        expect(done.returncode == 65 and "no shard is halted or lost" in done.stderr, f"{done}")
        daemon.stop()
        for lead, score in (("L1", 90), ("L2", 90), ("L3", 50), ("L4", 50)):  # of at most 90
            found = json.loads(w.ctl("explain", lead, "--format", "json"))["models"][0]["score"]
            expect(found == score, f"{lead} has {found}")
        after = sorted(c["lead"] for c in w.crossings())
        expect(after == before, f"published again: {before} {after}")
        expect(not daemon.says("lost its tail"), "a rebuild is taken for a Redis that went back")
        # The same with the daemon down: it makes a manifest at its start, and halts all the same.
        w.redis.kill()
        w.redis.start()
        other_daemon = w.daemon("a")
        other_daemon.start()
        await_until("it halts", lambda: other_daemon.says("seuilctl rebuild"))
        told = w.ctl("rebuild", "--yes")
        expect(told.count("begins anew; crossings until ") == 2, told)
        await_until("it is there again", lambda: all(
            s["state"] == "owned" and all(t["lag"] == 0 for t in s["topics"]) for s in w.shards()))
        other_daemon.stop()
        expect(sorted(c["lead"] for c in w.crossings()) == before, "published again")


def what_redis_holds(w):
    """Names and states of leads, and who is waited for."""
    redis = w.redis.client()
    held = b"".join(key + redis("GET", key) for key in redis.keys("*}:l:*"))
    return held + b"".join(b"".join(redis("ZRANGE", key, 0, -1)) for key in redis.keys("*}:d"))


def a_forgotten_lead_is_nobody(build):
    """with redis.key_secret nothing tells who a tombstone was, and who knows the id finds it: late events, a rebuild"""
    def forgotten():
        return "forgotten: nothing is kept" in w.ctl("explain", "camille", check=False)
    with World(build, MODEL, partitions=2, inputs=("forms", "commands")) as w:
        daemon = w.daemon(redis__key_secret="a secret of sixteen and more")
        qualified(w, daemon, "camille")
        expect("qualifié" in w.ctl("explain", "camille"), "explain")
        expect(b"camille" in what_redis_holds(w), "the state of a lead tells who it is")
        now = time.time_ns() // 1000000
        w.produce(("commands", "camille", {"type": "command", "id": "f", "lead": "camille", "time": now, "name": "forget"}))
        daemon.start()
        await_until("it is forgotten", forgotten)
        expect(b"camille" not in what_redis_holds(w), what_redis_holds(w))
        w.produce(("forms", "camille", event("camille", "late", at=now - 1000)))
        await_until("a late one stays out", lambda: sum(s["counts"]["filtered"] for s in w.shards() if s["counts"]) == 1)
        expect(forgotten() and len(w.crossings()) == 2, f"{w.crossings()}")
        daemon.stop()
        other = w.daemon("b", redis__key_secret="another secret of sixteen")
        other.start(wait=False)
        await_until("it refuses", lambda: other.process.poll() is not None)
        expect(other.says("with another redis.key_secret"), other.tail())
        done = run(build, "explain", "camille", "--config", other.config)
        expect(done.returncode == 78 and "redis.key_secret is not the one" in done.stderr and "Set the one" in done.stderr, f"{done}")
        redis = w.redis.client()
        redis("DEL", *redis.keys("*}:m"))
        daemon.start()
        await_until("it halts", lambda: daemon.says("seuilctl rebuild"))
        w.ctl("rebuild", "--yes")
        await_until("it is rebuilt", forgotten)
        expect(b"camille" not in what_redis_holds(w), what_redis_holds(w))
        w.produce(form("camille", "again"))
        await_until("it begins anew", lambda: len(w.crossings()) == 3)
        expect(len({c["id"] for c in w.crossings()}) == 3, f"{w.crossings()}")
        daemon.stop()


if __name__ == "__main__":
    main([arguments_are_checked, mistakes_are_told_with_what_to_do, leads_may_have_any_name, check_tells_what_a_file_is, inputs_that_cannot_work_are_refused, replay_reads_what_it_can, init_makes_what_is_missing,
          explain_says_of_when_it_is, a_gap_is_accepted, a_topic_made_again_is_adopted, a_lost_state_is_rebuilt,
          shards_add_up, a_redis_that_lost_everything_is_rebuilt, a_forgotten_lead_is_nobody])
