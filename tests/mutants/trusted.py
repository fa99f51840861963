"""What trust rests on, and for each module the quickest tests that are enough to judge it."""

from __future__ import annotations

TRUSTED: dict[str, tuple[str, ...]] = {
    "database/promotions.py": (
        "tests/database/test_promotions.py",
        "tests/database/test_promotion_races.py",
        "tests/database/test_fencing.py",
    ),
    "database/leases.py": (
        "tests/database/test_leases.py",
        "tests/database/test_repositories.py",
        "tests/database/test_fencing.py",
    ),
    "database/labelling/facts.py": (
        "tests/database/test_settling.py",
        "tests/database/test_labels.py",
        "tests/database/test_units.py",
    ),
    "database/labelling/join.py": (
        "tests/database/test_settling.py",
        "tests/database/test_first_observed.py",
        "tests/database/test_labels.py",
        "tests/database/test_interleavings.py",
        "tests/database/test_erasure.py",
    ),
    "database/repository.py": (
        "tests/database/test_repository_base.py",
        "tests/database/test_repositories.py",
        "tests/database/test_interleavings.py",
        "tests/database/test_settling.py",
    ),
    "database/labels.py": (
        "tests/database/test_labels.py",
        "tests/database/test_first_observed.py",
        "tests/database/test_plausible_outcomes.py",
        "tests/database/test_label_operations.py",
    ),
    "database/labelling/linking.py": (
        "tests/database/test_label_operations.py",
        "tests/database/test_labels.py",
        "tests/database/test_first_observed.py",
        "tests/database/test_plausible_outcomes.py",
    ),
    "database/labelling/pending.py": (
        "tests/database/test_erasure_operations.py",
        "tests/database/test_label_operations.py",
    ),
    "database/labelling/recording.py": (
        "tests/database/test_label_operations.py",
        "tests/database/test_labels.py",
        "tests/database/test_first_observed.py",
        "tests/database/test_plausible_outcomes.py",
    ),
    "database/erasing/erasure.py": (
        "tests/database/test_erasure.py",
        "tests/database/test_erasing_stated.py",
        "tests/database/test_erasure_operations.py",
    ),
    "database/tombstones.py": (
        "tests/database/test_tombstones.py",
        "tests/database/test_tombstone_operations.py",
    ),
    "model/labels/filing.py": ("tests/model/test_label_join.py",),
    "model/labels/join.py": ("tests/model/test_label_join.py", "tests/model/test_label_units.py"),
    "model/labels/units.py": ("tests/model/test_label_units.py",),
    "model/units/disclosure.py": ("tests/model/test_units.py",),
    "model/units/figures.py": ("tests/model/test_units.py",),
    "model/units/history.py": ("tests/model/test_unit_history.py",),
    "model/units/named.py": ("tests/model/test_unit_history.py",),
    "model/units/tested.py": ("tests/model/test_units.py",),
    "model/live.py": ("tests/model/test_live.py", "tests/model/test_live_files.py"),
    "model/bundle.py": ("tests/model/test_bundle.py", "tests/model/test_bundle_fields.py"),
    "model/manifest.py": ("tests/model/test_bundle.py", "tests/model/test_bundle_fields.py"),
    "model/trust/signature.py": ("tests/model/test_signature.py",),
    "model/trust/statement.py": ("tests/model/test_statement.py",),
    "deployment/tasks/adding.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/admission.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/databases.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/installed.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/limits.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/listing.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/opening.py": ("tests/deployment/test_task_rules.py",),
    "deployment/tasks/takeover.py": ("tests/deployment/test_takeover.py",),
    "deployment/tasks/telling.py": ("tests/deployment/test_task_rules.py",),
    "api/champion.py": (
        "tests/api/test_champion.py",
        "tests/api/test_champion_check.py",
        "tests/api/test_signed_champion.py",
    ),
    "api/security.py": ("tests/api/test_security.py",),
    "api/durability/outbox.py": ("tests/api/test_outbox.py", "tests/api/test_prediction_log.py"),
    "api/durability/prediction_log.py": (
        "tests/api/test_log_bounds.py",
        "tests/api/test_prediction_log.py",
    ),
    "retraining/promotion/guards/binary.py": (
        "tests/retraining/test_guards.py",
        "tests/retraining/test_policy.py",
    ),
    "retraining/promotion/guards/binary_gain.py": (
        "tests/retraining/test_guards.py",
        "tests/retraining/test_policy.py",
    ),
    "retraining/promotion/guards/shared.py": (
        "tests/retraining/test_guards.py",
        "tests/retraining/test_policy.py",
    ),
    "retraining/run/verdict.py": ("tests/retraining/test_deciding.py",),
    "retraining/promotion/decision.py": ("tests/retraining/test_policy.py",),
    "retraining/promotion/comparison.py": (
        "tests/retraining/test_comparison.py",
        "tests/retraining/test_policy.py",
    ),
    "training/operating_point.py": ("tests/training/test_operating_point.py",),
    "preprocessing/leakage.py": ("tests/preprocessing/test_leakage_guard.py",),
}
