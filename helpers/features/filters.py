"""The windows, filters and bands of the fused pass: librosa's formulas, made once and kept."""

from functools import lru_cache
from itertools import pairwise

import numpy as np

N_FFT, HOP_LENGTH = 2048, 512
N_MELS, N_MFCC, N_CHROMA = 128, 20, 12
CONTRAST_BANDS, CONTRAST_FMIN, CONTRAST_QUANTILE = 6, 200.0, 0.02
# Peaks that may say how the music is tuned: librosa.piptrack's defaults.
PEAK_FMIN, PEAK_FMAX = 150.0, 4000.0


@lru_cache(maxsize=8)
def hann(n_fft=N_FFT):
    """The window of each frame, shape (n_fft,)."""
    return np.hanning(n_fft + 1)[:-1]


@lru_cache(maxsize=1)
def dct():
    """The cosines of the MFCC, shape (20, 128)."""
    waves = np.cos(np.pi / N_MELS * np.outer(np.arange(N_MFCC), np.arange(N_MELS) + 0.5))
    waves[0] *= np.sqrt(0.5)
    return (np.sqrt(2 / N_MELS) * waves).astype(np.float32)


@lru_cache(maxsize=8)
def mel(sr, n_fft=N_FFT, n_mels=N_MELS):
    """Triangles of area 1 on Slaney's mel scale, shape (n_mels, 1 + n_fft // 2), float32."""
    # Slaney (1998), "Auditory Toolbox": 15 mels up to 1 kHz, then 27 for each factor of 6.4.
    step = np.log(6.4) / 27
    top = sr / 2 / 1000
    mels = np.linspace(0, 15 + np.log(top) / step if top > 1 else 15 * top, n_mels + 2)
    corners = 1000 * np.where(mels < 15, mels / 15, np.exp(step * (mels - 15)))
    away = corners[:, np.newaxis] - np.fft.rfftfreq(n_fft, 1 / sr)
    width = np.diff(corners)[:, np.newaxis]
    triangles = np.maximum(np.minimum(-away[:-2] / width[:-1], away[2:] / width[1:]), 0)
    return (triangles * 2 / (width[1:] + width[:-1])).astype(np.float32)


# The tuning is known to a hundredth of a semitone, so there are a hundred filters at most.
@lru_cache(maxsize=128)
def chroma_filter(sr, tuning):
    """Which bin belongs to which pitch class, shape (1025, 12); tuning in semitones."""
    # Ellis (2007), "Chroma feature analysis and synthesis": how far each bin lies above C, in
    # semitones, how wide it is, and a bell around each pitch class, loudest five octaves up.
    octaves = np.log2(np.arange(1, N_FFT // 2 + 2) * sr / N_FFT / _a0(tuning))
    octaves = np.insert(octaves, 0, octaves[0] - 1.5)
    width = np.maximum(np.diff(N_CHROMA * octaves), 1)[:, np.newaxis]
    octaves = octaves[:-1, np.newaxis]
    # C lies nine semitones below A.
    away = (N_CHROMA * octaves + 9 - np.arange(N_CHROMA) + 6) % N_CHROMA - 6
    bells = np.exp(-0.5 * (2 * away / width) ** 2)
    bells /= np.sqrt((bells**2).sum(axis=1, keepdims=True))
    return (bells * np.exp(-0.5 * ((octaves - 5) / 2) ** 2)).astype(np.float32)


def tuning(hz):
    """By how many semitones, to a hundredth, most of some frequencies lie above a piano's keys."""
    above = N_CHROMA * np.log2(hz / _a0()) % 1
    counts, edges = np.histogram(above - (above >= 0.5), np.linspace(-0.5, 0.5, 101))
    return float(edges[counts.argmax()])


def _a0(tuning=0.0):
    """The lowest A of a piano, in Hz."""
    return 27.5 * 2 ** (tuning / N_CHROMA)


@lru_cache(maxsize=8)
def contrast_bands(sr):
    """Bins of librosa.feature.spectral_contrast's bands, and how many of them count as peak."""
    freq = np.fft.rfftfreq(N_FFT, 1 / sr)
    edges = np.r_[0, CONTRAST_FMIN * 2.0 ** np.arange(CONTRAST_BANDS + 1)]
    bands = []
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((freq >= low) & (freq <= high))
        last = band == CONTRAST_BANDS
        # As librosa has it: a bin more on the left of all but the first band, all of the top in the
        # last, and the others lose their topmost bin after it has been counted.
        start, stop = inside[0] - (band > 0), len(freq) if last else inside[-1] + 1
        count = max(int(np.rint(CONTRAST_QUANTILE * (stop - start))), 1)
        bands.append((start, stop if last else stop - 1, count))
    return bands


@lru_cache(maxsize=8)
def peak_bins(sr):
    """The bins between 150 and 4000 Hz, as librosa.piptrack takes them."""
    freq = np.fft.rfftfreq(N_FFT, 1 / sr)
    inside = np.flatnonzero((freq >= PEAK_FMIN) & (freq < min(PEAK_FMAX, sr / 2)))
    return inside[0], inside[-1] + 1
