"""Ways to choose who serves, side by side: ours and those it is held against."""

from __future__ import annotations

from model.version import ModelVersion

OURS, NEVER, ALWAYS, NAIVE = "ours", "never", "always", "naive"
POLICIES = (OURS, NEVER, ALWAYS, NAIVE)
NAIVE_GAIN = 0.01


def pick(
    policy: str, serving: ModelVersion | None, challenger: ModelVersion, promoted: bool
) -> ModelVersion | None:
    """Whom the policy lets serve once a challenger is there.

    Args:
        policy: `ours` does what the pipeline decided, `never` stays with the first champion,
            `always` takes every challenger, `naive` takes one whose recorded recall is 0.01 above
            the recorded recall of the version it serves, whichever students each was measured on.
        serving: what the policy serves; None before the first champion.
        challenger: the new version.
        promoted: whether the pipeline promoted it.

    Returns:
        None while nobody may serve: the first champion is the pipeline's for every policy.
    """
    if serving is None:
        return challenger if promoted else None
    if policy == OURS:
        takes_over = promoted
    elif policy == NAIVE:
        gain = challenger.metrics.get("recall", 0.0) - serving.metrics.get("recall", 0.0)
        takes_over = gain > NAIVE_GAIN
    else:
        takes_over = policy == ALWAYS
    return challenger if takes_over else serving
