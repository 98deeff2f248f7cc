"""The configuration of seuild for the common job, as load_bench lays its topics."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(os.path.dirname(os.path.dirname(HERE)), "config/models/bench.yaml")


def configuration(bootstrap, redis, prefix="bench", model=MODEL, group="bench", outbound=None, checkpoint="10s",
                  workers=2, fetch_memory="96MiB"):
    inputs = "".join(f"""
  {name}:
    topic: {prefix}.{name}
    kind: {kind}
    format: confluent
    schemas: {{{number}: {HERE}/schemas/{kind}.avsc}}
    fields: {{id: event_id, lead: lead_id, time: ts}}
    start: earliest""" for number, (name, kind) in
                     enumerate([("page_views", "page_view"), ("emails", "email"), ("forms", "form")], 1))
    return f"""app: b
group: {group}
partitions: 8
models: [{model}]
kafka:
  bootstrap.servers: {bootstrap}
  group.instance.id: bench
redis:
  url: unix://{redis}
inputs:{inputs}
outbound: {{topic: {outbound or prefix + ".qualified"}}}
dead_letters: {{topic: {prefix}.dead_letters}}
internal: {{topic: {prefix}.internal}}
checkpoint_interval: {checkpoint}
workers: {workers}
cache: 4GiB
fetch_memory: {fetch_memory}
"""
