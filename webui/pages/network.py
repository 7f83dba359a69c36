"""Cable and Wi-Fi of the box, for administrators."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.account import Role
from appliance.domain.errors import NetworkError
from appliance.ports import Network
from webui.auth.current_account import actor, requires
from webui.services import Services

_OTHER = "other"


def network_blueprint(services: Services) -> Blueprint:
    """/settings/network"""
    pages = Blueprint("network", __name__, url_prefix="/settings/network")

    def shown(refusal: str = "") -> str:
        try:
            box = _network(services).look()
        except NetworkError as error:
            return render_template("network.html", box=None, refusal=refusal or error.message)
        return render_template("network.html", box=box, refusal=refusal)

    @pages.get("/")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        return shown()

    @pages.post("/search")
    @requires(Role.ADMINISTRATOR)
    def search() -> str | Response:
        try:
            _network(services).search()
        except NetworkError as error:
            return shown(error.message)
        return redirect(url_for("network.page"))

    @pages.post("/join")
    @requires(Role.ADMINISTRATOR)
    def join() -> str | Response:
        chosen, form = request.form.get("network", ""), request.form
        is_other = chosen == _OTHER
        if is_other:
            name = form.get("name", "")
            ssid, security = name.encode().hex(), form.get("security", "")
        else:
            ssid, _, security = chosen.partition(" ")
        try:
            _network(services).join(ssid, security, form.get("password", ""), actor(), is_hidden=is_other)
        except NetworkError as error:
            return shown(error.message)
        return redirect(url_for("network.page"))

    @pages.post("/forget")
    @requires(Role.ADMINISTRATOR)
    def forget() -> str | Response:
        try:
            _network(services).forget(request.form.get("identity", ""), actor())
        except NetworkError as error:
            return shown(error.message)
        return redirect(url_for("network.page"))

    return pages


def _network(services: Services) -> Network:
    if services.network is None or not services.network.is_there:
        raise NetworkError("not_ours")
    return services.network
