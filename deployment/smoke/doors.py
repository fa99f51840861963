"""What an installation answers before anybody shows a key: is it Farol, is it up, is it closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from deployment.smoke.finding import SmokeFinding, fault, note, ok
from deployment.smoke.reply import Caller, Reply

NO_KEY = "0" * 43
"""As long as a key of Farol's, and none."""

CLOSED = frozenset({401, 403})
SHORTEST_DAYS = 14
"""Of a certificate that is not renewed by itself, so that somebody still can."""

EVERY_ANSWER = ("x-content-type-options", "content-security-policy", "cache-control")
STATES_TOLD = ("registry", "champion", "outbox", "worker", "retraining", "jobs", "tokens")


def alive(caller: Caller) -> SmokeFinding:
    """Whether something answers, and whether it is Farol."""
    reply = caller.get("/health/live")
    if reply.status == 200 and reply.document == {"status": "ok"}:
        return ok("alive", "answers as Farol does", reply.seconds)
    return fault("alive", f"something answers, and not as Farol does: {reply.said}", reply.seconds)


def encrypted(caller: Caller, now: datetime) -> SmokeFinding:
    """Whether what is sent can be read on the way."""
    if not caller.is_tls:
        if caller.is_local:
            return ok("encrypted", "plain HTTP, on this machine")
        return note("encrypted", "plain HTTP: records and keys can be read on the way")
    until = caller.get("/health/live").certificate_until
    if until is None:
        return ok("encrypted", "TLS")
    days = (until - now.astimezone(UTC)).days
    told = f"TLS, the certificate ends in {days} days"
    return ok("encrypted", told) if days >= SHORTEST_DAYS else note("encrypted", told)


def ready(caller: Caller) -> SmokeFinding:
    """Whether predictions are answered."""
    reply = caller.get("/health/ready")
    version = reply.document.get("model_version")
    if reply.status == 200 and version:
        return ok("ready", f"{version} serves", reply.seconds)
    return fault("ready", reply.said, reply.seconds)


def health(caller: Caller) -> SmokeFinding:
    """Whether each part is well; one that is not is a note while predictions are answered."""
    reply = caller.get("/health")
    document = reply.document
    parts = document.get("parts")
    if not isinstance(parts, dict) or not set(STATES_TOLD) <= parts.keys():
        return fault("health", f"tells no parts: {reply.said}", reply.seconds)
    unwell = [
        f"{name} {part.get('state')}" + (f" ({part['detail']})" if part.get("detail") else "")
        for name, part in parts.items()
        if part.get("state") != "ok"
    ]
    if reply.status != 200:
        return fault("health", "; ".join(unwell) or reply.said, reply.seconds)
    if unwell:
        return note("health", "; ".join(unwell), reply.seconds)
    if document.get("status") != "ok":
        tasks = [
            name for name, one in document.get("tasks", {}).items() if one.get("status") != "ok"
        ]
        return note("health", f"not well: {', '.join(tasks)}", reply.seconds)
    if "holder" not in parts["retraining"]:
        return note("health", parts["retraining"].get("detail", "no worker is up"), reply.seconds)
    workers = len(document.get("workers", ()))
    return ok("health", f"every part is well, {workers} workers", reply.seconds)


def closed(caller: Caller) -> Iterator[SmokeFinding]:
    """Whether nobody is let in without a key that counts."""
    for name, key in (("without a key", ""), ("with a wrong key", NO_KEY)):
        reply = caller.get("/schema", key=key)
        if reply.status in CLOSED:
            yield ok(name, f"refused: {reply.said}", reply.seconds)
        elif reply.status == 200 and caller.is_local and not caller.has_key:
            yield note(name, "let in: FAROL_AUTH=off, for this machine alone", reply.seconds)
        else:
            yield fault(name, f"expected 401, not {reply.said}", reply.seconds)


def headers(caller: Caller) -> SmokeFinding:
    """Whether answers tell a browser to keep, frame and guess nothing."""
    found = {"/health": caller.get("/health"), "an error": caller.get("/schema", key=NO_KEY)}
    lacking = [
        f"{where} lacks {name}"
        for where, reply in found.items()
        for name in EVERY_ANSWER
        if name not in reply.headers
    ]
    if lacking:
        return fault("headers", "; ".join(lacking))
    remarks = _remarks(caller, found["/health"])
    return note("headers", "; ".join(remarks)) if remarks else ok("headers", "as they should be")


def _remarks(caller: Caller, reply: Reply) -> list[str]:
    remarks = []
    if "uvicorn" in reply.headers.get("server", ""):
        remarks.append("the server tells what it is: --no-server-header")
    if caller.is_tls and "strict-transport-security" not in reply.headers:
        remarks.append("no Strict-Transport-Security; the proxy should say it")
    return remarks


def metrics(caller: Caller) -> SmokeFinding:
    """Whether metrics are told, or closed by the proxy."""
    reply = caller.get("/metrics")
    if reply.status in {401, 403, 404}:
        return ok("metrics", f"closed at this address ({reply.status})", reply.seconds)
    if reply.status != 200 or "farol_requests_total" not in reply.text:
        return fault("metrics", f"no metrics of Farol's: {reply.said}", reply.seconds)
    if caller.is_tls:
        told = "told to whoever reaches this address; close them at the proxy"
        return note("metrics", told, reply.seconds)
    families = reply.text.count("# TYPE ")
    return ok("metrics", f"{families} of them", reply.seconds)


def docs(caller: Caller) -> SmokeFinding:
    """Whether the page of all calls is there, with its scripts."""
    page, calls = caller.get("/docs"), caller.get("/openapi.json")
    paths = calls.document.get("paths")
    if calls.status != 200 or not isinstance(paths, dict) or "/predict" not in paths:
        return fault("docs", f"/openapi.json: {calls.said}", calls.seconds)
    if page.status != 200 or "/docs/static/swagger-ui-bundle.js" not in page.text:
        return fault("docs", f"/docs: {page.said}", page.seconds)
    script = caller.get("/docs/static/swagger-ui-bundle.js")
    if script.status != 200:
        return fault("docs", f"the page's script: {script.said}", script.seconds)
    return ok("docs", f"{len(paths)} paths", page.seconds)
