"""Farol's runs as an Airflow DAG, for schools that keep all their schedules there.

Farol's worker makes runs by itself, unless one came to its end since its time (docs/worker.md). So
set `schedule.retrain` to an hour after this one, and the worker steps in where Airflow did not.
Airflow's machine needs Farol's checkout and its settings.
"""

from datetime import UTC, datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

FAROL = "cd /opt/farol && set -a && . /etc/farol/farol.env && set +a && .venv/bin/python -m"

with DAG(
    dag_id="farol_retraining",
    schedule="15 3 * * 0",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=30)},
) as dag:
    # 3: nothing to compare yet.
    drift = BashOperator(
        task_id="drift", bash_command=f"{FAROL} drift.check --json", skip_on_exit_code=[3]
    )
    # 3: too few labels; 4: another run is under way. Neither is a failure that a retry mends.
    retrain = BashOperator(
        task_id="retrain",
        bash_command=f"{FAROL} retraining.pipeline --json",
        skip_on_exit_code=[3, 4],
        trigger_rule="all_done",
    )
    smoke = BashOperator(
        task_id="smoke",
        bash_command=f"{FAROL} deployment.smoke http://127.0.0.1:8000 --json",
    )
    drift >> retrain >> smoke
