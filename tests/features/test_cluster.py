"""A Dask cluster extracts the same table, even when it loses a worker on the way."""

import os
import signal

import joblib
import numpy as np
import pytest
import soundfile as sf
from patience import patience

from helpers import features

N_SONGS = 16


@pytest.fixture
def album(tmp_path):
    paths = [tmp_path / "noise" / f"{i:02d}.wav" for i in range(N_SONGS)]
    paths[0].parent.mkdir()
    for i, path in enumerate(paths):
        sf.write(path, np.random.default_rng(i).uniform(-0.5, 0.5, 22_050), 22_050)
    return [*paths, tmp_path / "noise" / "gone.wav"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows knows no SIGKILL")
def test_a_cluster_that_loses_a_worker_makes_the_same_table(album, tmp_path, monkeypatch, recwarn):
    distributed = pytest.importorskip(
        "distributed", reason="skipped, because Dask (pip install -e .[dask]) is not installed"
    )
    import dask

    features.extract(album, out=tmp_path / "here.csv")
    add, killed = features.FeatureTable.add, []

    limits = dask.config.set({"distributed.comm.timeouts.connect": f"{patience(120):.0f}s"})
    # One worker of two threads: killed, it loses all that is under way, and another one starts.
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, host="127.0.0.1", dashboard_address=None,
        silence_logs="CRITICAL", local_directory=tmp_path,
    )  # fmt: skip
    with limits, cluster, distributed.Client(cluster) as client:
        workers = client.run(os.getpid)

        def add_and_kill(table, *row):
            add(table, *row)
            if len(table.rows) == 4:
                (worker,) = workers.values()
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)

        monkeypatch.setattr(features.FeatureTable, "add", add_and_kill)
        with joblib.parallel_config(backend="dask"):
            table, failures = features.extract(album, out=tmp_path / "there.csv")

    assert killed
    assert len(table) == N_SONGS
    assert list(failures.reason) == ["is not there"]
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert not recwarn.list
