"""Reference log-mel spectrogram, written from the definition alone (no FFT, no code of the product), double precision.

    python3 tools/golden/log_mel.py > tests/golden/log-mel.json

Formula: periodic Hann window of 400 samples, hop 160, |DFT| of 512 points, 64 triangular HTK-mel bands from 125 to 7500 Hz whose
edges are equally spaced in mel and whose weights are linear in mel (tf.signal.linear_to_mel_weight_matrix), natural log of band + 0.001.
"""
import cmath
import json
import math

RATE, WINDOW, HOP, FFT, BANDS, LOW, HIGH, OFFSET = 16000, 400, 160, 512, 64, 125.0, 7500.0, 0.001


def signal(count):
    """Two tones, a sweep and noise of a linear congruential generator; the test makes the same."""
    state, out = 12345, []
    for n in range(count):
        state = (1103515245 * state + 12345) % 2147483648
        noise = state / 2147483648 - 0.5
        t = n / RATE
        out.append(0.4 * math.sin(2 * math.pi * 440 * t) + 0.2 * math.sin(2 * math.pi * 3000 * t * (1 + t)) + 0.05 * noise)
    return out


def mel(hz):
    return 1127.0 * math.log(1 + hz / 700.0)


def log_mel(pcm):
    edges = [mel(LOW) + i * (mel(HIGH) - mel(LOW)) / (BANDS + 1) for i in range(BANDS + 2)]
    rows = []
    for start in range(0, len(pcm) - WINDOW + 1, HOP):
        frame = [pcm[start + n] * (0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW)) for n in range(WINDOW)]
        magnitude = [abs(sum(x * cmath.exp(-2j * math.pi * k * n / FFT) for n, x in enumerate(frame))) for k in range(FFT // 2 + 1)]
        row = []
        for band in range(BANDS):
            total = 0.0
            for k in range(1, FFT // 2 + 1):
                m = mel(k * RATE / FFT)
                up = (m - edges[band]) / (edges[band + 1] - edges[band])
                down = (edges[band + 2] - m) / (edges[band + 2] - edges[band + 1])
                total += max(0.0, min(up, down)) * magnitude[k]
            row.append(round(math.log(total + OFFSET), 6))
        rows.append(row)
    return rows


print(json.dumps({"command": "python3 tools/golden/log_mel.py", "tolerance": 0.0005, "samples": 1200, "rows": log_mel(signal(1200))}))
