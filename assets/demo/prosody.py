"""Prosody by emotion: what changes, by how much, and the WORLD resynthesis that does it.

The directions follow Murray and Arnott (1993, J. Acoust. Soc. Am. 93, 1097-1108, the
summary table of vocal emotion effects) and Burkhardt and Sendlmeier (2000, ISCA Workshop
on Speech and Emotion, formant-synthesis rules): anger and joy are faster, higher, wider
in pitch and louder than neutral speech, anger tense and bright, joy with rising
inflections and spread lips; quiet sadness is slower, lower, flatter, softer, breathy and
slurred. The sizes are ours; the spreads below blur the four classes until they overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyworld
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

FRAME_MS = 5.0
"""WORLD's frame period, in milliseconds."""


@dataclass(frozen=True)
class Setting:
    """One way of saying an utterance, relative to the engine's plain reading."""

    rate: float = 0.0
    """Speaking rate, natural log of the ratio (0.1 is about 10 % faster)."""
    pitch: float = 0.0
    """Shift of the median pitch, in semitones."""
    span: float = 0.0
    """Pitch range, natural log of the ratio of excursions from the median."""
    slope: float = 0.0
    """Added pitch trend from the first to the last frame, in semitones."""
    final: float = 0.0
    """Added pitch inflection reached at the end of the last 0.35 s, in semitones."""
    jitter: float = 0.0
    """Standard deviation of slow random pitch perturbation, in semitones."""
    level: float = 0.0
    """Active speech level relative to `REFERENCE_DBFS`, in dB."""
    stress: float = 0.0
    """Dynamics of intensity, natural log of the ratio (above 0: sharper stresses)."""
    tilt: float = 0.0
    """Spectral tilt about 1 kHz, in dB per octave (above 0: brighter, tenser)."""
    breath: float = 0.0
    """Share of the harmonic part turned to noise (below 0: noise taken away)."""
    formant: float = 0.0
    """Shift of the formants, natural log of the ratio (above 0: spread lips)."""
    slur: float = 0.0
    """Width over which the spectral envelope is smoothed in time, in milliseconds."""


NAMES = tuple(field.name for field in fields(Setting))

RULES = {
    "neutral": Setting(final=-0.5),
    "angry": Setting(
        rate=0.10, pitch=3.6, span=0.40, slope=-1.5, final=-2.0, level=7.5, stress=0.25,
        tilt=4.3, breath=-0.60,
    ),
    "happy": Setting(
        rate=0.06, pitch=5.8, span=0.60, slope=1.0, final=4.0, level=4.0, stress=0.10,
        tilt=0.6, formant=0.055,
    ),
    "sad": Setting(
        rate=-0.14, pitch=-2.0, span=-0.65, slope=-1.5, final=-1.0, jitter=0.30,
        level=-5.5, stress=-0.20, tilt=-2.5, breath=0.50, formant=-0.02, slur=50.0,
    ),
}  # fmt: skip
"""Mean setting of each emotion at full expression."""

SPREAD = Setting(
    rate=0.07, pitch=1.2, span=0.15, slope=0.8, final=1.0, jitter=0.05, level=1.4,
    stress=0.08, tilt=0.6, breath=0.10, formant=0.010, slur=6.0,
)  # fmt: skip
"""Standard deviation of each part between utterances of one class."""

EXPRESSION = (0.75, 0.35)
"""Mean and standard deviation of how far an utterance goes towards its emotion's rule."""
VOICE_SPREAD = 0.20
"""Standard deviation of a voice's own factor on each part of the rules (mean 1)."""
UNVOICED_TILT = 0.2
"""Share of the tilt that noise gets (tilt belongs to the voice, not to hisses and bursts)."""
KNEE = 0.4
"""Samples above this are pressed softly towards `PEAK` (full scale is 1)."""
PEAK = 0.65
"""Highest sample allowed before coding (full scale is 1)."""
REFERENCE_DBFS = -26.0
"""Active speech level of a neutral utterance, in dB re full scale (RMS)."""


def voice_habits(rng: np.random.Generator) -> np.ndarray:
    """How strongly a voice uses each part of the rules (one factor for each of `NAMES`)."""
    return np.clip(1.0 + VOICE_SPREAD * rng.standard_normal(len(NAMES)), 0.4, 1.6)


def draw(emotion: str, habits: np.ndarray, rng: np.random.Generator) -> Setting:
    """Draw how one utterance of `emotion` is said by a voice with these `habits`."""
    mean, deviation = EXPRESSION
    expression = np.clip(mean + deviation * rng.standard_normal(), 0.0, 1.4)
    centre = np.array([getattr(RULES[emotion], name) for name in NAMES])
    spread = np.array([getattr(SPREAD, name) for name in NAMES])
    values = expression * habits * centre + spread * rng.standard_normal(len(NAMES))
    drawn = dict(zip(NAMES, values.tolist(), strict=True))
    drawn["jitter"] = max(drawn["jitter"], 0.0)
    drawn["slur"] = max(drawn["slur"], 0.0)
    drawn["level"] = min(drawn["level"], 9.0)
    return Setting(**drawn)


def _pitch(f0: np.ndarray, setting: Setting, rng: np.random.Generator) -> np.ndarray:
    voiced = f0 > 0
    if voiced.sum() < 10:
        return f0
    frames = len(f0)
    median = np.median(f0[voiced])
    excursion = np.clip(12 * np.log2(np.where(voiced, f0, median) / median), -7.0, 9.0)
    trend = setting.slope * (np.linspace(0.0, 1.0, frames) - 0.5)
    last = int(np.flatnonzero(voiced)[-1])
    ramp = np.clip((np.arange(frames) - last) * FRAME_MS / 350.0 + 1.0, 0.0, 1.0)
    wobble = gaussian_filter1d(rng.standard_normal(frames), 3.0)
    wobble *= setting.jitter / (wobble.std() + 1e-9)
    semitones = setting.pitch + np.exp(setting.span) * excursion
    semitones += trend + setting.final * ramp**2 + wobble
    return np.where(voiced, np.clip(median * 2 ** (semitones / 12), 60.0, 550.0), 0.0)


def _envelope(spectrum: np.ndarray, rate: int, setting: Setting, periodic: np.ndarray) -> np.ndarray:
    log = np.log(spectrum + 1e-16)
    bins = np.arange(log.shape[1])
    hertz = bins * rate / 2 / bins[-1]
    if abs(setting.formant) > 1e-3:
        source = np.clip(bins / np.exp(setting.formant), 0, bins[-1])
        low = np.minimum(source.astype(int), bins[-1] - 1)
        log = log[:, low] + (source - low) * (log[:, low + 1] - log[:, low])
    width = 1 + round(setting.slur / FRAME_MS)
    if width > 1:
        log = uniform_filter1d(log, width, axis=0, mode="nearest")
    octaves = np.log2(np.clip(hertz, 200.0, 6000.0) / 1000.0)
    weight = UNVOICED_TILT + (1 - UNVOICED_TILT) * gaussian_filter1d(periodic, 2.0)
    tilt = np.clip(setting.tilt * octaves, -9.0, 9.0) * weight[:, None]
    log = log + tilt * np.log(10) / 10
    loudness = 10 * np.log10(np.exp(log).mean(axis=1) + 1e-16)
    active = loudness > loudness.max() - 30
    offset = np.clip(loudness - loudness[active].mean(), -25.0, 15.0)
    gain = gaussian_filter1d((np.exp(setting.stress) - 1) * offset, 4.0)
    log += np.clip(gain, -6.0, 6.0)[:, None] * np.log(10) / 10
    return np.exp(log)


def _noise(aperiodicity: np.ndarray, rate: int, breath: float) -> np.ndarray:
    hertz = np.linspace(0.0, rate / 2, aperiodicity.shape[1])
    if breath < 0:
        return np.clip(aperiodicity * max(1.0 + breath, 0.2), 1e-4, 1.0)
    share = min(breath, 0.8) * np.clip((hertz - 300.0) / 3000.0, 0.0, 1.0)
    return np.clip(aperiodicity + (1.0 - aperiodicity) * share, 1e-4, 1.0)


def resynthesise(
    samples: np.ndarray,
    rate: int,
    bounds: tuple[float, float],
    setting: Setting,
    rng: np.random.Generator,
) -> np.ndarray:
    """Say `samples` (mono, `rate` in Hz) anew under `setting`, except its speaking rate.

    `bounds` are the lowest and highest pitch looked for, in Hz. The level is set last, by
    `set_level`.
    """
    f0, times = pyworld.harvest(samples, rate, f0_floor=bounds[0], f0_ceil=bounds[1], frame_period=FRAME_MS)
    f0 = pyworld.stonemask(samples, f0, times, rate)
    spectrum = pyworld.cheaptrick(samples, f0, times, rate)
    aperiodicity = pyworld.d4c(samples, f0, times, rate)
    new_f0 = _pitch(f0, setting, rng)
    middle = slice(*(np.array([500, 3500]) * 2 * aperiodicity.shape[1] // rate))
    periodic = np.where(f0 > 0, 1.0 - aperiodicity[:, middle].mean(axis=1), 0.0)
    spectrum = np.ascontiguousarray(_envelope(spectrum, rate, setting, periodic))
    aperiodicity = np.where((f0 > 0)[:, None], _noise(aperiodicity, rate, setting.breath), 1.0)
    aperiodicity = np.ascontiguousarray(aperiodicity)
    return pyworld.synthesize(new_f0, spectrum, aperiodicity, rate, FRAME_MS)


def set_level(samples: np.ndarray, rate: int, level: float) -> np.ndarray:
    """Scale to an active level of `REFERENCE_DBFS` + `level` dB, peaks at most `PEAK`.

    What stands more than 5 dB above the active level is first brought three quarters of
    the way down, so that no single burst decides the scale.
    """
    power = uniform_filter1d(samples**2, rate // 50, mode="nearest")
    over = 10 * np.log10(power / _active(power) + 1e-12) - 5.0
    gain = uniform_filter1d(np.maximum(over, 0.0) * -0.75, rate // 50, mode="nearest")
    samples = samples * 10 ** (gain / 20)
    active = _active(uniform_filter1d(samples**2, rate // 50, mode="nearest"))
    samples = samples * 10 ** ((REFERENCE_DBFS + level) / 20) / np.sqrt(active)
    size, room = np.abs(samples), PEAK - KNEE
    return np.where(size > KNEE, np.sign(samples) * (KNEE + room * np.tanh((size - KNEE) / room)), samples)


def _active(power: np.ndarray) -> float:
    """Mean power within 30 dB of the 95th percentile, each moment at most 8 dB over the median."""
    loud = power[power > np.percentile(power, 95) * 1e-3]
    return float(np.minimum(loud, 6.3 * np.median(loud)).mean())
