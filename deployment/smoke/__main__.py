"""Asks a live installation whether it answers as it should; for after a deployment.

One line a check: `ok`, `note` (passed, and somebody should read it) or `failed`. Nothing but GET is
sent, except one record of nobody, made up from the features and marked as tried, which no cohort
and no drift check counts, and one wrong record, which is refused. The key, with the scopes predict
and read, is read from FAROL_API_KEY; `--key -` reads it from standard input. `--key KEY` works too,
and every account of this machine can see it meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson

from deployment.exit_codes import ExitCode
from deployment.smoke.finding import SmokeFinding, SmokeVerdict
from deployment.smoke.order import findings, wait_until_ready
from deployment.smoke.reply import Caller

KEY = "FAROL_API_KEY"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 every check passed, 1 one did not, 2 used wrongly."""
    parser = _parser()
    given = parser.parse_args(arguments)
    address = urlsplit(given.url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        parser.error("URL is an address of an API: https://farol.school.example")
    if address.query or address.fragment or address.username:
        parser.error("URL is an address without a query, a fragment or a name to sign in with")
    found: list[SmokeFinding] = []
    with Caller(given.url, _key(given.key), given.timeout) as caller:
        if given.wait:
            wait_until_ready(caller, given.wait)
        for finding in findings(caller, given.task, datetime.now(UTC)):
            found.append(finding)
            if not given.json:
                print(finding.line, flush=True)  # noqa: T201
    failed = sum(one.verdict is SmokeVerdict.FAILED for one in found)
    if given.json:
        _print_json(given.url, found)
    else:
        print(f"{len(found)} checks, {failed} failed")  # noqa: T201
    return ExitCode.FAILED if failed else ExitCode.DONE


def _print_json(url: str, found: Sequence[SmokeFinding]) -> None:
    document = {
        "url": url,
        "ok": all(one.verdict is not SmokeVerdict.FAILED for one in found),
        "checks": [one.document() for one in found],
    }
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def _key(given: str | None) -> str:
    key = os.environ.get(KEY, "") if given is None else given
    return (sys.stdin.readline() if key == "-" else key).strip()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 3600 seconds")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.smoke",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  FAROL_API_KEY=... python -m deployment.smoke https://farol.school.example
  python -m deployment.smoke http://127.0.0.1:8000 --wait 120 --json""",
    )
    parser.add_argument("url", metavar="URL", help="of the API, with the path it is served under")
    parser.add_argument("--key", metavar="KEY", help="an API key; - reads it from standard input")
    parser.add_argument("--task", metavar="NAME", help="this one only (default: all of the key's)")
    parser.add_argument("--json", action="store_true", help="one JSON document in place of lines")
    parser.add_argument(
        "--timeout", type=_seconds, default=10.0, metavar="S",
        help="how long an answer may take (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--wait", type=_seconds, metavar="S",
        help="first wait so long for it to be ready, right after a start say",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
