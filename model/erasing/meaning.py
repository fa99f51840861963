"""What it means that a version learned from a student who was erased, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

COMMAND = "python -m retraining.pipeline --without-erased"


def told(
    versions: Sequence[str], *, serving: str | None = None, keep_records: Collection[str] = ()
) -> str:
    """For the receipt, in English; nothing where no version learned from the student.

    Args:
        versions: that learned from the student.
        serving: the champion.
        keep_records: those whose bundles hold training records.

    >>> told(["v3"], serving="v3")[:56]
    'v3 learned from the student among all others. What it ho'
    """
    if not versions:
        return ""
    parts = [
        f"{', '.join(versions)} learned from the student among all others. What it holds is "
        "learned from all of them; it holds no id."
    ]
    if kept := [one for one in versions if one in keep_records]:
        parts.append(
            f"The bundle of {', '.join(kept)} holds training records themselves, without ids, the "
            "student's among them."
        )
    if serving in versions:
        parts.append(f"{serving} serves; to replace it: {COMMAND}.")
    return " ".join(parts)
