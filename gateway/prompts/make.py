#!/usr/bin/env python3
"""Speaks the prompts: from `<language>/texts.toml` to a WAV beside it, 16 kHz mono 16 bit.

    pip install py-nanotts==0.1.1        (SVOX Pico; engine and voices are Apache-2.0)
    ./make.py de [NAME ...]              all prompts of a language, or only those named

Writes the `sha256` of every text into `texts.toml` too: whoever changes a text changes its version and runs this.
Not here: which prompts there must be (`src/ivr/lines.rs`).
"""
import array
import hashlib
import math
import pathlib
import re
import sys
import tomllib
import wave

RATE = 16_000
VOICE = {"de": "de-DE", "en": "en-GB"}
SPELT = {  # what the voice is given for a word that it would read otherwise, or not always alike
    "de": dict(zip("PIN 0 1 2 3 4 5 6 7 8 9".split(), "Pinn null eins zwei drei vier fünf sechs sieben acht neun".split()))
    | {"Wiederhören": "Wieder hören"},
    "en": dict(zip("PIN 0 1 2 3 4 5 6 7 8 9".split(), "pin zero one two three four five six seven eight nine".split())),
}
SPEED = 0.95
LEVEL = 10 ** (-20 / 20)  # of the loud part, against full scale: as loud as a person on a telephone
QUIET = 150  # below this a sample is silence at the edges
EDGE_MS = 60  # of silence that stays before and after


def main(language, names):
    folder = pathlib.Path(__file__).parent / language
    paper = folder / "texts.toml"
    prompts = tomllib.loads(paper.read_text(encoding="utf-8"))["prompts"]
    for name, prompt in prompts.items():
        if not names or name in names:
            save(folder / f"{name}.wav", sound(prompt, language))
    paper.write_text(hashed(paper.read_text(encoding="utf-8"), prompts), encoding="utf-8")


def sound(prompt, language):
    if "silence_ms" in prompt:
        return array.array("h", bytes(2 * RATE * prompt["silence_ms"] // 1000))
    if "tones" in prompt:
        return array.array("h", [s for hz, ms in prompt["tones"] for s in tone(hz, ms)])
    import py_nanotts

    language = prompt.get("voice", language)
    words = prompt.get("read") or re.sub(r"\w+", lambda word: SPELT[language].get(word[0], word[0]), prompt["text"])
    raw = py_nanotts.NanoTTS().speak(words, voice=VOICE[language], speed=SPEED)
    samples = array.array("h", raw)
    return levelled(trimmed(samples))


def tone(hz, ms):
    n = RATE * ms // 1000
    ramp = RATE // 100
    for i in range(n):
        yield round(6000 * min(1, i / ramp, (n - i) / ramp) * math.sin(2 * math.pi * hz * i / RATE))


def trimmed(samples):
    loud = [i for i, s in enumerate(samples) if abs(s) > QUIET]
    edge = RATE * EDGE_MS // 1000
    return samples[max(0, loud[0] - edge) : loud[-1] + 2 * edge]


def levelled(samples):
    """The loud part to LEVEL, no sample beyond full scale."""
    step = RATE // 50
    energies = sorted(sum(s * s for s in samples[i : i + step]) / step for i in range(0, len(samples) - step + 1, step))
    loud = energies[len(energies) // 2 :]
    gain = LEVEL * 32768 / math.sqrt(sum(loud) / len(loud))
    gain = min(gain, 30000 / max(abs(s) for s in samples))
    return array.array("h", [round(s * gain) for s in samples])


def save(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def hashed(paper, prompts):
    paper = re.sub(r'^sha256 = ".*"\n', "", paper, flags=re.M)
    for name, prompt in prompts.items():
        digest = hashlib.sha256(prompt["text"].encode()).hexdigest()
        head = re.compile(rf"(\[prompts\.{re.escape(name)}\]\n(?:[a-z_]+ = .*\n)*)")
        paper = head.sub(lambda found: f'{found[1]}sha256 = "{digest}"\n', paper, count=1)
    return paper


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VOICE:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
