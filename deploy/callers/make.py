#!/usr/bin/env python3
"""Speaks what the callers of `deploy/demo --callers` say: from `speeches.toml` to a WAV beside it, 16 kHz mono 16 bit.

    pip install py-nanotts==0.1.1        (SVOX Pico; engine and voices are Apache-2.0)
    ./make.py

Not here: what the gateway says (`gateway/prompts`), whose way of trimming and levelling this uses.
"""
import array
import importlib.util
import pathlib
import tomllib

import py_nanotts

HERE = pathlib.Path(__file__).parent


def main():
    prompts = sibling("gateway/prompts/make.py")
    for name, speech in tomllib.loads((HERE / "speeches.toml").read_text(encoding="utf-8"))["speeches"].items():
        raw = py_nanotts.NanoTTS().speak(speech["text"], voice="de-DE", speed=prompts.SPEED, pitch=speech["pitch"])
        samples = array.array("h", raw)
        prompts.save(HERE / f"{name}.wav", prompts.levelled(prompts.trimmed(samples)))


def sibling(path):
    spec = importlib.util.spec_from_file_location("prompts", HERE.parent.parent / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
