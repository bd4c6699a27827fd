# SPDX-License-Identifier: Apache-2.0
"""Runs pmreorder on traces and prints the states that its checker sees.

usage: pmreorder_states.py FOLDER_OF_PMREORDER FOLDER_FOR_IMAGES < TRACES

A line of TRACES is ENGINE LOG, where the log names the image IMAGE. For each
line the distinct images are printed as hexadecimal words, sorted.
"""

import os
import sys

sys.path.insert(0, sys.argv[1])

import loggingfacility  # noqa: E402
import markerparser  # noqa: E402
import opscontext  # noqa: E402
import statemachine  # noqa: E402

IMAGE = os.path.join(sys.argv[2], "image")
LOG = os.path.join(sys.argv[2], "log")


class Recorder:
    """A checker that accepts every state and remembers it."""

    def __init__(self):
        self.states = set()

    def check_consistency(self, name):
        with open(name, "rb") as image:
            self.states.add(image.read(64).hex())
        return 0


for line in sys.stdin:
    engine, log = line.rstrip("\n").split(" ", 1)
    with open(IMAGE, "wb") as image:
        image.write(bytes(4096))
    with open(LOG, "w") as trace:
        trace.write(log.replace("IMAGE", IMAGE))
    recorder = Recorder()
    context = opscontext.OpsContext(
        LOG,
        recorder,
        loggingfacility.LoggingBase(),
        engine,
        markerparser.MarkerParser().get_markers(None),
    )
    machine = statemachine.StateMachine(statemachine.InitState(context))
    operations = context.extract_operations()
    machine.run_all(*operations)
    print(" ".join(sorted(recorder.states)), flush=True)
