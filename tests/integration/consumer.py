#!/usr/bin/env python3
"""consumer.py BUILD [CASE...]: what we tell as others read it, by clients that are not ours: Confluent's
Python client on Kafka, the CloudEvents SDK, fastavro with the schema of the registry, Prometheus'
client; Kafka's client and the CloudEvents SDK for Java.
consumer.py fetch: only fill the cache: ${XDG_CACHE_HOME:-~/.cache}/seuil, once, by pip and Maven."""
import copy
import fcntl
import io
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, Registry, World, await_until, expect, main  # noqa: E402
from daemon import MODEL, form, now_ms, page, rfc3339  # noqa: E402
from registry import Served  # noqa: E402

PACKAGES = ["confluent-kafka==2.11.0", "cloudevents==1.12.0", "fastavro==1.12.1", "prometheus-client==0.22.1"]


def fetch():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "seuil"
    place = cache / f"consumer-2-python{sys.version_info[0]}.{sys.version_info[1]}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "consumer.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check",
                            "--root-user-action", "ignore", "--target", str(place), *PACKAGES], check=True)
            (place / "complete").touch()
    sys.path.insert(0, str(place))


def contract():
    with open(os.path.join(ROOT, "schemas", "qualification.avsc"), encoding="utf-8") as f:
        return json.load(f)


def messages(w, count):
    """The first @count crossings, by a consumer of a group of its own."""
    import confluent_kafka
    consumer = confluent_kafka.Consumer({"bootstrap.servers": w.broker.bootstrap, "group.id": w.prefix + "crm",
                                         "auto.offset.reset": "earliest"})
    consumer.subscribe([w.prefix + "qualifications"])
    found = []

    def come():
        message = consumer.poll(0.2)
        if message is not None and not message.error():
            found.append(message)
        return len(found) >= count
    await_until(f"{count} crossings at the consumer", come)
    consumer.commit(asynchronous=False)
    consumer.close()
    return found


def cross(w, daemon):
    """One crossing, traced, and a second one of another lead."""
    w.ctl("init")
    daemon.start()
    t = now_ms()
    topic, key, value, at = form("L1", "e1", t, "viewed")
    w.produce((topic, key, value, at, -1, {"traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}))
    w.produce(page("né/2", "e2", t + 1))
    found = messages(w, 2)
    daemon.stop()
    return t, sorted(found, key=lambda m: m.key())


def as_cloudevent(message, decode=json.loads):
    from cloudevents.kafka import KafkaMessage, from_binary, from_structured
    record = KafkaMessage(headers=dict(message.headers()), key=message.key(), value=message.value())
    if dict(message.headers())["content-type"].startswith(b"application/cloudevents"):
        return from_structured(record)
    return from_binary(record, data_unmarshaller=decode)


def is_the_crossing(event, t):
    expect(event["specversion"] == "1.0" and event["source"].startswith("urn:seuil:"), f"{event}")
    expect(event["type"] == "fr.seuil.tier.up" and event["subject"] == "L1", f"{event}")
    expect(event["time"] == rfc3339(t), f"time {event['time']}, not {rfc3339(t)}")
    data = event.data
    expect(data["id"] == event["id"] and data["lead"] == "L1" and data["tier"] == "qualifie" and data["score"] == 50, f"{data}")
    expect(data["explanation"][0]["label"] == "Inscription" and data["cause"]["id"] == "e1", f"{data}")


def json_in_binary_mode(build):
    """headers are attributes, the value is the data"""
    with World(build, MODEL, broker="shared") as w:
        t, found = cross(w, w.daemon())
        is_the_crossing(as_cloudevent(found[0]), t)
        expect(dict(found[0].headers())["traceparent"].startswith(b"00-0af7"), "not traced")
        expect(as_cloudevent(found[1])["subject"] == "né/2", f"{found[1].headers()}")


def json_in_structured_mode(build):
    """one object of attributes and data"""
    with World(build, MODEL, broker="shared") as w:
        t, found = cross(w, w.daemon("a", outbound__mode="structured"))
        event = as_cloudevent(found[0])
        is_the_crossing(event, t)
        expect(event["traceparent"].startswith("00-0af7"), f"{event}")
        # The SDK takes the header's media type for that of the data.
        expect(json.loads(found[0].value())["datacontenttype"] == "application/json", f"{found[0].value()}")
        expect(dict(found[0].headers())["content-type"] == b"application/cloudevents+json; charset=UTF-8", f"{found[0].headers()}")
        expect(not any(name.startswith("ce_") for name, _ in found[0].headers()), f"{found[0].headers()}")
        expect(as_cloudevent(found[1])["subject"] == "né/2", f"{found[1].value()}")


def avro_with_a_registry(build):
    """the schema is asked for by the id before the value, as any Confluent deserialiser does"""
    import fastavro
    with World(build, MODEL, broker="shared") as w, Served(Registry()) as r:
        daemon = w.daemon("a", outbound__format="confluent", registry__url=r.url)
        t, found = cross(w, daemon)

        def decode(value):
            expect(value[0] == 0, f"framed as {value[:5].hex()}")
            schema = json.loads(json.loads(r.ask(f"/schemas/ids/{int.from_bytes(value[1:5], 'big')}"))["schema"])
            rest = io.BytesIO(value[5:])
            data = fastavro.schemaless_reader(rest, fastavro.parse_schema(schema))
            expect(not rest.read(), "bytes are left")
            return data
        is_the_crossing(as_cloudevent(found[0], decode), t)


def older_and_newer_schemas_read_each_other(build):
    """the contract grows by fields with defaults at its end: fastavro reads both ways, from the first field on"""
    import fastavro
    now = contract()
    names = [f["name"] for f in now["fields"]]
    first = names[:names.index("explanation") + 1]  # what the first version had
    expect(all("default" in f for f in now["fields"][len(first):]), "a field was added without a default")
    older = dict(copy.deepcopy(now), fields=copy.deepcopy(now["fields"][:len(first)]))
    newer = copy.deepcopy(now)
    newer["fields"].append({"name": "region", "type": ["null", "string"], "default": None})
    with World(build, MODEL, broker="shared") as w:
        t, found = cross(w, w.daemon("a", outbound__format="avro"))
        bytes_now = found[0].value()
    read = {name: fastavro.schemaless_reader(io.BytesIO(bytes_now), now, schema)
            for name, schema in (("older", older), ("now", now), ("newer", newer))}
    expect(read["newer"].pop("region") is None and read["newer"] == read["now"], "a newer reader")
    expect(read["older"] == {n: read["now"][n] for n in first}, "an older reader")
    for name, writer in (("older", older), ("newer", newer)):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, writer, dict(read["older" if name == "older" else "now"], region="fr"))
        back = fastavro.schemaless_reader(io.BytesIO(out.getvalue()), writer, now)
        for n in first:
            expect(back[n] == read["now"][n], f"{n} of a {name} writer")
    expect(read["now"]["effective_time"].timestamp() * 1000 // 1 == t, f"{read['now']['effective_time']}")


if __name__ == "__main__":
    fetch()
    import java_client
    import metrics
    import scores
    if sys.argv[1:] == ["fetch"]:
        java_client.jars()
        sys.exit(0)
    main([json_in_binary_mode, json_in_structured_mode, avro_with_a_registry, older_and_newer_schemas_read_each_other,
          scores.the_last_record_is_the_lead, scores.avro_of_a_registry_and_off_again,
          metrics.what_goes_wrong_is_seen, java_client.read_by_javas_client])
