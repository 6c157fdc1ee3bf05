"""The frames of lesson 03 again, several times faster: one Fourier transform, one pass over it.

`features.frames` asks librosa for each feature in turn, and every answer walks over the whole
spectrogram again. Here one compiled loop visits each spectrum once, while it is still in the
processor's cache, and takes from it all that the features need. The formulas are librosa's; the
tests hold the two against each other.
"""

import threading

import numba
import numpy as np
import scipy.fft

from helpers.features import filters
from helpers.features.filters import HOP_LENGTH, N_CHROMA, N_FFT, N_MELS

ROLL_PERCENT = 0.85
# librosa.piptrack's default: how loud a peak must be beside the loudest of its frame.
PEAK_THRESHOLD = np.float32(0.1)
POWER_FLOOR, TOP_DB = 1e-10, 80.0
# 32 spectra of 1025 complex numbers fill half a megabyte: what a core's own cache holds.
BLOCK = 32
_kept = threading.local()


def frames(y, sr, *, full=True):
    """Features frame by frame, equal to `features.frames` within rounding.

    Parameters
    ----------
    y : np.ndarray, shape (n,), float32
    sr : int
        Sample rate in Hz.
    full : bool
        Also spectral contrast, flatness and onset strength.

    Returns
    -------
    np.ndarray, shape (26 or 35, n_frames), float64
        Rows in the order of `features.SCRIPT_FEATURES` or `features.FRAME_FEATURES`.
    """
    padded = np.pad(y, N_FFT // 2, mode="reflect")
    spectra = _spectra(padded, sr, full)
    log_mel = _decibels(spectra["mel"])
    rows = [
        _chroma(spectra["power"], spectra["peak_hz"], spectra["peak_power"], sr),
        _rms(padded),
        *spectra["shape"],
        _zero_crossing_rate(y),
        *(filters.dct() @ log_mel.T),
    ]
    if full:
        peak, valley = spectra["contrast"]
        contrast = _decibels(peak) - _decibels(valley)
        rows += [*contrast.T, spectra["flatness"], _onset_strength(log_mel)]
    return np.array(rows, dtype=np.float64)


def _spectra(padded, sr, full):
    """Transform the song block by block and gather what every feature needs from each spectrum."""
    views = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    n, window = len(views), filters.hann()
    low, high = filters.peak_bins(sr)
    out = {
        "power": _scratch(n),
        "mel": np.empty((n, N_MELS), np.float32),
        "shape": np.empty((3, n)),
        "contrast": np.empty((2, n, filters.CONTRAST_BANDS + 1)),
        "flatness": np.empty(n),
    }
    # A peak has a lower neighbour on its left, so at most every second bin can be one.
    room = n * ((high - low) // 2 + 1)
    peak_hz, peak_power, found = np.empty(room, np.float32), np.empty(room, np.float32), 0
    windowed = np.empty((BLOCK, N_FFT))
    for start in range(0, n, BLOCK):
        block = slice(start, min(start + BLOCK, n))
        frame = np.multiply(views[block], window, out=windowed[: block.stop - start])
        found = _visit(
            scipy.fft.rfft(frame, axis=1),
            out["power"][block],
            out["mel"][block],
            out["shape"][:, block],
            peak_hz,
            peak_power,
            found,
            low,
            high,
            sr / N_FFT,
            filters.mel_slopes(sr),
        )
        if full:
            out["flatness"][block] = _texture(out["power"][block], sr, out["contrast"][:, block])
    return out | {"peak_hz": peak_hz[:found], "peak_power": peak_power[:found]}


def _scratch(n):
    """Memory for n power spectra, kept from song to song: asking anew costs a tenth of the time."""
    power = getattr(_kept, "power", None)
    if power is None or len(power) < n:
        power = _kept.power = np.empty((n, N_FFT // 2 + 1), np.float32)
    return power[:n]


# No NaN or infinity can come in (audio.load sees to that), so sums may be taken in any order.
SUMS_IN_ANY_ORDER = {"reassoc", "contract", "arcp", "nsz", "nnan", "ninf"}


@numba.njit(cache=True, nogil=True, fastmath=SUMS_IN_ANY_ORDER)
def _visit(X, power, mel, shape, peak_hz, peak_power, found, low, high, bin_hz, mel_slopes):
    """Spectral shape, mel bands and peaks of a block of spectra (see librosa's functions)."""
    magnitude = np.empty(X.shape[1], np.float32)
    for t in range(X.shape[0]):
        row = power[t]
        loudest = _magnitudes(X[t], magnitude, row)
        shape[:, t] = _shape(magnitude)
        _mel(row, mel[t], *mel_slopes)
        # librosa.piptrack: local maxima above a tenth of the frame's loudest, refined by a parabola
        threshold = PEAK_THRESHOLD * loudest
        for k in range(low, high):
            if row[k] > threshold and row[k] >= row[k + 1] and row[k] > row[k - 1]:
                slope = (row[k + 1] - row[k - 1]) / np.float32(2)
                bend = row[k + 1] + row[k - 1] - np.float32(2) * row[k]
                shift = np.float32(0) if abs(slope) >= abs(bend) else -slope / bend
                peak_hz[found] = np.float32(k + shift) * bin_hz
                peak_power[found] = row[k] + np.float32(0.5) * slope * shift
                found += 1
    shape *= bin_hz
    return found


@numba.njit(cache=True, nogil=True, fastmath=SUMS_IN_ANY_ORDER)
def _magnitudes(spectrum, magnitude, power):
    """Fill in |X| and |X|^2 in 32 bits, as librosa keeps them; returns the largest power."""
    loudest = np.float32(0)
    for k in range(len(spectrum)):
        re, im = np.float32(spectrum[k].real), np.float32(spectrum[k].imag)
        magnitude[k] = np.sqrt(re * re + im * im)
        power[k] = magnitude[k] * magnitude[k]
        loudest = max(loudest, power[k])
    return loudest


@numba.njit(cache=True, nogil=True, fastmath=SUMS_IN_ANY_ORDER)
def _mel(power, mel, edges, rise, fall):
    """Energy in each mel band."""
    rising = np.float32(0)
    for i in range(len(edges) - 1):
        up, down = np.float32(0), np.float32(0)
        for k in range(edges[i], edges[i + 1]):
            up += power[k] * rise[k]
            down += power[k] * fall[k]
        if i > 0:
            mel[i - 1] = rising + down
        rising = up


@numba.njit(cache=True, nogil=True, fastmath=SUMS_IN_ANY_ORDER)
def _shape(magnitude):
    """Spectral centroid, bandwidth (the spread around it) and roll-off of a spectrum, in bins."""
    total, first, second = 0.0, 0.0, 0.0
    for k in range(len(magnitude)):
        m = np.float64(magnitude[k])
        total += m
        first += m * k
        second += m * k * k
    if total < np.finfo(np.float32).tiny:
        return 0.0, 0.0, 0.0
    centroid = first / total
    spread = np.sqrt(max(second / total - centroid * centroid, 0.0))
    return centroid, spread, _rolloff(magnitude, ROLL_PERCENT * total)


@numba.njit(cache=True, nogil=True, fastmath=SUMS_IN_ANY_ORDER)
def _rolloff(magnitude, threshold):
    """The first bin at which the running sum reaches the threshold."""
    so_far, start, step = 0.0, 0, 32
    # Whole strides first: their sums vectorise, a running sum cannot.
    while start + step < len(magnitude):
        stride = 0.0
        for k in range(start, start + step):
            stride += magnitude[k]
        if so_far + stride >= threshold:
            break
        so_far += stride
        start += step
    for k in range(start, len(magnitude)):
        so_far += magnitude[k]
        if so_far >= threshold:
            return float(k)
    return float(len(magnitude) - 1)


def _texture(power, sr, contrast):
    """Spectral contrast's peaks and valleys (Jiang et al., 2002) of each spectrum; its flatness."""
    for band, (start, stop, count) in enumerate(filters.contrast_bands(sr)):
        # Only the ends are needed, but numpy's vectorised sort beats its partition.
        ranked = np.sort(power[:, start:stop], axis=1)
        contrast[0, :, band] = np.sqrt(ranked[:, -count:]).mean(axis=1)
        contrast[1, :, band] = np.sqrt(ranked[:, :count]).mean(axis=1)
    floored = np.maximum(power, np.float32(POWER_FLOOR))
    return np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)


def _chroma(power, peak_hz, peak_power, sr):
    """Mean over the twelve pitch classes of librosa.feature.chroma_stft, frame by frame."""
    import librosa

    tuning = 0.0
    if len(peak_hz):
        loud = peak_hz[peak_power >= np.median(peak_power)]
        tuning = float(librosa.pitch_tuning(loud, bins_per_octave=N_CHROMA))
    raw = power @ filters.chroma_filter(sr, tuning)
    largest = raw.max(axis=1)
    return raw.mean(axis=1) / np.where(largest < np.finfo(np.float32).tiny, 1, largest)


def _rms(padded):
    """Root of the mean square of each frame; frames overlap, so each hop is squared once."""
    hops = padded[: len(padded) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    energy = np.einsum("ij,ij->i", hops, hops)
    per_frame = np.lib.stride_tricks.sliding_window_view(energy, N_FFT // HOP_LENGTH)
    return np.sqrt(per_frame.sum(axis=1) / N_FFT)


def _zero_crossing_rate(y):
    """Share of samples in each frame whose sign differs from the one before."""
    negative = y < -1e-10  # quieter than librosa's threshold counts as zero
    # librosa repeats the first and last sample outside the signal: nothing crosses zero there.
    crossing = np.zeros(len(y) + N_FFT, bool)
    inside = crossing[N_FFT // 2 + 1 : N_FFT // 2 + len(y)]
    np.not_equal(negative[1:], negative[:-1], out=inside)
    hops = crossing[: len(crossing) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    counts = np.lib.stride_tricks.sliding_window_view(
        np.count_nonzero(hops, axis=1), N_FFT // HOP_LENGTH
    ).sum(axis=1)
    # A crossing into a frame's first sample happened before the frame.
    return (counts - hops[: len(counts), 0]) / N_FFT


def _onset_strength(log_mel):
    """librosa.onset.onset_strength: mean rise of the mel bands, moved to the frame's centre."""
    n, delay = len(log_mel), 1 + N_FFT // (2 * HOP_LENGTH)
    strength = np.zeros(n + delay)
    strength[delay : delay + n - 1] = np.maximum(np.diff(log_mel, axis=0), 0).mean(axis=1)
    return strength[:n]


def _decibels(power):
    """librosa.power_to_db: 10 log10, no lower than 80 dB below the song's loudest."""
    # numpy's natural logarithm is vectorised, its log10 is not: four times faster.
    db = np.log(np.maximum(power, POWER_FLOOR)) * (10 / np.log(10))
    return np.maximum(db, db.max() - TOP_DB)
