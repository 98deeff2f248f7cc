"""Cases of consumer.py: the compacted topic of scores on a real broker. Its last record of each lead
is what `seuilctl explain` says, whatever was killed."""
import io
import json
import os
import subprocess

from harness import ROOT, Registry, World, adds_up, await_until, expect
from consumer import as_cloudevent
from daemon import MODEL, form, now_ms, page, rfc3339
from registry import Served

SHORT = {"checkpoint_interval": "300ms", "witness_interval": "200ms"}


def world(build):
    return World(build, MODEL, partitions=2, broker="shared", inputs=("page_views", "forms", "commands"))


def daemon_of(w, name="a", **more):
    return w.daemon(name, scores__topic=w.prefix + "scores", **SHORT, **more)


def command(lead, id_, at, name):
    return ("commands", lead, {"type": "command", "id": id_, "lead": lead, "time": rfc3339(at), "name": name}, at)


def table(w):
    """What a reader of the topic from its beginning knows at its end: the last record by key."""
    return {r.key.decode(): r for r in w.consume("scores")}


def settled(w, count):
    """Everything produced so far, @count records, is in Redis and told."""
    def there():
        shards = w.shards()
        return (sum(t["base"] for s in shards for t in s["topics"]) == count and
                all(s["outbox"] == 0 for s in shards))
    await_until(f"base behind {count} records", there)


def same_as_explain(w, record):
    value = json.loads(record.value)
    told = json.loads(w.ctl("explain", value["lead"], "--at", value["as_of"], "--format", "json"))
    expect(record.key.decode() == value["lead"] and told["as_of"] == value["as_of"], f"{value} {told['as_of']}")
    expect(value["models"] == [{name: m[name] for name in ("model", "model_version", "tier", "score", "fit", "grade")}
                               for m in told["models"]], f"{value['models']} {told['models']}")


def the_last_record_is_the_lead(build):
    """killed and killed again, each lead's last record is its state; forget writes null; its topic is compacted"""
    import confluent_kafka.admin as kafka
    with world(build) as w:
        daemon = daemon_of(w)
        said = w.ctl("init")
        expect("compacted" in said, said)
        topic = w.prefix + "scores"
        resource = kafka.ConfigResource(kafka.ConfigResource.Type.TOPIC, topic)
        admin = kafka.AdminClient({"bootstrap.servers": w.broker.bootstrap})
        configs = admin.describe_configs([resource])[resource].result()
        expect(configs["cleanup.policy"].value == "compact", f"{configs['cleanup.policy']}")
        expect("compacted" not in w.ctl("init"), "made again")
        other = w.daemon("other", scores__topic=w.prefix + "qualifications", outbound__topic=w.prefix + "scores")
        said = subprocess.run([w.program("seuilctl"), "init", "--config", other.config], stderr=subprocess.PIPE, text=True)
        expect(said.returncode == 78 and "cleanup.policy=delete" in said.stderr, f"{said}")
        leads, made, t = [f"lead/é{i}" for i in range(40)], 0, now_ms() - 60000
        for turn in range(2):
            daemon.start()
            records = [page(lead, f"p{turn}-{i}", t + turn) for i, lead in enumerate(leads) if (i + turn) % 3]
            records += [form(lead, f"f{turn}-{i}", t + turn, "viewed") for i, lead in enumerate(leads) if (i + turn) % 7 == 0]
            w.produce(*records)
            made += len(records)
            await_until("some are told", lambda: len(table(w)) > 10)
            daemon.kill()
        daemon.start()
        w.produce(command("lead/é0", "c0", t + 10, "forget"), command("nobody", "c1", t + 10, "forget"))
        settled(w, made + 2)
        daemon.stop()
        last = table(w)
        expect(sorted(last) == sorted(leads + ["nobody"]), f"other leads: {sorted(last)}")
        for lead, record in last.items():
            if lead in ("lead/é0", "nobody"):
                expect(record.value is None and record.headers["ce_type"] == b"fr.seuil.lead.gone", f"{record}")
            else:
                expect(record.value is not None, f"{record}")
        for lead in leads[1::3]:
            same_as_explain(w, last[lead])
        event = as_cloudevent_of(last["lead/é1"])
        expect(event["type"] == "fr.seuil.lead.scores" and event["subject"] == "lead/é1" and event.data["as_of"] == event["time"],
               f"{event}")
        crossings = len({r.headers["ce_id"] for r in w.consume("qualifications")})
        got = adds_up(daemon)
        expect(got["published"] <= crossings and got["scores"] > 0, f"scores count as crossings: {got}")


def as_cloudevent_of(record):
    """As the SDK sees it."""
    class Message:
        headers = staticmethod(record.headers.items)
        key = staticmethod(lambda: record.key)
        value = staticmethod(lambda: record.value)
    return as_cloudevent(Message)


def avro_of_a_registry_and_off_again(build):
    """behind Confluent's framing by its own subject; turned off, nothing more is told and nothing waits"""
    import fastavro
    with world(build) as w, Served(Registry()) as r:
        daemon = daemon_of(w, outbound__format="confluent", registry__url=r.url)
        w.ctl("init")
        daemon.start()
        t = now_ms() - 60000
        w.produce(form("L1", "e1", t, "viewed"))
        settled(w, 1)
        record = table(w)["L1"]
        subject = json.loads(r.ask(f"/subjects/{w.prefix}scores-value/versions/latest"))
        expect(record.value[0] == 0 and int.from_bytes(record.value[1:5], "big") == subject["id"], f"{record.value[:5]}")
        with open(os.path.join(ROOT, "schemas", "scores.avsc"), encoding="utf-8") as f:
            text = f.read()
        expect(json.loads(subject["schema"]) == json.loads(text), "another schema than the file")
        rest = io.BytesIO(record.value[5:])
        data = fastavro.schemaless_reader(rest, fastavro.parse_schema(json.loads(text)))
        expect(not rest.read() and data["lead"] == "L1" and data["models"][0]["score"] == 50 and
               data["models"][0]["tier"] == "qualifie" and data["as_of"].timestamp() * 1000 // 1 == t, f"{data}")
        daemon.stop()
        told = len(w.consume("scores"))
        off = w.daemon("a", **SHORT)
        off.start()
        w.produce(page("L1", "e2", t + 1), form("L2", "e3", t + 1, "viewed"))
        settled(w, 3)
        off.stop()
        expect(len(w.consume("scores")) == told, "told while it is off")
