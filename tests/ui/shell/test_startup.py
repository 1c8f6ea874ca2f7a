from tests.benchmarks.startup import open_once


def test_the_window_opens_and_closes_without_importing_what_is_slow():
    _seconds, _work, modules = open_once()
    assert "dinocell_app.ui.main_window" in modules
    for slow in ("torch", "timm", "dinocell_training", "dinocell_app.pipeline", "dinocell_app.segmentation"):
        assert slow not in modules, f"{slow} is imported at the start of the window"
    for slow in ("pandas", "pyarrow", "skimage", "numba"):
        assert slow not in modules, f"{slow} is imported at the start of the window"
