"""The page on which projects and folders are made, named, moved and archived."""

from flask import Blueprint, render_template

from webui.pages.folder_view import FolderView
from webui.services import Services


def projects_blueprint(services: Services) -> Blueprint:
    """/projects"""
    pages = Blueprint("projects", __name__, url_prefix="/projects")

    @pages.get("/")
    def list_page() -> str:
        return render_template("projects.html", folders=FolderView(services.folders))

    return pages
