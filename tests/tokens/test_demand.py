import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.errors import CalibrationError
from gigawatt.tokens import block_ratios, daily_profile_ratio, people_tokens_per_s


def test_people_to_tokens():
    assert people_tokens_per_s(950e6, 3.7, 1400.0, 2 / 3) == pytest.approx(950e6 * 3.7 * 1400 / 3 / 86400)
    assert people_tokens_per_s(np.array([0.0, 86400.0]), 1.0, 1.0, 0.0).tolist() == [0, 1]


@settings(deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0, 1))
def test_blocks_preserve_the_mean(share, position):
    ratio = 1 + position * (1 / share - 1) * (1 - 1e-12)
    peak, off = block_ratios(ratio, share)
    assert peak * share + off * (1 - share) == pytest.approx(1, rel=1e-12)
    assert peak >= 1 >= off >= -1e-9


@pytest.mark.parametrize(
    ("ratio", "share", "message"),
    [
        (3.0, 0.5, "peak_to_mean = 3: expected at most 2, the inverse of the peak block's share"),
        (0.9, 0.5, "peak_to_mean = 0.9: expected a ratio of 1 or more"),
        (1.5, 0.0, "peak_share = 0: expected a share of the hours inside"),
        (1.5, 1.0, "peak_share = 1: expected a share of the hours inside"),
        (float("nan"), 0.5, "peak_to_mean = nan"),
    ],
)
def test_blocks_that_cannot_be(ratio, share, message):
    with pytest.raises(CalibrationError, match=message):
        block_ratios(ratio, share)


@settings(deadline=None)
@given(st.floats(1.0, 1.55), st.integers(4, 12), st.integers(0, 23), st.integers(-11, 12))
def test_profile_has_mean_one_and_the_peak_that_was_asked(ratio, hours, centre, offset):
    profile = daily_profile_ratio(ratio, hours, centre, offset)
    assert profile.shape == (24,)
    assert profile.mean() == pytest.approx(1)
    assert np.sort(profile)[-hours:].mean() == pytest.approx(ratio)
    assert (profile >= -1e-12).all()


def test_profile_peaks_at_its_local_time():
    assert daily_profile_ratio(1.4, 8, 15.5, 0).argmax() == 15
    assert daily_profile_ratio(1.4, 8, 15.5, -6).argmax() == 21
    east, west = daily_profile_ratio(1.4, 8, 15.5, 0), daily_profile_ratio(1.4, 8, 15.5, -6)
    np.testing.assert_allclose(np.roll(east, 6), west)


def test_flat_profile():
    assert (daily_profile_ratio(1.0, 12, 15, 0) == 1).all()


def test_profile_that_no_shape_reaches():
    with pytest.raises(CalibrationError, match=r"peak_to_mean = 12: expected at most 2"):
        daily_profile_ratio(12.0, 12, 15, 0)
