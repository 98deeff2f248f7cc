#!/usr/bin/env python3
"""kill.py BUILD: seuild is killed (SIGKILL) at random moments under load from four topics, on a
real Kafka and a real Redis; some of it are commands: leads merged into others, frozen, forgotten.
Mid-way and at the end every lead in Redis must be, byte for byte, the plain fold of its records, and
what shards handed over to each other what the folds hand over; what was published must be what that fold says, no id missing, the same
id always with the same bytes, each lead's crossings in order; the last scores told of a lead must be
those of its state."""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import World, adds_up, expect, main, say  # noqa: E402
from oracle import INPUTS, MODEL, Load, await_drained, fold_check, judge, judge_scores  # noqa: E402

LONG = bool(os.environ.get("SEUIL_TEST_LONG"))
KILLS = 1000 if LONG else 30
LEADS, RATE = 2000, 400  # a lead's events lie five seconds apart


def kill_loop(build):
    """kill -9 at random moments loses nothing and doubles nothing"""
    seed = int(os.environ.get("SEUIL_TEST_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    say(f"seed {seed}")
    with World(build, MODEL, inputs=(*INPUTS, "commands")) as world:
        # Time order is the fold's: what a new producer hands over lies in the log a second late.
        daemon = world.daemon("a", checkpoint_interval="1s", merge_wait="2s", witness_interval="1s", scores__topic="scores")
        world.ctl("init")
        with Load(world, leads=LEADS, rate=RATE, seed=seed, late=5, repeat=5, bad=1, commands=4) as load:
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
            made = load.stop()
        await_drained(world)
        took = daemon.stop()
        say(f"{KILLS} kills, {made} events; stopped in {took:.1f} s")
        adds_up(daemon)
        judge(world, reborn="froid")
        judge_scores(world)


if __name__ == "__main__":
    main([kill_loop])
