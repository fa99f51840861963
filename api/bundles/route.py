"""A version's bundle as one file: what another installation, or a model registry, keeps of it."""

from __future__ import annotations

import os
from base64 import b64encode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.access import MayDecide
from api.bundles.verified import pieces, verified_file
from api.http.problems import Problem
from api.operation import operation
from api.services import services
from database.versions import ModelVersionRepository
from model.errors import CorruptArtifact

TAR = "application/x-tar"

router = APIRouter(tags=["models"])


@router.get(
    "/models/{version}/bundle",
    response_class=Response,
    **operation(
        "The bundle of a version",
        {TAR: {"schema": {"type": "string", "format": "binary"}}},
        404, 409, 507,
    ),
)  # fmt: skip
async def get_bundle(request: Request, version: str, client: MayDecide) -> Response:
    """An uncompressed tar of plain files, as the installation signed it; `artifact` of
    `GET /models/{version}` is its SHA-256, which `Repr-Digest` also gives.

    It is sent once all of it is known to be what was signed; what is not is refused with 409. Where
    `keeps_records` of the version is true, it holds training records, encoded and without ids. That
    it was handed out, and to whom, is in the audit trail.
    """
    here = services(request)
    found = await here.registry.run(ModelVersionRepository().get(version))
    here.refresher.verify(found)
    try:
        file = await verified_file(here.registry, found.artifact, here.folders.task / "bundles")
    except CorruptArtifact as error:
        raise Problem(
            409, f"The stored bundle of {found.version} is not the one that was signed: {error}."
        ) from error
    here.trail.tell(request, client, "download", subject=f"bundle {found.version}")
    digest = b64encode(bytes.fromhex(found.artifact)).decode()
    name = f"farol-{found.task}-{found.version}.tar"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(os.fstat(file.fileno()).st_size),
        # A bundle may hold records, so nothing on the way keeps one.
        "cache-control": "no-store",
        "etag": f'"{found.artifact}"',
        "repr-digest": f"sha-256=:{digest}:",
    }
    return StreamingResponse(pieces(file), headers=headers, media_type=TAR)
