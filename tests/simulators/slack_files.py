"""The files of the simulated Slack: uploaded in three steps, and shown only to whoever has the token."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from tests.simulators.slack_workspace import BOT, BOT_ID, TEAM, Json, Workspace

BOT_TOKEN, APP_TOKEN = "xoxb-1-simulated", "xapp-1-simulated"


class Refused(Exception):
    """The call is answered with this error code."""


class Files:
    """What the Web API has for files."""

    def __init__(self, workspace: Workspace, on_post: Callable[[str, Json, Json], Awaitable[None]]) -> None:
        self.address = ""
        self._workspace = workspace
        self._on_post = on_post

    def routes(self) -> Iterable[web.RouteDef]:
        """Where files go to, and come from."""
        yield web.post("/upload/v1/{file}", self._upload)
        yield web.get("/files-pri/{file}/{name}", self._download)

    def channel(self, name: str) -> str:
        """A channel's id; refuses what there is not."""
        channel = self._workspace.find(name)
        if channel is None:
            raise Refused("channel_not_found")
        return str(channel["id"])

    def may_write(self, channel: str) -> None:
        """Refuses where the app may not write, or not now."""
        raise NotImplementedError

    async def do_files_getUploadURLExternal(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """Where a file may be uploaded to."""
        if not str(arguments.get("length", "")).isdigit() or int(arguments["length"]) == 0:
            raise Refused("invalid_arguments")
        id = self._workspace.next_id("F")
        self._workspace.files[id] = {"id": id, "name": arguments["filename"], "size": int(arguments["length"])}
        return {"file_id": id, "upload_url": f"{self.address}/upload/v1/{id}"}

    async def _upload(self, request: web.Request) -> web.Response:
        id, data = request.match_info["file"], await request.read()
        if id not in self._workspace.files or len(data) != self._workspace.files[id]["size"]:
            return web.Response(status=400, text="no")
        self._workspace.data[id] = data
        return web.Response(text=f"OK - {len(data)}")

    async def do_files_completeUploadExternal(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        """A file that was uploaded is shown in a channel."""
        files = [self._workspace.files[file["id"]] for file in json.loads(arguments.get("files") or "[]")]
        if not files or any(file["id"] not in self._workspace.data for file in files):
            raise Refused("file_not_found")
        channel = self.channel(str(arguments.get("channel_id", "")))
        self.may_write(channel)
        message = self._workspace.add(
            channel,
            user=BOT,
            bot_id=BOT_ID,
            subtype="file_share",
            text=arguments.get("initial_comment", ""),
            files=[self.described(file["id"]) for file in files],
            thread_ts=arguments.get("thread_ts"),
        )
        for file in files:
            file["shares"] = {"public": {channel: [{"ts": message["ts"]}]}}
        await self._on_post(channel, message, arguments)
        return {"files": [{"id": file["id"], "title": file["name"]} for file in files]}

    async def do_files_info(self, arguments: Json) -> Json:
        """One file."""
        if arguments.get("file") not in self._workspace.files:
            raise Refused("file_not_found")
        return {"file": self.described(arguments["file"])}

    def described(self, id: str) -> Json:
        """A file as messages show it."""
        file = self._workspace.files[id]
        url = f"{self.address}/files-pri/{TEAM}-{id}"
        return {
            "mimetype": "application/octet-stream",
            "mode": "hosted",
            "is_external": False,
            "file_access": "visible",
            **file,
            "title": file["name"],
            "url_private": f"{url}/{file['name']}",
            "url_private_download": f"{url}/download",
        }

    async def _download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(text="<html>Log in", content_type="text/html")
        id = request.match_info["file"].partition("-")[2]
        if id not in self._workspace.data:
            return web.Response(status=404)
        return web.Response(body=self._workspace.data[id], content_type="application/octet-stream")
