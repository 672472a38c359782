"""Attribution over several simulated retailers: how the figures of the seeds are put together."""

from __future__ import annotations

from cdp_assets.commands.seeds import by_model
from cdp_assets.insight.lift import LiftComparison, ModelAgainstLift


def compared(**misplaced: float) -> LiftComparison:
    return LiftComparison(
        {}, [ModelAgainstLift(model, {}, share, share) for model, share in misplaced.items()], 0.0
    )


def test_models_stand_by_their_mean_over_the_seeds() -> None:
    found = {7: compared(linear=0.3, markov_1=0.1), 8: compared(linear=0.1, markov_1=0.2)}
    assert by_model(found) == [("markov_1", [0.1, 0.2]), ("linear", [0.3, 0.1])]


def test_a_model_that_one_run_could_not_compute_is_a_gap_and_no_zero() -> None:
    found = {7: compared(linear=0.3), 8: compared(linear=0.3, markov_3=0.25)}
    assert by_model(found) == [("markov_3", [None, 0.25]), ("linear", [0.3, 0.3])]
