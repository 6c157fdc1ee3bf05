"""make hostile: all cases, and the figures that stand in the README."""

import sys

from hostile import bench

if __name__ == "__main__":
    rows = bench.run()
    print(bench.figures(rows).to_string())
    broken = rows[rows.outcome == "broke"]
    for row in broken.itertuples():
        print(f"{row.kind} {row.number}, {row.what}: {row.words}")
    sys.exit(bool(len(broken)))
