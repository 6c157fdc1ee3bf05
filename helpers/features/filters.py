"""The windows, filters and bands of the fused pass: librosa's, made once and kept."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.fft

N_FFT, HOP_LENGTH = 2048, 512
N_MELS, N_MFCC, N_CHROMA = 128, 20, 12
CONTRAST_BANDS, CONTRAST_FMIN, CONTRAST_QUANTILE = 6, 200.0, 0.02
# Peaks that may say how the music is tuned: librosa.piptrack's defaults.
PEAK_FMIN, PEAK_FMAX = 150.0, 4000.0


@lru_cache(maxsize=1)
def hann():
    """The window of each frame, shape (2048,)."""
    import librosa

    return librosa.filters.get_window("hann", N_FFT, fftbins=True)


@lru_cache(maxsize=1)
def dct():
    """The cosines of the MFCC, shape (20, 128)."""
    basis = scipy.fft.dct(np.eye(N_MELS), axis=0, norm="ortho")[:N_MFCC]
    return basis.astype(np.float32)


@lru_cache(maxsize=8)
def mel_slopes(sr):
    """Mel filters as slopes: each bin lies on the rise of one triangle and the fall of another.

    Returns
    -------
    edges : np.ndarray, shape (N_MELS + 2,)
        First bin above each corner frequency.
    rise, fall : np.ndarray, shape (n_bins,), float32
        The bin's weight in the triangle that peaks above it, and in the one that peaks below.
    """
    import librosa

    bank = librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=N_MELS)
    corners = librosa.mel_frequencies(N_MELS + 2, fmin=0, fmax=sr / 2)
    edges = np.searchsorted(np.fft.rfftfreq(N_FFT, 1 / sr), corners)
    edges[-1] = bank.shape[1]
    rise, fall = np.zeros(bank.shape[1], np.float32), np.zeros(bank.shape[1], np.float32)
    for i, (start, stop) in enumerate(pairwise(edges)):
        if i < N_MELS:
            rise[start:stop] = bank[i, start:stop]
        if i > 0:
            fall[start:stop] = bank[i - 1, start:stop]
    return edges, rise, fall


# The tuning is known to a hundredth of a semitone, so there are a hundred filters at most.
@lru_cache(maxsize=128)
def chroma_filter(sr, tuning):
    """Which bin belongs to which pitch class, shape (1025, 12); tuning in semitones."""
    import librosa

    return librosa.filters.chroma(sr=sr, n_fft=N_FFT, tuning=tuning, n_chroma=N_CHROMA).T.copy()


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
