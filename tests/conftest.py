"""What several test files need."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    folder = Path(__file__).parents[2] / "shared/data"
    if not folder.is_dir():
        pytest.skip("skipped, because the real audio does not lie beside the checkout")
    return folder
