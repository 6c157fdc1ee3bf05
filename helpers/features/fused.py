"""The frames of lesson 03 again, several times faster: one Fourier transform, one pass over it.

`features.frames` asks librosa for each feature in turn, and every answer walks over the whole
spectrogram again. Here each block of spectra is visited once, while it is still in the processor's
cache, and numpy alone takes from it all that the features need: librosa would be seconds away. The
formulas are librosa's; the tests hold the two against each other.
"""

import numpy as np

from helpers.features import filters
from helpers.features.filters import HOP_LENGTH, N_FFT

ROLL_PERCENT = 0.85
# librosa.piptrack's default: how loud a peak must be beside the loudest of its frame.
PEAK_THRESHOLD = np.float32(0.1)
POWER_FLOOR, TOP_DB = 1e-10, 80.0
# 64 spectra of 1025 complex numbers fill a megabyte: about what a core's own cache holds.
BLOCK = 64


def frames(y, sr, *, full=True):
    """Features frame by frame, equal to `features.frames` within rounding.

    Samples `y`, shape (n,), `sr` a second, are of 32 bits; `full` asks for spectral contrast,
    flatness and onset strength, too. Shape (26 or 35, n_frames), float64, with rows in the order of
    `features.SCRIPT_FEATURES` or `features.FRAME_FEATURES`.
    """
    padded = np.pad(y, N_FFT // 2, mode="reflect")
    spectra = _spectra(padded, sr, full)
    log_mel = _decibels(spectra["mel"])
    rows = [
        _chroma(spectra["power"], *spectra["peaks"].T, sr),
        _rms(padded),
        *spectra["shape"].T,
        _zero_crossing_rate(y),
        *(filters.dct() @ log_mel.T),
    ]
    if full:
        contrast = _decibels(spectra["peak"]) - _decibels(spectra["valley"])
        rows += [*contrast.T, spectra["flatness"], _onset_strength(log_mel)]
    return np.array(rows, dtype=np.float64)


def _spectra(padded, sr, full):
    """Transform the song block by block and gather what every feature needs from each spectrum."""
    views = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    blocks = [_visit(views[i : i + BLOCK], sr, full) for i in range(0, len(views), BLOCK)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _visit(views, sr, full):
    # In 32 bits, as librosa keeps them.
    magnitude = np.abs(np.fft.rfft(views * filters.hann()).astype(np.complex64))
    power = magnitude * magnitude
    seen = {
        "power": power,
        "mel": power @ filters.mel(sr).T,
        "shape": _shape(magnitude) * (sr / N_FFT),
        "peaks": _peaks(power, sr),
    }
    return seen | _texture(power, sr) if full else seen


def _shape(magnitude):
    """Spectral centroid, bandwidth (the spread around it) and roll-off of spectra, in bins."""
    so_far, bins = magnitude.cumsum(axis=1, dtype=float), np.arange(magnitude.shape[1], dtype=float)
    total = np.maximum(so_far[:, -1:], np.finfo(np.float32).tiny)
    first, second = (magnitude @ np.column_stack([bins, bins**2]) / total).T
    spread = np.sqrt(np.maximum(second - first**2, 0))
    rolloff = (so_far >= ROLL_PERCENT * so_far[:, -1:]).argmax(axis=1)
    return np.column_stack([first, spread, rolloff])


def _peaks(power, sr):
    """Where librosa.piptrack finds peaks, in Hz, and how much power they have."""
    low, high = filters.peak_bins(sr)
    middle = power[:, low:high]
    # Local maxima above a tenth of the frame's loudest, refined by a parabola.
    found = middle > PEAK_THRESHOLD * power.max(axis=1, keepdims=True)
    found &= middle >= power[:, low + 1 : high + 1]
    found &= middle > power[:, low - 1 : high - 1]
    frame, bins = np.divmod(np.flatnonzero(found), high - low)
    left, top, right = (power[frame, bins + low + side] for side in (-1, 0, 1))
    slope, bend = (right - left) / 2, right + left - 2 * top
    shift = np.divide(-slope, bend, out=np.zeros_like(slope), where=abs(slope) < abs(bend))
    return np.column_stack([(bins + low + shift) * (sr / N_FFT), top + slope * shift / 2])


def _texture(power, sr):
    """Spectral contrast's peaks and valleys (Jiang et al., 2002) of each spectrum; its flatness."""
    peak, valley = np.empty((2, len(power), filters.CONTRAST_BANDS + 1))
    for band, (start, stop, count) in enumerate(filters.contrast_bands(sr)):
        # Only the ends are needed, but numpy's vectorised sort beats its partition.
        ranked = np.sort(power[:, start:stop], axis=1)
        peak[:, band] = np.sqrt(ranked[:, -count:]).mean(axis=1)
        valley[:, band] = np.sqrt(ranked[:, :count]).mean(axis=1)
    floored = np.maximum(power, np.float32(POWER_FLOOR))
    flatness = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return {"peak": peak, "valley": valley, "flatness": flatness}


def _chroma(power, peak_hz, peak_power, sr):
    """Mean over the twelve pitch classes of librosa.feature.chroma_stft, frame by frame."""
    tuning = 0.0
    if len(peak_hz):
        tuning = filters.tuning(peak_hz[peak_power >= np.median(peak_power)])
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
