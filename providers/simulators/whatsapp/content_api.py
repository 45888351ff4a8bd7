"""The simulated Content API's routes: templates are made, listed, approved and deleted here."""

from flask import Response, jsonify, request

from providers.simulators.whatsapp.content import Content, Contents
from providers.simulators.whatsapp.gate import Gate, Problem


class ContentApi:
    """The routes below `/v1/Content`."""

    def __init__(self, account_sid: str, contents: Contents, gate: Gate) -> None:
        self._account_sid = account_sid
        self._contents = contents
        self._gate = gate

    def create(self) -> Response:
        """POST /v1/Content"""

        def act() -> Response:
            given = request.get_json(silent=True)
            if not isinstance(given, dict):
                raise Problem(20422, "The request is no JSON object")
            try:
                content = self._contents.create(given)
            except ValueError as problem:
                raise Problem(20422, f"Invalid Parameter: {problem}") from problem
            answer = jsonify(self._resource(content))
            answer.status_code = 201
            return answer

        return self._gate.answer("content", act)

    def listing(self) -> Response:
        """GET /v1/Content, all on one page."""

        def act() -> Response:
            url = request.root_url.rstrip("/") + "/v1/Content"
            contents = [self._resource(content) for content in self._contents.all()]
            meta = {
                "key": "contents",
                "page": 0,
                "page_size": max(len(contents), 50),
                "first_page_url": url,
                "previous_page_url": None,
                "next_page_url": None,
                "url": url,
            }
            return jsonify(contents=contents, meta=meta)

        return self._gate.answer("content", act)

    def fetch(self, sid: str) -> Response:
        """GET /v1/Content/<sid>"""
        return self._gate.answer("content", lambda: jsonify(self._resource(self._find(sid))))

    def delete(self, sid: str) -> Response:
        """DELETE /v1/Content/<sid>"""

        def act() -> Response:
            self._contents.delete(self._find(sid).sid)
            return Response(status=204)

        return self._gate.answer("content", act)

    def ask_approval(self, sid: str) -> Response:
        """POST /v1/Content/<sid>/ApprovalRequests/whatsapp: "received"; fetch it for the answer."""

        def act() -> Response:
            given = request.get_json(silent=True)
            if not isinstance(given, dict):
                raise Problem(20422, "The request is no JSON object")
            content = self._contents.approve(
                self._find(sid), str(given.get("name") or ""), str(given.get("category") or "")
            )
            answer = jsonify({**content.approval(), "status": "received", "rejection_reason": ""})
            answer.status_code = 201
            return answer

        return self._gate.answer("content", act)

    def approval(self, sid: str) -> Response:
        """GET /v1/Content/<sid>/ApprovalRequests"""

        def act() -> Response:
            content = self._find(sid)
            url = f"{request.root_url.rstrip('/')}/v1/Content/{sid}/ApprovalRequests"
            return jsonify(
                sid=sid, account_sid=self._account_sid, whatsapp=content.approval(), url=url
            )

        return self._gate.answer("content", act)

    def _find(self, sid: str) -> Content:
        content = self._contents.find(sid)
        if content is None:
            raise Problem(20404, f"The requested resource {request.path} was not found", 404)
        return content

    def _resource(self, content: Content) -> dict[str, object]:
        return content.resource(self._account_sid, request.root_url.rstrip("/"))
